// Live media: pictures, voices, shared screens, devices and what goes wrong with them.

import type { App } from '../../../src/state/app.svelte';
import type { PersonMedia, Sound } from '../../../src/media/view';
import { deviceError, type ScriptedCapturing } from '../../scripted-media';
import { HOST, person, room, type Shown } from './room';
import { click, type Scene, type Scenes, settled } from './scene';

const SOUND: Sound = {
  microphones: [
    { id: 'built-in', name: 'Built-in audio, analogue stereo', isDefault: true },
    { id: 'yeti', name: 'Yeti Stereo Microphone', isDefault: false },
  ],
  loudspeakers: [
    { id: 'built-in', name: 'Built-in audio, analogue stereo', isDefault: true },
    { id: 'headset', name: 'WH-1000XM4', isDefault: false },
  ],
  microphone: 'yeti',
  loudspeaker: null,
  microphoneFailure: null,
  loudspeakerFailure: null,
};

const EVERYTHING = { microphone: true, camera: true, screen: true };
const QUIET: PersonMedia = {
  cameraTrack: null,
  microphoneOn: false,
  isSpeaking: false,
  quality: 5,
  isFrozen: false,
};

/** Cameras of every other person; the host speaks. */
function everybody(change: Record<number, Partial<PersonMedia>> = {}): Record<string, PersonMedia> {
  const list = Array.from({ length: 24 }, (_, index): [string, PersonMedia] => [
    person(index).peerId,
    {
      ...QUIET,
      cameraTrack: [1, 2, 3, 5, 8].includes(index) ? `camera-${[1, 2, 3, 5, 8].indexOf(index)}` : null,
      microphoneOn: [1, 2, 3].includes(index),
      isSpeaking: index === 1,
      ...change[index],
    },
  ]);
  return Object.fromEntries(list);
}

interface Live extends Partial<Shown> {
  /** Of people by number. */
  media?: Record<number, Partial<PersonMedia>>;
  /** Sets up the rest. */
  then?: (app: App) => void | Promise<void>;
  script?: Scene['script'];
}

function explained(): void {
  localStorage.setItem('kulti.camera-explained', 'yes');
}

/** A room with live media. */
function live({ media, then, script, ...shown }: Live = {}): Scene {
  const scene = room({ count: 24, ...shown });
  return {
    script: { ...scene.script, ...script, media: true },
    play: async (stage) => {
      explained();
      const { app } = stage;
      app.media.may = EVERYTHING;
      app.media.sound = SOUND;
      app.media.people = everybody(media);
      await scene.play?.(stage);
      await then?.(app);
      await pictured();
    },
  };
}

/** Pictures are there. */
async function pictured(): Promise<void> {
  await settled();
  const all = () => [...document.querySelectorAll('.picture:not([data-track=never])')];
  for (let frame = 0; frame < 300 && all().some((one) => !one.classList.contains('is-there')); frame += 1) {
    await new Promise(requestAnimationFrame);
  }
  await settled();
}

const SCREEN = { trackId: 'screen-1', peerId: 'peer-1', name: 'Mara Okafor', isLocal: false };

const failing = (name: string) => ({
  ...live({
    then: async (app) => {
      app.media.toggleCamera();
      await settled();
    },
  }),
  capturing: (capturing: ScriptedCapturing) => {
    capturing.openCamera = () => Promise.reject(deviceError(name));
    if (name === 'NotFoundError') capturing.devices = [];
  },
});

/** The settings, at sound and video. */
const devices = (scene: Partial<Scene> & { sound?: Partial<Sound>; level?: number | null }): Scene => ({
  script: { media: true },
  ...scene,
  play: async (stage) => {
    explained();
    stage.app.media.sound = { ...SOUND, ...scene.sound };
    stage.app.media.level = scene.level ?? null;
    stage.app.openSettings('media');
    await settled();
    await scene.play?.(stage);
    await pictured();
  },
});

