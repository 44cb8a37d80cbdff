//! What became of a session's polls.

use serde::{Deserialize, Serialize};

use crate::lenient::{null_as_default, optional_whole_number, whole_number};
use crate::signalling::{PollKind, PollState, QuestionKind};

/// A poll that was started, with how many took part and what they answered. It says
/// of nobody what they answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PollSummary {
    /// The poll.
    pub id: String,
    /// Its title; that of a poll without one is its first question.
    #[serde(default, deserialize_with = "null_as_default")]
    pub title: String,
    /// Poll or quiz.
    #[serde(default, deserialize_with = "null_as_default")]
    pub kind: PollKind,
    /// Whether it still takes votes.
    #[serde(default, deserialize_with = "null_as_default")]
    pub state: PollState,
    /// Whether who answered what stays unknown.
    #[serde(default, deserialize_with = "null_as_default")]
    pub anonymous: bool,
    /// Distinct voters.
    #[serde(default, deserialize_with = "whole_number")]
    pub voters: u32,
    /// Most people that were present at once while it ran, on however many devices;
    /// never fewer than `voters`, of whom some may have left before others came.
    #[serde(default, deserialize_with = "whole_number")]
    pub people: u32,
    /// When it was started, ms since the epoch.
    #[serde(default, deserialize_with = "whole_number")]
    pub started_at: u64,
    /// When it was stopped, ms since the epoch; absent while it runs.
    #[serde(
        default,
        deserialize_with = "optional_whole_number",
        skip_serializing_if = "Option::is_none"
    )]
    pub stopped_at: Option<u64>,
    /// In their order.
    #[serde(default, deserialize_with = "null_as_default")]
    pub questions: Vec<QuestionSummary>,
}

/// How a question was answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuestionSummary {
    /// The question.
    #[serde(default, deserialize_with = "null_as_default")]
    pub text: String,
    /// How it is answered.
    #[serde(default, deserialize_with = "null_as_default")]
    pub kind: QuestionKind,
    /// Who answered it, without those who passed it over.
    #[serde(default, deserialize_with = "whole_number")]
    pub answered: u32,
    /// Who passed it over.
    #[serde(default, deserialize_with = "whole_number")]
    pub skipped: u32,
    /// Right answers; absent where nothing is right or wrong.
    #[serde(
        default,
        deserialize_with = "optional_whole_number",
        skip_serializing_if = "Option::is_none"
    )]
    pub right: Option<u32>,
    /// In their order; none for questions that are answered in words.
    #[serde(default, deserialize_with = "null_as_default")]
    pub options: Vec<OptionSummary>,
}

/// How often an option was chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OptionSummary {
    /// Its text.
    #[serde(default, deserialize_with = "null_as_default")]
    pub text: String,
    /// Who chose it. In a multiple choice these add up to more than who answered.
    #[serde(default, deserialize_with = "whole_number")]
    pub votes: u32,
    /// Whether it is right, or one of those that are.
    #[serde(default, deserialize_with = "null_as_default")]
    pub is_right: bool,
}
