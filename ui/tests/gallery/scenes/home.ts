import type { RecentSession } from '../../../src/bridge/backend';
import { preview, refusal } from '../../scripted-backend';
import { click, type Scenes, settled } from './scene';

const now = Date.now();
const day = 86_400_000;

function recent(
  title: string,
  hostName: string,
  daysAgo: number,
  minutes: [active: number, elapsed: number],
  ribbon: [number, number][],
  role = 'viewer',
): RecentSession {
  return {
    sessionId: title,
    title,
    roomCode: 'VIBE-7M3C',
    hostName,
    role,
    link: 'kulti://join/VIBE-7M3C?server=https%3A%2F%2Fkulti.dev',
    joinedAtMs: now - daysAgo * day,
    activeMs: minutes[0] * 60_000,
    elapsedMs: minutes[1] * 60_000,
    credits: role === 'host' ? minutes[0] * 5 : minutes[0],
    ribbon,
  };
}

export const recents: RecentSession[] = [
  recent(
    'Lock-free queues without tears',
    'Teo Marchetti',
    1,
    [53, 58],
    [
      [0, 400],
      [490, 1000],
    ],
  ),
  recent('A terminal emulator in a weekend, part 3', 'Hana Kobayashi', 3, [61, 61], [[0, 1000]]),
  recent(
    'Reading the SQLite source together: the pager, the WAL and everything between',
    'Oke Adeyemi',
    11,
    [42, 57],
    [
      [0, 140],
      [330, 580],
      [650, 1000],
    ],
  ),
  recent('Pairing on the parser, live', 'Jonas Lindqvist', 13, [34, 36], [[0, 940]], 'host'),
  recent('Typography for people who code', 'Zoë Kraus', 14, [34, 36], [[0, 940]]),
  recent('Shaders for the patient', 'Zoë Kraus', 30, [0.4, 0.4], [[0, 1000]]),
];

const found = { ...preview, startedAtMs: now - 47 * 60_000 };
const never = () => new Promise<never>(() => undefined);
const lanLink =
  'kulti://join/VIBE-2K4F?server=https%3A%2F%2F192.168.1.20%3A8788&pin=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';

