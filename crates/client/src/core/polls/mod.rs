//! The polls and quizzes of the room: what is known of each, what is still to be asked
//! of the server, and what of mine is on its way.

mod ballot;
mod draft;
mod mirror;
mod poll;
mod report;
mod tally;

use std::collections::{BTreeMap, VecDeque};

use kulti_protocol::signalling::{
    PollInfo, PollLeaderboard, PollQuestions, PollResponse, PollResponses, PollState, PollStats,
    PollStopped,
};

pub(super) use ballot::Choice;
pub(super) use draft::{Audience, Written, write};
pub(super) use mirror::{Mirror, mirrored, polls_id};
pub(super) use poll::{Poll, may_change};
pub(super) use report::is_right;
pub use report::{PollReport, ReportedAnswer, ReportedOption, ReportedQuestion};
pub(super) use tally::Tally;

use super::{AnswerDraft, view::SavingView};

/// How many polls are kept; a server that names more is not believed.
const LIMIT: usize = 500;
/// How long an id may be.
const ID_LIMIT: usize = 256;
/// How many questions to the server may be open at once: the room's other traffic goes on.
const OPEN_ASKS: usize = 4;
/// How often who has answered is asked anew while somebody looks at it.
const INSPECT_GAP_MS: u64 = 2_000;

/// Something to ask the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ask {
    /// Polls in this state, after this one.
    List(PollState, Option<String>),
    /// Questions, after so many.
    Questions(String, u32),
    /// My own answers.
    Own(String),
    /// The tally.
    Result(String),
    /// Who answered what, after so many.
    Responses(String, u32),
    /// The ranking of a quiz.
    Ranking(String),
}

/// Who asks, and how the server is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) role: &'a str,
    /// Whether the role runs polls.
    pub(super) runs: bool,
    pub(super) peer_id: &'a str,
    /// Boot time.
    pub(super) now: u64,
}

