//! `activePoll`: the newest poll as a value of the store, for web clients that know
//! no other polls.
//!
//! They vote by writing the value back with one option raised by one, made from a
//! copy that may be stale. Every vote raises `totalVotes`, so the copy's total names
//! the tally that it was made from; what differs from that tally is the vote. It is
//! recorded as that user's, and the value stays what the ballots say.

use std::collections::VecDeque;

use kulti_protocol::signalling::{
    PollInfo, PollOption, PollQuestion, PollResponse, PollState, QuestionInfo, QuestionKind,
    RpcError, SetMetadata, code,
};
use kulti_protocol::store_keys::{ACTIVE_POLL, ActivePoll, ActivePollOption};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::form::{bad, too_large};
use super::poll::Poll;
use super::{PollNo, tally, voter};
use crate::policy::Action;
use crate::room::Room;
use crate::room::dispatch::{Answer, Call};
use crate::room::limits::ID_BYTES;
use crate::room::peers::PeerNo;

/// Past tallies from which a client may still vote: at four a second, some minutes.
const TALLIES: usize = 1_024;
/// A value must fit: a longer one is shown with at most so many characters of its
/// question and of each option.
const SHORTENED: [(usize, usize); 4] = [(usize::MAX, usize::MAX), (300, 60), (150, 25), (80, 10)];

/// Which poll is shown, and what has been shown of it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Mirror {
    shown: Option<PollNo>,
    /// Votes of each option, oldest first.
    tallies: VecDeque<Vec<u32>>,
}

/// What a written tally says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    /// A vote for this option, from 0.
    Vote(usize),
    /// A vote, but its copy may have been one of several.
    Unclear,
    /// No vote.
    Other,
}

impl Mirror {
    fn read(&self, written: &[u32], total: u32) -> Written {
        let mut votes = self
            .tallies
            .iter()
            .filter(|base| base.iter().sum::<u32>().checked_add(1) == Some(total))
            .filter_map(|base| raised(base, written));
        match votes.next() {
            None => Written::Other,
            // Where votes can be changed there are different tallies of the same total.
            Some(option) if votes.any(|other| other != option) => Written::Unclear,
            Some(option) => Written::Vote(option),
        }
    }
}

/// The one place where `written` is one more than `base`, if all others are the same.
fn raised(base: &[u32], written: &[u32]) -> Option<usize> {
    if base.len() != written.len() {
        return None;
    }
    let mut differing = base
        .iter()
        .zip(written)
        .enumerate()
        .filter(|(_, (before, after))| before != after);
    let (index, (before, after)) = differing.next()?;
    let by_one = before.checked_add(1) == Some(*after);
    (by_one && differing.next().is_none()).then_some(index)
}

impl Room {
    /// The poll that has just started is shown from now on, if it can be.
    pub(super) fn show_in_store(&mut self, no: PollNo) {
        if self
            .polls
            .get(no)
            .is_none_or(|poll| self.value_of(poll).is_none())
        {
            tracing::debug!("a poll cannot be shown as activePoll");
            return;
        }
        self.polls.mirror = Mirror {
            shown: Some(no),
            tallies: VecDeque::new(),
        };
        self.mirror_now(no);
    }

    /// Writes the value anew, if it is this poll's and has changed.
    pub(super) fn mirror_now(&mut self, no: PollNo) {
        if self.polls.mirror.shown != Some(no) {
            return;
        }
        let Some((value, text)) = self.polls.get(no).and_then(|poll| self.value_of(poll)) else {
            return;
        };
        let votes: Vec<u32> = value.options.iter().map(|option| option.votes).collect();
        let tallies = &mut self.polls.mirror.tallies;
        if tallies.back() != Some(&votes) {
            if tallies.len() >= TALLIES {
                tallies.pop_front();
            }
            tallies.push_back(votes);
        }
        let stored = self.store.get(ACTIVE_POLL);
        if stored.is_none_or(|entry| entry.data.get() != text) {
            self.set_derived(ACTIVE_POLL, &value);
        }
    }

