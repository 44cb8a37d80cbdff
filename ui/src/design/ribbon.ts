import type { RibbonSpan } from '../bridge/backend';
import { words } from '../words/en';

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
  const stretches: RibbonStretch[] = spans.map((span) => ({
    weight: span.endMs - span.startMs,
    kind: span.reason === null ? 'counted' : 'uncounted',
    title: span.reason === null ? undefined : words.pause.reason(span.reason),
  }));
  const end = spans.at(-1)?.endMs ?? 0;
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
