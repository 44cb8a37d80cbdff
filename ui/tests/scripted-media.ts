// Cameras and pictures for tests and the gallery: no device, no worker, no socket.

import type { MediaView, PersonMediaView } from '../src/bridge/backend';
import type { Camera, Capturing } from '../src/media/capture';
import type { Pictures, Watcher } from '../src/media/pictures';
import type { Fit, Size } from '../src/media/sizes';
import type { MediaSurroundings } from '../src/state/media.svelte';

/** Somebody who publishes nothing. */
export const NO_MEDIA: PersonMediaView = { camera: null, microphone: null, screen: null, quality: null };

/** A session with live media in which I may send everything, and send nothing. */
export const mediaView: MediaView = {
  available: true,
  connected: true,
  may: { microphone: true, camera: true, screen: true },
  microphone: { at: 'off' },
  camera: { at: 'off' },
  screen: { at: 'off' },
  talking: false,
  share: null,
  sound: {
    microphones: [
      { id: 'built-in', name: 'Built-in audio, analogue stereo', isDefault: true },
      { id: 'yeti', name: 'Yeti Stereo Microphone', isDefault: false },
    ],
    loudspeakers: [
      { id: 'built-in', name: 'Built-in audio, analogue stereo', isDefault: true },
      { id: 'headset', name: 'WH-1000XM4', isDefault: false },
    ],
    microphone: 'yeti',
    loudspeaker: null,
    microphoneFailure: null,
    loudspeakerFailure: null,
  },
};

/** An error as browsers give it. */
export function deviceError(name: string): DOMException {
  return new DOMException(`scripted: ${name}`, name);
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
