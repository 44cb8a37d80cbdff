//! The rooms of this server: a registry, and one driver task for each room.

mod delivery;
mod driver;
mod media;
mod presence;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use async_trait::async_trait;
use kulti_media::sfu::ShardFigures;
use kulti_protocol::api::PollSummary;
use kulti_protocol::chat::{MessagePage, MessagesRequest, PastMessage};
use parking_lot::Mutex;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use crate::clock::ServerClock;
use crate::connections::Connection;
use crate::policy::Policy;
use crate::room::{Admission, Input, SocketId};
pub use crate::room::{MarkChange, SavedHistory};

pub(crate) use media::{MediaPlane, MediaReach};

pub use crate::room::{Occupancy, RoomInsights, RoomLimits, RoomMeta};

/// Something about a room that the ledger and the session list must know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoomEvent {
    /// A user came or went.
    Attendance(Attendance),
    /// A user wrote in the chat.
    Said {
        /// Which room.
        room_id: String,
        /// Who.
        user_id: String,
    },
    /// A chat message is to be kept.
    Kept {
        /// Which room.
        room_id: String,
        /// The message.
        message: Arc<PastMessage>,
    },
    /// A mark was put on a kept message, or taken from it.
    Marked {
        /// Which room.
        room_id: String,
        /// What happened.
        change: MarkChange,
    },
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
    /// The newest of what was said in the room, as [`RoomEvent::Kept`] and
    /// [`RoomEvent::Marked`] told it.
    ///
    /// # Errors
    /// When the archive cannot be read.
    async fn history(&self, _room_id: &str) -> Result<SavedHistory, ArchiveError> {
        Ok(SavedHistory::default())
    }
}

/// The archive failed, in words.
#[derive(Debug, Error)]
#[error("the archive of rooms failed: {0}")]
pub struct ArchiveError(pub String);

/// So many messages may wait for a room; then its connections are read more slowly.
const ROOM_INBOX: usize = 1_024;
/// A room may be unloaded in the moment in which somebody wants it: then it is opened
/// again, and this often at most.
const ATTEMPTS: usize = 5;

/// The rooms of this server. Cheap to clone.
#[derive(Clone)]
pub struct Rooms {
    shared: Arc<Shared>,
}

struct Shared {
    limits: RoomLimits,
    policy: Arc<Policy>,
    archive: Arc<dyn RoomArchive>,
    events: mpsc::UnboundedSender<RoomEvent>,
    media: Option<Arc<MediaPlane>>,
    clock: Arc<ServerClock>,
    rooms: Mutex<HashMap<String, RoomHandle>>,
    next_socket: AtomicU64,
    down: AtomicBool,
}

#[derive(Clone)]
struct RoomHandle {
    inbox: mpsc::Sender<RoomMessage>,
    status: Arc<Status>,
}

/// What others may know of a room without asking its driver.
#[derive(Debug, Default)]
struct Status {
    total: AtomicU32,
    active: AtomicU32,
}

/// What a room's driver is told.
enum RoomMessage {
    /// A connection of this room.
    Connect(Arc<Connection>, Admission),
    /// Something that happened to the room.
    Input(Input),
    /// Name the session.
    Open(RoomMeta, oneshot::Sender<Result<(), ArchiveError>>),
    /// End for good.
    End(String, oneshot::Sender<Result<(), ArchiveError>>),
    /// Is this peer, as this user, here or in its grace?
    Remembers(String, String, oneshot::Sender<bool>),
    /// Was this user removed from the session?
    HasRemoved(String, oneshot::Sender<bool>),
    /// What may this user, of this role if not here, see of what was said?
    Messages(Reader, MessagesRequest, oneshot::Sender<MessagePage>),
    /// Does this user, in this role, stand before a locked door?
    TurnsAway(String, String, oneshot::Sender<bool>),
    /// Are joins refused for good?
    IsLocked(oneshot::Sender<bool>),
    /// How is it going?
    Insights(oneshot::Sender<RoomInsights>),
    /// Is this user here in a role that runs the session?
    IsRunBy(String, oneshot::Sender<bool>),
    /// What has become of the polls?
    Polls(oneshot::Sender<Vec<PollSummary>>),
    /// Close all connections, save, and end the driver.
    ShutDown(oneshot::Sender<()>),
}

/// Somebody who asks for messages.
#[derive(Debug, Clone)]
struct Reader {
    user_id: String,
    /// Theirs, if they are not in the room.
    role: String,
}

/// Where a connection's task puts what it reads.
#[derive(Clone)]
pub(crate) struct RoomInlet(mpsc::Sender<RoomMessage>);

