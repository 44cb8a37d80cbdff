import type {
  BookedStretch,
  BookReason,
  CreditRule,
  CreditStep,
  EndReason,
  PauseReason,
  RecentSession,
  RibbonSpan,
  SessionBooks,
  SessionView,
  WatchView,
} from '../../../src/bridge/backend';
import { refusal, type Script } from '../../scripted-backend';
import { click, type Scene, type Scenes, settled } from './scene';

const minute = 60_000;

const remembered: RecentSession = {
  sessionId: 's0',
  title: 'Lock-free queues without tears',
  roomCode: 'VIBE-7M3C',
  hostName: 'Teo Marchetti',
  role: 'viewer',
  link: 'kulti://join/VIBE-7M3C?server=https%3A%2F%2Fkulti.dev',
  joinedAtMs: Date.now() - 26 * 60 * minute,
  activeMs: 54.6 * minute,
  elapsedMs: 59.6 * minute,
  credits: 54,
  ribbon: [
    [0, 325],
    [376, 648],
    [681, 1000],
  ],
};

export const sessionView: SessionView = {
  sessionId: 's1',
  title: 'Build a sync engine in Rust, from an empty folder',
  roomCode: 'VIBE-2K4F',
  shareLink: 'kulti://join/VIBE-2K4F?server=https%3A%2F%2Fkulti.dev',
  hostName: 'Mara Okafor',
  startedAtMs: Date.now() - 47 * minute,
  server: 'https://kulti.dev',
  me: { peerId: 'p1', userId: 'u1', name: 'Jonas Lindqvist', role: 'viewer', handRaised: false },
  can: {
    manageStage: false,
    changeRole: false,
    removeOthers: false,
    lowerHands: false,
    endSession: false,
    markHelpful: false,
    pollWrite: false,
  },
};

/** Spans from lengths in minutes; what did not count has a reason. */
export function ribbon(...pieces: [minutes: number, reason?: RibbonSpan['reason']][]): RibbonSpan[] {
  let at = 0;
  return pieces.map(([minutes, reason]) => {
    const startMs = at;
    at += minutes * minute;
    return { startMs, endMs: at, reason: reason ?? null };
  });
}

export function watchView(spans: RibbonSpan[], rate = 1, confirmed = 1): WatchView {
  const activeMs = spans
    .filter((span) => span.reason === null)
    .reduce((sum, span) => sum + span.endMs - span.startMs, 0);
  return {
    counting: false,
    pausedBy: null,
    activeMs,
    elapsedMs: spans.at(-1)?.endMs ?? 0,
    credits: Math.floor((activeMs / minute) * rate),
    nextCreditPermille: 0,
    nextCreditInMs: minute,
    creditsPerMinute: rate,
    ribbon: spans,
    confirmedMs: activeMs * confirmed,
    prompt: null,
  };
}

const REASONS: PauseReason[] = ['hidden', 'locked', 'nobodyThere', 'connectionLost', 'asleep'];

/** Somebody who came and went all the time, with two calm stretches. */
export function restless(count: number) {
  return ribbon(
    ...Array.from({ length: count }, (_, index): [number, PauseReason?] => {
      if (index === 120 || index === 380) return [14];
      const reason = index % 2 === 1 ? REASONS[index % REASONS.length] : undefined;
      const minutes = 0.05 + ((index * 7) % 11) / 30;
      return reason ? [minutes, reason] : [minutes];
    }),
  );
}

function ending(reason: EndReason, watch: WatchView, script: Script = {}, view = sessionView): Scene {
  return {
    script: { ...script, home: { inSession: true, ...script.home } },
    play: async ({ backend }) => {
      backend.play(
        { slice: 'session', value: view },
        {
          slice: 'ended',
          value: { reason, title: view.title, hostName: view.hostName, watch },
        },
      );
      await settled();
    },
  };
}

const usual = ribbon([19.4], [3, 'hidden'], [16.2], [2, 'connectionLost'], [19]);

const step = (rule: CreditRule, applied: boolean, credits: number): CreditStep => ({
  rule,
  applied,
  subtotalHundredths: Math.round(credits * 100),
});

/** Books that agree with what `spans` counted. */
export function booksOf(spans: readonly BookedStretch[], change: Partial<SessionBooks> = {}): SessionBooks {
  const activeMs = spans
    .filter((span) => span.reason === null)
    .reduce((sum, span) => sum + span.endMs - span.startMs, 0);
  const elapsedMs = spans.at(-1)?.endMs ?? 0;
  const watched = activeMs / minute;
  return {
    sessionId: sessionView.sessionId,
    title: sessionView.title,
    role: 'viewer',
    joinedAtMs: Date.now() - elapsedMs,
    elapsedMs,
    activeMs,
    stretches: [...spans],
    credits: Math.floor(watched * 1.5 * 1.2),
    settled: true,
    steps: [
      step('minutesWatched', true, watched),
      step('chatted', true, watched * 1.5),
      step('helpedSomeone', false, watched * 1.5),
      step('repeatViewer', true, watched * 1.8),
      step('firstSession', false, watched * 1.8),
    ],
    milestones: [],
    balance: 1_346,
    audience: null,
    ...change,
  };
}

/** The server's stretches: `usual`, with reasons that only a server has. */
const disputed = booked(
  [19.4],
  [3, 'hidden'],
  [12.2],
  [4, 'notVouchedFor'],
  [2, 'connectionLost'],
  [15],
  [4, 'notReported'],
);

