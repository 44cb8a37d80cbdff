//! What goes into the session core and what comes out.
//!
//! The one law: after every [`super::SessionCore::handle`], drain
//! [`super::SessionCore::poll`] until it gives `None` before handing in the next
//! input, and come back with [`Input::Tick`] no later than
//! [`super::SessionCore::deadline_ms`].

use kulti_media::client::interface::{AudioDevices, Command as MediaCommand, Event as MediaEvent};
use kulti_protocol::api::{HeartbeatRequest, HeartbeatResponse, WatchPolicy};
use kulti_watch::Signal;

use super::{Intent, unsettled::Unsettled, view::EndReason, view::ViewEvent};

/// What the core needs to know to start a stay.
#[derive(Debug, Clone)]
pub struct StayConfig {
    /// The session at its server.
    pub session_id: String,
    /// Its title.
    pub title: String,
    /// Its code; empty where there is none (a bare 100ms room).
    pub room_code: String,
    /// The link to share; empty where there is none.
    pub share_link: String,
    /// The host's display name; may be empty.
    pub host_name: String,
    /// When it started, server time in ms since the epoch.
    pub started_at_ms: u64,
    /// The server's origin, to show.
    pub server: String,
    /// A fresh UUID v4 for this stay.
    pub peer_id: String,
    /// My user id.
    pub user_id: String,
    /// My display name.
    pub name: String,
    /// My role by the token.
    pub role: String,
    /// Limits and grace periods of the session.
    pub watch_policy: WatchPolicy,
    /// Whether the server keeps `viewers` itself (ours) or clients elect a writer (the 100ms cloud).
    pub server_counts_viewers: bool,
    /// The sound devices to begin with, where there is a media engine; none where there
    /// is none, and then no media are spoken of.
    pub media: Option<AudioDevices>,
    /// Seed of the jitter in reconnect delays.
    pub seed: u64,
}

/// Two clocks, read together by the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The boot-time clock in ms: it never jumps and goes on while the machine sleeps.
    pub boot_ms: u64,
    /// The wall clock in ms since the Unix epoch: a first guess of server time, no more.
    pub wall_ms: u64,
}

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Input {
    /// Begin: the core answers with [`Output::Connect`].
    Start,
    /// The WebSocket is open.
    SocketOpened {
        /// Whether the server takes media.
        takes_media: bool,
    },
    /// A text frame came.
    SocketFrame(String),
    /// The WebSocket was closed or broke. Not sent for a close that the core asked for.
    SocketClosed {
        /// In words, for the log.
        reason: String,
    },
    /// `/init` or opening the WebSocket failed.
    ConnectFailed(ConnectFailure),
    /// A person's act.
    Intent(Intent),
    /// The media engine says something.
    Media(MediaEvent),
    /// The pictures that can be seen now; empty while the window is hidden.
    Shown(Vec<ShownTile>),
    /// A signal of the watch timer, from the operating system or the UI.
    Watch(Signal),
    /// There was input somewhere in the operating system, as is found out only now.
    InputFound {
        /// When it was, ms of the boot-time clock.
        at_ms: u64,
    },
    /// The answer to [`Output::Heartbeat`], by its sequence number.
    HeartbeatAnswered {
        /// Of the heartbeat.
        sequence: u64,
        /// The server's answer, or why there is none.
        result: Result<HeartbeatResponse, String>,
    },
    /// The ledger's books are wanted: what is known here is to be told soon.
    ReportWatchTime,
    /// Time has passed.
    Tick,
}

/// A picture that can be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownTile {
    /// Of this track.
    pub track_id: String,
    /// Its height on the screen, device pixels.
    pub height: u32,
}

/// Why a connection could not be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectFailure {
    /// The error code of the body, the HTTP status, or 0 for a network failure.
    pub code: u16,
    /// The server's words, or the network's.
    pub message: String,
    /// Whether another try is pointless (401, 403, 410 …).
    pub terminal: bool,
}

/// Something to do.
#[derive(Debug, Clone, PartialEq)]
#[allow(
    clippy::large_enum_variant,
    reason = "few at a time, each handed on at once"
)]
pub enum Output {
    /// Ask `/init` with the stay's peer id, then open the WebSocket. Any earlier one is dropped.
    Connect,
    /// Send a text frame.
    Send(String),
    /// Close the WebSocket with 1000 "Normal Close", after what was sent before.
    Close,
    /// Tell the media engine.
    Media(MediaCommand),
    /// Show this.
    View(ViewEvent),
    /// A new announcement, told once per announcement whatever the reconnects.
    Announce(Announcement),
    /// Write this down in place of what was written of this stay. All that a heartbeat
    /// carries was written by an earlier one of these, which must have been done, or
    /// have failed, before the heartbeat is sent.
    Journal(JournalPage),
    /// Send this heartbeat and answer with [`Input::HeartbeatAnswered`].
    Heartbeat {
        /// To be repeated in the answer.
        sequence: u64,
        /// The body.
        request: HeartbeatRequest,
    },
    /// The stay is over; nothing follows.
    Ended(EndReason),
}

/// What is to be kept of a stay through a crash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalPage {
    /// All of it that the server has not settled.
    pub unsettled: Unsettled,
    /// Whether it should be on the disk for good, and not only with the operating
    /// system: pages that go before a heartbeat.
    pub firm: bool,
}

/// An announcement, for a system notification. The text is plain; whoever shows
/// it escapes what its place needs escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// The same for everyone and over reconnects.
    pub id: String,
    /// The session's title.
    pub title: String,
    /// The host who announced.
    pub author: String,
    /// What was announced.
    pub text: String,
    /// Whether it is no announcement but a message that calls me by name.
    pub mention: bool,
}
