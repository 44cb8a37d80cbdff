// Cameras and pictures for tests and the gallery: no device, no worker, no socket.

import type { MediaDoor } from '../src/bridge/backend';
import type { Camera, Capturing } from '../src/media/capture';
import type { Pictures, Watcher } from '../src/media/pictures';
import type { Fit, Size } from '../src/media/sizes';
import type { MediaSurroundings } from '../src/state/media.svelte';

/** An error as browsers give it. */
export function deviceError(name: string): DOMException {
  return new DOMException(`scripted: ${name}`, name);
}

/** The app's side, which records what it was asked. */
export class ScriptedDoor implements MediaDoor {
  readonly calls: [name: string, ...args: unknown[]][] = [];
  /** What refuses. */
  refuses: Error | null = null;

  async socket() {
    return 'ws://127.0.0.1:1/scripted';
  }
  async publish(what: 'microphone' | 'camera' | 'screen', on: boolean) {
    this.calls.push(['publish', what, on]);
    if (this.refuses) throw this.refuses;
  }
  async chooseSound(choice: { microphone: string | null; loudspeaker: string | null }) {
    this.calls.push(['chooseSound', choice]);
  }
  async listen(on: boolean) {
    this.calls.push(['listen', on]);
  }
}

/** Cameras that a test has written down. */
export class ScriptedCapturing implements Capturing {
  devices: Camera[];
  openCamera: (id: string | null) => Promise<MediaStream>;
  openScreen: () => Promise<MediaStream>;
  #changed: () => void = () => undefined;

  constructor(
    devices: Camera[] = [],
    openCamera: (id: string | null) => Promise<MediaStream> = () =>
      Promise.reject(deviceError('NotFoundError')),
    openScreen: () => Promise<MediaStream> = () => Promise.reject(deviceError('NotAllowedError')),
  ) {
    this.devices = devices;
    this.openCamera = openCamera;
    this.openScreen = openScreen;
  }

  async cameras() {
    return this.devices;
  }
  onchange(callback: () => void) {
    this.#changed = callback;
    return () => undefined;
  }
  /** Plugs in and unplugs. */
  change(devices: Camera[]): void {
    this.devices = devices;
    this.#changed();
  }
}

/** Paints what a test gives for a track, once. */
export class ScriptedPictures implements Pictures {
  readonly shown: string[] = [];
  readonly #paint: (context: CanvasRenderingContext2D, size: Size, trackId: string) => void | Promise<void>;

  constructor(
    paint: (context: CanvasRenderingContext2D, size: Size, trackId: string) => void | Promise<void> = () =>
      undefined,
  ) {
    this.#paint = paint;
  }

  show(canvas: HTMLCanvasElement, trackId: string, fit: Fit, watcher: Watcher): () => void {
    this.shown.push(trackId);
    const size = fit === 'contain' ? { width: 1920, height: 1080 } : { width: 640, height: 360 };
    canvas.width = size.width;
    canvas.height = size.height;
    const context = canvas.getContext('2d');
    void Promise.resolve(context && this.#paint(context, size, trackId)).then(() => {
      watcher.onsize?.(size);
      watcher.onfirst();
    });
    return () => this.shown.splice(this.shown.indexOf(trackId), 1);
  }
}

/** What the browser would give. */
export function scriptedMedia(
  capturing = new ScriptedCapturing(),
  pictures = new ScriptedPictures(),
): MediaSurroundings {
  return {
    capturing,
    pictures,
    makeEncoder: () => ({
      queued: 0,
      configure: () => undefined,
      encode: () => undefined,
      close: () => undefined,
    }),
  };
}