export function booked(...spans: [minutes: number, reason?: BookReason][]): BookedStretch[] {
  let at = 0;
  return spans.map(([minutes, reason]) => {
    const startMs = at;
    at += minutes * minute;
    return { startMs, endMs: at, reason: reason ?? null };
  });
}

const hosted = ribbon([131], [1.5, 'asleep'], [22]);
const hostBooks = booksOf(hosted, {
  role: 'host',
  credits: 10_000,
  steps: [
    step('minutesHosted', true, 765),
    step('viewers', true, 765 + 4_897.2),
    step('livelyChat', true, 11_324.4),
    step('completed', true, 22_648.8),
    step('peopleHelped', true, 22_798.8),
    step('cap', true, 10_000),
  ],
  milestones: [
    { kind: 'first_stream', credits: 200 },
    { kind: 'hours_streamed_10', credits: 2_000 },
  ],
  balance: 1_248_093,
  audience: {
    people: 24,
    activeMs: 24 * 61 * minute,
    averageActiveMs: 61 * minute,
    medianActiveMs: 72 * minute,
  },
});
const answering = (books: SessionBooks): Script => ({ sessionBooks: async () => books });
const silent: Script = { sessionBooks: () => new Promise(() => undefined) };

export const summaryScenes: Scenes = {
  summary: ending({ kind: 'sessionEnded' }, watchView(usual), answering(booksOf(usual))),
  'summary-asking': ending({ kind: 'sessionEnded' }, watchView(usual), silent),
  'summary-unreachable': ending({ kind: 'left' }, watchView(usual, 1, 0.9)),
  'summary-unsettled': ending(
    { kind: 'left' },
    watchView(usual),
    answering(booksOf(usual, { settled: false, balance: 1_248 })),
  ),
  'summary-milestone': ending(
    { kind: 'sessionEnded' },
    watchView(usual),
    answering(booksOf(usual, { milestones: [{ kind: 'hours_watched_10', credits: 1_000 }], balance: 2_346 })),
  ),
  'summary-first': ending(
    { kind: 'sessionEnded' },
    watchView(ribbon([42])),
    answering(
      booksOf(ribbon([42]), {
        credits: 63,
        steps: [
          step('minutesWatched', true, 42),
          step('chatted', false, 42),
          step('helpedSomeone', false, 42),
          step('repeatViewer', false, 42),
          step('firstSession', true, 63),
        ],
        milestones: [{ kind: 'first_session', credits: 100 }],
        balance: 163,
      }),
    ),
  ),
  'summary-differs': ending(
    { kind: 'sessionEnded' },
    watchView(usual, 1, 0.92),
    answering(booksOf(disputed)),
  ),
  'summary-more': ending({ kind: 'sessionEnded' }, watchView(ribbon([21])), answering(booksOf(usual))),
  'summary-receipt': {
    ...ending({ kind: 'sessionEnded' }, watchView(usual), {
      ...answering(booksOf(usual)),
      saveReceipt: async () => '/home/jonas/Downloads/kulti-receipt-build-a-sync-engine-2026-11-25.json',
    }),
  },
  'summary-receipt-failed': ending({ kind: 'sessionEnded' }, watchView(usual), {
    ...answering(booksOf(usual)),
    saveReceipt: () => Promise.reject(refusal('local')),
  }),
  'summary-host': ending({ kind: 'left' }, watchView(hosted, 5), answering(hostBooks), {
    ...sessionView,
    title: 'Reading the SQLite source together: the pager, the WAL and everything between, part 12 of 40',
    hostName: 'Maximiliano Featherstonehaugh-Villanueva',
  }),
  'summary-restless': ending(
    { kind: 'sessionEnded' },
    watchView(restless(300)),
    answering(booksOf(restless(300))),
  ),
  'summary-removed': ending(
    { kind: 'removed', by: 'Mara Okafor', reason: 'Please come back without the music.' },
    watchView(ribbon([7], [2, 'nobodyThere'], [1, 'locked'], [1.2])),
    answering(booksOf(ribbon([7], [2, 'nobodyThere'], [1, 'locked'], [1.2]), { settled: false })),
  ),
  'summary-failed': ending(
    { kind: 'failed', code: 401, message: 'the token has expired' },
    watchView(ribbon([0.3])),
  ),
  'summary-brief': ending({ kind: 'left' }, watchView(ribbon([0.7])), silent),
  'summary-nothing': ending(
    { kind: 'sessionEnded' },
    watchView(ribbon([0.4], [38, 'nobodyThere'])),
    answering(
      booksOf(ribbon([0.4], [38, 'nobodyThere']), { credits: 0, steps: [step('minutesWatched', true, 0.4)] }),
    ),
  ),
  details: {
    script: { home: { recents: [remembered] }, ...answering(booksOf(usual)) },
    play: async ({ app }) => {
      app.details = remembered;
      await settled();
    },
  },
  'details-unreachable': {
    script: { home: { recents: [remembered] } },
    play: async ({ app }) => {
      app.details = remembered;
      await settled();
    },
  },
};

for (const name of ['summary-receipt', 'summary-receipt-failed']) {
  const scene = summaryScenes[name];
  const play = scene?.play;
  if (scene)
    scene.play = async (stage) => {
      await play?.(stage);
      await settled();
      await click('.foot .btn-line');
    };
}
