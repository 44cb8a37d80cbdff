// Decodes tracks and paints them into tiles. Runs in the worker, and knows of it only what
// is handed in: decoders, canvases and ticks can be others in tests.

import { Continuity } from './continuity';
import { Credits, Pace, SLOW_TICK_MS, SoundClock, toPaint } from './pace';
import { paintSize, type Fit, type Size } from './sizes';
import { SLOT_LIMIT, type AppMessage, type PageMessage, type Picture } from './wire';

/** A decoded picture: of `VideoFrame` what is used. Must be closed. */
export interface Frame {
  /** The sequence of its picture. */
  readonly timestamp: number;
  readonly displayWidth: number;
  readonly displayHeight: number;
  close(): void;
}

/** Decodes one track. */
export interface Decoder {
  /** Pictures that wait. */
  readonly queued: number;
  decode(picture: Picture): void;
  close(): void;
}

/** Where pictures of a track are painted. */
export interface Canvas<F extends Frame> {
  paint(frame: F, size: Size): void;
}

/** What the player is given. */
export interface PlayerSurroundings<F extends Frame> {
  makeDecoder(onframe: (frame: F) => void, onerror: () => void): Decoder;
  /** Calls back at the next frame of the screen, or after `delayMs`. */
  soon(callback: () => void, delayMs: number | null): void;
  /** ms, monotonic. */
  now(): number;
  tell(message: PageMessage): void;
  /** The first picture of a track is in this tile. */
  onfirst(surface: number): void;
  /** Pictures of this track have another size now. */
  onsize(trackId: string, size: Size): void;
}

interface Surface<F extends Frame> {
  trackId: string;
  canvas: Canvas<F>;
  tile: Size;
  fit: Fit;
  isEmpty: boolean;
}

interface Slot<F extends Frame> {
  trackId: string;
  continuity: Continuity;
  credits: Credits;
  decoder: Decoder | null;
  /** When pictures are to be shown, by sequence, of those that are being decoded. */
  times: Map<number, number>;
  /** Decoded and not painted, in order. */
  ready: { frame: F; atUs: number }[];
  /** Painted last: tiles that come or change their size show it at once. */
  shown: F | null;
  /** Since when no tile shows it. */
  unseenSinceMs: number | null;
}

/** A decoder that has more before it has fallen behind: what it holds is of no use. */
const QUEUE_LIMIT = 12;
/** Early pictures that are kept for a slot; the decoder has only so many buffers. */
const READY_LIMIT = 4;
/** So long a track is decoded on without a tile: they move between grid and stage. */
const UNSEEN_MS = 500;

/** All tracks and tiles of a page. */
export class Player<F extends Frame> {
  readonly #around: PlayerSurroundings<F>;
  readonly #slots = new Map<number, Slot<F>>();
  readonly #surfaces = new Map<number, Surface<F>>();
  readonly #pace = new Pace();
  readonly #sound = new SoundClock();
  #isTicking = false;

  constructor(around: PlayerSurroundings<F>) {
    this.#around = around;
  }

  /** Takes what the app says about tracks. */
  take(message: AppMessage): void {
    if (message.type === 'track') this.#open(message.slot, message.trackId, message.codec);
    else if (message.type === 'gone') this.#close(message.slot);
    else if (message.type === 'clock') this.#sound.hear(message.atUs, this.#around.now());
  }

