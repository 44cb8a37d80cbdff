//! Questions of a poll.

use serde::{Deserialize, Serialize};

use crate::lenient::{null_as_default, optional_whole_number, whole_number};

/// A question with its options and, for those who may know, its answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollQuestion {
    /// What is asked.
    pub question: QuestionInfo,
    /// What can be chosen; none for questions that are answered in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<Vec<PollOption>>,
    /// What is right, in a quiz.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<PollAnswer>,
}

/// What is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionInfo {
    /// From 1.
    #[serde(default, deserialize_with = "whole_number")]
    pub index: u32,
    /// The question.
    #[serde(default, deserialize_with = "null_as_default")]
    pub text: String,
    /// How it is answered.
    #[serde(rename = "type", default, deserialize_with = "null_as_default")]
    pub kind: QuestionKind,
    /// Whether it may be passed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skippable: Option<bool>,
    /// How long one may think, seconds; the vendor's, kept and passed on.
    #[serde(
        default,
        deserialize_with = "optional_whole_number",
        skip_serializing_if = "Option::is_none"
    )]
    pub duration: Option<u64>,
    /// `false` says that an answer may be changed while the poll runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub once: Option<bool>,
    /// What a right answer scores in a quiz.
    #[serde(
        default,
        deserialize_with = "optional_whole_number",
        skip_serializing_if = "Option::is_none"
    )]
    pub weight: Option<u32>,
    /// Whether a wrong answer takes `weight` away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub negative: Option<bool>,
    /// Shortest answer in words, characters.
    #[serde(
        default,
        deserialize_with = "optional_whole_number",
        skip_serializing_if = "Option::is_none"
    )]
    pub answer_min_len: Option<u32>,
    /// Longest answer in words, characters.
    #[serde(
        default,
        deserialize_with = "optional_whole_number",
        skip_serializing_if = "Option::is_none"
    )]
    pub answer_max_len: Option<u32>,
}

/// How a question is answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QuestionKind {
    /// One option.
    #[default]
    SingleChoice,
    /// One option or several.
    MultipleChoice,
    /// A few words.
    ShortAnswer,
    /// Many words.
    LongAnswer,
}

impl QuestionKind {
    /// Whether it is answered by choosing.
    #[must_use]
    pub const fn is_choice(self) -> bool {
        matches!(self, Self::SingleChoice | Self::MultipleChoice)
    }
}

/// Something to choose.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollOption {
    /// From 1.
    #[serde(default, deserialize_with = "whole_number")]
    pub index: u32,
    /// Its text.
    #[serde(default, deserialize_with = "null_as_default")]
    pub text: String,
    /// The vendor's; kept and passed on.
    #[serde(
        default,
        deserialize_with = "optional_whole_number",
        skip_serializing_if = "Option::is_none"
    )]
    pub weight: Option<u32>,
}

/// What is right.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollAnswer {
    /// Whether it is kept from voters also after the poll.
    #[serde(default, deserialize_with = "null_as_default")]
    pub hidden: bool,
    /// The right option of a single choice.
    #[serde(
        default,
        deserialize_with = "optional_whole_number",
        skip_serializing_if = "Option::is_none"
    )]
    pub option: Option<u32>,
    /// The right options of a multiple choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<Vec<u32>>,
    /// The right words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Whether capitals matter in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<bool>,
    /// Whether space around words does not matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trim: Option<bool>,
}
