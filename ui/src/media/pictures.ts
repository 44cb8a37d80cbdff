// The page's side of the media worker.

import type { Errand, Report } from './errands';
import { Sight } from './shown';
import type { Fit, Size } from './sizes';
import { HEADER_BYTES, type AppMessage, type PageMessage, type Source } from './wire';

/** What a tile wants to know of its picture. */
export interface Watcher {
  /** The first picture is there. */
  onfirst(): void;
  /** The size in which pictures come. */
  onsize?(size: Size): void;
}

/** Shows tracks in canvases. */
export interface Pictures {
  /** Paints a track into a canvas that nobody has drawn on; the result stops it. */
  show(canvas: HTMLCanvasElement, trackId: string, fit: Fit, watcher: Watcher): () => void;
}

/** An encoded picture with room for the header before it. */
export interface Encoded {
  source: Source;
  isKey: boolean;
  atUs: number;
  message: ArrayBuffer;
}

/** What the app asks of whoever publishes. */
export interface Wishes {
  app(message: AppMessage): void;
  keyframe(source: Source): void;
  /** The connection to the app is there: it knows nothing yet. */
  opened(): void;
  /** The connection to the app is gone; it is made anew by itself. */
  closed(): void;
}

/** Makes room for the header before a picture of `length` bytes. */
export function messageFor(length: number): { message: ArrayBuffer; picture: Uint8Array<ArrayBuffer> } {
  const message = new ArrayBuffer(HEADER_BYTES + length);
  return { message, picture: new Uint8Array(message, HEADER_BYTES) };
}

/** A lost socket is tried again after so long; longer each time. */
const AGAIN_MS = 500;
const AGAIN_MOST_MS = 8_000;

/** Pictures over the local socket, decoded and painted by a worker. */
export class SocketPictures implements Pictures {
  readonly #worker: Worker;
  readonly #url: () => Promise<string>;
  readonly #wishes: Wishes;
  readonly #watchers = new Map<number, { trackId: string; watcher: Watcher }>();
  readonly #surfaces = new Map<Element, number>();
  readonly #sight: Sight;
  #nextSurface = 1;
  #againMs = AGAIN_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wanted = false;

  /** `url` gives the socket's address, with a token that is good once. */
  constructor(worker: Worker, url: () => Promise<string>, wishes: Wishes) {
    this.#worker = worker;
    this.#url = url;
    this.#wishes = wishes;
    this.#sight = new Sight(
      (tiles) => this.tell({ type: 'shown', tiles }),
      (element, tile) => {
        const surface = this.#surfaces.get(element);
        if (surface !== undefined) this.#ask({ do: 'resize', surface, tile });
      },
    );
    worker.onmessage = ({ data }: MessageEvent<Report>) => this.#take(data);
  }

  /** Connects, and keeps connected. */
  open(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    void this.#connect();
  }

  /** Lets go of the socket. */
  close(): void {
    this.#wanted = false;
    clearTimeout(this.#timer);
    this.#ask({ do: 'close' });
  }

  show(canvas: HTMLCanvasElement, trackId: string, fit: Fit, watcher: Watcher): () => void {
    const surface = this.#nextSurface++;
    const offscreen = canvas.transferControlToOffscreen();
    this.#watchers.set(surface, { trackId, watcher });
    this.#ask({ do: 'attach', surface, trackId, canvas: offscreen, fit }, [offscreen]);
    this.#surfaces.set(canvas, surface);
    this.#sight.add(canvas, trackId);
    return () => {
      this.#sight.remove(canvas);
      this.#surfaces.delete(canvas);
      this.#watchers.delete(surface);
      this.#ask({ do: 'detach', surface });
    };
  }

  /** Says something to the app. */
  tell(message: PageMessage): void {
    this.#ask({ do: 'tell', message });
  }

  /** Sends a picture. */
  send({ source, isKey, atUs, message }: Encoded): void {
    this.#ask({ do: 'send', source, isKey, atUs, message }, [message]);
  }

  #ask(errand: Errand, moved: Transferable[] = []): void {
    this.#worker.postMessage(errand, moved);
  }

  async #connect(): Promise<void> {
    try {
      const url = await this.#url();
      if (this.#wanted) this.#ask({ do: 'connect', url });
    } catch {
      this.#later();
    }
  }

  #later(): void {
    if (!this.#wanted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#connect(), this.#againMs);
    this.#againMs = Math.min(this.#againMs * 2, AGAIN_MOST_MS);
  }

  #take(report: Report): void {
    switch (report.say) {
      case 'open':
        this.#againMs = AGAIN_MS;
        this.#sight.again();
        this.#wishes.opened();
        break;
      case 'closed':
        this.#wishes.closed();
        this.#later();
        break;
      case 'first':
        this.#watchers.get(report.surface)?.watcher.onfirst();
        break;
      case 'size':
        for (const { trackId, watcher } of this.#watchers.values()) {
          if (trackId === report.trackId) watcher.onsize?.(report.size);
        }
        break;
      case 'app':
        this.#wishes.app(report.message);
        break;
      case 'keyframe':
        this.#wishes.keyframe(report.source);
        break;
    }
  }
}
