// Sends the camera or the screen: pictures are pulled from a video element on a timer,
// encoded as the app asks, and handed to the socket. (No MediaStreamTrackProcessor in
// WebKit, and its requestVideoFrameCallback does not fire without a GPU.)

import { Cadence } from './cadence';
import { messageFor, type Encoded } from './pictures';
import { encodeSize, type Size } from './sizes';
import type { EncodeSettings, Source } from './wire';

/** An encoder: of `VideoEncoder` what is used. */
export interface Encoder {
  readonly queued: number;
  configure(settings: EncodeSettings & Size): void;
  /** Encodes what the video shows now, scaled to `size`. */
  encode(video: HTMLVideoElement, size: Size, isKey: boolean): void;
  close(): void;
}

/** Makes encoders; others in tests. */
export type MakeEncoder = (
  onpicture: (picture: { isKey: boolean; atUs: number; message: ArrayBuffer }) => void,
  onerror: () => void,
) => Encoder;

/** An encoder that has more before it does not keep up: pictures are left out. */
const QUEUE_LIMIT = 2;
/** After an error the encoder is made anew; not more often than this. */
const ANEW_MS = 1_000;

/** Publishes one source. */
export class Publication {
  readonly #source: Source;
  readonly #video: HTMLVideoElement;
  readonly #makeEncoder: MakeEncoder;
  readonly #send: (picture: Encoded) => void;
  readonly #now: () => number;
  #encoder: Encoder | null = null;
  #settings: EncodeSettings | null = null;
  /** The size that the encoder was configured for. */
  #size: Size | null = null;
  /** Whether that was with these settings. */
  #isConfigured = false;
  #cadence = new Cadence(30);
  #timer: ReturnType<typeof setInterval> | undefined;
  #keyWanted = true;
  #failedAtMs = -Infinity;

  constructor(
    source: Source,
    video: HTMLVideoElement,
    makeEncoder: MakeEncoder,
    send: (picture: Encoded) => void,
    now: () => number = () => performance.now(),
  ) {
    this.#source = source;
    this.#video = video;
    this.#makeEncoder = makeEncoder;
    this.#send = send;
    this.#now = now;
  }

  /** Encodes so from now on. */
  encode(settings: EncodeSettings): void {
    const before = this.#settings;
    this.#settings = settings;
    if (before?.framesPerSecond !== settings.framesPerSecond || this.#timer === undefined) {
      this.#cadence.set(settings.framesPerSecond);
      clearInterval(this.#timer);
      this.#timer = setInterval(() => this.tick(), this.#cadence.everyMs);
    }
    // Configured at the next picture: its size decides, too.
    this.#isConfigured = false;
  }

  /** The next picture is a keyframe. */
  keyframe(): void {
    this.#keyWanted = true;
  }

  /** It may be time for a picture: from our timer, or the app's while timers are throttled. */
  tick(): void {
    const now = this.#now();
    if (!this.#settings || this.#video.readyState < 2 || !this.#cadence.due(now)) return;
    if (this.#encoder && this.#encoder.queued >= QUEUE_LIMIT) return;
    const captured = { width: this.#video.videoWidth, height: this.#video.videoHeight };
    if (captured.width < 2 || captured.height < 2) return;
    const size = encodeSize(captured, this.#settings);
    if (!this.#encoder && now - this.#failedAtMs < ANEW_MS) return;
    try {
      this.#encoder ??= this.#makeEncoder(
        (picture) => this.#send({ source: this.#source, ...picture }),
        () => this.#failed(),
      );
      const isOther = this.#size?.width !== size.width || this.#size.height !== size.height;
      if (isOther || !this.#isConfigured) {
        this.#encoder.configure({ ...this.#settings, ...size });
        this.#isConfigured = true;
        this.#size = size;
        // Another bit rate alone needs none: keyframes are what makes a weak line worse.
        this.#keyWanted ||= isOther;
      }
      this.#encoder.encode(this.#video, size, this.#keyWanted);
      this.#keyWanted = false;
    } catch {
      this.#failed();
    }
  }

  /** Sends nothing more until {@link encode} is called again. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#settings = null;
    this.#encoder?.close();
    this.#encoder = null;
    this.#size = null;
    this.#keyWanted = true;
  }

  #failed(): void {
    this.#failedAtMs = this.#now();
    this.#encoder?.close();
    this.#encoder = null;
    this.#size = null;
    this.#keyWanted = true;
  }
}

/** WebCodecs. */
export const browserEncoder: MakeEncoder = (onpicture, onerror) => {
  const encoder = new VideoEncoder({
    output(chunk) {
      const { message, picture } = messageFor(chunk.byteLength);
      chunk.copyTo(picture);
      onpicture({ isKey: chunk.type === 'key', atUs: chunk.timestamp, message });
    },
    error: onerror,
  });
  let canvas: { element: OffscreenCanvas; context: OffscreenCanvasRenderingContext2D } | null = null;

  /** Smaller than it came: encoders do not all scale by themselves. */
  function scaled(video: HTMLVideoElement, { width, height }: Size, timestamp: number): VideoFrame | null {
    if (canvas?.element.width !== width || canvas.element.height !== height) {
      const element = new OffscreenCanvas(width, height);
      const context = element.getContext('2d', { alpha: false });
      if (!context) return null;
      canvas = { element, context };
    }
    canvas.context.drawImage(video, 0, 0, width, height);
    return new VideoFrame(canvas.element, { timestamp });
  }

  return {
    get queued() {
      return encoder.encodeQueueSize;
    },
    configure({ width, height, bitrate, framesPerSecond }) {
      encoder.configure({
        codec: 'vp8',
        width,
        height,
        bitrate,
        framerate: framesPerSecond,
        latencyMode: 'realtime',
      });
    },
    encode(video, size, isKey) {
      const timestamp = Math.round(performance.now() * 1000);
      const fits = video.videoWidth === size.width && video.videoHeight === size.height;
      const frame = fits ? new VideoFrame(video, { timestamp }) : scaled(video, size, timestamp);
      if (!frame) return;
      encoder.encode(frame, { keyFrame: isKey });
      frame.close();
    },
    close() {
      if (encoder.state !== 'closed') encoder.close();
    },
  };
};
