//! What servers say of polls.

use serde::{Deserialize, Serialize};

use super::{PollInfo, PollQuestion, QuestionKind};
use crate::lenient::{null_as_default, optional_whole_number, whole_number};

/// Result of `poll-list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollList {
    /// Without their questions.
    #[serde(default, deserialize_with = "null_as_default")]
    pub polls: Vec<PollInfo>,
    /// Whether there are no more.
    #[serde(default, deserialize_with = "null_as_default")]
    pub last: bool,
}

/// Result of `poll-questions-set`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollQuestionsSet {
    /// Of which poll.
    pub poll_id: String,
    /// How many there are now.
    #[serde(default, deserialize_with = "whole_number")]
    pub total_questions: u32,
}

/// Result of `poll-questions-get`. The SDK needs `questions` to be a list, also an
/// empty one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollQuestions {
    /// Of which poll.
    pub poll_id: String,
    /// In order.
    #[serde(default, deserialize_with = "null_as_default")]
    pub questions: Vec<PollQuestion>,
    /// Whether there are no more.
    #[serde(default, deserialize_with = "null_as_default")]
    pub last: bool,
}

/// Result of `poll-start` and `poll-stop`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollStarted {
    /// Which.
    pub poll_id: String,
    /// After how many seconds it stops by itself; 0 for never.
    #[serde(default, deserialize_with = "whole_number")]
    pub duration: u64,
}

/// Params of `on-poll-start`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollNotice {
    /// Polls that take votes.
    #[serde(default, deserialize_with = "null_as_default")]
    pub polls: Vec<PollInfo>,
}

/// Params of `on-poll-stop`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollStoppedNotice {
    /// Polls that take no more votes.
    #[serde(default, deserialize_with = "null_as_default")]
    pub polls: Vec<PollStopped>,
}

/// A poll that takes no more votes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollStopped {
    /// Which.
    #[serde(default, deserialize_with = "null_as_default")]
    pub poll_id: String,
    /// When, ms since the epoch.
    #[serde(default, deserialize_with = "whole_number")]
    pub stopped_at: u64,
    /// Peer id of who stopped it; empty if time did.
    #[serde(default, deserialize_with = "null_as_default")]
    pub stopped_by: String,
}

/// Result of `poll-response`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseOutcomes {
    /// To which poll.
    pub poll_id: String,
    /// For each answer.
    #[serde(default, deserialize_with = "null_as_default")]
    pub result: Vec<ResponseOutcome>,
}

/// What became of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseOutcome {
    /// To which question, from 1.
    #[serde(default, deserialize_with = "whole_number")]
    pub question: u32,
    /// Whether it is right; false as long as voters are not to know.
    #[serde(default, deserialize_with = "null_as_default")]
    pub correct: bool,
}

/// Result of `poll-responses`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollResponses {
    /// To which poll.
    pub poll_id: String,
    /// Whether there are no more.
    #[serde(default, deserialize_with = "null_as_default")]
    pub last: bool,
    /// In the order in which they came.
    #[serde(default, deserialize_with = "null_as_default")]
    pub responses: Vec<PollResponseItem>,
}

/// One answer with its voter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollResponseItem {
    /// Whether it can no longer be changed.
    #[serde(rename = "final", default, deserialize_with = "null_as_default")]
    pub is_final: bool,
    /// The answer.
    pub response: RecordedResponse,
    /// Who gave it.
    pub peer: PollVoter,
}

/// An answer as it was recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedResponse {
    /// The answer's id.
    #[serde(default, deserialize_with = "null_as_default")]
    pub response_id: String,
    /// To which question, from 1.
    #[serde(default, deserialize_with = "whole_number")]
    pub question: u32,
    /// The question's kind.
    #[serde(rename = "type", default, deserialize_with = "null_as_default")]
    pub kind: QuestionKind,
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
    /// Whether the question was passed over.
    #[serde(default, deserialize_with = "null_as_default")]
    pub skipped: bool,
    /// Whether it replaced an earlier answer.
    #[serde(default, deserialize_with = "null_as_default")]
    pub update: bool,
}

