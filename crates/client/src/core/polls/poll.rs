//! One poll, as far as it is known here.

use kulti_protocol::signalling::{
    PollInfo, PollKind, PollLeaderboardEntry, PollQuestion, PollResponse, PollResponseItem,
    PollState, PollStats, QuestionKind,
};

use super::{
    ballot::{Ballot, Choice},
    tally::{Tally, tally},
};
use crate::core::{AnswerDraft, view::PollsView};

/// How many questions of one poll are kept, and how many options of one question.
pub(super) const QUESTIONS_LIMIT: usize = 100;
const OPTIONS_LIMIT: usize = 100;
/// How many answers of one poll are kept, to tell who has not answered.
const RESPONSES_LIMIT: usize = 20_000;

/// See the module.
#[derive(Debug, Default)]
pub(in crate::core) struct Poll {
    pub(in crate::core) info: PollInfo,
    /// None until they have come.
    pub(in crate::core) questions: Option<Vec<PollQuestion>>,
    pub(in crate::core) stats: Option<PollStats>,
    pub(super) ballot: Ballot,
    pub(in crate::core) ranking: Vec<PollLeaderboardEntry>,
    /// Who answered what; none until all of it has come.
    pub(in crate::core) responses: Option<Vec<PollResponseItem>>,
    /// Pages of questions, of responses and of my own answers that have come so far.
    pub(super) coming_questions: Vec<PollQuestion>,
    pub(super) coming_responses: Vec<PollResponseItem>,
    /// Boot time when its questions could be answered here.
    pub(super) open_since: Option<u64>,
    /// Whether all that follows from its end has been asked.
    pub(super) closed_asked: bool,
    /// Whether its last tally has come.
    pub(super) closed_known: bool,
}

impl Poll {
    pub(super) fn new(info: PollInfo) -> Self {
        Self {
            info,
            ..Self::default()
        }
    }

    pub(in crate::core) fn is_running(&self) -> bool {
        self.info.state == PollState::Started
    }

    pub(in crate::core) fn is_closed(&self) -> bool {
        self.info.state == PollState::Stopped
    }

    pub(in crate::core) fn is_quiz(&self) -> bool {
        self.info.kind == PollKind::Quiz
    }

    /// Whether a role may vote.
    pub(in crate::core) fn lets_vote(&self, role: &str) -> bool {
        names(&self.info.vote, role)
    }

    /// Whether a role sees results: all do when it is over.
    pub(in crate::core) fn shows_results_to(&self, role: &str) -> bool {
        self.is_closed() || self.has_live_results() || names(&self.info.responses, role)
    }

    /// Whether results are for everybody while it runs.
    pub(in crate::core) fn has_live_results(&self) -> bool {
        self.info.shows_live_results()
    }

    /// When it closes by itself, ms since the epoch.
    pub(in crate::core) fn ends_at(&self) -> Option<u64> {
        let length = self.info.duration.checked_mul(1_000).filter(|ms| *ms > 0)?;
        self.is_running()
            .then(|| self.info.started_at.saturating_add(length))
    }

    /// What I have chosen in a question, counted or not.
    pub(in crate::core) fn my_choice(&self, question: u32) -> Option<&Choice> {
        self.ballot.choice(question)
    }

    pub(in crate::core) fn vote_view(&self, up: bool) -> crate::core::view::VoteView {
        self.ballot.view(up)
    }

    pub(super) fn next_vote(&mut self, now: u64) -> Option<Vec<PollResponse>> {
        self.ballot.next(now)
    }

    /// The tally of a question, if there are results.
    pub(in crate::core) fn tally_of(&self, question: &PollQuestion) -> Option<(Tally, u32)> {
        let number = question.question.index;
        let stats = self.stats.as_ref()?;
        let of_question = stats.questions.iter().find(|q| q.question == number)?;
        let options = question.options.as_ref().map_or(0, Vec::len);
        let tally = tally(of_question, question.question.kind, options);
        Some((tally, of_question.correct))
    }