/// A poll that is being saved, step by step.
#[derive(Debug)]
pub(super) struct Saving {
    pub(super) written: Written,
    pub(super) start: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Polls {
    known: BTreeMap<String, Poll>,
    asks: VecDeque<Ask>,
    open: usize,
    /// Set once it is known which run; what starts later is news.
    settled: bool,
    /// Those that a listing under way has named.
    listed: Vec<String>,
    pub(super) saving: Option<Saving>,
    pub(super) saved: SavingView,
    /// The number of the poll that was written last.
    pub(super) saved_number: u32,
    inspected: Option<String>,
    inspect_at: Option<u64>,
    inspected_last: Option<u64>,
    pub(super) mirror: Mirror,
}

impl Polls {
    pub(super) fn get(&self, poll_id: &str) -> Option<&Poll> {
        self.known.get(poll_id)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Poll> {
        self.known.values()
    }

    /// Whether it is known which polls there are.
    pub(super) fn is_settled(&self) -> bool {
        self.settled
    }

    pub(super) fn inspected(&self) -> Option<&Poll> {
        self.get(self.inspected.as_deref()?)
    }

    /// In the room, for the first time or again: everything is asked anew. `all` says
    /// whether also those that do not run.
    pub(super) fn entered(&mut self, all: bool, asker: Asker<'_>) {
        self.asks.clear();
        self.listed.clear();
        self.ask(Ask::List(PollState::Started, None));
        if all || asker.runs {
            self.ask(Ask::List(PollState::Stopped, None));
        }
        if asker.runs {
            self.ask(Ask::List(PollState::Created, None));
        }
        let mut unfinished = Vec::new();
        for (poll_id, poll) in &mut self.known {
            poll.coming_questions.clear();
            poll.coming_responses.clear();
            if poll.is_closed() && !poll.closed_known {
                poll.closed_asked = false;
                unfinished.push(poll_id.clone());
            }
        }
        for poll_id in unfinished {
            self.ask_about(&poll_id, asker);
        }
        let doubted = self.known.values().filter(|poll| poll.ballot.is_in_doubt());
        let doubted: Vec<String> = doubted.map(|poll| poll.info.poll_id.clone()).collect();
        for poll_id in doubted {
            self.ask(Ask::Own(poll_id));
        }
    }

    fn ask(&mut self, ask: Ask) {
        if !self.asks.contains(&ask) {
            self.asks.push_back(ask);
        }
    }

    /// The next question to the server, if not too many are open.
    pub(super) fn next_ask(&mut self) -> Option<Ask> {
        if self.open >= OPEN_ASKS {
            return None;
        }
        let ask = self.asks.pop_front()?;
        self.open += 1;
        Some(ask)
    }

    /// A question has its answer, or will not get one.
    pub(super) fn asked(&mut self) {
        self.open = self.open.saturating_sub(1);
    }

    /// A page of a listing has come. Gives those that have just started.
    pub(super) fn listed(
        &mut self,
        state: PollState,
        polls: Vec<PollInfo>,
        last: bool,
        asker: Asker<'_>,
    ) -> Vec<String> {
        let mut news = Vec::new();
        let next = polls.last().map(|poll| poll.poll_id.clone());
        let full = self.listed.len() >= LIMIT;
        for mut info in polls {
            info.state = state;
            if state == PollState::Started {
                self.listed.push(info.poll_id.clone());
            }
            news.extend(self.learned(info, asker));
        }
        if !last && !full && next.is_some() {
            self.ask(Ask::List(state, next));
        } else if state == PollState::Started {
            self.close_unlisted(asker);
            self.settled = true;
        }
        news
    }

    /// What ran before a loss and is not named now has been closed meanwhile.
    fn close_unlisted(&mut self, asker: Asker<'_>) {
        let listed = std::mem::take(&mut self.listed);
        let gone: Vec<String> = self
            .known
            .values()
            .filter(|poll| poll.is_running() && !listed.contains(&poll.info.poll_id))
            .map(|poll| poll.info.poll_id.clone())
            .collect();
        for poll_id in gone {
            let stopped = PollStopped {
                poll_id,
                ..PollStopped::default()
            };
            self.stopped(&stopped, asker);
        }
    }

    /// Takes what the server says of a poll. Gives its id if it has just started, and
    /// that is news.
    pub(super) fn learned(&mut self, mut info: PollInfo, asker: Asker<'_>) -> Option<String> {
        let poll_id = info.poll_id.clone();
        if poll_id.is_empty() || poll_id.len() > ID_LIMIT {
            return None;
        }
        let before = self.known.get(&poll_id).map(|poll| poll.info.state);
        if before.is_none() && self.known.len() >= LIMIT {
            return None;
        }
        // A poll never goes back; an older word that comes late changes nothing.
        if before.is_some_and(|before| step(before) > step(info.state)) {
            return None;
        }
        info.vote.truncate(ID_LIMIT);
        info.responses.truncate(ID_LIMIT);
        let state = info.state;
        let mine = info.started_by == asker.peer_id;
        let poll = self.known.entry(poll_id.clone()).or_default();
        if before == Some(PollState::Created) && state == PollState::Created {
            poll.questions = None; // it may have been written anew
        }
        poll.info = info;
        poll.open(asker.now);
        self.ask_about(&poll_id, asker);
        let started = state == PollState::Started && before != Some(PollState::Started);
        (started && self.settled && !mine).then_some(poll_id)
    }

    fn ask_about(&mut self, poll_id: &str, asker: Asker<'_>) {
        let Some(poll) = self.known.get_mut(poll_id) else {
            return;
        };
        let id = || poll_id.to_owned();
        let mut asks = Vec::new();
        let closed = poll.is_closed() && !std::mem::replace(&mut poll.closed_asked, true);
        // What is right is told when a quiz is over.
        if poll.questions.is_none() || (closed && poll.is_quiz()) {
            asks.push(Ask::Questions(id(), 0));
        }
        if poll.is_running() || closed {
            asks.push(Ask::Own(id()));
        }
        if (poll.is_running() || closed) && poll.shows_results_to(asker.role) {
            asks.push(Ask::Result(id()));
        }
        if closed && poll.is_quiz() {
            asks.push(Ask::Ranking(id()));
        }
        if closed && asker.runs && !poll.info.anonymous {
            asks.push(Ask::Responses(id(), 0));
        }
        for ask in asks {
            self.ask(ask);
        }
    }

    /// A poll takes no more votes.
    pub(super) fn stopped(&mut self, stopped: &PollStopped, asker: Asker<'_>) {
        let Some(poll) = self.known.get_mut(&stopped.poll_id) else {
            return;
        };
        poll.info.state = PollState::Stopped;
        poll.info.stopped_at = stopped.stopped_at;
        poll.info.stopped_by.clone_from(&stopped.stopped_by);
        self.ask_about(&stopped.poll_id, asker);
        self.look_again(&stopped.poll_id, asker.now);
    }

    /// New results.
    pub(super) fn counted(&mut self, stats: PollStats, now: u64) {
        let Some(poll) = self.known.get_mut(&stats.poll_id) else {
            return;
        };
        let poll_id = stats.poll_id.clone();
        poll.stats = Some(stats);
        self.look_again(&poll_id, now);
    }

    pub(super) fn take_questions(&mut self, page: PollQuestions, now: u64) {
        let Some(poll) = self.known.get_mut(&page.poll_id) else {
            return;
        };
        let empty = page.questions.is_empty();
        poll.take_questions(page.questions, page.last || empty, now);
        let so_far = poll.coming_questions.len();
        if !page.last && !empty && so_far > 0 {
            let so_far = u32::try_from(so_far).unwrap_or(u32::MAX);
            self.ask(Ask::Questions(page.poll_id, so_far));
        }
    }

    /// My own answers, by the server; none if it does not say.
    pub(super) fn take_own(&mut self, poll_id: &str, own: Option<PollResponses>) {
        let Some(poll) = self.known.get_mut(poll_id) else {
            return;
        };
        match own {
            None => poll.ballot.not_recorded(),
            Some(own) => {
                let own = own.responses.iter().map(|item| &item.response);
                let own = own.map(|response| (response.question, Choice::recorded(response)));
                poll.ballot.recorded(own);
            }
        }
    }

    pub(super) fn take_responses(&mut self, poll_id: &str, page: PollResponses) {
        let Some(poll) = self.known.get_mut(poll_id) else {
            return;
        };
        let last = page.last || page.responses.is_empty();
        poll.take_responses(page.responses, last);
        if !last && !poll.coming_responses.is_empty() {
            let so_far = u32::try_from(poll.coming_responses.len()).unwrap_or(u32::MAX);
            self.ask(Ask::Responses(poll_id.to_owned(), so_far));
        }
    }

    pub(super) fn take_ranking(&mut self, board: PollLeaderboard) {
        if let Some(poll) = self.known.get_mut(&board.poll_id) {
            poll.ranking = board.questions;
        }
    }

    /// I answer.
    ///
    /// # Errors
    /// Why that cannot be, in words.
    pub(super) fn vote(
        &mut self,
        poll_id: &str,
        answers: &[AnswerDraft],
        asker: Asker<'_>,
    ) -> Result<(), String> {
        let poll = self
            .known
            .get_mut(poll_id)
            .ok_or("That poll is not here any more.")?;
        if !poll.lets_vote(asker.role) {
            return Err("Your role does not vote in this poll.".to_owned());
        }
        poll.answer(answers, asker.now)
    }

    /// Votes to send now.
    pub(super) fn next_vote(&mut self, now: u64) -> Option<(String, Vec<PollResponse>)> {
        self.known.iter_mut().find_map(|(poll_id, poll)| {
            let votes = poll.next_vote(now)?;
            Some((poll_id.clone(), votes))
        })
    }

    pub(super) fn vote_counted(&mut self, poll_id: &str) {
        if let Some(poll) = self.known.get_mut(poll_id) {
            poll.ballot.counted();
        }
    }

    pub(super) fn vote_lost(&mut self, poll_id: &str) {
        if let Some(poll) = self.known.get_mut(poll_id) {
            poll.ballot.lost();
        }
    }

    pub(super) fn vote_put_off(&mut self, poll_id: &str, now: u64) {
        if let Some(poll) = self.known.get_mut(poll_id) {
            poll.ballot.put_off(now);
        }
    }

    pub(super) fn vote_refused(&mut self, poll_id: &str, message: String) {
        if let Some(poll) = self.known.get_mut(poll_id) {
            poll.ballot.doubted(message);
            self.ask(Ask::Own(poll_id.to_owned()));
        }
    }

    /// What the server has of mine could not be asked: it is asked again.
    pub(super) fn own_lost(&mut self, poll_id: &str) {
        let doubt = self
            .known
            .get(poll_id)
            .map(|poll| poll.ballot.is_in_doubt());
        if doubt == Some(true) {
            self.ask(Ask::Own(poll_id.to_owned()));
        }
    }

    /// The last tally of a poll that is over has come, or will never come.
    pub(super) fn result_known(&mut self, poll_id: &str) {
        if let Some(poll) = self.known.get_mut(poll_id) {
            poll.closed_known = poll.is_closed();
        }
    }

    /// Looks closer at a poll, or at none.
    pub(super) fn inspect(&mut self, poll_id: Option<String>, now: u64) {
        self.inspected = poll_id.filter(|id| self.known.contains_key(id));
        self.inspect_at = None;
        self.inspected_last = None;
        if let Some(id) = self.inspected.clone() {
            self.look_again(&id, now);
        }
    }

    /// Who has answered has changed: it is asked soon, if somebody looks at it.
    fn look_again(&mut self, poll_id: &str, now: u64) {
        if self.inspected.as_deref() == Some(poll_id) {
            let gap_over = self
                .inspected_last
                .map_or(now, |last| last + INSPECT_GAP_MS);
            self.inspect_at.get_or_insert(gap_over.max(now));
        }
    }

    /// Asks what is due.
    pub(super) fn upkeep(&mut self, asker: Asker<'_>) {
        if self.inspect_at.is_none_or(|at| asker.now < at) {
            return;
        }
        self.inspect_at = None;
        self.inspected_last = Some(asker.now);
        let Some(poll) = self.inspected() else {
            return;
        };
        if !poll.shows_results_to(asker.role) {
            return;
        }
        let poll_id = poll.info.poll_id.clone();
        let ranked = poll.is_quiz();
        let asks_who = asker.runs && poll.info.state != PollState::Created;
        let under_way = !poll.coming_responses.is_empty();
        if asks_who && !under_way {
            self.ask(Ask::Responses(poll_id.clone(), 0));
        }
        if ranked {
            self.ask(Ask::Ranking(poll_id));
        }
    }

    /// When something is to be sent or asked.
    pub(super) fn deadline(&self) -> Option<u64> {
        let votes = self
            .known
            .values()
            .filter_map(|poll| poll.ballot.deadline());
        votes.chain(self.inspect_at).min()
    }

    /// A poll that I have saved is known at once, with its questions.
    pub(super) fn saved(&mut self, written: Written, asker: Asker<'_>) {
        let poll_id = written.info.poll_id.clone();
        let Some(earlier) = self.known.get(&poll_id).map(|poll| poll.info.clone()) else {
            if self.known.len() < LIMIT {
                let mut poll = Poll::new(written.info);
                poll.info.created_by = asker.peer_id.to_owned();
                poll.questions = Some(written.questions);
                self.known.insert(poll_id, poll);
            }
            return;
        };
        if let Some(poll) = self.known.get_mut(&poll_id)
            && earlier.state == PollState::Created
        {
            poll.info = PollInfo {
                created_by: earlier.created_by,
                created_at: earlier.created_at,
                ..written.info
            };
            poll.questions = Some(written.questions);
        }
    }
}

fn step(state: PollState) -> u8 {
    match state {
        PollState::Created => 0,
        PollState::Started => 1,
        PollState::Stopped => 2,
    }
}
