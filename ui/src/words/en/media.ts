import type { CaptureFailure } from '../../media/capture';
import type { SendingFailure, SoundFailure } from '../../bridge/backend';

/** What happened, and the way out. */
interface Problem {
  what: string;
  todo: string;
}

const camera: Record<Exclude<CaptureFailure, 'cancelled'>, Problem> = {
  none: {
    what: 'No camera was found.',
    todo: 'Plug one in and it appears here by itself. You can still watch.',
  },
  refused: {
    what: 'Kulti may not use the camera.',
    todo: 'Allow it in the privacy settings of your system, then try again. You can still watch.',
  },
  busy: {
    what: 'Another program is using the camera.',
    todo: 'Close that program, then try again.',
  },
  gone: {
    what: 'The camera was unplugged.',
    todo: 'Plug it in again, or choose another one.',
  },
  unsupported: {
    what: 'Cameras cannot be used on this system.',
    todo: 'You can still watch, write and talk.',
  },
  other: {
    what: 'The camera did not start.',
    todo: 'Try again. If that does not help, unplug it and plug it in again.',
  },
};

const screen: Record<Exclude<CaptureFailure, 'cancelled'>, Problem> = {
  none: { what: 'There is no screen to share.', todo: 'Check that your system allows screens to be shared.' },
  refused: {
    what: 'Kulti may not share the screen.',
    todo: 'Allow it in the privacy settings of your system, then try again.',
  },
  busy: { what: 'The screen is being shared already.', todo: 'Stop the other program, then try again.' },
  gone: { what: 'Sharing has ended.', todo: 'The window was closed, or your system stopped it.' },
  unsupported: {
    what: 'Screens cannot be shared on this system.',
    todo: 'On Linux it needs a desktop portal (xdg-desktop-portal) and PipeWire.',
  },
  other: { what: 'Sharing did not start.', todo: 'Try again, or choose another window.' },
};

const microphone: Record<SoundFailure, Problem> = {
  none: {
    what: 'No microphone was found.',
    todo: 'Plug one in and it appears here by itself. You can still watch and write.',
  },
  refused: {
    what: 'Kulti may not use the microphone.',
    todo: 'Allow it in the privacy settings of your system, then try again.',
  },
  busy: { what: 'Another program is using the microphone.', todo: 'Close that program, then try again.' },
  gone: { what: 'The microphone was unplugged.', todo: 'Plug it in again, or choose another one.' },
  other: { what: 'The microphone did not start.', todo: 'Try again, or choose another one.' },
};

const loudspeaker: Record<SoundFailure, Problem> = {
  none: { what: 'No loudspeaker was found.', todo: 'Plug in a headset, and sound comes by itself.' },
  refused: { what: 'Kulti may not play sound.', todo: 'Allow it in the settings of your system.' },
  busy: { what: 'Another program keeps the loudspeaker to itself.', todo: 'Close that program.' },
  gone: { what: 'The loudspeaker was unplugged.', todo: 'Plug it in again, or choose another one.' },
  other: { what: 'No sound is played.', todo: 'Choose another loudspeaker.' },
};

/** Why the server, and not a device, is in the way. */
const sending: Record<SendingFailure, Problem> = {
  notAccepted: { what: 'The server did not take it.', todo: 'Try again in a moment.' },
  noMedia: { what: 'This session has no live sound and pictures.', todo: 'You can write and vote in it.' },
};

/** Cameras, microphones, screens, and the pictures of others. */
export const media = {
  problems: { camera, screen, microphone, loudspeaker, sending },

  dock: {
    mute: 'Mute, M',
    unmute: 'Unmute, M',
    talking: 'Talking while you hold the space bar',
    startCamera: 'Start camera, V',
    stopCamera: 'Stop camera, V',
    share: 'Share screen, S',
    stopSharing: 'Stop sharing, S',
    starting: 'Starting',
    microphoneMenu: 'Choose microphone and loudspeaker',
    cameraMenu: 'Choose camera',
    withProblem: (action: string, problem: string) => `${action}. ${problem}`,
  },

  devices: {
    microphone: 'Microphone',
    loudspeaker: 'Loudspeaker',
    camera: 'Camera',
    systemDefault: 'As the system',
    systemDefaultIs: (name: string) => `As the system: ${name}`,
    unnamed: (place: number) => `Camera ${place}`,
    noMicrophone: 'No microphone',
    noLoudspeaker: 'No loudspeaker',
    noCamera: 'No camera',
    headset: 'With a headset others do not hear themselves.',
    holdToTalk: 'Hold the space bar to talk while you are muted.',
    more: 'Sound and video settings',
  },

  check: {
    title: 'Camera and sound',
    open: 'Camera and sound',
    lead: 'Only you see this. You join muted and with the camera off.',
    soundLater:
      'Microphones and loudspeakers are looked for when you join. You choose them in the session, or here during it.',
    preview: 'Preview of your camera, as in a mirror',
    start: 'Show preview',
    stop: 'Stop preview',
    off: 'The camera is off',
    offHint: 'Its light goes on only when you start it.',
    starting: 'Starting the camera',
    inUse: 'On, and seen by others',
    level: 'Microphone level',
    levelHint: 'Say something: the bar should move.',
    levelOff: 'In a session, the bar moves while you are unmuted.',
    levelQuiet: 'Nothing is heard. Check that the microphone is not switched off.',
    mirror: 'Mirrored, for you only.',
  },

  explain: {
    title: 'Use your camera?',
    body: 'Your system asks next. Say yes there, and the people in this session see you.',
    points: [
      'You see yourself first, in your own tile.',
      'The camera’s light is on only while others see you, or while you look at the preview.',
      'Nothing is recorded by Kulti.',
    ],
    preview: 'Your system asks next. The preview stays on this computer.',
    screenTitle: 'Share your screen?',
    screenBody: 'Your system asks next which screen or window. The people in this session see all of it.',
    screenPoints: [
      'Close what others should not see, and messages that may pop up.',
      'While you share, the room says so, and S stops it at once.',
      'Nothing is recorded by Kulti.',
    ],
    go: 'Continue',
  },

  tile: {
    microphoneOff: 'microphone off',
    cameraOff: 'camera off',
    speaking: 'speaking',
    frozen: (name: string) => `No picture from ${name}`,
    frozenYou: 'Your picture does not arrive',
    weak: 'Weak connection',
    weakLabel: 'weak connection',
    veryWeak: 'Very weak connection',
    veryWeakLabel: 'very weak connection',
  },

  share: {
    screenOf: (name: string) => `${name}’s screen`,
    yours: 'You are sharing your screen',
    yoursHint: 'Others see it. It is not shown here, so that you do not look into a mirror of mirrors.',
    stop: 'Stop sharing',
    loading: (name: string) => `${name} is sharing. The picture is on its way.`,
    fullScreen: 'Full screen, F',
    leaveFullScreen: 'Leave full screen, F',
    ended: 'You stopped sharing',
  },

  /** Whoever has nothing to be seen or heard with. */
  onlyWatching: {
    title: 'You can still watch',
    body: 'No camera and no microphone were found. You see and hear everybody, and can write, vote and raise your hand.',
  },

  notTaken: 'That could not be done just now. Try again in a moment.',
};
