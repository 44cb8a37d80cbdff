// Live media as the screen needs it, whatever the core calls it.

/** Why a sound device cannot be used. */
export type SoundFailure = 'none' | 'gone' | 'busy' | 'refused' | 'other';

/** What is known of somebody's camera and microphone. */
export interface PersonMedia {
  /** The track of the camera; null while it is off or there is none. */
  cameraTrack: string | null;
  /** Null: nothing is known, as where no media are spoken of. */
  microphoneOn: boolean | null;
  isSpeaking: boolean;
  /** 0 (bad) to 5; null while nothing is known. */
  quality: number | null;
  /** The camera's pictures have stopped coming. */
  isFrozen: boolean;
}

/** A screen that is shared. */
export interface SharedScreen {
  trackId: string;
  peerId: string;
  name: string;
  /** It is mine. */
  isLocal: boolean;
}

/** A sound device of this computer. */
export interface SoundDevice {
  id: string;
  name: string;
  isDefault: boolean;
}

/** The sound devices; `…Failure` says why one cannot be used. */
export interface Sound {
  microphones: readonly SoundDevice[];
  loudspeakers: readonly SoundDevice[];
  /** Those that were chosen; null: the system's. */
  microphone: string | null;
  loudspeaker: string | null;
  microphoneFailure: SoundFailure | null;
  loudspeakerFailure: SoundFailure | null;
}

export const NO_SOUND: Sound = {
  microphones: [],
  loudspeakers: [],
  microphone: null,
  loudspeaker: null,
  microphoneFailure: null,
  loudspeakerFailure: null,
};

export const NO_MEDIA: PersonMedia = {
  cameraTrack: null,
  microphoneOn: null,
  isSpeaking: false,
  quality: null,
  isFrozen: false,
};

/** A connection of this quality or less is worth telling. */
export const WEAK_QUALITY = 2;
