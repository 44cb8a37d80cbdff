// Which pictures of a slot may be decoded: a delta only after the one that it builds on.

import { following } from './wire';

/** What to do with a picture. */
export type Verdict =
  | 'decode'
  /** It cannot be decoded, and a keyframe has been asked for. */
  | 'skip'
  /** It cannot be decoded: ask for a keyframe. */
  | 'ask';

/** While no keyframe comes, it is asked for again after so long: the wish may have been lost. */
export const ASK_AGAIN_MS = 1_000;

/** The pictures of one slot, as they come. */
export class Continuity {
  /** The sequence that can be decoded next; null: only a keyframe can. */
  #next: number | null = null;
  #askedAtMs: number | null = null;

  /** Takes the next picture. */
  take(sequence: number, isKey: boolean, nowMs: number): Verdict {
    if (isKey || sequence === this.#next) {
      this.#next = following(sequence);
      this.#askedAtMs = null;
      return 'decode';
    }
    return this.lose(nowMs) ? 'ask' : 'skip';
  }

  /** The decoder has lost its place. Tells whether to ask for a keyframe. */
  lose(nowMs: number): boolean {
    this.#next = null;
    if (this.#askedAtMs !== null && nowMs - this.#askedAtMs < ASK_AGAIN_MS) return false;
    this.#askedAtMs = nowMs;
    return true;
  }
}