/// Who voted; all empty in an anonymous poll. The names are those at the time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollVoter {
    /// The vendor's; always empty here.
    #[serde(default, deserialize_with = "null_as_default")]
    pub hash: String,
    /// Peer id.
    #[serde(default, deserialize_with = "null_as_default")]
    pub peerid: String,
    /// User id.
    #[serde(default, deserialize_with = "null_as_default")]
    pub userid: String,
    /// Display name.
    #[serde(default, deserialize_with = "null_as_default")]
    pub username: String,
}

/// Params of `on-poll-stats`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollStatsNotice {
    /// Results of these polls.
    #[serde(default, deserialize_with = "null_as_default")]
    pub polls: Vec<PollStats>,
}

/// Results of a poll, also those of `poll-result`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollStats {
    /// Which poll.
    #[serde(default, deserialize_with = "null_as_default")]
    pub poll_id: String,
    /// Most people that were in the room during the poll.
    #[serde(default, deserialize_with = "whole_number")]
    pub max_user: u32,
    /// Distinct voters.
    #[serde(default, deserialize_with = "whole_number")]
    pub user_count: u32,
    /// Answers to all questions.
    #[serde(default, deserialize_with = "whole_number")]
    pub total_response: u32,
    /// Each question.
    #[serde(default, deserialize_with = "null_as_default")]
    pub questions: Vec<QuestionStats>,
}

/// How one question was answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionStats {
    /// Which, from 1.
    #[serde(default, deserialize_with = "whole_number")]
    pub question: u32,
    /// Its kind.
    #[serde(rename = "type", default, deserialize_with = "null_as_default")]
    pub kind: QuestionKind,
    /// How often each option was chosen, in the order of the options; none for words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<Vec<u32>>,
    /// Right answers.
    #[serde(default, deserialize_with = "whole_number")]
    pub correct: u32,
    /// How many passed it over.
    #[serde(default, deserialize_with = "whole_number")]
    pub skipped: u32,
    /// How many answered it or passed it over.
    #[serde(default, deserialize_with = "whole_number")]
    pub total: u32,
}

/// Result of `poll-leaderboard`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PollLeaderboard {
    /// Of which quiz.
    #[serde(default, deserialize_with = "null_as_default")]
    pub poll_id: String,
    /// Most people that were in the room during the quiz.
    #[serde(default, deserialize_with = "whole_number")]
    pub total_users: u32,
    /// Distinct voters.
    #[serde(default, deserialize_with = "whole_number")]
    pub voted_users: u32,
    /// Voters who had all questions right.
    #[serde(default, deserialize_with = "whole_number")]
    pub correct_users: u32,
    /// Mean time of an answer, ms.
    #[serde(default, deserialize_with = "null_as_default")]
    pub avg_time: f64,
    /// Mean score of a voter.
    #[serde(default, deserialize_with = "null_as_default")]
    pub avg_score: f64,
    /// The ranking (the vendor's name for it).
    #[serde(default, deserialize_with = "null_as_default")]
    pub questions: Vec<PollLeaderboardEntry>,
    /// Whether there are no more.
    #[serde(default, deserialize_with = "null_as_default")]
    pub last: bool,
}

/// A place in the ranking.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollLeaderboardEntry {
    /// From 1; equal scores and times share a place.
    #[serde(default, deserialize_with = "whole_number")]
    pub position: u32,
    /// Points.
    #[serde(default, deserialize_with = "null_as_default")]
    pub score: i64,
    /// Answers.
    #[serde(default, deserialize_with = "whole_number")]
    pub total_responses: u32,
    /// Right ones.
    #[serde(default, deserialize_with = "whole_number")]
    pub correct_responses: u32,
    /// Time of all answers, ms.
    #[serde(default, deserialize_with = "whole_number")]
    pub duration: u64,
    /// Who.
    #[serde(default, deserialize_with = "null_as_default")]
    pub peer: PollVoter,
}
