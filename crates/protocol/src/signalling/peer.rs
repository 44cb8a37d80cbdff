//! Participants on the wire.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use crate::lenient::{null_as_default, whole_number};

use super::Track;

/// A raised hand is membership of this group.
pub const HAND_RAISE_GROUP: &str = "_handraise";

/// A whole peer, as in `peer-list`, `on-peer-join` and `on-peer-update`.
///
/// `role`, `groups` and `info` must be complete and `realtime` true in every one of
/// these, or the SDK drops the peer, its role or its raised hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// Chosen by the client, one for each join.
    pub peer_id: String,
    /// Role name.
    #[serde(default, deserialize_with = "null_as_default")]
    pub role: String,
    /// Groups, see [`HAND_RAISE_GROUP`].
    #[serde(default, deserialize_with = "null_as_default")]
    pub groups: Vec<String>,
    /// When it joined, ms since the epoch.
    #[serde(default, deserialize_with = "whole_number")]
    pub joined_at: u64,
    /// Always true.
    #[serde(default, deserialize_with = "null_as_default")]
    pub realtime: bool,
    /// Name, metadata, user.
    #[serde(default, deserialize_with = "null_as_default")]
    pub info: PeerInfo,
    /// Published tracks by id.
    #[serde(default, deserialize_with = "null_as_default")]
    pub tracks: BTreeMap<String, Track>,
}

/// A peer without tracks and times, as in answers and inside other notices.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BriefPeer {
    /// The peer.
    pub peer_id: String,
    /// Role name.
    #[serde(default, deserialize_with = "null_as_default")]
    pub role: String,
    /// Groups.
    #[serde(default, deserialize_with = "null_as_default")]
    pub groups: Vec<String>,
    /// Name, metadata, user.
    #[serde(default, deserialize_with = "null_as_default")]
    pub info: PeerInfo,
}

impl From<&Peer> for BriefPeer {
    fn from(peer: &Peer) -> Self {
        Self {
            peer_id: peer.peer_id.clone(),
            role: peer.role.clone(),
            groups: peer.groups.clone(),
            info: peer.info.clone(),
        }
    }
}

/// Who a peer is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerInfo {
    /// Display name. The SDK ignores an empty one in updates.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: String,
    /// Metadata, any text. The SDK ignores an empty one in updates.
    #[serde(default, deserialize_with = "null_as_default")]
    pub data: String,
    /// The app's own name for the person.
    #[serde(default, deserialize_with = "null_as_default")]
    pub user_id: String,
    /// `regular` or `sip`.
    #[serde(
        rename = "type",
        default = "regular",
        deserialize_with = "null_as_regular"
    )]
    pub kind: String,
}

impl Default for PeerInfo {
    fn default() -> Self {
        Self {
            name: String::new(),
            data: String::new(),
            user_id: String::new(),
            kind: regular(),
        }
    }
}

/// A hit of `peer-name-search`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerSummary {
    /// Display name.
    pub name: String,
    /// The peer.
    pub peer_id: String,
    /// Role name.
    pub role: String,
    /// `regular` or `sip`.
    #[serde(
        rename = "type",
        default = "regular",
        deserialize_with = "null_as_regular"
    )]
    pub kind: String,
}

fn regular() -> String {
    "regular".to_owned()
}

fn null_as_regular<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_else(regular))
}
