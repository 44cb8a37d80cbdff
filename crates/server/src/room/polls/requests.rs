//! The requests of the protocol's polls.

use kulti_protocol::signalling::{
    GetPollQuestions, GetPollResponses, ListPolls, PollId, PollInfo, PollLeaderboardRequest,
    PollList, PollQuestions, PollQuestionsSet, PollResponseItem, PollResponses, PollStarted,
    PollState, PollVoter, RespondToPoll, ResponseOutcomes, RpcError, SetPollQuestions, code,
    method,
};
use serde_json::Value;

use super::form::bad;
use super::poll::{Answered, Ballot, Poll, may_change};
use super::{PollNo, may_see_responses, right_answer, tally, voter};
use crate::policy::Action;
use crate::room::Room;
use crate::room::dispatch::{Answer, Call, read};
use crate::room::limits::ID_BYTES;
use crate::room::peers::PeerNo;

/// Polls, questions or answers in one result.
const PAGE: usize = 200;

impl Room {
    pub(in crate::room) fn poll_request(
        &mut self,
        call: &Call,
        no: PeerNo,
        name: &str,
        params: Value,
    ) -> Answer {
        self.require(no, Action::PollRead)?;
        self.stop_overdue_polls();
        match name {
            method::POLL_INFO_SET => self.set_poll(call, no, read(params)?),
            method::POLL_INFO_GET => self.get_poll(call, no, &read(params)?),
            method::POLL_QUESTIONS_SET => self.set_questions(call, no, read(params)?),
            method::POLL_QUESTIONS_GET => self.get_questions(call, no, &read(params)?),
            method::POLL_START => self.start_poll(call, no, &read(params)?),
            method::POLL_STOP => self.stop_poll(call, no, &read(params)?),
            method::POLL_RESPONSE => self.respond(call, no, &read(params)?),
            method::POLL_RESPONSES => self.get_responses(call, no, &read(params)?),
            method::POLL_RESULT => self.get_result(call, no, &read(params)?),
            method::POLL_LIST => self.list_polls(call, no, &read(params)?),
            method::POLL_LEADERBOARD => self.get_leaderboard(call, no, &read(params)?),
            _ => Err(RpcError::new(
                code::NOT_FOUND,
                format!("there is no method {name:.40}"),
            )),
        }
    }

    fn set_poll(&mut self, call: &Call, no: PeerNo, mut info: PollInfo) -> Answer {
        self.require(no, Action::PollWrite)?;
        let by = self.peer_id_of(no);
        let known = self.polls.find(&info.poll_id);
        let poll_id = match known.and_then(|known| self.polls.get_mut(known)) {
            Some(poll) => {
                poll.change(info)?;
                poll.info.poll_id.clone()
            }
            None => {
                if info.poll_id.len() > ID_BYTES {
                    return Err(bad(format!("a poll's id may have {ID_BYTES} bytes")));
                }
                if info.poll_id.is_empty() {
                    info.poll_id = self.random_id();
                }
                let poll_id = info.poll_id.clone();
                let made = Poll::new(PollInfo {
                    state: PollState::Created,
                    questions_count: 0,
                    created_by: by,
                    created_at: self.now,
                    started_by: String::new(),
                    started_at: 0,
                    stopped_by: String::new(),
                    stopped_at: 0,
                    ..info
                })?;
                self.polls.add(made)?;
                poll_id
            }
        };
        self.changed = true;
        self.answer(call, &PollId { poll_id });
        Ok(())
    }

    fn get_poll(&mut self, call: &Call, no: PeerNo, params: &PollId) -> Answer {
        let (_, poll) = self.visible_poll(no, &params.poll_id)?;
        let info = poll.info.clone();
        self.answer(call, &info);
        Ok(())
    }

    fn set_questions(&mut self, call: &Call, no: PeerNo, params: SetPollQuestions) -> Answer {
        self.require(no, Action::PollWrite)?;
        let (poll_no, _) = self.visible_poll(no, &params.poll_id)?;
        let Some(poll) = self.polls.get_mut(poll_no) else {
            return Ok(());
        };
        poll.set_questions(params.questions)?;
        let result = PollQuestionsSet {
            poll_id: params.poll_id,
            total_questions: poll.info.questions_count,
        };
        self.changed = true;
        self.answer(call, &result);
        Ok(())
    }

