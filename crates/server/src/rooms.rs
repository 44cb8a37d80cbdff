//! The rooms of this server: a registry, and one driver task for each room.

use std::sync::Arc;

use async_trait::async_trait;
use thiserror::Error;
use tokio::sync::mpsc;

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
    /// Broadcasts that are kept for one peer in its grace.
    pub kept_messages: usize,
    /// At most this often a changed room is saved, ms.
    pub save_every_ms: u64,
    /// A room without sockets is unloaded after this long (its state stays in the archive), ms.
    pub unload_after_ms: u64,
}

impl Default for RoomLimits {
    fn default() -> Self {
        Self {
            grace_ms: 60_000,
            silence_ms: 30_000,
            peers: 20_000,
            large_room_at: 3_000,
            store_keys: 10_000,
            store_value_bytes: 4 * 1024,
            store_bytes: 4 * 1024 * 1024,
            message_bytes: 16 * 1024,
            kept_messages: 200,
            save_every_ms: 3_000,
            unload_after_ms: 10 * 60_000,
        }
    }
}

/// What a room is told when it is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// Something about a room that the ledger and the session list must know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoomEvent {
    /// A user came or went.
    Attendance(Attendance),
    /// Somebody ended the room over the signalling connection (`end-room`).
    /// Not sent for [`Rooms::end`].
    Ended {
        /// Which room.
        room_id: String,
        /// Who ended it.
        user_id: String,
        /// The reason given; may be empty.
        reason: String,
        /// Whether later joins are refused.
        locked: bool,
        /// When, ms since the epoch.
        at_ms: u64,
    },
}

/// A user's first connection to a room came, or the last one went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attendance {
    /// Which room.
    pub room_id: String,
    /// Who.
    pub user_id: String,
    /// Whether the user is connected from now on.
    pub connected: bool,
    /// Since when, ms since the epoch. For a connection that fell silent: when it
    /// was heard last.
    pub at_ms: u64,
}

/// Keeps rooms over restarts.
#[async_trait]
pub trait RoomArchive: Send + Sync + 'static {
    /// The room's state as it was saved last, if it was.
    ///
    /// # Errors
    /// When the archive cannot be read.
    async fn load(&self, room_id: &str) -> Result<Option<Vec<u8>>, ArchiveError>;
    /// Saves the room's state in place of an earlier one.
    ///
    /// # Errors
    /// When the archive cannot be written.
    async fn save(&self, room_id: &str, state: Vec<u8>) -> Result<(), ArchiveError>;
    /// Forgets the room.
    ///
    /// # Errors
    /// When the archive cannot be written.
    async fn remove(&self, room_id: &str) -> Result<(), ArchiveError>;
}

/// The archive failed, in words.
#[derive(Debug, Error)]
#[error("the archive of rooms failed: {0}")]
pub struct ArchiveError(pub String);

/// The rooms of this server. Cheap to clone.
#[derive(Clone)]
pub struct Rooms {
    shared: Arc<Shared>,
}

struct Shared {
    #[allow(dead_code)]
    limits: RoomLimits,
    #[allow(dead_code)]
    archive: Arc<dyn RoomArchive>,
    #[allow(dead_code)]
    events: mpsc::UnboundedSender<RoomEvent>,
}

impl Rooms {
    /// A registry without rooms. Events go to `events`; nothing waits for their receiver.
    #[must_use]
    pub fn new(
        limits: RoomLimits,
        archive: Arc<dyn RoomArchive>,
        events: mpsc::UnboundedSender<RoomEvent>,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                limits,
                archive,
                events,
            }),
        }
    }

    /// Opens a room, or names the session of one that is open already. A room that
    /// is named in a valid token and was never opened is opened by the first
    /// connection, with the room's id as title.
    ///
    /// # Errors
    /// When the archive cannot be read.
    pub async fn open(&self, room_id: &str, meta: RoomMeta) -> Result<(), ArchiveError> {
        let _ = (room_id, meta);
        Ok(())
    }

    /// Ends a room for everyone and refuses later joins. `by` is the user who ended it,
    /// if any. Ending twice changes nothing.
    ///
    /// # Errors
    /// When the archive cannot be written.
    pub async fn end(
        &self,
        room_id: &str,
        by: Option<&str>,
        reason: &str,
    ) -> Result<(), ArchiveError> {
        let _ = (room_id, by, reason);
        Ok(())
    }

    /// How many are in a room; nobody in one that is not open. Never waits.
    #[must_use]
    pub fn occupancy(&self, room_id: &str) -> Occupancy {
        let _ = room_id;
        Occupancy::default()
    }

    /// Whether the peer has joined the room as this user and is there, or within
    /// its grace: then `/init` may accept its expired token.
    pub async fn remembers(&self, room_id: &str, peer_id: &str, user_id: &str) -> bool {
        let _ = (room_id, peer_id, user_id);
        false
    }

    /// Whether the room was ended for good: `/init` should answer 410.
    pub async fn is_locked(&self, room_id: &str) -> bool {
        let _ = room_id;
        false
    }

    /// Closes all connections and saves all rooms.
    pub async fn shut_down(&self) {}
}
