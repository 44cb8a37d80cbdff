import type { RibbonSpan } from '../bridge/backend';
import { words } from '../words/en';
import { pieces } from './timeline';

/** Pieces shorter than this part of the ribbon are put together. */
const LEAST_SHARE = 1 / 240;

/** One piece of a ribbon. */
export interface RibbonStretch {
  /** Its share of the width, in any unit. */
  weight: number;
  kind: 'counted' | 'uncounted' | 'rest';
  /** What hovering says. */
  title?: string | undefined;
}

/** The stretches of a stay; with `totalMs`, what is left of it is drawn as rest. */
export function stayStretches(spans: readonly RibbonSpan[], totalMs = 0): RibbonStretch[] {
  const end = spans.at(-1)?.endMs ?? 0;
  // Each piece has a least width, so what is shorter must not have a piece of its own.
  const drawn = pieces(spans, Math.max(end, totalMs) * LEAST_SHARE);
  const stretches: RibbonStretch[] = drawn.map(({ startMs, endMs, countedMs, reason }) => ({
    weight: endMs - startMs,
    kind: countedMs * 2 >= endMs - startMs && countedMs > 0 ? 'counted' : 'uncounted',
    title: reason === null ? undefined : words.time.Reason(reason).toLowerCase(),
  }));
  if (totalMs > end) stretches.push({ weight: totalMs - end, kind: 'rest' });
  return stretches;
}

/** The stretches of a remembered session: `watched` are pairs of start and end in permille. */
export function rememberedStretches(watched: readonly (readonly [number, number])[]): RibbonStretch[] {
  const stretches: RibbonStretch[] = [];
  let at = 0;
  for (const [start, end] of watched) {
    if (start > at) stretches.push({ weight: start - at, kind: 'uncounted' });
    if (end > start) stretches.push({ weight: end - start, kind: 'counted' });
    at = Math.max(at, end);
  }
  if (at < 1000) stretches.push({ weight: 1000 - at, kind: 'uncounted' });
  return stretches;
}
