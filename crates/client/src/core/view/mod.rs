//! What the UI shows: the view that the session core sends, slice by slice.
//!
//! The UI holds no truth. Each [`ViewEvent`] replaces one slice of the screen
//! (a few, marked so, add to it), a late subscriber is sent every slice once,
//! and TypeScript types are generated from this file. Times are integers in
//! milliseconds: `*_at_ms` since the Unix epoch in server time, `*_ms` a length.

mod chat;
mod connection;
mod diagnostics;
mod ended;
mod media;
mod notice;
mod people;
mod people_list;
mod polls;
mod room;
mod session;
mod stage;
mod stage_log;
mod watch;

use serde::{Deserialize, Serialize};
use specta::Type;

pub use chat::{Audience, ChatView, Delivery, JoinedView, MarkKind, MarkView, MessageView};
pub use connection::{ConnectionView, RestoredView};
pub use diagnostics::{DiagnosticsView, IgnoredWrite, StoreView};
pub use ended::{EndReason, EndedView};
pub use media::{
    CameraView, MaySendView, MediaSource, MediaView, MicrophoneView, PersonMediaView,
    SendingFailure, SendingView, ShareView, SoundDeviceView, SoundFailure, SoundView, SpeakerView,
    VoicesView,
};
pub use notice::Notice;
pub use people::{CountsView, GridView, PeopleView, Presence, TileView};
pub use people_list::PeopleListView;
pub use polls::{
    InspectedView, PollOptionView, PollQuestionKind, PollQuestionView, PollStage, PollView,
    PollsView, RankView, SavingView, VoteView, VoterView,
};
pub use room::{InvitationView, InvitedView, RoomView};
pub use session::{MeView, PermissionsView, SessionView};
pub use stage::{AnnouncementView, PinnedMessageView, StageView};
pub use stage_log::{AcknowledgedView, IgnoredWriteView, PastAnnouncementView, StageLogView};
pub use watch::{PauseReason, PromptView, RibbonSpan, WatchView};

/// One change of what the screen shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "slice", content = "value", rename_all = "camelCase")]
#[allow(
    clippy::large_enum_variant,
    reason = "few at a time, each handed on at once"
)]
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
    /// The first participants in grid order; at most [`PeopleView::LIMIT`] of them.
    People(PeopleView),
    /// The part of the list of people that is looked at. Not sent while nobody looks.
    PeopleList(PeopleListView),
    /// The room's door, and invitations to other roles.
    Room(RoomView),
    /// Announcements so far, and what did not count.
    StageLog(StageLogView),
    /// The newest messages, in place of all that were shown. Sent on subscribing, with the
    /// others following as [`ViewEvent::Messages`].
    Chat(ChatView),
    /// Messages were added, at their places, or have changed: each replaces the one with its
    /// `id` and the one that it `replaces`.
    Messages(ChatView),
    /// Polls and quizzes.
    Polls(PollsView),
    /// Watch time and credits of this stay.
    Watch(WatchView),
    /// What I send, and what is shared.
    Media(MediaView),
    /// Who speaks. Often, and so in a slice of its own.
    Voices(VoicesView),
    /// Figures for whoever looks for a fault. Every few seconds at most.
    Diagnostics(DiagnosticsView),
    /// Something happened that is worth a toast. Never replayed.
    Notice(Notice),
    /// The stay is over. The last event of a session.
    Ended(EndedView),
}
