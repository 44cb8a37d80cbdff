//! `activePoll`: the newest poll as a value of the store, for web clients that know
//! no other polls.
//!
//! They vote by writing the value back with one option raised by one, made from a
//! copy that may be stale. Every vote raises `totalVotes` by one, so the copy's total
//! names the tally that it was made from; what differs from that tally is the vote.
//! It is recorded as that user's, and the value stays what the ballots say.

use std::collections::VecDeque;

use kulti_protocol::signalling::{
    PollInfo, PollOption, PollQuestion, PollResponse, PollState, QuestionInfo, QuestionKind,
    RpcError, SetMetadata, code,
};
use kulti_protocol::store_keys::{ACTIVE_POLL, ActivePoll, ActivePollOption};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::poll::{Poll, bad};
use super::{PollNo, may_see_responses, tally, voter};
use crate::policy::Action;
use crate::room::Room;
use crate::room::dispatch::{Answer, Call};
use crate::room::limits::ID_BYTES;
use crate::room::peers::PeerNo;

/// Past tallies from which a client may still vote: at four a second, some minutes.
const TALLIES: usize = 1_024;
/// Characters of the question and of an option that are shown: a value has to fit.
const QUESTION: usize = 300;
const OPTION: usize = 60;

/// Which poll is shown, and what has been shown of it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Mirror {
    shown: Option<PollNo>,
    /// Votes of each option, oldest first.
    tallies: VecDeque<Vec<u32>>,
}

impl Mirror {
    /// The option that a written tally adds a vote to, from 0.
    fn vote_in(&self, written: &[u32], total: u32) -> Option<usize> {
        self.tallies
            .iter()
            .rev()
            .filter(|base| base.iter().sum::<u32>().checked_add(1) == Some(total))
            .find_map(|base| raised(base, written))
    }
}

/// The one place where `written` is one more than `base`, if all others are the same.
fn raised(base: &[u32], written: &[u32]) -> Option<usize> {
    if base.len() != written.len() {
        return None;
    }
    let mut differing = (0..base.len()).filter(|index| base[*index] != written[*index]);
    let index = differing.next()?;
    let by_one = base[index].checked_add(1) == Some(written[index]);
    (by_one && differing.next().is_none()).then_some(index)
}

impl Room {
    /// The poll that has just started is shown from now on.
    pub(super) fn show_in_store(&mut self, no: PollNo) {
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
        let Some(value) = self.polls.get(no).and_then(mirrored) else {
            return;
        };
        let fits = serde_json::to_string(&value)
            .is_ok_and(|text| text.len() <= self.limits.store_value_bytes);
        if !fits {
            tracing::debug!("a poll is too large for activePoll");
            return;
        }
        let votes: Vec<u32> = value.options.iter().map(|option| option.votes).collect();
        let tallies = &mut self.polls.mirror.tallies;
        if tallies.back() != Some(&votes) {
            if tallies.len() >= TALLIES {
                tallies.pop_front();
            }
            tallies.push_back(votes);
        }
        self.set_derived(ACTIVE_POLL, &value);
    }

    /// A client writes `activePoll`.
    pub(in crate::room) fn write_active_poll(
        &mut self,
        call: &Call,
        no: PeerNo,
        params: SetMetadata,
    ) -> Answer {
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
            self.require(no, Action::PollWrite)?;
            if let Some(shown) = shown {
                let by = self.peer_id_of(no);
                self.stop_poll_no(shown, &by);
                self.polls.mirror = Mirror::default();
                self.set_derived(ACTIVE_POLL, &Value::Null);
            }
            return Ok(());
        }
        let written: ActivePoll = serde_json::from_value(data.clone())
            .map_err(|error| bad(format!("activePoll holds a poll: {error}")))?;
        match self.polls.find(&written.poll_id) {
            Some(known) if Some(known) == shown => self.take_known_poll(no, known, &written),
            Some(_) => Err(bad("that poll is not the one that is shown")),
            None => self.take_new_poll(no, &written),
        }
    }

    fn take_known_poll(
        &mut self,
        no: PeerNo,
        poll_no: PollNo,
        written: &ActivePoll,
    ) -> Result<(), RpcError> {
        let votes: Vec<u32> = written.options.iter().map(|option| option.votes).collect();
        if let Some(index) = self.polls.mirror.vote_in(&votes, written.total_votes) {
            return self.vote_by_value(no, poll_no, index);
        }
        self.require(no, Action::PollWrite)?;
        if !written.is_active {
            let by = self.peer_id_of(no);
            self.stop_poll_no(poll_no, &by);
        }
        Ok(())
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
        poll.vote(voter(peer), &[response])?;
        self.votes_changed(poll_no);
        // The writer is answered with the true value, so it must be there.
        self.mirror_now(poll_no);
        Ok(())
    }

    /// A poll that a web client of a host has made.
    fn take_new_poll(&mut self, no: PeerNo, written: &ActivePoll) -> Result<(), RpcError> {
        self.require(no, Action::PollWrite)?;
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
        let poll_no = self.polls.add(poll)?;
        self.start_poll_no(poll_no, &by)
    }
}

fn option(written: &ActivePollOption) -> PollOption {
    PollOption {
        text: written.text.clone(),
        ..PollOption::default()
    }
}

/// A poll as web clients know it: its first question, if that is a choice. Results
/// that are hidden while it runs are all zero.
fn mirrored(poll: &Poll) -> Option<ActivePoll> {
    let question = poll.questions.first()?;
    let options = question.options.as_ref()?;
    let hidden = poll.is_running() && !may_see_responses(poll, "");
    let counts = tally::stats(poll).questions.first()?.options.clone()?;
    let options: Vec<ActivePollOption> = options
        .iter()
        .zip(&counts)
        .enumerate()
        .map(|(index, (option, votes))| ActivePollOption {
            id: poll
                .option_ids
                .get(index)
                .cloned()
                .unwrap_or_else(|| option.index.to_string()),
            text: option.text.chars().take(OPTION).collect(),
            votes: if hidden { 0 } else { *votes },
        })
        .collect();
    Some(ActivePoll {
        poll_id: poll.info.poll_id.clone(),
        question: question.question.text.chars().take(QUESTION).collect(),
        total_votes: options.iter().map(|option| option.votes).sum(),
        options,
        is_active: poll.is_running(),
        created_at: poll.info.created_at,
    })
}
