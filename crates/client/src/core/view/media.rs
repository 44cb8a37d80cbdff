//! Live media: what people publish, what I publish, who speaks.

use serde::{Deserialize, Serialize};
use specta::Type;

/// What somebody publishes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PersonMediaView {
    /// The camera; none where none is published.
    pub camera: Option<CameraView>,
    /// The microphone; none where none is published.
    pub microphone: Option<MicrophoneView>,
    /// The track of the shared screen.
    pub screen: Option<String>,
    /// How good the connection is: 0 (bad) to 5; none while nothing is known.
    pub quality: Option<u8>,
}

/// A camera that is published.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CameraView {
    /// Its track.
    pub track_id: String,
    /// Its owner sends no pictures for now.
    pub muted: bool,
    /// Pictures are wanted, but do not come.
    pub frozen: bool,
}

/// A microphone that is published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct MicrophoneView {
    /// Its owner is not to be heard for now.
    pub muted: bool,
}

/// Something that can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum MediaSource {
    /// The microphone.
    Microphone,
    /// The camera.
    Camera,
    /// The screen.
    Screen,
}

/// What I send and may send, and the sound devices.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct MediaView {
    /// Whether this session has live media at all.
    pub available: bool,
    /// Whether both connections are up. Until then nothing is heard or seen.
    pub connected: bool,
    /// What my role may send.
    pub may: MaySendView,
    /// My microphone.
    pub microphone: SendingView,
    /// My camera.
    pub camera: SendingView,
    /// My screen.
    pub screen: SendingView,
    /// The microphone is on only while a key is held.
    pub talking: bool,
    /// The screen that is shared in this session, if one is: the newest.
    pub share: Option<ShareView>,
    /// The sound devices.
    pub sound: SoundView,
}

/// What a role may send.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct MaySendView {
    /// The microphone.
    pub microphone: bool,
    /// The camera.
    pub camera: bool,
    /// The screen.
    pub screen: bool,
}

/// How far something that I send has got.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "at", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum SendingView {
    /// It is not sent.
    #[default]
    Off,
    /// It is about to be.
    Starting,
    /// The others get it.
    On {
        /// Its track.
        track_id: String,
    },
    /// It is published, and nothing is sent.
    Muted {
        /// Its track.
        track_id: String,
    },
    /// It cannot be sent.
    Failed {
        /// Why.
        why: SendingFailure,
        /// In the words of whoever refused; may be empty.
        message: String,
    },
}

/// Why something cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum SendingFailure {
    /// The server does not take it.
    NotAccepted,
    /// This session has no live media.
    NoMedia,
}

/// A screen that is shared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ShareView {
    /// Its track.
    pub track_id: String,
    /// Whose it is.
    pub peer_id: String,
    /// Their name.
    pub name: String,
    /// It is mine.
    pub is_local: bool,
    /// Pictures are wanted, but do not come.
    pub frozen: bool,
}

/// The sound devices of this computer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SoundView {
    /// What can record.
    pub microphones: Vec<SoundDeviceView>,
    /// What can play.
    pub loudspeakers: Vec<SoundDeviceView>,
    /// The microphone that was chosen; none: the system's.
    pub microphone: Option<String>,
    /// The loudspeaker that was chosen; none: the system's.
    pub loudspeaker: Option<String>,
    /// Why nothing is recorded.
    pub microphone_failure: Option<SoundFailure>,
    /// Why nothing is played.
    pub loudspeaker_failure: Option<SoundFailure>,
}

/// A sound device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SoundDeviceView {
    /// Stable name.
    pub id: String,
    /// For people.
    pub name: String,
    /// Whether the system uses it where nothing is chosen.
    pub is_default: bool,
}

/// Why a sound device cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum SoundFailure {
    /// There is none.
    None,
    /// It was unplugged.
    Gone,
    /// Another program has it.
    Busy,
    /// The system does not allow it.
    Refused,
    /// Something else.
    Other,
}

/// Who is to be heard right now. Some times a second while somebody speaks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct VoicesView {
    /// Those who speak, loudest first.
    pub speakers: Vec<SpeakerView>,
    /// The level of my own microphone, 0 to 100; none while it is not sent.
    pub mine: Option<u8>,
}

/// Somebody who speaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SpeakerView {
    /// Who.
    pub peer_id: String,
    /// 0 to 100.
    pub level: u8,
}
