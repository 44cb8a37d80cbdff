// Live media: pictures, voices, shared screens, devices and what goes wrong with them.

import type { MediaView, PersonMediaView } from '../../../src/bridge/backend';
import type { App } from '../../../src/state/app.svelte';
import { deviceError, mediaView } from '../../scripted-media';
import { HOST, person, room, type Shown } from './room';
import { click, type Scene, type Scenes, settled } from './scene';

const SOUND = mediaView.sound;

interface Look {
  camera: string | null;
  isOn: boolean;
  speaks: boolean;
  quality: number;
  frozen: boolean;
}

const WITH_CAMERA = [1, 2, 3, 5, 8];

/** Cameras of some, microphones of fewer; the host speaks. */
function look(index: number, change: Partial<Look> = {}): Look {
  const camera = WITH_CAMERA.includes(index) ? `camera-${WITH_CAMERA.indexOf(index)}` : null;
  return {
    camera,
    isOn: [1, 2, 3].includes(index),
    speaks: index === 1,
    quality: 5,
    frozen: false,
    ...change,
  };
}

function published({ camera, isOn, quality, frozen }: Look): PersonMediaView {
  return {
    camera: camera === null ? null : { trackId: camera, muted: false, frozen },
    microphone: { muted: !isOn },
    screen: null,
    quality,
  };
}

interface Live extends Partial<Shown> {
  /** Of people by number. */
  looks?: Record<number, Partial<Look>>;
  view?: Partial<MediaView>;
  /** The level of my microphone. */
  level?: number;
  /** What is done then. */
  then?: (stage: { app: App; show: (view: Partial<MediaView>) => Promise<void> }) => void | Promise<void>;
  script?: Scene['script'];
}

