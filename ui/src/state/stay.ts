import type { EndedView, RecentSession, SessionBooks, SessionView } from '../bridge/backend';
import type { Stretch } from '../design/timeline';
import { serverInLink } from './code';

/** A stay that is over, as this computer counted it: what is shown until the server has spoken. */
export interface Stay {
  title: string;
  hostName: string;
  /** The server's origin; empty for this computer's own. */
  server: string;
  /** For reading only, ms since the epoch. */
  joinedAtMs: number;
  activeMs: number;
  elapsedMs: number;
  credits: number;
  creditsPerMinute: number;
  stretches: readonly Stretch[];
  /** How much of it the server has confirmed; null when that is not known any more. */
  confirmedMs: number | null;
}

/** The stay that has just ended, at `endedAtMs`. */
export function endedStay(ended: EndedView, session: SessionView | null, endedAtMs: number): Stay {
  const { watch } = ended;
  return {
    title: ended.title,
    hostName: ended.hostName,
    server: session?.server ?? '',
    joinedAtMs: endedAtMs - watch.elapsedMs,
    activeMs: watch.activeMs,
    elapsedMs: watch.elapsedMs,
    credits: watch.credits,
    creditsPerMinute: watch.creditsPerMinute,
    stretches: watch.ribbon,
    confirmedMs: watch.confirmedMs,
  };
}

/** A stay that is remembered, without its reasons. */
export function rememberedStay(recent: RecentSession): Stay {
  return {
    title: recent.title,
    hostName: recent.hostName,
    server: serverInLink(recent.link) ?? '',
    joinedAtMs: recent.joinedAtMs,
    activeMs: recent.activeMs,
    elapsedMs: recent.elapsedMs,
    credits: recent.credits,
    creditsPerMinute: recent.role === 'host' ? 5 : 1,
    stretches: rememberedStretches(recent),
    confirmedMs: null,
  };
}

function rememberedStretches({ ribbon, elapsedMs }: RecentSession): Stretch[] {
  const stretches: Stretch[] = [];
  let atMs = 0;
  const until = (endMs: number, reason: Stretch['reason']) => {
    if (endMs > atMs) stretches.push({ startMs: atMs, endMs, reason });
    atMs = Math.max(atMs, endMs);
  };
  for (const [start, end] of ribbon) {
    until((start * elapsedMs) / 1000, 'other');
    until((end * elapsedMs) / 1000, null);
  }
  until(elapsedMs, 'other');
  return stretches;
}

/** How this computer's count and the server's books differ, once both are known. */
export type Difference =
  | { kind: 'none' }
  /** The server has less: so much has not arrived, so much is not vouched for, so much is over the cap. */
  | { kind: 'less'; byMs: number; notReportedMs: number; notVouchedForMs: number; capMs: number }
  /** The server has more: of another device, or of an earlier stay. */
  | { kind: 'more'; byMs: number };

/** Less than this is the same. */
const SAME_MS = 1_000;

/** Compares what this computer counted with what the server has. */
export function difference(counted: Pick<Stay, 'activeMs'>, books: SessionBooks): Difference {
  const byMs = counted.activeMs - books.activeMs;
  if (Math.abs(byMs) < SAME_MS) return { kind: 'none' };
  if (byMs < 0) return { kind: 'more', byMs: -byMs };
  const of = (reason: Stretch['reason']) =>
    books.stretches
      .filter((stretch) => stretch.reason === reason)
      .reduce((sum, stretch) => sum + stretch.endMs - stretch.startMs, 0);
  return {
    kind: 'less',
    byMs,
    notReportedMs: of('notReported'),
    notVouchedForMs: of('notVouchedFor'),
    capMs: of('cap'),
  };
}
