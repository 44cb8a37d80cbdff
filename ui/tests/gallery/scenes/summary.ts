import type { EndReason, RibbonSpan, SessionView, WatchView } from '../../../src/bridge/backend';
import type { Scene, Scenes } from './scene';

const minute = 60_000;

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

function ending(reason: EndReason, watch: WatchView): Scene {
  return {
    script: { home: { inSession: true } },
    play: ({ backend }) =>
      backend.play(
        { slice: 'session', value: sessionView },
        {
          slice: 'ended',
          value: { reason, title: sessionView.title, hostName: sessionView.hostName, watch },
        },
      ),
  };
}

const usual = ribbon([19.4], [3, 'hidden'], [16.2], [2, 'connectionLost'], [19]);

export const summaryScenes: Scenes = {
  summary: ending({ kind: 'sessionEnded' }, watchView(usual)),
  'summary-waiting': ending({ kind: 'left' }, watchView(usual, 1, 0.9)),
  'summary-host': ending({ kind: 'left' }, watchView(ribbon([131], [1.5, 'asleep'], [22]), 5)),
  'summary-removed': ending(
    { kind: 'removed', by: 'Mara Okafor', reason: 'Please come back without the music.' },
    watchView(ribbon([7], [2, 'nobodyThere'], [1, 'locked'], [1.2])),
  ),
  'summary-failed': ending(
    { kind: 'failed', code: 401, message: 'the token has expired' },
    watchView(ribbon([0.3])),
  ),
  'summary-brief': ending({ kind: 'left' }, watchView(ribbon([0.7]))),
};
