// Which tiles can really be seen, and how large: only those are sent and decoded.

import type { Size } from './sizes';
import type { ShownTile } from './wire';

/** A tile on the page. */
export interface Placed {
  trackId: string;
  /** CSS pixels. */
  size: Size;
  isInSight: boolean;
}

/**
 * What to report of `tiles`: those in sight, in device pixels; of a track that is shown
 * twice the larger. Nothing while the window is hidden.
 */
export function shownTiles(tiles: Iterable<Placed>, ratio: number, isHidden: boolean): ShownTile[] {
  const shown = new Map<string, ShownTile>();
  if (isHidden) return [];
  for (const { trackId, size, isInSight } of tiles) {
    const width = Math.round(size.width * ratio);
    const height = Math.round(size.height * ratio);
    if (!isInSight || width < 1 || height < 1) continue;
    const other = shown.get(trackId);
    if (!other || width * height > other.width * other.height) shown.set(trackId, { trackId, width, height });
  }
  return [...shown.values()].sort((a, b) => (a.trackId < b.trackId ? -1 : 1));
}

/** Whether two reports say the same. */
export function sameShown(a: readonly ShownTile[], b: readonly ShownTile[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Watches elements of tiles. */
export class Sight {
  readonly #placed = new Map<Element, Placed>();
  readonly #report: (tiles: ShownTile[]) => void;
  readonly #onsize: (element: Element, tile: Size) => void;
  readonly #intersections: IntersectionObserver;
  readonly #sizes: ResizeObserver;
  #last: ShownTile[] = [];
  #isDue = false;

  /** `report` gets every change; `onsize` each tile's size in device pixels. */
  constructor(report: (tiles: ShownTile[]) => void, onsize: (element: Element, tile: Size) => void) {
    this.#report = report;
    this.#onsize = onsize;
    this.#intersections = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const placed = this.#placed.get(target);
        if (placed) placed.isInSight = isIntersecting;
      }
      this.#soon();
    });
    this.#sizes = new ResizeObserver((entries) => {
      for (const { target, contentRect } of entries) this.#resized(target, contentRect);
      this.#soon();
    });
    document.addEventListener('visibilitychange', () => this.#now());
  }

  /** A tile shows this track. */
  add(element: Element, trackId: string): void {
    const { width, height } = element.getBoundingClientRect();
    this.#placed.set(element, { trackId, size: { width: 0, height: 0 }, isInSight: true });
    this.#resized(element, { width, height });
    this.#intersections.observe(element);
    this.#sizes.observe(element);
    this.#soon();
  }

  /** It shows it no more. */
  remove(element: Element): void {
    this.#placed.delete(element);
    this.#intersections.unobserve(element);
    this.#sizes.unobserve(element);
    this.#soon();
  }

  /** Reports anew, to an app that has forgotten what it was told. */
  again(): void {
    this.#last = [];
    this.#now();
  }

  #resized(element: Element, { width, height }: Size): void {
    const placed = this.#placed.get(element);
    if (!placed) return;
    placed.size = { width, height };
    this.#onsize(element, {
      width: Math.round(width * devicePixelRatio),
      height: Math.round(height * devicePixelRatio),
    });
  }

  /** Changes of one moment are one report. */
  #soon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => this.#now());
  }

  #now(): void {
    this.#isDue = false;
    const isHidden = document.visibilityState === 'hidden';
    const shown = shownTiles(this.#placed.values(), devicePixelRatio, isHidden);
    if (sameShown(shown, this.#last)) return;
    this.#last = shown;
    this.#report(shown);
  }
}
