//! Polls and quizzes on the wire.
//!
//! Questions and options are numbered from 1. Durations of polls are seconds, those of
//! answers milliseconds.

mod questions;
mod requests;
mod results;

use serde::{Deserialize, Serialize};

use crate::lenient::{null_as_default, whole_number};

pub use questions::{PollAnswer, PollOption, PollQuestion, QuestionInfo, QuestionKind};
pub use requests::{
    GetPollQuestions, GetPollResponses, ListPolls, PollId, PollLeaderboardRequest, PollResponse,
    RespondToPoll, SetPollQuestions,
};
pub use results::{
    PollLeaderboard, PollLeaderboardEntry, PollList, PollNotice, PollQuestions, PollQuestionsSet,
    PollResponseItem, PollResponses, PollStarted, PollStats, PollStatsNotice, PollStopped,
    PollStoppedNotice, PollVoter, QuestionStats, RecordedResponse, ResponseOutcome,
    ResponseOutcomes,
};

/// What a poll is, without its questions: the form of `poll-info-set`, `poll-list` and
/// `on-poll-start`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollInfo {
    /// The poll; absent in a request for a new one.
    #[serde(
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub poll_id: String,
    /// Its title.
    #[serde(default, deserialize_with = "null_as_default")]
    pub title: String,
    /// Poll or quiz.
    #[serde(rename = "type", default, deserialize_with = "null_as_default")]
    pub kind: PollKind,
    /// How far it has got.
    #[serde(default, deserialize_with = "null_as_default")]
    pub state: PollState,
    /// After how many seconds it stops by itself; 0 for never.
    #[serde(default, deserialize_with = "whole_number")]
    pub duration: u64,
    /// Whether who answered what stays unknown.
    #[serde(default, deserialize_with = "null_as_default")]
    pub anonymous: bool,
    /// Whether all see the results while it runs. (The vendor's field; its SDK passes it on
    /// and makes nothing of it.)
    #[serde(default, deserialize_with = "null_as_default")]
    pub visibility: bool,
    /// The vendor's; kept and passed on.
    #[serde(default, deserialize_with = "null_as_default")]
    pub locked: bool,
    /// What counts as one voter.
    #[serde(default, deserialize_with = "null_as_default")]
    pub mode: VoterMode,
    /// Roles that may vote; empty for all.
    #[serde(default, deserialize_with = "null_as_default")]
    pub vote: Vec<String>,
    /// Roles that may see who answered what and, unless the poll shows them to all, its
    /// results while it runs; empty for all.
    #[serde(default, deserialize_with = "null_as_default")]
    pub responses: Vec<String>,
    /// How many questions it has.
    #[serde(default, deserialize_with = "whole_number")]
    pub questions_count: u32,
    /// Peer id of who made it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub created_by: String,
    /// When it was made, ms since the epoch.
    #[serde(default, deserialize_with = "whole_number")]
    pub created_at: u64,
    /// Peer id of who started it.
    #[serde(
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub started_by: String,
    /// When it was started, ms since the epoch; 0 if it was not.
    #[serde(default, deserialize_with = "whole_number")]
    pub started_at: u64,
    /// Peer id of who stopped it; empty if time did.
    #[serde(
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub stopped_by: String,
    /// When it was stopped, ms since the epoch; 0 if it was not.
    #[serde(default, deserialize_with = "whole_number")]
    pub stopped_at: u64,
}

impl PollInfo {
    /// Whether everybody sees the results while it runs.
    #[must_use]
    pub fn shows_live_results(&self) -> bool {
        self.visibility || self.responses.is_empty()
    }
}

/// Whether answers can be right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PollKind {
    /// They cannot.
    #[default]
    Poll,
    /// They can.
    Quiz,
}

/// How far a poll has got.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PollState {
    /// Made, and known to those who may run polls.
    #[default]
    Created,
    /// Takes votes.
    Started,
    /// Takes none any more.
    Stopped,
}

/// What counts as one voter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VoterMode {
    /// A user, whatever devices and connections.
    #[default]
    UserId,
    /// A peer: the same user may vote from each device.
    PeerId,
    /// A display name.
    UserName,
}