const preview = async ({ app }: { app: App }) => {
  app.media.startPreview();
  await settled();
};

export const mediaScenes: Scenes = {
  'media-grid': live(),
  'media-me': live({
    then: async (app) => {
      app.media.toggleCamera();
      app.media.toggleMicrophone();
      app.media.level = 62;
      app.media.people = everybody({ 0: { microphoneOn: true, isSpeaking: true }, 1: { isSpeaking: false } });
      await settled();
    },
  }),
  'media-talking': live({
    then: async (app) => {
      app.media.talk(true);
      app.media.level = 40;
      await settled();
    },
  }),
  'media-weak': live({
    media: { 2: { quality: 2 }, 3: { quality: 0, isFrozen: true }, 5: { quality: 1 }, 6: { quality: 2 } },
  }),
  'media-frozen': live({ count: 4, media: { 2: { isFrozen: true, quality: 0 } } }),
  'media-five': live({ count: 5 }),
  'media-spotlight': live({
    stage: { spotlight: person(2) },
    session: HOST,
    media: { 2: { isSpeaking: true } },
  }),
  'media-share': live({ then: (app) => void (app.media.share = SCREEN), strip: true }),
  'media-share-waiting': live({
    then: (app) => void (app.media.share = { ...SCREEN, trackId: 'never' }),
    strip: true,
  }),
  'media-share-mine': live({
    session: HOST,
    strip: true,
    then: async (app) => {
      app.media.toggleScreen();
      await settled();
      app.media.share = { ...SCREEN, isLocal: true };
      await settled();
    },
  }),
  'media-menu-sound': live({
    then: () => click('[aria-label^="Choose microphone"]'),
  }),
  'media-menu-camera': live({
    session: HOST,
    then: async (app) => {
      app.media.toggleCamera();
      await settled();
      await click('[aria-label="Choose camera"]');
    },
  }),
  'media-menu-none': {
    ...live({
      then: async (app) => {
        app.media.sound = { ...SOUND, microphones: [], microphone: null, microphoneFailure: 'none' };
        await settled();
        await click('[aria-label^="Choose microphone"]');
      },
    }),
  },
  'media-explained': live({
    then: async (app) => {
      localStorage.removeItem('kulti.camera-explained');
      app.media.toggleCamera();
      await settled();
    },
  }),
  'media-none': failing('NotFoundError'),
  'media-refused': failing('NotAllowedError'),
  'media-busy': failing('NotReadableError'),
  'media-learner': live({
    then: (app) => void (app.media.may = { microphone: true, camera: false, screen: false }),
  }),
  'media-shortcuts': live({
    then: async () => {
      document.body.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, key: '?' }));
      await settled();
    },
  }),
  'media-check': {
    script: { media: true },
    play: async ({ app }) => {
      explained();
      app.media.sound = SOUND;
      app.media.level = 48;
      await settled();
      await click('.check-devices');
      app.media.startPreview();
      await pictured();
    },
  },
  'media-check-off': {
    script: { media: true },
    play: async ({ app }) => {
      app.media.sound = SOUND;
      await settled();
      await click('.check-devices');
    },
  },
  'settings-media': devices({ level: 34, play: preview }),
  'settings-media-off': devices({}),
  'settings-media-none': {
    ...devices({
      sound: { microphones: [], loudspeakers: SOUND.loudspeakers, microphone: null },
    }),
    capturing: (capturing) => (capturing.devices = []),
  },
  'settings-media-refused': {
    ...devices({ play: preview, sound: { microphoneFailure: 'refused' } }),
    capturing: (capturing) => (capturing.openCamera = () => Promise.reject(deviceError('NotAllowedError'))),
  },
  'settings-media-busy': {
    ...devices({ play: preview, level: 20 }),
    capturing: (capturing) => (capturing.openCamera = () => Promise.reject(deviceError('NotReadableError'))),
  },
};