  /** Takes a picture. */
  picture(picture: Picture): void {
    const slot = this.#slots.get(picture.slot);
    if (!slot) return;
    const now = this.#around.now();
    if (slot.unseenSinceMs !== null && now - slot.unseenSinceMs > UNSEEN_MS) {
      // Nobody looks. Whoever looks again waits for a keyframe.
      slot.continuity.lose(now);
      return;
    }
    const verdict = slot.continuity.take(picture.sequence, picture.isKey, now);
    if (verdict === 'ask') this.#askForKeyframe(picture.slot);
    if (verdict !== 'decode') return;
    if (slot.decoder && slot.decoder.queued >= QUEUE_LIMIT) return this.#lose(picture.slot, slot);
    slot.decoder ??= this.#around.makeDecoder(
      (frame) => this.#decoded(slot, frame),
      () => this.#lose(picture.slot, slot),
    );
    slot.times.set(picture.sequence, picture.atUs);
    slot.decoder.decode(picture);
  }

  /** Shows a track in a tile. */
  attach(surface: number, trackId: string, canvas: Canvas<F>, fit: Fit): void {
    this.#surfaces.set(surface, { trackId, canvas, fit, tile: { width: 0, height: 0 }, isEmpty: true });
    for (const [number, slot] of this.#slots) {
      if (slot.trackId !== trackId) continue;
      const wasUnseen = slot.unseenSinceMs;
      slot.unseenSinceMs = null;
      const now = this.#around.now();
      if (wasUnseen !== null && now - wasUnseen > UNSEEN_MS && slot.continuity.lose(now)) {
        this.#askForKeyframe(number);
      }
    }
  }

  /** A tile has this many device pixels now. */
  resize(surface: number, tile: Size): void {
    const one = this.#surfaces.get(surface);
    if (!one) return;
    one.tile = tile;
    const shown = this.#slotOf(one.trackId)?.shown;
    if (shown) this.#paint(surface, one, shown);
  }

  /** A tile is gone. */
  detach(surface: number): void {
    const one = this.#surfaces.get(surface);
    this.#surfaces.delete(surface);
    if (!one || this.#isSeen(one.trackId)) return;
    const slot = this.#slotOf(one.trackId);
    if (slot) slot.unseenSinceMs = this.#around.now();
  }

  /** The socket is gone, and all tracks with it. Tiles keep what they show. */
  reset(): void {
    for (const slot of [...this.#slots.keys()]) this.#close(slot);
  }

  #open(number: number, trackId: string, codec: string): void {
    this.#close(number);
    if (codec.toLowerCase() !== 'vp8' || this.#slots.size >= SLOT_LIMIT) return;
    this.#slots.set(number, {
      trackId,
      continuity: new Continuity(),
      credits: new Credits(),
      decoder: null,
      times: new Map(),
      ready: [],
      shown: null,
      unseenSinceMs: this.#isSeen(trackId) ? null : this.#around.now(),
    });
  }

  #close(number: number): void {
    const slot = this.#slots.get(number);
    if (!slot) return;
    this.#slots.delete(number);
    this.#stopDecoding(slot);
    slot.shown?.close();
    slot.shown = null;
  }

  /** Forgets what is being decoded: it builds on something that is not there. */
  #lose(number: number, slot: Slot<F>): void {
    if (this.#slots.get(number) !== slot) return;
    this.#stopDecoding(slot);
    if (slot.continuity.lose(this.#around.now())) this.#askForKeyframe(number);
  }

  #stopDecoding(slot: Slot<F>): void {
    slot.decoder?.close();
    slot.decoder = null;
    slot.times.clear();
    for (const { frame } of slot.ready.splice(0)) frame.close();
  }

  #decoded(slot: Slot<F>, frame: F): void {
    const atUs = slot.times.get(frame.timestamp);
    // A decoder that was given up may still answer.
    if (atUs === undefined || !slot.decoder) return frame.close();
    // Pictures come in order; one that has none was left out by the decoder.
    for (const sequence of slot.times.keys()) {
      slot.times.delete(sequence);
      if (sequence === frame.timestamp) break;
    }
    slot.ready.push({ frame, atUs });
    while (slot.ready.length > READY_LIMIT) this.#drop(slot);
    this.#tickSoon();
  }

  #drop(slot: Slot<F>): void {
    slot.ready.shift()?.frame.close();
    this.#pace.replaced();
  }

  #tickSoon(): void {
    if (this.#isTicking) return;
    this.#isTicking = true;
    this.#around.soon(() => this.#tick(), this.#pace.slow ? SLOW_TICK_MS : null);
  }

  #tick(): void {
    this.#isTicking = false;
    const now = this.#around.now();
    let painted = 0;
    let waits = false;
    for (const [number, slot] of this.#slots) {
      const index = toPaint(
        slot.ready.map(({ atUs }) => atUs),
        this.#sound.nowUs(now),
      );
      for (let older = 0; older < index; older += 1) this.#drop(slot);
      const next = index < 0 ? undefined : slot.ready.shift();
      if (next) {
        this.#show(slot, next.frame);
        painted += 1;
        if (slot.credits.due(now)) {
          const waiting = (slot.decoder?.queued ?? 0) + slot.ready.length;
          this.#around.tell({ type: 'painted', slot: number, sequence: next.frame.timestamp, waiting });
        }
      }
      waits ||= slot.ready.length > 0;
    }
    this.#pace.tick(now, painted);
    if (waits) this.#tickSoon();
  }

  #show(slot: Slot<F>, frame: F): void {
    const { shown } = slot;
    if (shown?.displayWidth !== frame.displayWidth || shown.displayHeight !== frame.displayHeight) {
      this.#around.onsize(slot.trackId, { width: frame.displayWidth, height: frame.displayHeight });
    }
    shown?.close();
    slot.shown = frame;
    for (const [id, surface] of this.#surfaces) {
      if (surface.trackId === slot.trackId) this.#paint(id, surface, frame);
    }
  }

  #paint(id: number, surface: Surface<F>, frame: F): void {
    if (surface.tile.width <= 0 || surface.tile.height <= 0) return;
    const size = { width: frame.displayWidth, height: frame.displayHeight };
    surface.canvas.paint(frame, paintSize(size, surface.tile, surface.fit));
    if (!surface.isEmpty) return;
    surface.isEmpty = false;
    this.#around.onfirst(id);
  }

  #askForKeyframe(slot: number): void {
    this.#around.tell({ type: 'lost', slot });
  }

  #slotOf(trackId: string): Slot<F> | undefined {
    return [...this.#slots.values()].find((slot) => slot.trackId === trackId);
  }

  #isSeen(trackId: string): boolean {
    return [...this.#surfaces.values()].some((surface) => surface.trackId === trackId);
  }
}