    fn get_questions(&mut self, call: &Call, no: PeerNo, params: &GetPollQuestions) -> Answer {
        let writes = self.may(no, Action::PollWrite);
        let (_, poll) = self.visible_poll(no, &params.poll_id)?;
        let is_over = poll.info.state == PollState::Stopped;
        let (skip, take) = page(params.index, params.count);
        let questions: Vec<_> = poll
            .questions
            .iter()
            .skip(skip)
            .take(take)
            .map(|question| {
                if writes {
                    question.clone()
                } else {
                    right_answer::for_voters(question, is_over)
                }
            })
            .collect();
        let result = PollQuestions {
            poll_id: params.poll_id.clone(),
            last: skip.saturating_add(questions.len()) >= poll.questions.len(),
            questions,
        };
        self.answer(call, &result);
        Ok(())
    }

    fn start_poll(&mut self, call: &Call, no: PeerNo, params: &PollId) -> Answer {
        self.require(no, Action::PollWrite)?;
        let (poll_no, poll) = self.visible_poll(no, &params.poll_id)?;
        let duration = poll.info.duration;
        let by = self.peer_id_of(no);
        let has_begun = self.begin_poll(poll_no, &by)?;
        self.answer_started(call, params, duration);
        if has_begun {
            self.announce_poll_start(poll_no);
        }
        Ok(())
    }

    fn stop_poll(&mut self, call: &Call, no: PeerNo, params: &PollId) -> Answer {
        self.require(no, Action::PollWrite)?;
        let (poll_no, poll) = self.visible_poll(no, &params.poll_id)?;
        if poll.info.state == PollState::Created {
            return Err(bad("the poll has not been started"));
        }
        let duration = poll.info.duration;
        let by = self.peer_id_of(no);
        self.answer_started(call, params, duration);
        self.stop_poll_no(poll_no, &by);
        Ok(())
    }

    fn answer_started(&mut self, call: &Call, params: &PollId, duration: u64) {
        let result = PollStarted {
            poll_id: params.poll_id.clone(),
            duration,
        };
        self.answer(call, &result);
    }

    fn respond(&mut self, call: &Call, no: PeerNo, params: &RespondToPoll) -> Answer {
        let (poll_no, _) = self.visible_poll(no, &params.poll_id)?;
        let (Some(poll), Some(peer)) = (self.polls.list.get_mut(poll_no.0), self.peers.get(no))
        else {
            return Ok(());
        };
        let vote = poll.vote(voter(peer), &params.responses)?;
        let result = ResponseOutcomes {
            poll_id: params.poll_id.clone(),
            result: vote.outcomes,
        };
        self.answer(call, &result);
        if vote.is_new {
            self.votes_changed(poll_no);
        }
        Ok(())
    }

    fn get_responses(&mut self, call: &Call, no: PeerNo, params: &GetPollResponses) -> Answer {
        let role = self.role_of(no);
        let (_, poll) = self.visible_poll(no, &params.poll_id)?;
        if !params.own && !may_see_responses(poll, &role) {
            return Err(forbidden(&role, "see who answered what"));
        }
        let Some(peer) = self.peers.get(no) else {
            return Ok(());
        };
        let ballots: Vec<&Ballot> = if params.own {
            poll.ballot_of(voter(peer)).into_iter().collect()
        } else {
            poll.ballots().collect()
        };
        let mut answers: Vec<(&Ballot, u32, &Answered)> = ballots
            .into_iter()
            .flat_map(|ballot| ballot.answers.iter().map(move |(no, a)| (ballot, *no, a)))
            .collect();
        answers.sort_by_key(|(_, _, answered)| answered.number);
        let (skip, take) = page(params.index, params.count);
        let responses: Vec<_> = answers
            .iter()
            .skip(skip)
            .take(take)
            .map(|(ballot, number, answered)| PollResponseItem {
                is_final: !(poll.is_running() && poll.question(*number).is_ok_and(may_change)),
                response: poll.recorded(*number, answered),
                // Only to oneself, so that one's own vote is found.
                peer: if poll.info.anonymous && !params.own {
                    PollVoter::default()
                } else {
                    ballot.voter.clone()
                },
            })
            .collect();
        let result = PollResponses {
            poll_id: params.poll_id.clone(),
            last: skip.saturating_add(responses.len()) >= answers.len(),
            responses,
        };
        self.answer(call, &result);
        Ok(())
    }

