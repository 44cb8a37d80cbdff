import type { PauseReason, RibbonSpan } from '../bridge/backend';

/** How long each reason kept time from counting, longest first. */
export function lengthsByReason(spans: readonly RibbonSpan[]): Partial<Record<PauseReason, number>> {
  const lengths = new Map<PauseReason, number>();
  for (const { startMs, endMs, reason } of spans) {
    if (reason !== null) lengths.set(reason, (lengths.get(reason) ?? 0) + endMs - startMs);
  }
  return Object.fromEntries([...lengths].sort(([, a], [, b]) => b - a));
}

/** Minutes from one label of the axis to the next. */
const STEPS = [1, 2, 5, 10, 15, 20, 30, 60];
/** Labels between the ends at most. */
const INNER_LABELS = 4;

/** Where a ribbon's axis is labelled, in minutes: the start, round numbers, the last whole minute. */
export function axisMinutes(elapsedMs: number): number[] {
  const end = Math.floor(elapsedMs / 60_000);
  if (end < 1) return [];
  const step = STEPS.find((candidate) => end / candidate <= INNER_LABELS) ?? 120;
  const labels = [0];
  // The last label needs room: nothing in the half step before it.
  for (let at = step; at <= end - step / 2 && at < end; at += step) labels.push(at);
  return [...labels, end];
}
