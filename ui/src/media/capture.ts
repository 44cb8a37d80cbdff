// Cameras and screens of this computer, as far as the page reaches them. Sound is not
// captured here: the app records it itself.

import type { Source } from './wire';

/** Why there is no picture of a camera or a screen. */
export type CaptureFailure =
  /** There is no camera. */
  | 'none'
  /** The system, or the person, said no. */
  | 'refused'
  /** Another program has it. */
  | 'busy'
  /** It was unplugged while it was on. */
  | 'gone'
  /** The person did not choose a screen. Nothing to complain of. */
  | 'cancelled'
  /** This system cannot do it at all. */
  | 'unsupported'
  /** Something else. */
  | 'other';

/** A camera. */
export interface Camera {
  id: string;
  name: string;
}

/** What the page can do with cameras and screens. */
export interface Capturing {
  /** The cameras; names are empty before the person has allowed one. */
  cameras(): Promise<Camera[]>;
  /** Calls back when one is plugged in or unplugged; the result stops it. */
  onchange(callback: () => void): () => void;
  /** Opens a camera, the system's default for null. Rejects with what {@link failureOf} reads. */
  openCamera(id: string | null): Promise<MediaStream>;
  /** Lets the person choose a screen or a window. */
  openScreen(): Promise<MediaStream>;
}

/** What is wanted of a camera; what comes may differ. */
const CAMERA_SIZE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
/** Letters need pixels, not many pictures a second. */
const SCREEN_SIZE = { width: { max: 1920 }, height: { max: 1080 }, frameRate: { ideal: 15, max: 30 } };

class NotSupported extends Error {
  override readonly name = 'NotSupportedError';
}

/** The browser's own. */
export const browserCapturing: Capturing = {
  async cameras() {
    const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    return all
      .filter((device) => device.kind === 'videoinput')
      .map((device) => ({ id: device.deviceId, name: device.label }));
  },
  onchange(callback) {
    navigator.mediaDevices?.addEventListener('devicechange', callback);
    return () => navigator.mediaDevices?.removeEventListener('devicechange', callback);
  },
  async openCamera(id) {
    if (!navigator.mediaDevices?.getUserMedia) throw new NotSupported();
    const device = id ? { deviceId: { exact: id } } : {};
    return navigator.mediaDevices.getUserMedia({ video: { ...CAMERA_SIZE, ...device }, audio: false });
  },
  async openScreen() {
    if (!navigator.mediaDevices?.getDisplayMedia) throw new NotSupported();
    return navigator.mediaDevices.getDisplayMedia({ video: SCREEN_SIZE, audio: false });
  },
};

/** Why opening `source` failed. */
export function failureOf(error: unknown, source: Source): CaptureFailure {
  switch (error instanceof Error || error instanceof DOMException ? error.name : '') {
    case 'NotFoundError':
    case 'OverconstrainedError':
    case 'DevicesNotFoundError':
      return 'none';
    case 'NotAllowedError':
    case 'PermissionDeniedError':
      // Closing the system's chooser without a choice looks the same as a ban.
      return source === 'screen' ? 'cancelled' : 'refused';
    case 'SecurityError':
      return 'refused';
    case 'NotReadableError':
    case 'TrackStartError':
      return 'busy';
    case 'AbortError':
      return source === 'screen' ? 'cancelled' : 'busy';
    case 'NotSupportedError':
    case 'InvalidStateError':
      return 'unsupported';
    default:
      return 'other';
  }
}

/** Stops a stream: the camera's light goes out. */
export function stopStream(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
