import type { ActivitySource, DiagnosticsView } from '../../../src/bridge/backend';
import { hostRoom } from './room';
import { type Scene, type Scenes, settled } from './scene';

const watchTime = (sources: () => Promise<ActivitySource[]>): Scene => ({
  script: { activitySources: sources },
  play: async ({ app }) => {
    app.settingsOpen = true;
    await settled();
    document.querySelector('#watchTime')?.scrollIntoView();
  },
});

const FIGURES: DiagnosticsView = {
  roundTripsMs: [24, 25, 23, 26, 24, 22, 48, 71, 38, 26, 24, 23, 25, 24, 22, 24, 23, 27, 24],
  connectedAtMs: Date.now() - 47 * 60_000,
  reconnects: 1,
  lostMs: 124_000,
  clockOffsetMs: 38,
  idleLimitMs: 900_000,
  store: {
    keys: 27,
    keyLimit: 10_000,
    keysWarnAt: 9_000,
    bytes: 3_912,
    byteLimit: 4_194_304,
    bytesWarnAt: 3_932_160,
    largestKey: 'uiState',
    largestBytes: 212,
    full: false,
  },
  ignored: 0,
  lastIgnored: [],
};

/** Diagnostics during a session. */
const diagnosing = (figures: DiagnosticsView): Scene => {
  const room = hostRoom();
  return {
    ...room,
    play: async (stage) => {
      await room.play?.(stage);
      stage.backend.play({ slice: 'diagnostics', value: figures });
      stage.app.openSettings('diagnostics');
      await settled();
    },
  };
};

export const settingsScenes: Scenes = {
  'settings-diagnostics': diagnosing(FIGURES),
  'settings-diagnostics-warn': diagnosing({
    ...FIGURES,
    store: {
      ...FIGURES.store,
      keys: 93,
      keyLimit: 100,
      keysWarnAt: 90,
      bytes: 39_100,
      byteLimit: 65_536,
      bytesWarnAt: 61_440,
      largestKey: 'activePoll',
      largestBytes: 612,
    },
    ignored: 2,
    lastIgnored: [{ name: 'Eve', atMs: Date.now() - 60_000 }],
  }),
  'settings-diagnostics-home': {
    play: async ({ app }) => {
      app.openSettings('diagnostics');
      await settled();
    },
  },
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
