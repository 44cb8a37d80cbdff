//! What clients ask of polls.

use serde::{Deserialize, Serialize};

use super::{PollQuestion, PollState};
use crate::lenient::{null_as_default, optional_whole_number, whole_number};

/// Params of `poll-info-get`, `poll-start`, `poll-stop` and `poll-result`; result of
/// `poll-info-set`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollId {
    /// Which.
    pub poll_id: String,
}

/// Params of `poll-questions-set`: replaces all questions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetPollQuestions {
    /// Of which poll.
    pub poll_id: String,
    /// All of them.
    #[serde(default, deserialize_with = "null_as_default")]
    pub questions: Vec<PollQuestion>,
}

/// Params of `poll-questions-get`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetPollQuestions {
    /// Of which poll.
    pub poll_id: String,
    /// How many to leave out, from the start.
    #[serde(default, deserialize_with = "whole_number")]
    pub index: u32,
    /// How many at most; 0 for all.
    #[serde(default, deserialize_with = "whole_number")]
    pub count: u32,
}

/// Params of `poll-response`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RespondToPoll {
    /// To which poll.
    pub poll_id: String,
    /// Answers to one question or more: all are taken or none.
    #[serde(default, deserialize_with = "null_as_default")]
    pub responses: Vec<PollResponse>,
}

/// An answer to one question.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollResponse {
    /// To which, from 1.
    #[serde(default, deserialize_with = "whole_number")]
    pub question: u32,
    /// The question's kind, repeated; the server goes by its own.
    #[serde(
        rename = "type",
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub kind: String,
    /// The option of a single choice.
    #[serde(
        default,
        deserialize_with = "optional_whole_number",
        skip_serializing_if = "Option::is_none"
    )]
    pub option: Option<u32>,
    /// The options of a multiple choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<Vec<u32>>,
    /// The words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Whether the question is passed over.
    #[serde(default, deserialize_with = "null_as_default")]
    pub skipped: bool,
    /// How long it took, ms.
    #[serde(default, deserialize_with = "whole_number")]
    pub duration: u64,
    /// Whether it replaces an earlier answer.
    #[serde(default, deserialize_with = "null_as_default")]
    pub update: bool,
}

/// Params of `poll-responses`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetPollResponses {
    /// To which poll.
    pub poll_id: String,
    /// How many to leave out, from the start.
    #[serde(default, deserialize_with = "whole_number")]
    pub index: u32,
    /// How many at most; 0 for as many as fit.
    #[serde(default, deserialize_with = "whole_number")]
    pub count: u32,
    /// Only one's own.
    #[serde(rename = "self", default, deserialize_with = "null_as_default")]
    pub own: bool,
}

/// Params of `poll-list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListPolls {
    /// Polls in this state.
    #[serde(default, deserialize_with = "null_as_default")]
    pub state: PollState,
    /// How many at most; 0 for as many as fit.
    #[serde(default, deserialize_with = "whole_number")]
    pub count: u32,
    /// The id of the last poll that is known; absent for the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
}

/// Params of `poll-leaderboard`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollLeaderboardRequest {
    /// Of which quiz.
    pub poll_id: String,
    /// How many at most; 0 for as many as fit.
    #[serde(default, deserialize_with = "whole_number")]
    pub count: u32,
    /// How many to leave out, from the top.
    #[serde(default, deserialize_with = "whole_number")]
    pub offset: u32,
    /// Only by this question, from 1; absent for all.
    #[serde(
        default,
        deserialize_with = "optional_whole_number",
        skip_serializing_if = "Option::is_none"
    )]
    pub question: Option<u32>,
}