    /// Takes an answer of mine.
    ///
    /// # Errors
    /// Why it cannot be one, in words.
    pub(super) fn answer(&mut self, answers: &[AnswerDraft], now: u64) -> Result<(), String> {
        if !self.is_running() {
            return Err("The poll is closed.".to_owned());
        }
        let questions = self.questions.as_deref().unwrap_or_default();
        let mut checked = Vec::with_capacity(answers.len());
        for answer in answers {
            let question = questions
                .iter()
                .find(|question| question.question.index == answer.question)
                .ok_or("That question is not in the poll.")?;
            let choice = choice(question, answer)?;
            let earlier = self.ballot.is_answered(answer.question);
            if earlier && !may_change(question) {
                return Err("Your answer is in; it cannot be changed.".to_owned());
            }
            checked.push((answer.question, question.question.kind, choice));
        }
        if checked.is_empty() {
            return Err("Choose an answer.".to_owned());
        }
        let took_ms = self.open_since.map_or(0, |since| now.saturating_sub(since));
        for (question, kind, choice) in checked {
            self.ballot.choose(question, kind, choice, took_ms);
        }
        Ok(())
    }

    pub(super) fn take_questions(&mut self, mut page: Vec<PollQuestion>, last: bool, now: u64) {
        for question in &mut page {
            if let Some(options) = &mut question.options {
                options.truncate(OPTIONS_LIMIT);
            }
        }
        let room = QUESTIONS_LIMIT.saturating_sub(self.coming_questions.len());
        self.coming_questions.extend(page.into_iter().take(room));
        if last || self.coming_questions.len() >= QUESTIONS_LIMIT {
            self.questions = Some(std::mem::take(&mut self.coming_questions));
            self.open(now);
        }
    }

    /// From now on its questions can be answered here, if it runs.
    pub(super) fn open(&mut self, now: u64) {
        if self.is_running() && self.questions.is_some() {
            self.open_since.get_or_insert(now);
        }
    }

    pub(super) fn take_responses(&mut self, page: Vec<PollResponseItem>, last: bool) {
        let room = RESPONSES_LIMIT.saturating_sub(self.coming_responses.len());
        self.coming_responses.extend(page.into_iter().take(room));
        if last || self.coming_responses.len() >= RESPONSES_LIMIT {
            self.responses = Some(std::mem::take(&mut self.coming_responses));
        }
    }
}

/// Whether an answer may be replaced: only where the poll's maker says so.
pub(in crate::core) fn may_change(question: &PollQuestion) -> bool {
    question.question.once == Some(false)
}

fn names(roles: &[String], role: &str) -> bool {
    roles.is_empty() || roles.iter().any(|named| named == role)
}

fn choice(question: &PollQuestion, answer: &AnswerDraft) -> Result<Choice, String> {
    let info = &question.question;
    if !info.kind.is_choice() {
        let words = answer.text.as_deref().unwrap_or_default().trim();
        let length = words.chars().count();
        let limit = PollsView::WORDS_LIMIT;
        if length == 0 {
            return Err("Write an answer.".to_owned());
        }
        if length > limit {
            return Err(format!("{length} characters, {limit} fit."));
        }
        return Ok(Choice {
            words: words.to_owned(),
            ..Choice::default()
        });
    }
    let mut options = answer.options.clone();
    options.sort_unstable();
    options.dedup();
    let known = question.options.as_deref().unwrap_or_default();
    let exist = |n: &u32| known.iter().any(|option| option.index == *n);
    if options.is_empty() || !options.iter().all(exist) {
        return Err("Choose one of the options.".to_owned());
    }
    if info.kind == QuestionKind::SingleChoice && options.len() > 1 {
        return Err("Only one option can be chosen.".to_owned());
    }
    Ok(Choice {
        options,
        ..Choice::default()
    })
}