export const homeScenes: Scenes = {
  home: { script: { home: { recents } } },
  'home-first': { script: { home: { displayName: '', server: '', servers: [] } } },
  'home-first-error': {
    script: { home: { displayName: '', server: '', servers: [] }, lookUp: async () => found },
    play: async ({ app }) => {
      app.joining.type('vibe2k4f');
      await app.joining.lookUp();
      await settled();
      await click('.join-btn');
    },
  },
  'home-looking': {
    script: { home: { recents }, lookUp: never },
    play: ({ app }) => {
      app.joining.type('vibe2k4f');
      void app.joining.lookUp();
    },
  },
  'home-found': {
    script: { home: { recents }, lookUp: async () => found },
    play: async ({ app }) => {
      app.joining.type('vibe2k4f');
      await app.joining.lookUp();
    },
  },
  'home-found-link': {
    script: {
      home: { recents },
      lookUp: async () => ({ ...found, target: { ...found.target, server: 'https://192.168.1.20:8788' } }),
    },
    play: async ({ app }) => {
      app.joining.type(lanLink);
      await app.joining.lookUp();
    },
  },
  'home-joining': {
    script: { home: { recents }, lookUp: async () => found, join: never },
    play: async ({ app }) => {
      app.joining.type('vibe2k4f');
      await app.joining.lookUp();
      void app.joining.join();
    },
  },
  'home-wrong-code': {
    script: { home: { recents }, lookUp: () => Promise.reject(refusal('noSuchSession')) },
    play: async ({ app }) => {
      app.joining.type('vibe9x4f');
      await app.joining.lookUp();
    },
  },
  'home-not-a-code': {
    script: { home: { recents }, lookUp: () => Promise.reject(refusal('notACode')) },
    play: async ({ app }) => {
      app.joining.type('the one from yesterday');
      await app.joining.lookUp();
    },
  },
  'home-offline': {
    script: { home: { recents }, lookUp: () => Promise.reject(refusal('serverUnreachable')) },
    play: async ({ app }) => {
      app.joining.type('vibe2k4f');
      await app.joining.lookUp();
    },
  },
  'home-plain': {
    script: {
      home: { recents },
      lookUp: async () => ({
        ...found,
        needsPlainConsent: true,
        target: { ...found.target, server: 'http://192.168.1.20:8787' },
      }),
    },
    play: async ({ app }) => {
      app.joining.type('kulti://join/VIBE-2K4F?server=http://192.168.1.20:8787');
      await app.joining.lookUp();
      await settled();
      await click('.join-btn');
    },
  },
  'home-link': {
    script: {
      home: { recents, pendingLink: lanLink },
      lookUp: async () => ({
        ...found,
        target: { roomCode: 'VIBE-2K4F', server: 'https://192.168.1.20:8788', pin: '9f86d081' },
      }),
    },
  },
  'home-link-strange': {
    script: {
      home: { recents, pendingLink: 'kulti://join/VIBE-2K4F?server=https%3A%2F%2Flearn.example' },
    },
  },
  'home-link-first': {
    script: {
      home: { displayName: '', pendingLink: lanLink },
      lookUp: async () => ({
        ...found,
        needsPlainConsent: true,
        target: { roomCode: 'VIBE-2K4F', server: 'http://192.168.1.20:8787', pin: null },
      }),
    },
  },
  'home-link-error': {
    script: {
      home: { recents, pendingLink: lanLink },
      lookUp: () => Promise.reject(refusal('wrongCertificate')),
    },
  },
  'home-host-server': {
    script: { home: { recents } },
    play: async ({ app }) => {
      app.hosting.place = 'server';
      app.hosting.title = 'Pairing on the parser, live';
      app.hosting.origin = '';
      await app.hosting.start();
    },
  },
  'home-hosting': {
    script: { home: { recents }, host: never },
    play: ({ app }) => {
      app.hosting.place = 'localNetwork';
      app.hosting.title = 'Pairing on the parser, live';
      void app.hosting.start();
    },
  },
  'home-servers': {
    script: { home: { recents } },
    play: () => click('.page-head .server'),
  },
  'home-reach': {
    script: {
      home: { recents },
      reach: {
        openToNetwork: true,
        addresses: ['https://192.168.1.20:8788', 'https://[fd00:1234:5678::20]:8788'],
        pin: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      },
    },
    play: () => click('.page-head .btn'),
  },
  'home-secrets': {
    script: {
      home: {
        recents,
        secrets: {
          kind: 'file',
          path: '/home/jonas/.local/share/dev.kulti.desktop/secrets.json',
          why: 'No keyring service answers on the session bus.',
        },
      },
    },
    play: () => click('.note .btn'),
  },
  'home-unsent': {
    script: {
      home: {
        recents,
        journal: {
          unsent: [
            {
              sessionId: 'a',
              title: 'Rust lecture',
              server: 'https://kulti.dev',
              activeMs: 12 * 60_000,
              refused: null,
            },
            {
              sessionId: 'b',
              title: 'Parsers by hand',
              server: 'https://old.kulti.dev',
              activeMs: 7 * 60_000,
              refused: 'the session is unknown',
            },
          ],
          setAside: null,
          notWritten: null,
        },
      },
    },
  },
  'home-journal': {
    script: {
      home: {
        recents,
        journal: {
          unsent: recents.map(({ sessionId, title, activeMs }, index) => ({
            sessionId,
            title,
            server: index % 2 ? 'https://kulti.dev' : '',
            activeMs,
            refused: null,
          })),
          setAside: '/home/jonas/.local/share/dev.kulti.desktop/journal-damaged-2026-11-25.db',
          notWritten: 'There is no room on the disk (database or disk is full).',
        },
      },
    },
    play: () => click('.note:last-of-type .btn'),
  },
  'home-journal-damaged': {
    script: {
      home: {
        recents,
        journal: {
          unsent: [],
          setAside: '/home/jonas/.local/share/dev.kulti.desktop/journal-damaged-2026-11-25.db',
          notWritten: null,
        },
      },
    },
    play: () => click('.note .btn'),
  },
  'home-toasts': {
    script: { home: { recents } },
    play: async ({ app }) => {
      await app.copy('https://192.168.1.20:8788');
      app.toasts.show({ icon: 'circle-alert', tone: 'bad', text: 'Not saved. The log says more.' });
    },
  },
};
