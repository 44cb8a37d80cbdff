import type { BookReason } from '../bridge/backend';

/** One stretch of a stay; none of them overlap, and they are in order. */
export interface Stretch {
  /** Since joining. */
  startMs: number;
  /** Since joining. */
  endMs: number;
  /** None where it counted. */
  reason: BookReason | null;
}

/** What is drawn as one: a stretch, or several that are too short to be told apart. */
export interface Piece {
  startMs: number;
  endMs: number;
  /** The stretches in it, first and last, by their index. */
  first: number;
  last: number;
  /** How much of it counted. */
  countedMs: number;
  /** Why it did not count; none where all of it did, and where several stretches are one piece. */
  reason: BookReason | null;
}

/**
 * What to draw for `stretches`: those shorter than `leastMs` are put together until they
 * are that long, so that a stay of 500 stretches has few pieces, and each can be seen.
 */
export function pieces(stretches: readonly Stretch[], leastMs: number): Piece[] {
  const drawn: Piece[] = [];
  let open: Piece | null = null;
  const close = () => {
    if (open) drawn.push(open);
    open = null;
  };
  for (const [index, { startMs, endMs, reason }] of stretches.entries()) {
    const lengthMs = endMs - startMs;
    const countedMs = reason === null ? lengthMs : 0;
    if (lengthMs >= leastMs) {
      close();
      drawn.push({ startMs, endMs, first: index, last: index, countedMs, reason });
      continue;
    }
    open ??= { startMs, endMs, first: index, last: index, countedMs: 0, reason };
    if (open.last !== index) open.reason = null;
    open.endMs = endMs;
    open.last = index;
    open.countedMs += countedMs;
    if (open.endMs - open.startMs >= leastMs) close();
  }
  close();
  return drawn;
}

/** Until when, since joining, everything that counted has been confirmed: `confirmedMs` of it in all. */
export function confirmedUntil(stretches: readonly Stretch[], confirmedMs: number): number {
  let left = confirmedMs;
  let until = 0;
  for (const { startMs, endMs, reason } of stretches) {
    if (reason !== null) continue;
    if (endMs - startMs >= left) return startMs + left;
    left -= endMs - startMs;
    until = endMs;
  }
  return until;
}

/** How long each reason kept time from counting, longest first; under a second is nothing to tell. */
export function lengthsByReason(stretches: readonly Stretch[]): [BookReason, number][] {
  const lengths = new Map<BookReason, number>();
  for (const { startMs, endMs, reason } of stretches) {
    if (reason !== null) lengths.set(reason, (lengths.get(reason) ?? 0) + endMs - startMs);
  }
  return [...lengths].filter(([, ms]) => ms >= SECOND).sort(([, a], [, b]) => b - a);
}

/** A place on the axis. */
export interface Mark {
  /** Since joining. */
  atMs: number;
  /** In hundredths of the width. */
  percent: number;
}

const SECOND = 1_000;
const MINUTE = 60_000;
/** Minutes from one mark to the next. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 240];
/** Marks between the ends at most. */
const INNER_MARKS = 4;
/** Nearer to an end than this, in hundredths of the width, its label has no room. */
const ROOM = 15;

/** Marks on round minutes between the start and the end of a stay. */
export function innerMarks(lengthMs: number): Mark[] {
  const step = (STEPS.find((minutes) => lengthMs / (minutes * MINUTE) <= INNER_MARKS) ?? 480) * MINUTE;
  const marks: Mark[] = [];
  for (let atMs = step; atMs < lengthMs; atMs += step) {
    const percent = (atMs * 100) / lengthMs;
    if (percent >= ROOM && percent <= 100 - ROOM) marks.push({ atMs, percent });
  }
  return marks;
}
