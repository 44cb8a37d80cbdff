//! What the UI shows: the view that the session core sends, slice by slice.
//!
//! The UI holds no truth. Each [`ViewEvent`] replaces one slice of the screen
//! (a few, marked so, add to it), a late subscriber is sent every slice once,
//! and TypeScript types are generated from this file. Times are integers in
//! milliseconds: `*_at_ms` since the Unix epoch in server time, `*_ms` a length.

use serde::{Deserialize, Serialize};
use specta::Type;

/// One change of what the screen shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "slice", content = "value", rename_all = "camelCase")]
pub enum ViewEvent {
    /// The signalling connection.
    Connection(ConnectionView),
    /// The session's own facts, and what I may do in it.
    Session(SessionView),
    /// "18 of 24 active".
    Counts(CountsView),
    /// The tiles of the page that is being looked at.
    Grid(GridView),
    /// Spotlight, local pin, pinned message, announcement.
    Stage(StageView),
    /// All participants in grid order, for the people panel; at most
    /// [`PeopleView::LIMIT`] of them.
    People(PeopleView),
    /// The messages that are kept, oldest first. Sent whole on subscribing.
    Chat(ChatView),
    /// One message was added, or changed its state: replaces the one with its `id`.
    Message(MessageView),
    /// Watch time and credits of this stay.
    Watch(WatchView),
    /// Something happened that is worth a toast. Never replayed.
    Notice(Notice),
    /// The stay is over. The last event of a session.
    Ended(EndedView),
}

/// The signalling connection as a person should understand it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(
    tag = "state",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum ConnectionView {
    /// Before the first join has been answered.
    Joining,
    /// In the room.
    Connected {
        /// The last measured round trip of a ping.
        round_trip_ms: Option<u32>,
        /// Set for some seconds after a loss.
        restored: Option<RestoredView>,
    },
    /// Lost, and being tried again.
    Lost {
        /// How long ago it was lost.
        since_ms: u32,
        /// For how much longer the time still counts; 0 when it does not.
        counts_for_ms: u32,
        /// When the next attempt starts; 0 while one is under way.
        retry_in_ms: u32,
        /// Attempts so far.
        attempt: u32,
    },
}

/// A loss that has just ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RestoredView {
    /// How long the connection was lost.
    pub lost_ms: u32,
    /// Whether that time was bridged, so that it counts.
    pub bridged: bool,
}

/// The session's own facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SessionView {
    /// The session's id at its server.
    pub session_id: String,
    /// The title that the host gave it.
    pub title: String,
    /// The code that people type to join, like `VIBE-2K4F`.
    pub room_code: String,
    /// The `kulti://join/…` link.
    pub share_link: String,
    /// The host's display name.
    pub host_name: String,
    /// When the session started.
    #[specta(type = u32)] // a JavaScript number
    pub started_at_ms: u64,
    /// The server's origin, for example `https://kulti.dev`.
    pub server: String,
    /// Who I am here.
    pub me: MeView,
    /// What my role may do; what is false is not shown.
    pub can: PermissionsView,
}

/// The local participant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct MeView {
    /// My peer id in this stay.
    pub peer_id: String,
    /// My user id at this server.
    pub user_id: String,
    /// My display name.
    pub name: String,
    /// My role's name: `host`, `presenter`, `viewer`, or another of the room's.
    pub role: String,
    /// Whether my hand is raised.
    pub hand_raised: bool,
}

/// What the local role may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PermissionsView {
    /// Spotlight, pin a message, announce.
    pub manage_stage: bool,
    /// Change somebody's role.
    pub change_role: bool,
    /// Remove somebody.
    pub remove_others: bool,
    /// Lower somebody's hand.
    pub lower_hands: bool,
    /// End the session for everyone.
    pub end_session: bool,
    /// Start polls.
    pub poll_write: bool,
}

/// How many are here, and how many of them watch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CountsView {
    /// Participants, me included.
    pub total: u32,
    /// Those that are active.
    pub active: u32,
    /// Raised hands.
    pub hands: u32,
}

/// One page of tiles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct GridView {
    /// Counts from 0; always less than `pages`.
    pub page: u32,
    /// At least 1.
    pub pages: u32,
    /// Participants over all pages.
    pub total: u32,
    /// 9 in the grid, 4 in the strip below a spotlight or local pin.
    pub page_size: u32,
    /// The tiles of this page, in order.
    pub tiles: Vec<TileView>,
}

/// One participant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TileView {
    /// The participant's peer id: the tile's key.
    pub peer_id: String,
    /// The participant's user id.
    pub user_id: String,
    /// Display name, never empty.
    pub name: String,
    /// One or two letters.
    pub initials: String,
    /// Hue of the person's colour in degrees, from the user id.
    pub hue: u16,
    /// Role name.
    pub role: String,
    /// Whether this is me.
    pub is_local: bool,
    /// What the others know of this person's watching.
    pub presence: Presence,
    /// Place in the queue of raised hands, from 1.
    pub hand: Option<u32>,
}

/// What is known of a person's watching.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Presence {
    /// Watching.
    Active,
    /// Here, but not watching.
    Away,
    /// Nothing is known: no watch key, or none for two minutes.
    Unknown,
}

/// What takes the centre.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StageView {
    /// The participant in the centre, for everyone.
    pub spotlight: Option<TileView>,
    /// The participant in the centre for me alone. Wins over the spotlight.
    pub local_pin: Option<TileView>,
    /// The message that a host pinned.
    pub pinned: Option<PinnedMessageView>,
    /// The newest announcement, unless it has been dismissed here or has run out.
    pub announcement: Option<AnnouncementView>,
}

