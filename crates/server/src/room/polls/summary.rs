//! What became of the polls, for the host's insights.

use kulti_protocol::api::{OptionSummary, PollSummary, QuestionSummary};
use kulti_protocol::signalling::{PollKind, PollQuestion, PollState, QuestionStats};

use super::poll::Poll;
use super::{right_answer, tally};
use crate::room::Room;

impl Room {
    /// Every poll that was started, in the order of making.
    #[must_use]
    pub fn poll_summaries(&self) -> Vec<PollSummary> {
        self.polls
            .list
            .iter()
            .filter(|poll| poll.info.state != PollState::Created)
            .map(summary)
            .collect()
    }
}

fn summary(poll: &Poll) -> PollSummary {
    let stats = tally::stats(poll);
    let questions: Vec<QuestionSummary> = poll
        .questions
        .iter()
        .zip(&stats.questions)
        .map(|(question, counted)| of_question(poll.info.kind, question, counted))
        .collect();
    let first = || questions.first().map(|question| question.text.clone());
    PollSummary {
        id: poll.info.poll_id.clone(),
        title: Some(poll.info.title.clone())
            .filter(|title| !title.is_empty())
            .or_else(first)
            .unwrap_or_default(),
        kind: poll.info.kind,
        state: poll.info.state,
        anonymous: poll.info.anonymous,
        voters: stats.user_count,
        people: stats.max_user.max(stats.user_count),
        started_at: poll.info.started_at,
        stopped_at: (!poll.is_running()).then_some(poll.info.stopped_at),
        questions,
    }
}

fn of_question(
    kind: PollKind,
    question: &PollQuestion,
    counted: &QuestionStats,
) -> QuestionSummary {
    let is_quiz = kind == PollKind::Quiz;
    let counts = counted.options.iter().flatten().copied();
    let options = question.options.iter().flatten();
    QuestionSummary {
        text: question.question.text.clone(),
        kind: question.question.kind,
        answered: counted.total.saturating_sub(counted.skipped),
        skipped: counted.skipped,
        right: (is_quiz && right_answer::has_one(question)).then_some(counted.correct),
        options: options
            .zip(counts)
            .map(|(option, votes)| OptionSummary {
                text: option.text.clone(),
                votes,
                is_right: is_quiz && right_answer::options(question).contains(&option.index),
            })
            .collect(),
    }
}