/** A room with live media. */
function live({ looks = {}, view, level, then, script, ...shown }: Live = {}): Scene {
  const speakers = Array.from({ length: 24 }, (_, index) => index)
    .filter((index) => look(index, looks[index]).speaks)
    .map((index) => ({ peerId: person(index).peerId, level: 60 }));
  const scene = room({
    count: 24,
    ...shown,
    people: (one, index) => ({ ...one, media: published(look(index, looks[index])) }),
    events: [
      { slice: 'media', value: { ...mediaView, ...view } },
      { slice: 'voices', value: { speakers, mine: level ?? null } },
    ],
  });
  return {
    script: { ...scene.script, ...script, settings: { mediaConsent: true, ...script?.settings } },
    play: async (stage) => {
      await scene.play?.(stage);
      const show = async (change: Partial<MediaView>) => {
        stage.backend.play({ slice: 'media', value: { ...mediaView, ...view, ...change } });
        await settled();
      };
      await then?.({ app: stage.app, show });
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

const SCREEN = {
  trackId: 'screen-1',
  peerId: 'peer-1',
  name: 'Mara Okafor',
  isLocal: false,
  frozen: false,
};
const ON = { at: 'on', trackId: 'mine' } as const;

const failing = (name: string): Scene => ({
  ...live({
    then: async ({ app }) => {
      app.media.toggleCamera();
      await settled();
    },
  }),
  capturing: (capturing) => {
    capturing.openCamera = () => Promise.reject(deviceError(name));
    if (name === 'NotFoundError') capturing.devices = [];
  },
});

/** The settings during a session, at sound and video. */
const devices = ({ looking, ...of }: Live & { looking?: boolean }): Scene =>
  live({
    ...of,
    then: async ({ app }) => {
      app.openSettings('media');
      await settled();
      if (looking) app.media.startPreview();
      await settled();
    },
  });

const pressed = (selector: string): Live => ({ then: () => click(selector) });

export const mediaScenes: Scenes = {
  'media-grid': live(),
  'media-me': live({
    looks: { 0: { isOn: true, speaks: true }, 1: { speaks: false } },
    view: { microphone: ON },
    level: 62,
    then: async ({ app }) => {
      app.media.toggleCamera();
      await settled();
    },
  }),
  'media-talking': live({
    level: 40,
    then: async ({ app }) => {
      app.media.talk(true);
      await settled();
    },
  }),
  'media-weak': live({
    looks: { 2: { quality: 2 }, 3: { quality: 0, frozen: true }, 5: { quality: 1 }, 6: { quality: 2 } },
  }),
  'media-frozen': live({ count: 4, looks: { 2: { frozen: true, quality: 0 } } }),
  'media-five': live({ count: 5 }),
  'media-spotlight': live({
    stage: { spotlight: { ...person(2), media: published(look(2)) } },
    session: HOST,
    looks: { 2: { speaks: true } },
  }),
  'media-share': live({ view: { share: SCREEN }, strip: true }),
  'media-share-long': live({ view: { share: SCREEN } }),
  'media-share-waiting': live({ view: { share: { ...SCREEN, trackId: 'never' } }, strip: true }),
  'media-share-frozen': live({ view: { share: { ...SCREEN, frozen: true } }, strip: true }),
  'media-share-mine': live({
    session: HOST,
    strip: true,
    then: async ({ app, show }) => {
      app.media.toggleScreen();
      await settled();
      await show({ share: { ...SCREEN, isLocal: true }, screen: ON });
    },
  }),
  'media-menu-sound': live(pressed('[aria-label^="Choose microphone"]')),
  'media-menu-camera': live({
    session: HOST,
    then: async ({ app }) => {
      app.media.toggleCamera();
      await settled();
      await click('[aria-label="Choose camera"]');
    },
  }),
  'media-menu-none': live({
    view: { sound: { ...SOUND, microphones: [], microphone: null, microphoneFailure: 'none' } },
    ...pressed('[aria-label^="Choose microphone"]'),
  }),
  'media-explained': live({
    script: { settings: { mediaConsent: false } },
    then: async ({ app }) => {
      app.media.toggleCamera();
      await settled();
    },
  }),
  'media-explained-screen': live({
    script: { settings: { mediaConsent: false } },
    then: async ({ app }) => {
      app.media.toggleScreen();
      await settled();
    },
  }),
  'media-none': failing('NotFoundError'),
  'media-refused': failing('NotAllowedError'),
  'media-busy': failing('NotReadableError'),
  'media-not-accepted': live({
    then: ({ show }) => show({ microphone: { at: 'failed', why: 'notAccepted', message: '' } }),
  }),
  'media-learner': live({ view: { may: { microphone: true, camera: false, screen: false } } }),
  'media-shortcuts': live({
    then: async () => {
      document.body.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, key: '?' }));
      await settled();
    },
  }),
  'media-check': {
    script: { settings: { mediaConsent: true } },
    play: async ({ app }) => {
      await settled();
      await click('.check-devices');
      app.media.startPreview();
      await pictured();
    },
  },
  'media-check-off': {
    play: async () => {
      await settled();
      await click('.check-devices');
    },
  },
  'media-check-none': {
    script: { settings: { mediaConsent: true } },
    play: async () => {
      await settled();
      await click('.check-devices');
    },
    capturing: (capturing) => (capturing.devices = []),
  },
  'settings-media': devices({ looking: true, level: 34, view: { microphone: ON } }),
  'settings-media-off': devices({}),
  'settings-media-home': {
    play: async ({ app }) => {
      app.openSettings('media');
      await settled();
    },
  },
  'settings-media-none': {
    ...devices({ view: { sound: { ...SOUND, microphones: [], microphone: null } } }),
    capturing: (capturing) => (capturing.devices = []),
  },
  'settings-media-refused': {
    ...devices({ looking: true, view: { sound: { ...SOUND, microphoneFailure: 'refused' } } }),
    capturing: (capturing) => (capturing.openCamera = () => Promise.reject(deviceError('NotAllowedError'))),
  },
  'settings-media-busy': {
    ...devices({ looking: true, level: 20, view: { microphone: ON } }),
    capturing: (capturing) => (capturing.openCamera = () => Promise.reject(deviceError('NotReadableError'))),
  },
};