/// A pinned message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PinnedMessageView {
    /// The message's id.
    pub message_id: String,
    /// Who wrote it.
    pub author: String,
    /// Its text; empty if it was never received here.
    pub text: String,
}

/// An announcement of a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AnnouncementView {
    /// The same for everyone and over reconnects.
    pub id: String,
    /// The host who announced.
    pub author: String,
    /// At most 500 characters.
    pub text: String,
    /// When it was announced.
    #[specta(type = u32)] // a JavaScript number
    pub announced_at_ms: u64,
}

/// Participants in grid order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PeopleView {
    /// How many there are in all.
    pub total: u32,
    /// The first of them.
    pub people: Vec<TileView>,
}

impl PeopleView {
    /// How many people are sent to the UI at most.
    pub const LIMIT: usize = 200;
}

/// The chat.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ChatView {
    /// Oldest first; at most [`ChatView::LIMIT`].
    pub messages: Vec<MessageView>,
}

impl ChatView {
    /// How many messages are kept.
    pub const LIMIT: usize = 500;
    /// How many characters a message may have.
    pub const TEXT_LIMIT: usize = 2_000;
}

/// One chat message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct MessageView {
    /// The server's id; until it is known, a local one.
    pub id: String,
    /// Set when a message that was sent under a local id has got the server's.
    pub replaces: Option<String>,
    /// The sender's user id.
    pub user_id: String,
    /// The sender's name when the message was sent.
    pub name: String,
    /// One or two letters.
    pub initials: String,
    /// The person's hue.
    pub hue: u16,
    /// The sender's role when the message was sent.
    pub role: String,
    /// Plain text.
    pub text: String,
    /// When it was sent.
    #[specta(type = u32)] // a JavaScript number
    pub sent_at_ms: u64,
    /// Whether I wrote it.
    pub mine: bool,
    /// Whether only I got it.
    pub private: bool,
    /// How far it has got.
    pub delivery: Delivery,
}

/// How far one of my messages has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Delivery {
    /// Not confirmed yet.
    Sending,
    /// The server has it.
    Sent,
    /// It was refused or lost; it can be sent again.
    Failed,
}

/// Watch time and credits of this stay. Sent once a second while something moves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WatchView {
    /// Whether time counts right now.
    pub counting: bool,
    /// Why not, when it does not.
    pub paused_by: Option<PauseReason>,
    /// Active time so far.
    #[specta(type = u32)] // a JavaScript number
    pub active_ms: u64,
    /// Time since joining.
    #[specta(type = u32)] // a JavaScript number
    pub elapsed_ms: u64,
    /// Whole credits so far, by the client's estimate.
    pub credits: u32,
    /// The way to the next credit, 0 to 1000.
    pub next_credit_permille: u16,
    /// Active time until the next credit.
    pub next_credit_in_ms: u32,
    /// Credits a minute for my role: 1 watching, 5 hosting.
    pub credits_per_minute: u32,
    /// This stay from its start: stretches that touch, first to last.
    pub ribbon: Vec<RibbonSpan>,
    /// How much of the active time the server has confirmed.
    #[specta(type = u32)] // a JavaScript number
    pub confirmed_ms: u64,
    /// "Still watching?", while it should be on the screen.
    pub prompt: Option<PromptView>,
}

/// The question whether someone is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PromptView {
    /// How long until time stops counting, if there is no answer and no other sign of
    /// the person.
    pub stops_in_ms: u32,
}

/// One stretch of the stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RibbonSpan {
    /// Since joining.
    #[specta(type = u32)] // a JavaScript number
    pub start_ms: u64,
    /// Since joining; later than `start_ms`.
    #[specta(type = u32)] // a JavaScript number
    pub end_ms: u64,
    /// None where it counted.
    pub reason: Option<PauseReason>,
}

/// Why time does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum PauseReason {
    /// The machine slept.
    Asleep,
    /// The screen is locked.
    Locked,
    /// The window cannot be seen.
    Hidden,
    /// No sign of a person for too long.
    NobodyThere,
    /// No connection for longer than the grace period.
    ConnectionLost,
}

/// Something to tell once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Notice {
    /// People came.
    PeopleJoined {
        /// One of them.
        name: String,
        /// How many in all.
        count: u32,
    },
    /// Somebody raised a hand (told to those who may call on people).
    HandRaised {
        /// Who.
        name: String,
    },
    /// My role changed.
    RoleChanged {
        /// The new role.
        role: String,
    },
    /// A host invites me to another role; answered with [`super::Intent::AnswerRoleInvite`].
    RoleInvite {
        /// Who asks.
        name: String,
        /// The role.
        role: String,
    },
    /// A new credit was earned.
    CreditEarned {
        /// Whole credits so far.
        credits: u32,
    },
    /// The server refused what I did.
    Refused {
        /// The act, for example `announce`.
        action: String,
        /// The protocol's error code.
        code: u16,
        /// The server's words.
        message: String,
    },
    /// A change of the stage by somebody who may not was ignored.
    StageWriteIgnored {
        /// Who wrote it.
        name: String,
    },
}

/// How a stay ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct EndedView {
    /// Why.
    pub reason: EndReason,
    /// The session's title.
    pub title: String,
    /// The host's name.
    pub host_name: String,
    /// The last state of the counter.
    pub watch: WatchView,
}

/// Why a stay ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum EndReason {
    /// I left.
    Left,
    /// The host ended the session for everyone.
    SessionEnded,
    /// I was removed.
    Removed {
        /// Who removed me, if known.
        by: Option<String>,
        /// The reason given; may be empty.
        reason: String,
    },
    /// Joining or coming back failed for good.
    Failed {
        /// The protocol's code.
        code: u16,
        /// What the server said.
        message: String,
    },
}
