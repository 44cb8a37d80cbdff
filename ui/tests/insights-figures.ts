// Figures of a session for tests and the gallery.

import type { Insights } from '../src/bridge/backend';

const START = new Date('2026-11-25T14:02:00').getTime();

/** How many watched in each stretch of 40 s: up, a dip, and up again. */
function course(stretches: number): number[] {
  return Array.from({ length: stretches }, (_, at) => {
    const filled = Math.min(1, at / 14);
    const dip = at > 28 && at < 36 ? 0.72 : 1;
    return Math.round(filled * dip * (19 + 2 * Math.sin(at / 3)));
  });
}

const active = course(71);

/** A class of 24 after 47 minutes. */
export const classOf24: Insights = {
  sessionId: 's1',
  title: 'Build a sync engine in Rust, from an empty folder',
  live: true,
  startedAtMs: START,
  untilMs: START + 47 * 60_000,
  here: 24,
  active: 18,
  peak: { active: 21, atMs: START + 17 * 60_000 },
  people: 23,
  averageActiveMs: 34 * 60_000,
  medianActiveMs: 38 * 60_000,
  spread: { stepMs: (47 * 60_000) / 9, people: [1, 1, 2, 2, 3, 1, 4, 6, 3] },
  polls: [
    { pollId: 'p1', title: 'Used property tests before?', running: false, answered: 21, asked: 23 },
    { pollId: 'p2', title: 'Merging [0, 5) and [5, 9)', running: true, answered: 18, asked: 23 },
  ],
  handsUp: 2,
  messages: 113,
  writers: 15,
  series: {
    startedAtMs: START,
    stepMs: 40_000,
    here: active.map((value, at) => Math.min(24, value + (at > 10 ? 3 : 1))),
    active,
    messages: active.map((_, at) => (at * 7) % 4),
    arrivals: active.map((_, at) => (at < 15 ? 2 : at % 20 === 0 ? 1 : 0)),
    departures: active.map((_, at) => (at === 29 ? 4 : 0)),
  },
};

/** The same, over. */
export const classOver: Insights = {
  ...classOf24,
  live: false,
  here: 0,
  active: 0,
  handsUp: 0,
  polls: classOf24.polls.map((poll) => ({ ...poll, running: false })),
};

/** Two people after four minutes. */
export const small: Insights = {
  ...classOf24,
  untilMs: START + 4 * 60_000,
  here: 2,
  active: 2,
  peak: { active: 2, atMs: START + 60_000 },
  people: 1,
  averageActiveMs: null,
  medianActiveMs: null,
  spread: null,
  polls: [],
  messages: 0,
  writers: 0,
  series: {
    startedAtMs: START,
    stepMs: 10_000,
    here: [1, 1, 1, 2, 2, 2],
    active: [1, 1, 1, 1, 2, 2],
    messages: [0, 0, 0, 0, 0, 0],
    arrivals: [1, 0, 0, 1, 0, 0],
    departures: [0, 0, 0, 0, 0, 0],
  },
};

/** Nobody but the host. */
export const nobody: Insights = {
  ...small,
  here: 1,
  active: 1,
  people: 0,
  handsUp: 0,
};
