//! Sizes and periods of a room, and what a room is told about itself.

use serde::{Deserialize, Serialize};

use super::pace::Allowances;

/// Sizes and periods of rooms. All are settings of the server.
#[derive(Debug, Clone)]
pub struct RoomLimits {
    /// How long a peer that lost its socket is kept, ms.
    pub grace_ms: u64,
    /// A socket from which nothing was heard for this long is dropped, ms.
    pub silence_ms: u64,
    /// Peers in one room, those in their grace included.
    pub peers: usize,
    /// From this many peers on, newcomers that may neither publish nor manage the
    /// stage are not announced one by one; they are found with `find-peer`.
    pub large_room_at: usize,
    /// Keys of a room's session store. The keys of the stage are always allowed.
    pub store_keys: usize,
    /// Bytes of one value as JSON.
    pub store_value_bytes: usize,
    /// Bytes of all keys and values of a room.
    pub store_bytes: usize,
    /// Bytes of one broadcast message.
    pub message_bytes: usize,
    /// What one user may send to the others.
    pub allowances: Allowances,
    /// Broadcasts that are kept for one peer in its grace.
    pub kept_messages: usize,
    /// At most this often a changed room is saved, ms.
    pub save_every_ms: u64,
    /// A room without sockets is unloaded after this long (its state stays in the
    /// archive), ms.
    pub unload_after_ms: u64,
}

impl Default for RoomLimits {
    fn default() -> Self {
        Self {
            grace_ms: 60_000,
            silence_ms: 30_000,
            peers: 20_000,
            large_room_at: 2_000,
            store_keys: 10_000,
            store_value_bytes: 4 * 1024,
            store_bytes: 4 * 1024 * 1024,
            message_bytes: 16 * 1024,
            allowances: Allowances::default(),
            kept_messages: 200,
            save_every_ms: 3_000,
            unload_after_ms: 10 * 60_000,
        }
    }
}

/// What a room is told when it is opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomMeta {
    /// The session's title.
    pub title: String,
    /// The session's id.
    pub session_id: String,
    /// When the session started, ms since the epoch.
    pub started_at_ms: u64,
}

/// How many are in a room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Occupancy {
    /// Participants, as in the store key `viewers`.
    pub total: u32,
    /// Those that watch.
    pub active: u32,
}

/// Longest peer id, user id, group, role and store key, in bytes.
pub(super) const ID_BYTES: usize = 256;
/// Longest display name, in bytes.
pub(super) const NAME_BYTES: usize = 256;
/// Longest peer metadata, in bytes.
pub(super) const METADATA_BYTES: usize = 4 * 1024;
/// In a large room, `peer-list` names about one in so many of the number at which a
/// room becomes large, besides those who publish, manage the stage or are in a group;
/// everybody can be found with `find-peer`.
pub(super) const LISTED_IN_LARGE_ROOM: usize = 4;
/// Peer ids of a session whose owners are remembered after they have left.
pub(super) const OWNERS: usize = 50_000;
/// Users that a session remembers to have been removed.
pub(super) const REMOVED: usize = 10_000;
/// Groups of one peer.
pub(super) const GROUPS: usize = 20;
/// Deepest JSON of a store value. Readers have limits of their own (serde_json's is
/// 128 for the whole frame); a value that some cannot read must not get in.
pub(super) const VALUE_DEPTH: usize = 64;
/// How long a socket that was told to go may stay, ms.
pub(super) const EXPELLED_STAY_MS: u64 = 5_000;
