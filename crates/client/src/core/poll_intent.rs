//! What a person does with polls.

use serde::{Deserialize, Serialize};
use specta::Type;

/// A person's act on a poll. Ids, and numbers of questions and options (from 1), are
/// those of the view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "do", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum PollIntent {
    /// Keep a poll for later, or start it at once.
    Save {
        /// What it asks.
        draft: PollDraft,
        /// Whether it takes votes from now on.
        start: bool,
        /// Repeated in the view with what became of it.
        number: u32,
    },
    /// Start a poll that was kept.
    Start {
        /// Which.
        poll_id: String,
    },
    /// Close a running poll.
    Stop {
        /// Which.
        poll_id: String,
    },
    /// Answer questions of a running poll.
    Vote {
        /// Which.
        poll_id: String,
        /// One for each question that is answered; at least one.
        answers: Vec<AnswerDraft>,
    },
    /// Look closer at a poll: who has not answered, the ranking. None stops looking.
    Inspect {
        /// Which.
        poll_id: Option<String>,
    },
}

/// An answer to one question.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AnswerDraft {
    /// Which question.
    pub question: u32,
    /// The options that are chosen; none for questions that are answered in words.
    pub options: Vec<u32>,
    /// The words, for questions that are answered so.
    #[serde(default)]
    pub text: Option<String>,
}

/// A poll that is being written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PollDraft {
    /// The kept poll that this replaces; none makes a new one.
    pub poll_id: Option<String>,
    /// A title for several questions; may be empty: then the first question is it.
    pub title: String,
    /// Whether answers can be right.
    pub quiz: bool,
    /// Whether nobody learns who answered what.
    pub anonymous: bool,
    /// Whether results are shown while it runs, and not only afterwards.
    pub live_results: bool,
    /// Whether an answer may be changed while it runs.
    pub changeable: bool,
    /// After how many seconds it closes by itself; none for when it is closed.
    pub seconds: Option<u32>,
    /// What it asks; at least one.
    pub questions: Vec<QuestionDraft>,
}

/// A question that is being written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct QuestionDraft {
    /// What is asked.
    pub text: String,
    /// Whether several options may be chosen.
    pub multiple: bool,
    /// The options' texts, in order.
    pub options: Vec<String>,
    /// The right options, by number from 1; only in a quiz.
    pub right: Vec<u32>,
}