impl RoomInlet {
    /// Waits for room in the inbox. False if the room is no more.
    pub(crate) async fn send(&self, input: Input) -> bool {
        match self.0.try_send(RoomMessage::Input(input)) {
            Ok(()) => true,
            Err(mpsc::error::TrySendError::Closed(_)) => false,
            // Boxed, because the rare wait would otherwise take room in every connection.
            Err(mpsc::error::TrySendError::Full(message)) => {
                Box::pin(self.0.send(message)).await.is_ok()
            }
        }
    }
}

impl Rooms {
    /// A registry without rooms. Events go to `events`; nothing waits for their receiver.
    #[must_use]
    pub fn new(
        limits: RoomLimits,
        archive: Arc<dyn RoomArchive>,
        events: mpsc::UnboundedSender<RoomEvent>,
    ) -> Self {
        Self::with_policy(Policy::default(), limits, archive, events, None)
    }

    /// The same with other rules than the usual ones, and with media.
    #[must_use]
    pub(crate) fn with_policy(
        policy: Policy,
        limits: RoomLimits,
        archive: Arc<dyn RoomArchive>,
        events: mpsc::UnboundedSender<RoomEvent>,
        media: Option<Arc<MediaPlane>>,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                limits,
                policy: Arc::new(policy),
                archive,
                events,
                media,
                clock: Arc::new(ServerClock::default()),
                rooms: Mutex::default(),
                next_socket: AtomicU64::new(1),
                down: AtomicBool::new(false),
            }),
        }
    }

    /// The clock of all rooms: what heartbeats and tokens should be measured by.
    #[must_use]
    pub fn clock(&self) -> &Arc<ServerClock> {
        &self.shared.clock
    }

    /// The roles of all rooms: tokens with other ones must be refused.
    #[must_use]
    pub fn policy(&self) -> &Arc<Policy> {
        &self.shared.policy
    }

    pub(crate) fn limits(&self) -> &RoomLimits {
        &self.shared.limits
    }

    /// What each shard of the forwarding unit has done; none without media.
    pub(crate) fn media_figures(&self) -> Option<Vec<ShardFigures>> {
        self.shared.media.as_ref().map(|media| media.figures())
    }

    pub(crate) fn next_socket(&self) -> SocketId {
        SocketId(self.shared.next_socket.fetch_add(1, Ordering::Relaxed))
    }

    /// Opens a room, or names the session of one that is open already. A room that
    /// is named in a valid token and was never opened is opened by the first
    /// connection, with the room's id as title.
    ///
    /// # Errors
    /// When the archive cannot be read or written.
    pub async fn open(&self, room_id: &str, meta: RoomMeta) -> Result<(), ArchiveError> {
        self.ask(room_id, |reply| RoomMessage::Open(meta.clone(), reply))
            .await
            .unwrap_or_else(|| Err(no_driver()))
    }

    /// Ends a room for everyone and refuses later joins. `by` is the user who ended it,
    /// if any. Ending twice changes nothing.
    ///
    /// # Errors
    /// When the archive cannot be read or written.
    pub async fn end(
        &self,
        room_id: &str,
        by: Option<&str>,
        reason: &str,
    ) -> Result<(), ArchiveError> {
        tracing::info!(room = room_id, by, "the room is ended");
        self.ask(room_id, |reply| RoomMessage::End(reason.to_owned(), reply))
            .await
            .unwrap_or_else(|| Err(no_driver()))
    }

    /// How many are in a room; nobody in one that is not open. Never waits.
    #[must_use]
    pub fn occupancy(&self, room_id: &str) -> Occupancy {
        let rooms = self.shared.rooms.lock();
        let Some(room) = rooms.get(room_id) else {
            return Occupancy::default();
        };
        Occupancy {
            total: room.status.total.load(Ordering::Relaxed),
            active: room.status.active.load(Ordering::Relaxed),
        }
    }

    /// Whether the peer has joined the room as this user and is there, or within
    /// its grace: then `/init` may accept its expired token.
    pub async fn remembers(&self, room_id: &str, peer_id: &str, user_id: &str) -> bool {
        self.ask(room_id, |reply| {
            RoomMessage::Remembers(peer_id.to_owned(), user_id.to_owned(), reply)
        })
        .await
        .unwrap_or(false)
    }

    /// Whether the user was removed from the room's session.
    pub async fn has_removed(&self, room_id: &str, user_id: &str) -> bool {
        self.ask(room_id, |reply| {
            RoomMessage::HasRemoved(user_id.to_owned(), reply)
        })
        .await
        .unwrap_or(false)
    }

    /// What a user may see of what was said in a room; `role` is theirs if they are not
    /// in it. None if the room cannot be opened.
    pub async fn messages(
        &self,
        room_id: &str,
        user_id: &str,
        role: &str,
        asked: MessagesRequest,
    ) -> Option<MessagePage> {
        let reader = Reader {
            user_id: user_id.to_owned(),
            role: role.to_owned(),
        };
        self.ask(room_id, |reply| {
            RoomMessage::Messages(reader.clone(), asked, reply)
        })
        .await
    }

    /// Whether a host has locked the room, and this user in this role is not let in: who
    /// was in before may come back. `/init` should answer 423.
    pub async fn turns_away(&self, room_id: &str, user_id: &str, role: &str) -> bool {
        self.ask(room_id, |reply| {
            RoomMessage::TurnsAway(user_id.to_owned(), role.to_owned(), reply)
        })
        .await
        .unwrap_or(false)
    }

    /// Whether the room was ended for good: `/init` should answer 410.
    pub async fn is_locked(&self, room_id: &str) -> bool {
        self.ask(room_id, RoomMessage::IsLocked)
            .await
            .unwrap_or(false)
    }

    /// The room in numbers; none while the server goes down.
    pub async fn insights(&self, room_id: &str) -> Option<RoomInsights> {
        self.ask(room_id, RoomMessage::Insights).await
    }

    /// Whether the user is in the room in a role that runs the session.
    pub async fn is_run_by(&self, room_id: &str, user_id: &str) -> bool {
        self.ask(room_id, |reply| {
            RoomMessage::IsRunBy(user_id.to_owned(), reply)
        })
        .await
        .unwrap_or(false)
    }

    /// The polls of a room that were started, with their participation and their
    /// tallies as they are now. They stay after its end. None if the room cannot be
    /// opened.
    pub async fn polls(&self, room_id: &str) -> Option<Vec<PollSummary>> {
        self.ask(room_id, RoomMessage::Polls).await
    }

    /// Closes all connections, saves all rooms, and opens none any more.
    pub async fn shut_down(&self) {
        self.shared.down.store(true, Ordering::Release);
        let rooms: Vec<RoomHandle> = self
            .shared
            .rooms
            .lock()
            .drain()
            .map(|(_, room)| room)
            .collect();
        let mut replies = Vec::with_capacity(rooms.len());
        for room in rooms {
            let (reply, done) = oneshot::channel();
            if room.inbox.send(RoomMessage::ShutDown(reply)).await.is_ok() {
                replies.push(done);
            }
        }
        for done in replies {
            let _ = done.await; // an error says that the driver has ended, which is the aim
        }
    }

    /// Puts a connection into its room. None if that has failed: the connection is over.
    pub(crate) async fn connect(
        &self,
        room_id: &str,
        connection: Arc<Connection>,
        admission: Admission,
    ) -> Option<RoomInlet> {
        for _ in 0..ATTEMPTS {
            let inbox = self.inbox(room_id)?;
            let message = RoomMessage::Connect(connection.clone(), admission.clone());
            if inbox.send(message).await.is_ok() {
                return Some(RoomInlet(inbox));
            }
        }
        None
    }

    async fn ask<T>(
        &self,
        room_id: &str,
        message: impl Fn(oneshot::Sender<T>) -> RoomMessage,
    ) -> Option<T> {
        for _ in 0..ATTEMPTS {
            let inbox = self.inbox(room_id)?;
            let (reply, answer) = oneshot::channel();
            if inbox.send(message(reply)).await.is_ok()
                && let Ok(answer) = answer.await
            {
                return Some(answer);
            }
        }
        None
    }

    /// The inbox of a room, whose driver is started if it does not run.
    fn inbox(&self, room_id: &str) -> Option<mpsc::Sender<RoomMessage>> {
        let mut rooms = self.shared.rooms.lock();
        if self.shared.down.load(Ordering::Acquire) {
            return None;
        }
        if let Some(room) = rooms.get(room_id)
            && !room.inbox.is_closed()
        {
            return Some(room.inbox.clone());
        }
        let (inbox, messages) = mpsc::channel(ROOM_INBOX);
        let status = Arc::new(Status::default());
        let room = RoomHandle {
            inbox: inbox.clone(),
            status: status.clone(),
        };
        rooms.insert(room_id.to_owned(), room);
        tokio::spawn(driver::run(
            self.shared.clone(),
            room_id.to_owned(),
            messages,
            status,
        ));
        Some(inbox)
    }
}

fn no_driver() -> ArchiveError {
    ArchiveError("the room could not be opened".to_owned())
}