    /// A poll as web clients see it, also as text; none if it has no form that fits.
    fn value_of(&self, poll: &Poll) -> Option<(ActivePoll, String)> {
        SHORTENED.into_iter().find_map(|(question, option)| {
            let value = mirrored(poll, question, option)?;
            let text = serde_json::to_string(&value).ok()?;
            (text.len() <= self.limits.store_value_bytes).then_some((value, text))
        })
    }

    /// A client writes `activePoll`.
    pub(in crate::room) fn write_active_poll(
        &mut self,
        call: &Call,
        no: PeerNo,
        params: &SetMetadata,
    ) -> Answer {
        self.stop_overdue_polls();
        let version = self.store.version(ACTIVE_POLL);
        if params
            .if_change_version
            .is_some_and(|expected| expected != version)
        {
            return Err(RpcError::new(
                code::CONFLICT,
                format!("{ACTIVE_POLL} has version {version}: read it and try again"),
            ));
        }
        self.take_active_poll(no, &params.data)?;
        self.answer_value(call, ACTIVE_POLL);
        Ok(())
    }

    fn take_active_poll(&mut self, no: PeerNo, data: &Value) -> Result<(), RpcError> {
        let shown = self.polls.mirror.shown;
        if data.is_null() {
            return self.clear_active_poll(no);
        }
        let read = ActivePoll::deserialize(data);
        if let Ok(written) = &read
            && let Some(shown) = shown
            && self.polls.find(&written.poll_id) == Some(shown)
        {
            return self.take_known_poll(no, shown, written);
        }
        self.require(no, Action::PollWrite)?;
        let written = read.map_err(|error| bad(format!("activePoll holds a poll: {error}")))?;
        if self.polls.find(&written.poll_id).is_some() {
            return Err(bad("that poll is not shown any more: make a new one"));
        }
        if data.to_string().len() > self.limits.store_value_bytes {
            return Err(self.value_too_large());
        }
        self.take_new_poll(no, &written)
    }

    fn value_too_large(&self) -> RpcError {
        let most = self.limits.store_value_bytes;
        too_large(format!("a value may have {most} bytes at most"))
    }

    fn clear_active_poll(&mut self, no: PeerNo) -> Result<(), RpcError> {
        self.require(no, Action::PollWrite)?;
        if let Some(shown) = self.polls.mirror.shown {
            let by = self.peer_id_of(no);
            self.stop_poll_no(shown, &by);
            self.polls.mirror = Mirror::default();
            self.set_derived(ACTIVE_POLL, &Value::Null);
        }
        Ok(())
    }

    fn take_known_poll(
        &mut self,
        no: PeerNo,
        shown: PollNo,
        written: &ActivePoll,
    ) -> Result<(), RpcError> {
        let votes: Vec<u32> = written.options.iter().map(|option| option.votes).collect();
        let is_vote = written.is_active && self.has_options(shown, &written.options);
        let said = if is_vote {
            self.polls.mirror.read(&votes, written.total_votes)
        } else {
            Written::Other
        };
        match said {
            Written::Vote(option) => return self.vote_by_value(no, shown, option),
            Written::Unclear => {
                return Err(RpcError::new(
                    code::CONFLICT,
                    "your copy of the poll is too old to tell what you voted for: read it and try again",
                ));
            }
            Written::Other => {}
        }
        self.require(no, Action::PollWrite)?;
        if !written.is_active {
            let by = self.peer_id_of(no);
            self.stop_poll_no(shown, &by);
            return Ok(());
        }
        if self.polls.get(shown).is_some_and(Poll::is_running) {
            // the tally stays what the ballots say
            Ok(())
        } else {
            Err(bad("the poll is over: make a new one"))
        }
    }

    /// Whether these are the options of the poll, in their order.
    fn has_options(&self, no: PollNo, written: &[ActivePollOption]) -> bool {
        self.polls.get(no).is_some_and(|poll| {
            (0..)
                .zip(written)
                .all(|(index, option)| option.id == option_id(poll, index))
        })
    }

