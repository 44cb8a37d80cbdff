import type { ActivityKind, ActivitySourceName, BlindSpot } from '../../bridge/backend';

const about: Record<ActivityKind, { title: string; none: string }> = {
  window: {
    title: 'Whether the window is on screen',
    none: 'Nothing here can tell. Time counts as if the window was on screen.',
  },
  input: {
    title: 'Whether you are there',
    none: 'Nothing here can tell when you use keyboard or mouse. What you do in Kulti counts instead, and Kulti asks “Still watching?” now and then.',
  },
  lock: {
    title: 'Whether the screen is locked',
    none: 'Nothing here can tell. Behind a locked screen time counts until nobody has been there for too long.',
  },
  sleep: {
    title: 'Whether the computer sleeps',
    none: 'Nothing here can tell. Leave the session before you put the computer to sleep.',
  },
};

const sources: Record<ActivitySourceName, string> = {
  x11: 'The desktop (X11) tells what can be seen of the window.',
  page: 'The window itself tells whether it is shown or minimised.',
  x11ScreenSaver: 'The desktop (X11) tells when keyboard or mouse were last used, and nothing more.',
  waylandIdleNotify: 'The desktop (Wayland) tells when keyboard or mouse were last used, and nothing more.',
  mutterIdleMonitor: 'GNOME tells when keyboard or mouse were last used, and nothing more.',
  operatingSystem: 'The operating system tells.',
  logind: 'The system (logind) tells as it happens.',
  clocks: 'Two clocks are compared: one of them stands still while the computer sleeps.',
};

const blind: Record<BlindSpot, string> = {
  otherWorkspace: 'Cannot tell when the window is on another workspace: that counts.',
  covered: 'Cannot tell when other windows cover it: that counts.',
  inAdvance: 'Knows it only afterwards. The time asleep is taken out then.',
};

/** What Kulti can tell on this computer. */
export const activity = {
  title: 'What Kulti can tell on this computer',
  lead: 'Time counts while the window is on screen, the screen is unlocked, the computer is awake and somebody is there. This is how each is known here.',
  privacy:
    'Servers are told from when to when time counted and why it did not. What you type, click or look at stays here.',
  about: (kind: ActivityKind) => about[kind].title,
  source: (name: ActivitySourceName) => sources[name],
  none: (kind: ActivityKind) => about[kind].none,
  blind: (spot: BlindSpot) => blind[spot],
  works: 'Works',
  partly: 'In part',
  cannot: 'Cannot tell',
  asking: 'Looking what there is',
  failed: 'It could not be found out.',
};
