//! The room on the wire.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::lenient::{null_as_default, whole_number};

use super::Peer;

/// The room inside `peer-list` and `room-state`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Room {
    /// Its name.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: String,
    /// The running session.
    #[serde(default, deserialize_with = "null_as_default")]
    pub session_id: String,
    /// When that started, ms since the epoch.
    #[serde(default, deserialize_with = "whole_number")]
    pub started_at: u64,
    /// State of recordings.
    #[serde(default)]
    pub recording: Value,
    /// State of streamings.
    #[serde(default)]
    pub streaming: Value,
    /// State of transcriptions.
    #[serde(default)]
    pub transcriptions: Value,
}

impl Room {
    /// A room in which nothing is recorded or streamed.
    #[must_use]
    pub fn new(name: &str, session_id: &str, started_at: u64) -> Self {
        Self {
            name: name.to_owned(),
            session_id: session_id.to_owned(),
            started_at,
            recording: json!({
                "sfu": {"enabled": false}, "browser": {"enabled": false}, "hls": {"enabled": false}
            }),
            streaming: json!({
                "enabled": false, "rtmp": {"enabled": false}, "hls": {"enabled": false, "variants": []}
            }),
            transcriptions: json!([]),
        }
    }
}

/// Params of `peer-list`: the others in the room, whole. A first one adds, one after a
/// reconnect replaces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PeerList {
    /// By peer id; the receiver is left out.
    #[serde(default, deserialize_with = "null_as_default")]
    pub peers: BTreeMap<String, Peer>,
    /// Without it the SDK ignores the whole list.
    pub room: Room,
}

/// Params of `room-state`, for sockets that have not joined.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoomState {
    /// How many have joined.
    #[serde(default, deserialize_with = "whole_number")]
    pub peer_count: u32,
    /// The room.
    pub room: Room,
    /// Absent means unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peers: Option<BTreeMap<String, Peer>>,
}

/// Params of `room-info`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomInfo {
    /// The room.
    #[serde(default, deserialize_with = "null_as_default")]
    pub room_id: String,
    /// Its name.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: String,
    /// Its description.
    #[serde(default, deserialize_with = "null_as_default")]
    pub description: String,
    /// How many fit in; 0 says nothing.
    #[serde(default, deserialize_with = "whole_number")]
    pub max_size: u32,
    /// Whether `peer-list` is incomplete and peers are to be asked for.
    #[serde(default, deserialize_with = "null_as_default")]
    pub large_room_optimization: bool,
}

/// Params of `session-info`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionInfo {
    /// The session.
    #[serde(default, deserialize_with = "null_as_default")]
    pub session_id: String,
    /// The room.
    #[serde(default, deserialize_with = "null_as_default")]
    pub room_id: String,
    /// How many have joined.
    #[serde(default, deserialize_with = "whole_number")]
    pub peer_count: u32,
    /// How many tracks are published.
    #[serde(default, deserialize_with = "whole_number")]
    pub track_count: u32,
}
