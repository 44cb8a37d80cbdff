// "Still watching?" may cost time only when it was really on the screen, so that is
// proven before it is told: the page is visible, and two frames have been drawn since.

/** What the proof needs of the page; a test brings its own. */
export interface Screen {
  /** Whether the page can be seen. */
  visible(): boolean;
  /** Calls back before the next frame. Pages that nobody sees have none. */
  nextFrame(then: () => void): number;
  /** Takes back {@link nextFrame}. */
  cancelFrame(frame: number): void;
}

const page: Screen = {
  visible: () => document.visibilityState === 'visible',
  nextFrame: (then) => requestAnimationFrame(then),
  cancelFrame: (frame) => cancelAnimationFrame(frame),
};

/** Watches over one question until it has been seen to be on the screen, and tells so once. */
export class ShownProof {
  readonly #drawn: () => boolean;
  readonly #report: () => Promise<void>;
  readonly #screen: Screen;
  #frame: number | null = null;
  #reported = false;

  /**
   * `drawn`: whether it is laid out and nothing covers it. `report` tells that it was
   * shown; when it rejects, the next {@link look} tries again.
   */
  constructor(drawn: () => boolean, report: () => Promise<void>, screen: Screen = page) {
    this.#drawn = drawn;
    this.#report = report;
    this.#screen = screen;
  }

  /** Looks whether it is shown. To be called when it may have become so; costs nothing later. */
  look(): void {
    if (this.#reported || this.#frame !== null || !this.#screen.visible()) return;
    // The first frame paints it, the second one begins when that has been handed over.
    this.#frame = this.#screen.nextFrame(() => {
      this.#frame = this.#screen.nextFrame(() => {
        this.#frame = null;
        void this.#conclude();
      });
    });
  }

  /** The question is gone: nothing is told any more. */
  stop(): void {
    if (this.#frame !== null) this.#screen.cancelFrame(this.#frame);
    this.#frame = null;
    this.#reported = true;
  }

  async #conclude(): Promise<void> {
    if (this.#reported || !this.#screen.visible() || !this.#drawn()) return;
    this.#reported = true;
    try {
      await this.#report();
    } catch {
      this.#reported = false;
    }
  }
}

/** Whether `element` has a place in the window, and its middle is not covered by anything. */
export function isDrawn(element: HTMLElement): boolean {
  const { left, top, width, height } = element.getBoundingClientRect();
  const x = left + width / 2;
  const y = top + height / 2;
  if (width === 0 || height === 0 || x < 0 || y < 0 || x > innerWidth || y > innerHeight) return false;
  return element.contains(document.elementFromPoint(x, y));
}
