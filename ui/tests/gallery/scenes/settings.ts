import type { ActivitySource } from '../../../src/bridge/backend';
import { type Scene, type Scenes, settled } from './scene';

const watchTime = (sources: () => Promise<ActivitySource[]>): Scene => ({
  script: { activitySources: sources },
  play: async ({ app }) => {
    app.settingsOpen = true;
    await settled();
    document.querySelector('#watchTime')?.scrollIntoView();
  },
});

export const settingsScenes: Scenes = {
  'settings-watch-time': watchTime(async () => [
    { about: 'window', source: 'x11', blindTo: [] },
    { about: 'input', source: 'x11ScreenSaver', blindTo: [] },
    { about: 'lock', source: 'logind', blindTo: [] },
    { about: 'sleep', source: 'logind', blindTo: [] },
  ]),
  'settings-watch-time-blind': watchTime(async () => [
    { about: 'window', source: 'page', blindTo: ['otherWorkspace', 'covered'] },
    { about: 'input', source: null, blindTo: [] },
    { about: 'lock', source: null, blindTo: [] },
    { about: 'sleep', source: 'clocks', blindTo: ['inAdvance'] },
  ]),
  'settings-watch-time-failed': watchTime(() => Promise.reject(new Error('scripted'))),
  settings: {
    play: ({ app }) => {
      app.settingsOpen = true;
    },
  },
  'settings-foot': {
    script: {
      home: {
        secrets: {
          kind: 'file',
          path: '/home/jonas/.local/share/dev.kulti.desktop/secrets.json',
          why: 'No keyring service answers on the session bus.',
        },
      },
      settings: { plainServers: ['http://192.168.1.20:8787', 'http://build-box.lan:8787'] },
      reach: {
        openToNetwork: true,
        addresses: ['https://192.168.1.20:8788'],
        pin: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      },
    },
    play: async ({ app }) => {
      app.settingsOpen = true;
      await new Promise(requestAnimationFrame);
      document.querySelector('#about')?.scrollIntoView();
    },
  },
};