    fn vote_by_value(&mut self, no: PeerNo, poll_no: PollNo, index: usize) -> Result<(), RpcError> {
        self.require(no, Action::PollRead)?;
        let option = u32::try_from(index).map_or(u32::MAX, |index| index.saturating_add(1));
        let (Some(poll), Some(peer)) = (self.polls.list.get_mut(poll_no.0), self.peers.get(no))
        else {
            return Ok(());
        };
        let response = PollResponse {
            question: 1,
            option: Some(option),
            ..PollResponse::default()
        };
        if poll.vote(voter(peer), &[response])?.is_new {
            self.votes_changed(poll_no);
        }
        Ok(())
    }

    /// A poll that a web client of a host has made. It takes the place of the one that
    /// is shown: such a client knows one poll only.
    fn take_new_poll(&mut self, no: PeerNo, written: &ActivePoll) -> Result<(), RpcError> {
        if !written.is_active {
            return Err(bad(
                "a new poll is written with isActive: it starts at once",
            ));
        }
        if written.poll_id.is_empty() || written.poll_id.len() > ID_BYTES {
            return Err(bad(format!("a poll's id has 1 to {ID_BYTES} bytes")));
        }
        if written
            .options
            .iter()
            .any(|option| option.id.len() > ID_BYTES)
        {
            return Err(bad(format!("an option's id may have {ID_BYTES} bytes")));
        }
        let by = self.peer_id_of(no);
        let mut poll = Poll::new(PollInfo {
            poll_id: written.poll_id.clone(),
            title: written.question.clone(),
            state: PollState::Created,
            created_by: by.clone(),
            created_at: self.now,
            ..PollInfo::default()
        })?;
        poll.set_questions(vec![PollQuestion {
            question: QuestionInfo {
                text: written.question.clone(),
                kind: QuestionKind::SingleChoice,
                ..QuestionInfo::default()
            },
            options: Some(written.options.iter().map(option).collect()),
            answer: None,
        }])?;
        poll.option_ids = written.options.iter().map(|o| o.id.clone()).collect();
        if self.value_of(&poll).is_none() {
            return Err(self.value_too_large());
        }
        let poll_no = self.polls.add(poll)?;
        if let Some(before) = self.polls.mirror.shown {
            self.stop_poll_no(before, &by);
        }
        if self.begin_poll(poll_no, &by)? {
            self.announce_poll_start(poll_no);
        }
        Ok(())
    }
}

fn option(written: &ActivePollOption) -> PollOption {
    PollOption {
        text: written.text.clone(),
        ..PollOption::default()
    }
}

/// A web client's own id for an option, or our number of it. `index` counts from 0.
fn option_id(poll: &Poll, index: usize) -> String {
    let own = poll.option_ids.get(index).cloned();
    own.unwrap_or_else(|| (index + 1).to_string())
}

/// A poll as web clients know it: its first question, if that is a choice, with so many
/// characters of it and of each option. Results that are hidden while it runs are zero.
fn mirrored(poll: &Poll, question_chars: usize, option_chars: usize) -> Option<ActivePoll> {
    let question = poll.questions.first()?;
    let options = question.options.as_ref()?;
    let is_hidden = poll.is_running() && !poll.info.shows_live_results();
    let counts = tally::of_question(poll, question).options?;
    let options: Vec<ActivePollOption> = options
        .iter()
        .zip(&counts)
        .enumerate()
        .map(|(index, (option, votes))| ActivePollOption {
            id: option_id(poll, index),
            text: option.text.chars().take(option_chars).collect(),
            votes: if is_hidden { 0 } else { *votes },
        })
        .collect();
    Some(ActivePoll {
        poll_id: poll.info.poll_id.clone(),
        question: question
            .question
            .text
            .chars()
            .take(question_chars)
            .collect(),
        total_votes: options.iter().map(|option| option.votes).sum(),
        options,
        is_active: poll.is_running(),
        created_at: poll.info.created_at,
    })
}
