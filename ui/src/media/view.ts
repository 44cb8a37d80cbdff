// What a tile needs to know of somebody's camera and microphone.

import type { TileView } from '../bridge/backend';

/** A person's media, as they are shown. */
export interface PersonMedia {
  /** The track of the camera; null while no pictures are sent. */
  cameraTrack: string | null;
  /** Null where no media are spoken of. */
  microphoneOn: boolean | null;
  isSpeaking: boolean;
  /** 0 (bad) to 5; null while nothing is known. */
  quality: number | null;
  /** The camera's pictures have stopped coming. */
  isFrozen: boolean;
}

/** Nothing is known. */
export const NO_MEDIA: PersonMedia = {
  cameraTrack: null,
  microphoneOn: null,
  isSpeaking: false,
  quality: null,
  isFrozen: false,
};

/** A connection of this quality or less is worth telling. */
export const WEAK_QUALITY = 2;

/** A person's media from what is published and who speaks. */
export function personMedia({ peerId, media }: TileView, speakers: ReadonlySet<string>): PersonMedia {
  const camera = media.camera?.muted === false ? media.camera : null;
  const microphoneOn = media.microphone?.muted === false;
  return {
    cameraTrack: camera?.trackId ?? null,
    microphoneOn,
    // Who has just muted may be on the list of speakers for a moment.
    isSpeaking: microphoneOn && speakers.has(peerId),
    quality: media.quality,
    isFrozen: camera?.frozen ?? false,
  };
}
