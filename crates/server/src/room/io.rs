//! What goes into a room and what comes out.
//!
//! The one law: after every [`super::Room::handle`], take all outputs with
//! [`super::Room::take_outputs`] and carry them out in order, and come back with
//! [`Input::Timer`] no later than [`super::Room::deadline_ms`].

use std::sync::Arc;

use kulti_media::sfu;
use kulti_protocol::chat::PastMessage;

use super::Frame;
use super::history::MarkChange;

/// One WebSocket connection, for as long as the server runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketId(pub u64);

/// Who opened a socket, as its token and its URL say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// Chosen by the client, one for each join.
    pub peer_id: String,
    /// The token's user.
    pub user_id: String,
    /// The token's role: the one at joining. Later changes are kept by the room.
    pub role: String,
    /// The token's name for the person, used where the join brings none.
    pub name: Option<String>,
    /// Whether the token has run out. Such a socket may resume a peer that is
    /// remembered, and nothing else.
    pub expired: bool,
}

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Input {
    /// A WebSocket is open.
    SocketOpened {
        /// A new id.
        socket: SocketId,
        /// Who it is.
        admission: Admission,
    },
    /// A text frame came.
    Frame {
        /// From where.
        socket: SocketId,
        /// Its text.
        text: String,
    },
    /// A WebSocket was closed or broke.
    SocketClosed {
        /// Which.
        socket: SocketId,
        /// The code of the client's close frame, if it sent one.
        code: Option<u16>,
        /// When the client was heard last, ms since the epoch.
        heard_ms: u64,
    },
    /// The forwarding unit has found something, or has done what it was told.
    Media(sfu::Event),
    /// There is another forwarding unit, which knows nobody.
    MediaMoved,
    /// Time has passed.
    Timer,
    /// End the room for everyone and refuse later joins.
    End {
        /// Why; may be empty.
        reason: String,
    },
    /// The server goes down: all sockets are closed, the peers are kept for its return.
    ShutDown,
}

/// Who gets a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Receivers {
    /// This socket.
    One(SocketId),
    /// All of these.
    Many(Vec<SocketId>),
}

impl Receivers {
    /// The sockets.
    #[must_use]
    pub fn as_slice(&self) -> &[SocketId] {
        match self {
            Self::One(socket) => std::slice::from_ref(socket),
            Self::Many(sockets) => sockets,
        }
    }
}

/// What may be done to a frame that waits for a slow or a busy receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Class {
    /// Nothing.
    Ordinary,
    /// A notice of presence: may wait some milliseconds to be written with others.
    Presence,
    /// The value of this store key alone: a later one of the same key replaces it.
    Value(Arc<str>),
}

/// Something to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Send a frame.
    Send {
        /// To whom.
        to: Receivers,
        /// What.
        frame: Frame,
        /// How it may be delayed or replaced.
        class: Class,
    },
    /// Close a socket, after what was sent before.
    Close {
        /// Which.
        socket: SocketId,
        /// The close code.
        code: u16,
        /// In words, for logs.
        reason: &'static str,
    },
    /// Tell the forwarding unit.
    Media(sfu::Command),
    /// Save soon: something has changed that a crash must not undo.
    Save,
    /// A user's first connection came, or the last one went.
    Attendance {
        /// Who.
        user_id: String,
        /// Whether connected from now on.
        connected: bool,
        /// Since when, ms since the epoch.
        at_ms: u64,
    },
    /// A user wrote in the chat.
    Said {
        /// Who.
        user_id: String,
    },
    /// A chat message is to be kept.
    Kept(Arc<PastMessage>),
    /// A mark was put on a kept message, or taken from it.
    Marked(MarkChange),
    /// Somebody ended the room with `end-room`.
    Ended {
        /// Who.
        user_id: String,
        /// The reason given; may be empty.
        reason: String,
        /// Whether later joins are refused.
        locked: bool,
    },
}
