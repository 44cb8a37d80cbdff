// What goes over the local socket between page and app (docs/media.md): text messages in
// JSON, pictures with a header of 16 bytes. Whatever does not fit is null, never a throw.

/** A camera or a screen. */
export type Source = 'camera' | 'screen';

/** How the app wants a source encoded; `bitrate` in bits/s. */
export interface EncodeSettings {
  width: number;
  height: number;
  framesPerSecond: number;
  bitrate: number;
}

/** What the app says. */
export type AppMessage =
  | { type: 'track'; slot: number; trackId: string; codec: string }
  | { type: 'gone'; slot: number }
  | ({ type: 'encode'; source: Source } & EncodeSettings)
  | { type: 'stop'; source: Source }
  | { type: 'keyframe'; source: Source }
  | { type: 'tick' }
  /** The time on the clock that audio is played by, µs. */
  | { type: 'clock'; atUs: number };

/** A tile that can be seen, with its size in device pixels. */
export interface ShownTile {
  trackId: string;
  width: number;
  height: number;
}

/** What the page says. */
export type PageMessage =
  | { type: 'shown'; tiles: readonly ShownTile[] }
  | { type: 'painted'; slot: number; sequence: number; waiting: number }
  | { type: 'captured'; source: Source; width: number; height: number }
  | { type: 'ended'; source: Source; reason: string }
  | { type: 'lost'; slot: number };

/** The header's length in bytes. */
export const HEADER_BYTES = 16;
/** A longer picture is none: a keyframe of a large screen has some hundred thousand bytes. */
export const PICTURE_BYTES_LIMIT = 4 * 1024 * 1024;
/** A longer text is no message of ours. */
export const TEXT_LIMIT = 64 * 1024;
/** A page shows a few dozen tiles at most. */
export const SLOT_LIMIT = 256;

const TO_SHOW = 1;
const TO_SEND = 2;
const KEYFRAME = 1;
const SOURCES: readonly Source[] = ['camera', 'screen'];
/** Sides beyond this no encoder of ours takes. */
const SIDE_LIMIT = 8192;
const TRACK_ID_LIMIT = 256;

/** A picture to show. */
export interface Picture {
  slot: number;
  sequence: number;
  isKey: boolean;
  /** On the clock of audio, µs. */
  atUs: number;
  /** VP8; a part of the message, not a copy. */
  data: Uint8Array<ArrayBuffer>;
}

/** Reads a picture to show. */
export function readPicture(message: ArrayBuffer): Picture | null {
  if (message.byteLength <= HEADER_BYTES || message.byteLength > HEADER_BYTES + PICTURE_BYTES_LIMIT)
    return null;
  const view = new DataView(message);
  const slot = view.getUint16(2, true);
  const atUs = Number(view.getBigUint64(8, true));
  if (view.getUint8(0) !== TO_SHOW || slot >= SLOT_LIMIT || !Number.isSafeInteger(atUs)) return null;
  return {
    slot,
    sequence: view.getUint32(4, true),
    isKey: (view.getUint8(1) & KEYFRAME) !== 0,
    atUs,
    data: new Uint8Array(message, HEADER_BYTES),
  };
}

/** Writes the header of a picture to send into the first bytes of `message`. */
export function writeHeader(
  message: ArrayBuffer,
  picture: { source: Source; sequence: number; isKey: boolean; atUs: number },
): void {
  const view = new DataView(message);
  view.setUint8(0, TO_SEND);
  view.setUint8(1, picture.isKey ? KEYFRAME : 0);
  view.setUint16(2, SOURCES.indexOf(picture.source), true);
  view.setUint32(4, picture.sequence, true);
  view.setBigUint64(8, BigInt(Math.max(0, Math.round(picture.atUs))), true);
}

/** The sequence after this one. */
export function following(sequence: number): number {
  return (sequence + 1) >>> 0;
}

/** Reads a text message. */
export function readMessage(text: string): AppMessage | null {
  if (text.length > TEXT_LIMIT) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!value || typeof value !== 'object') return null;
  const fields = value as Record<string, unknown>;
  const slot = whole(fields['slot'], 0, SLOT_LIMIT - 1);
  const source = SOURCES.find((one) => one === fields['source']);
  switch (fields['type']) {
    case 'track': {
      const { trackId, codec } = fields;
      if (slot === null || typeof trackId !== 'string' || typeof codec !== 'string') return null;
      if (trackId === '' || trackId.length > TRACK_ID_LIMIT) return null;
      return { type: 'track', slot, trackId, codec };
    }
    case 'gone':
      return slot === null ? null : { type: 'gone', slot };
    case 'encode': {
      const width = whole(fields['width'], 2, SIDE_LIMIT);
      const height = whole(fields['height'], 2, SIDE_LIMIT);
      const framesPerSecond = whole(fields['framesPerSecond'], 1, 60);
      const bitrate = whole(fields['bitrate'], 1, 50_000_000);
      if (!source || width === null || height === null || framesPerSecond === null || bitrate === null)
        return null;
      return { type: 'encode', source, width, height, framesPerSecond, bitrate };
    }
    case 'stop':
    case 'keyframe':
      return source ? { type: fields['type'], source } : null;
    case 'tick':
      return { type: 'tick' };
    case 'clock': {
      const atUs = whole(fields['atUs'], 0, Number.MAX_SAFE_INTEGER);
      return atUs === null ? null : { type: 'clock', atUs };
    }
    default:
      return null;
  }
}

/** A number of these bounds, as a whole one. */
function whole(value: unknown, least: number, most: number): number | null {
  if (typeof value !== 'number' || !Number.isFinite(value)) return null;
  const rounded = Math.round(value);
  return rounded >= least && rounded <= most ? rounded : null;
}