    fn get_result(&mut self, call: &Call, no: PeerNo, params: &PollId) -> Answer {
        let role = self.role_of(no);
        let (_, poll) = self.visible_poll(no, &params.poll_id)?;
        if !self.sees_results(poll, &role) {
            return Err(forbidden(&role, "see results before the poll is over"));
        }
        let stats = self.stats_for(poll, &role);
        self.answer(call, &stats);
        Ok(())
    }

    fn list_polls(&mut self, call: &Call, no: PeerNo, params: &ListPolls) -> Answer {
        let hidden = params.state == PollState::Created && !self.may(no, Action::PollWrite);
        let after = params.start.as_deref().and_then(|id| self.polls.find(id));
        let first = after.map_or(0, |PollNo(index)| index + 1);
        let mut matching = self
            .polls
            .list
            .iter()
            .skip(first)
            .filter(|poll| poll.info.state == params.state && !hidden);
        let (_, take) = page(0, params.count);
        let polls: Vec<_> = matching
            .by_ref()
            .take(take)
            .map(|poll| poll.info.clone())
            .collect();
        let last = matching.next().is_none();
        self.answer(call, &PollList { polls, last });
        Ok(())
    }

    fn get_leaderboard(
        &mut self,
        call: &Call,
        no: PeerNo,
        params: &PollLeaderboardRequest,
    ) -> Answer {
        let role = self.role_of(no);
        let (_, poll) = self.visible_poll(no, &params.poll_id)?;
        // A place in it says what is right.
        let is_open = !poll.is_running() || self.policy.may(&role, Action::PollWrite);
        if !is_open || !self.sees_results(poll, &role) {
            return Err(forbidden(&role, "see the ranking before the quiz is over"));
        }
        let mut board = tally::leaderboard(poll, params.question);
        let (skip, take) = page(params.offset, params.count);
        let all = board.questions.len();
        board.questions = board.questions.into_iter().skip(skip).take(take).collect();
        board.last = skip.saturating_add(board.questions.len()) >= all;
        self.answer(call, &board);
        Ok(())
    }

    /// A poll, if this peer may know of it: drafts are for those who run polls.
    fn visible_poll(&self, no: PeerNo, poll_id: &str) -> Result<(PollNo, &Poll), RpcError> {
        let found = self.polls.find(poll_id);
        found
            .and_then(|found| Some((found, self.polls.get(found)?)))
            .filter(|(_, poll)| {
                poll.info.state != PollState::Created || self.may(no, Action::PollWrite)
            })
            .ok_or_else(|| RpcError::new(code::NOT_FOUND, "there is no such poll"))
    }

    pub(super) fn may(&self, no: PeerNo, action: Action) -> bool {
        self.require(no, action).is_ok()
    }

    fn role_of(&self, no: PeerNo) -> String {
        self.peers
            .get(no)
            .map_or_else(String::new, |peer| peer.role.clone())
    }

    pub(super) fn peer_id_of(&self, no: PeerNo) -> String {
        self.peers
            .get(no)
            .map_or_else(String::new, |peer| peer.id.to_string())
    }
}

/// How many to leave out and how many to give at most; 0 asks for as many as fit.
fn page(skip: u32, count: u32) -> (usize, usize) {
    let wide = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    let take = if count == 0 {
        PAGE
    } else {
        wide(count).min(PAGE)
    };
    (wide(skip), take)
}

fn forbidden(role: &str, what: &str) -> RpcError {
    RpcError::new(code::FORBIDDEN, format!("the role {role} may not {what}"))
}
