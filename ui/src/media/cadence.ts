/** So many moments a second, whoever asks and however often: several timers may drive it. */
export class Cadence {
  #everyMs: number;
  #nextMs = -Infinity;

  constructor(aSecond: number) {
    this.#everyMs = 1000 / aSecond;
  }

  /** How long one moment is, ms. */
  get everyMs(): number {
    return this.#everyMs;
  }

  /** Changes how many. */
  set(aSecond: number): void {
    this.#everyMs = 1000 / aSecond;
  }

  /** Whether it is time. A little early is better than a whole moment late. */
  due(nowMs: number): boolean {
    if (nowMs < this.#nextMs - this.#everyMs * 0.2) return false;
    // After a pause it begins anew: what was missed is not made up for.
    const isBehind = nowMs - this.#nextMs > this.#everyMs;
    this.#nextMs = (isBehind ? nowMs : this.#nextMs) + this.#everyMs;
    return true;
  }
}
