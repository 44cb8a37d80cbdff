// When pictures are painted. Painting, not decoding, is what costs: one newest picture a
// tile on each frame of the screen, and fewer when this computer does not keep up.

/** Pictures earlier than the sound by more than this wait for it; ears notice less. */
export const EARLY_US = 60_000;
/** Under pressure pictures are painted so often. */
export const SLOW_TICK_MS = 1000 / 15;

/** Of pictures in order, the place of the one to paint now; -1: all of them are early. */
export function toPaint(atUs: readonly number[], soundUs: number | null): number {
  if (soundUs === null) return atUs.length - 1;
  return atUs.findLastIndex((at) => at - soundUs <= EARLY_US);
}

/** The clock of sound, followed from what the app tells about it. */
export class SoundClock {
  /** Sound minus page, µs. */
  #offsetUs: number | null = null;
  #heardAtMs = 0;

  /**
   * The app said that it is `atUs`. What came quickest is nearest to the truth; a little
   * doubt each second lets it follow clocks that drift.
   */
  hear(atUs: number, nowMs: number): void {
    const offsetUs = atUs - nowMs * 1000;
    const doubtUs = Math.max(0, nowMs - this.#heardAtMs) * 0.2;
    const last = this.#offsetUs;
    // A jump is another clock: the sound device was changed.
    const jumped = last === null || Math.abs(offsetUs - last) > 1_000_000;
    this.#offsetUs = jumped ? offsetUs : Math.max(offsetUs, last - doubtUs);
    this.#heardAtMs = nowMs;
  }

  /** The time of sound now, µs; null while nothing is known or it is too long ago. */
  nowUs(nowMs: number): number | null {
    if (this.#offsetUs === null || nowMs - this.#heardAtMs > 10_000) return null;
    return nowMs * 1000 + this.#offsetUs;
  }
}

/** How long a stretch of ticks is that is judged as one. */
const STRETCH_MS = 1_000;
/** The share of pictures that are never painted, or of ticks that are late, that is too much. */
const TOO_MUCH = 0.25;
/** So many bad stretches in a row make it slow. */
const BAD_STRETCHES = 2;
/** A tick that comes later than this is late, at the full rate. */
const LATE_MS = 50;
/** After so many good stretches the full rate is tried again; longer each time that fails. */
const TRY_AFTER = 8;
const TRY_AFTER_MOST = 64;

/** Watches how well painting keeps up, and chooses the rate. */
export class Pace {
  /** Whether pictures are painted at 15 Hz. */
  slow = false;

  #from: number | null = null;
  #lastMs = 0;
  #ticks = 0;
  #late = 0;
  #painted = 0;
  #replaced = 0;
  #bad = 0;
  #good = 0;
  #tryAfter = TRY_AFTER;

  /** A picture was replaced before it was painted. */
  replaced(): void {
    this.#replaced += 1;
  }

  /** Painted at this tick: so many pictures. Ticks come only while there is something to paint. */
  tick(nowMs: number, painted: number): void {
    const gap = nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    this.#from ??= nowMs;
    // A longer gap is a pause of the source, not a late tick.
    if (gap < STRETCH_MS) {
      this.#ticks += 1;
      if (gap > (this.slow ? 2 * SLOW_TICK_MS : LATE_MS)) this.#late += 1;
    }
    this.#painted += painted;
    if (nowMs - this.#from >= STRETCH_MS) this.#judge(nowMs);
  }

  #judge(nowMs: number): void {
    const pictures = this.#painted + this.#replaced;
    const late = this.#ticks > 0 && this.#late / this.#ticks > TOO_MUCH;
    // At 15 Hz every other picture is meant to be left out.
    const left = !this.slow && pictures > 0 && this.#replaced / pictures > TOO_MUCH;
    // A source of few pictures a second makes few ticks, and none of them is late.
    const busy = this.#painted > this.#ticks * 0.5 && this.#ticks >= 10;
    const isBad = left || (late && busy);
    this.#bad = isBad ? this.#bad + 1 : 0;
    this.#good = isBad ? 0 : this.#good + 1;
    if (!this.slow && this.#bad >= BAD_STRETCHES) {
      this.slow = true;
      this.#good = 0;
    } else if (this.slow && this.#good >= this.#tryAfter) {
      this.slow = false;
      this.#bad = 0;
      this.#tryAfter = Math.min(this.#tryAfter * 2, TRY_AFTER_MOST);
    }
    this.#from = nowMs;
    this.#ticks = this.#late = this.#painted = this.#replaced = 0;
  }
}

/** At most so many credits a second and slot. */
const CREDITS_A_SECOND = 5;

/** Says when a slot may tell again what was painted. */
export class Credits {
  #toldAtMs = -Infinity;

  /** Whether to tell now. */
  due(nowMs: number): boolean {
    if (nowMs - this.#toldAtMs < 1000 / CREDITS_A_SECOND) return false;
    this.#toldAtMs = nowMs;
    return true;
  }
}
