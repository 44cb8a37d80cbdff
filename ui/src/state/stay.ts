import type { PauseReason, RibbonSpan } from '../bridge/backend';

/** How long each reason kept time from counting, longest first. */
export function lengthsByReason(spans: readonly RibbonSpan[]): Partial<Record<PauseReason, number>> {
  const lengths = new Map<PauseReason, number>();
  for (const { startMs, endMs, reason } of spans) {
    if (reason !== null) lengths.set(reason, (lengths.get(reason) ?? 0) + endMs - startMs);
  }
  return Object.fromEntries([...lengths].sort(([, a], [, b]) => b - a));
}
