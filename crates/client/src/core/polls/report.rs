//! The results of one poll with everything that is known of them, to be kept in a file.

use kulti_protocol::signalling::PollResponseItem;

use super::{Choice, Poll};
use crate::core::{person, plain_text};

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PollReport {
    /// The session's title.
    pub session: String,
    /// The poll's title.
    pub title: String,
    /// Whether answers could be right.
    pub quiz: bool,
    /// Whether nobody learns who answered what: then there are no [`Self::answers`].
    pub anonymous: bool,
    /// When it was started, ms since the epoch; 0 if it was not.
    pub started_at_ms: u64,
    /// How many people answered.
    pub voters: u32,
    /// In order.
    pub questions: Vec<ReportedQuestion>,
    /// Who answered what, if that is known.
    pub answers: Vec<ReportedAnswer>,
}

/// One question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReportedQuestion {
    /// From 1.
    pub number: u32,
    /// What was asked.
    pub text: String,
    /// How many people answered it.
    pub voters: u32,
    /// How many options they chose in all.
    pub selections: u32,
    /// In order; none for questions that are answered in words.
    pub options: Vec<ReportedOption>,
}

/// One option.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReportedOption {
    /// From 1.
    pub number: u32,
    /// Its text.
    pub text: String,
    /// How many chose it.
    pub votes: u32,
    /// The share of voters who did.
    pub percent: u32,
    /// Whether it is right, in a quiz.
    pub right: bool,
}

/// What somebody answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReportedAnswer {
    /// Who.
    pub user_id: String,
    /// The name at the time.
    pub name: String,
    /// To which question, from 1.
    pub question: u32,
    /// The texts of what was chosen, or the words.
    pub answers: Vec<String>,
}

/// How many characters of an answer in words are kept.
const WORDS_LIMIT: usize = 2_000;

impl PollReport {
    /// The report on a poll.
    pub(in crate::core) fn of(poll: &Poll, session: &str) -> Self {
        let questions = poll.questions.as_deref().unwrap_or_default();
        Self {
            session: session.to_owned(),
            title: plain_text::line(&poll.info.title, WORDS_LIMIT),
            quiz: poll.is_quiz(),
            anonymous: poll.info.anonymous,
            started_at_ms: poll.info.started_at,
            voters: poll.stats.as_ref().map_or(0, |stats| stats.user_count),
            questions: questions.iter().map(|one| question(poll, one)).collect(),
            answers: if poll.info.anonymous {
                Vec::new()
            } else {
                let all = poll.responses.iter().flatten();
                all.map(|item| answer(poll, item)).collect()
            },
        }
    }
}

fn question(poll: &Poll, question: &kulti_protocol::signalling::PollQuestion) -> ReportedQuestion {
    let (tally, _) = poll.tally_of(question).unwrap_or_default();
    let options = question.options.iter().flatten().enumerate();
    ReportedQuestion {
        number: question.question.index,
        text: plain_text::line(&question.question.text, WORDS_LIMIT),
        voters: tally.voters,
        selections: tally.selections,
        options: options
            .map(|(index, option)| ReportedOption {
                number: option.index,
                text: plain_text::line(&option.text, WORDS_LIMIT),
                votes: tally.votes.get(index).copied().unwrap_or(0),
                percent: tally.percents.get(index).copied().unwrap_or(0),
                right: is_right(question, option.index),
            })
            .collect(),
    }
}

/// Whether an option is right, as far as that is told.
pub(in crate::core) fn is_right(
    question: &kulti_protocol::signalling::PollQuestion,
    option: u32,
) -> bool {
    question.answer.as_ref().is_some_and(|answer| {
        answer.option == Some(option)
            || answer
                .options
                .as_ref()
                .is_some_and(|all| all.contains(&option))
    })
}

fn answer(poll: &Poll, item: &PollResponseItem) -> ReportedAnswer {
    let choice = Choice::recorded(&item.response);
    let questions = poll.questions.iter().flatten();
    let mut asked = questions.filter(|q| q.question.index == item.response.question);
    let options = asked.next().and_then(|q| q.options.as_deref());
    let text = |number: &u32| {
        let found = options
            .unwrap_or_default()
            .iter()
            .find(|option| option.index == *number);
        found.map_or_else(
            || number.to_string(),
            |option| plain_text::line(&option.text, WORDS_LIMIT),
        )
    };
    let answers = if options.is_some() {
        choice.options.iter().map(text).collect()
    } else {
        vec![plain_text::block(&choice.words, WORDS_LIMIT)]
    };
    ReportedAnswer {
        user_id: item.peer.userid.clone(),
        name: person::display_name(&item.peer.username),
        question: item.response.question,
        answers,
    }
}
