//! Tracks: what a peer publishes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::lenient::null_as_default;

use super::BriefPeer;

/// One published track.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Track {
    /// The track.
    pub track_id: String,
    /// The stream that it belongs to.
    #[serde(default, deserialize_with = "null_as_default")]
    pub stream_id: String,
    /// `audio` or `video`.
    #[serde(rename = "type", default, deserialize_with = "null_as_default")]
    pub kind: String,
    /// `regular` (camera, microphone), `screen`, or another.
    #[serde(default, deserialize_with = "null_as_default")]
    pub source: String,
    /// Whether it is muted.
    #[serde(default, deserialize_with = "null_as_default")]
    pub mute: bool,
    /// Any text.
    #[serde(default, deserialize_with = "null_as_default")]
    pub description: String,
}

/// Params of `on-track-add`, `on-track-update` and `on-track-remove`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackNotice {
    /// Only these are meant.
    #[serde(default, deserialize_with = "null_as_default")]
    pub tracks: BTreeMap<String, Track>,
    /// Whose they are; the SDK ignores the notice without it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub peer: BriefPeer,
}
