//! The polls panel.

use serde::{Deserialize, Serialize};
use specta::Type;

/// Polls and quizzes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PollsView {
    /// Whether the server has told which there are.
    pub known: bool,
    /// Running ones first, then drafts, then closed ones; of each the newest first. At
    /// most [`PollsView::LIMIT`].
    pub polls: Vec<PollView>,
    /// What became of the poll that was written last.
    pub saving: SavingView,
    /// The number that its writer gave it.
    pub saving_number: u32,
    /// The poll that is looked at closer.
    pub inspected: Option<InspectedView>,
}

impl PollsView {
    /// How many polls are shown.
    pub const LIMIT: usize = 50;
    /// How many characters a question, or a title, may have.
    pub const QUESTION_LIMIT: usize = 300;
    /// How many characters an option may have.
    pub const OPTION_LIMIT: usize = 120;
    /// How few options a question may have.
    pub const FEWEST_OPTIONS: usize = 2;
    /// How many options a question may have.
    pub const MOST_OPTIONS: usize = 10;
    /// How many questions a poll may have.
    pub const MOST_QUESTIONS: usize = 20;
    /// How long a timed poll may run, seconds.
    pub const LONGEST_S: u32 = 3_600;
    /// How many characters an answer in words may have.
    pub const WORDS_LIMIT: usize = 1_000;
    /// How many people are named where there are more.
    pub const NAMES_LIMIT: usize = 200;
}

/// What became of the poll that was written last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(
    tag = "state",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum SavingView {
    /// None was.
    #[default]
    Nothing,
    /// It is on its way.
    Saving,
    /// The server has it.
    Saved {
        /// Its id.
        poll_id: String,
    },
    /// The server has it not.
    Failed {
        /// Why, in words.
        message: String,
    },
}

/// One poll.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PollView {
    /// The server's id.
    pub poll_id: String,
    /// Its title; for one question the same as its text.
    pub title: String,
    /// Whether answers can be right.
    pub quiz: bool,
    /// How far it has got.
    pub stage: PollStage,
    /// Who started it, else who made it; the session's host if that is not known.
    pub author: String,
    /// Whether nobody learns who answered what.
    pub anonymous: bool,
    /// Whether results are shown while it runs.
    pub live_results: bool,
    /// After how many seconds it closes by itself.
    pub seconds: Option<u32>,
    /// How many of them are left, while it runs.
    pub seconds_left: Option<u32>,
    /// When it was started; 0 if it was not.
    #[specta(type = u32)] // a JavaScript number
    pub started_at_ms: u64,
    /// Whether my role may vote in it.
    pub may_vote: bool,
    /// Whether I see results now.
    pub sees_results: bool,
    /// Whether its questions are here.
    pub loaded: bool,
    /// In order.
    pub questions: Vec<PollQuestionView>,
    /// How many people have answered; none if that is not known here.
    pub voters: Option<u32>,
    /// While it runs: how many people here could answer.
    pub of: u32,
    /// How far my vote has got.
    pub vote: VoteView,
    /// The first places of a quiz that is over.
    pub ranking: Vec<RankView>,
}

/// How far a poll has got.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum PollStage {
    /// Kept, and seen by those who run polls.
    #[default]
    Draft,
    /// It takes votes.
    Running,
    /// It takes none any more.
    Closed,
}

/// How far my vote has got.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(
    tag = "state",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum VoteView {
    /// There is none.
    #[default]
    Nothing,
    /// On its way.
    Sending,
    /// Not counted yet: it is kept and sent again.
    Retrying,
    /// The server has counted it.
    Counted,
    /// The server has not taken it.
    Refused {
        /// Why, in words.
        message: String,
    },
}

/// One question with its tally.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PollQuestionView {
    /// From 1.
    pub number: u32,
    /// What is asked.
    pub text: String,
    /// How it is answered.
    pub kind: PollQuestionKind,
    /// Whether an answer may be changed while the poll runs.
    pub changeable: bool,
    /// In order; none for questions that are answered in words.
    pub options: Vec<PollOptionView>,
    /// How many people have answered it; none if that is not known here.
    pub voters: Option<u32>,
    /// How many options they chose in all.
    pub selections: Option<u32>,
    /// How many of them were right, in a quiz.
    pub correct: Option<u32>,
    /// Whether I have answered it, counted or not.
    pub answered: bool,
    /// My answer in words; empty if there is none.
    pub words: String,
}

/// How a question is answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum PollQuestionKind {
    /// By one option.
    #[default]
    One,
    /// By one option or several.
    Several,
    /// In words.
    Words,
}

/// One option with its votes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PollOptionView {
    /// From 1.
    pub number: u32,
    /// Its text.
    pub text: String,
    /// How many chose it; none if that is not known here.
    pub votes: Option<u32>,
    /// The share of voters who did. Where one option can be chosen, all add up to 100.
    pub percent: Option<u32>,
    /// Whether none has more votes, and it has some.
    pub leading: bool,
    /// Whether it is mine, counted or not.
    pub mine: bool,
    /// Whether it is right, where that is known.
    pub right: bool,
}

/// A place in a quiz.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RankView {
    /// From 1; equal ones share it.
    pub place: u32,
    /// Empty in an anonymous quiz.
    pub name: String,
    /// One or two letters.
    pub initials: String,
    /// The person's hue.
    pub hue: u16,
    /// Whether it is mine.
    pub mine: bool,
    /// Points.
    pub score: i32,
    /// Right answers.
    pub correct: u32,
    /// Time of all answers.
    #[specta(type = u32)] // a JavaScript number
    pub time_ms: u64,
}

/// A poll looked at closer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct InspectedView {
    /// Which.
    pub poll_id: String,
    /// Whether it is known who has answered; never in an anonymous poll.
    pub known: bool,
    /// How many people here have not answered.
    pub waiting: u32,
    /// Their names; at most [`PollsView::NAMES_LIMIT`].
    pub waiting_for: Vec<VoterView>,
}

/// Somebody who may vote.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct VoterView {
    /// The person's user id.
    pub user_id: String,
    /// The person's name.
    pub name: String,
    /// One or two letters.
    pub initials: String,
    /// The person's hue.
    pub hue: u16,
}
