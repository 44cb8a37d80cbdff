//! The polls of the fake room.

use std::collections::BTreeMap;

use kulti_protocol::signalling::{
    GetPollResponses, ListPolls, PollId, PollInfo, PollLeaderboard, PollLeaderboardEntry, PollList,
    PollNotice, PollQuestion, PollQuestions, PollResponse, PollResponseItem, PollResponses,
    PollStarted, PollState, PollStats, PollStatsNotice, PollStopped, PollStoppedNotice, PollVoter,
    QuestionStats, RecordedResponse, RespondToPoll, RpcError, ServerNotification as Told,
    SetPollQuestions, code, method,
};
use serde_json::{Value, json};

use super::{
    fake_notices::After,
    fake_room::{Answer, FakeRoom, read},
};

#[derive(Default)]
pub(super) struct FakePolls {
    pub(super) list: Vec<FakePoll>,
}

#[derive(Default)]
pub(super) struct FakePoll {
    pub(super) info: PollInfo,
    pub(super) questions: Vec<PollQuestion>,
    /// By user id, and by question.
    pub(super) ballots: BTreeMap<String, BTreeMap<u32, PollResponse>>,
}

impl FakePoll {
    pub(super) fn stats(&self) -> PollStats {
        let questions = self.questions.iter().map(|question| {
            let number = question.question.index;
            let mut options = vec![0; question.options.as_ref().map_or(0, Vec::len)];
            let mut total = 0;
            for answer in self.ballots.values().filter_map(|b| b.get(&number)) {
                total += 1;
                for option in answer.option.iter().chain(answer.options.iter().flatten()) {
                    options[*option as usize - 1] += 1;
                }
            }
            QuestionStats {
                question: number,
                kind: question.question.kind,
                options: Some(options),
                total,
                ..QuestionStats::default()
            }
        });
        PollStats {
            poll_id: self.info.poll_id.clone(),
            user_count: self.ballots.len() as u32,
            questions: questions.collect(),
            ..PollStats::default()
        }
    }
}

impl FakeRoom {
    pub(super) fn poll(&mut self, poll_id: &str) -> Option<&mut FakePoll> {
        let polls = self.polls.list.iter_mut();
        polls.into_iter().find(|poll| poll.info.poll_id == poll_id)
    }

    fn existing(&mut self, poll_id: &str) -> Result<&mut FakePoll, RpcError> {
        self.poll(poll_id)
            .ok_or_else(|| RpcError::new(code::NOT_FOUND, "there is no such poll"))
    }

    pub(super) fn poll_request(&mut self, by: &str, name: &str, params: &Value) -> Answer {
        let now = self.now;
        match name {
            method::POLL_LIST => {
                let asked: ListPolls = read(params);
                let first = asked.start.map_or(0, |start| {
                    let known = self.polls.list.iter();
                    1 + known.take_while(|poll| poll.info.poll_id != start).count()
                });
                let polls = self.polls.list.iter().skip(first);
                let mut polls = polls.filter(|poll| poll.info.state == asked.state);
                // Two at a time, so that there is more than one page.
                let page: Vec<_> = polls.by_ref().take(2).map(|p| p.info.clone()).collect();
                let last = polls.next().is_none();
                Ok((json!(PollList { polls: page, last }), After::Nothing))
            }
            method::POLL_INFO_SET => {
                let info: PollInfo = read(params);
                let poll_id = info.poll_id.clone();
                let info = PollInfo {
                    created_by: by.to_owned(),
                    created_at: now,
                    ..info
                };
                match self.poll(&poll_id) {
                    Some(known) => known.info = info,
                    None => self.polls.list.push(FakePoll {
                        info,
                        ..FakePoll::default()
                    }),
                }
                Ok((json!(PollId { poll_id }), After::Nothing))
            }
            method::POLL_QUESTIONS_SET => {
                let set: SetPollQuestions = read(params);
                let poll = self.existing(&set.poll_id)?;
                poll.questions = set.questions;
                Ok((json!({"poll_id": set.poll_id}), After::Nothing))
            }
            method::POLL_QUESTIONS_GET => {
                let poll_id = params["poll_id"].as_str().unwrap_or_default();
                let questions = PollQuestions {
                    poll_id: poll_id.to_owned(),
                    questions: self.existing(poll_id)?.questions.clone(),
                    last: true,
                };
                Ok((json!(questions), After::Nothing))
            }
            method::POLL_START => {
                let PollId { poll_id } = read(params);
                let duration = self.start_poll(&poll_id, by)?;
                Ok((json!(PollStarted { poll_id, duration }), After::Nothing))
            }
            method::POLL_STOP => {
                let PollId { poll_id } = read(params);
                self.stop_poll(&poll_id, by)?;
                let duration = 0;
                Ok((json!(PollStarted { poll_id, duration }), After::Nothing))
            }
            method::POLL_RESPONSE => self.respond(by, read(params)),
            method::POLL_RESPONSES => self.responses(by, &read(params)),
            method::POLL_RESULT => {
                let PollId { poll_id } = read(params);
                Ok((json!(self.existing(&poll_id)?.stats()), After::Nothing))
            }
            method::POLL_LEADERBOARD => {
                let poll_id = params["poll_id"].as_str().unwrap_or_default();
                let poll = self.existing(poll_id)?;
                let entries = poll.ballots.keys().zip(1..);
                let board = PollLeaderboard {
                    poll_id: poll_id.to_owned(),
                    questions: entries
                        .map(|(user, position)| PollLeaderboardEntry {
                            position,
                            peer: voter(user),
                            ..PollLeaderboardEntry::default()
                        })
                        .collect(),
                    last: true,
                    ..PollLeaderboard::default()
                };
                Ok((json!(board), After::Nothing))
            }
            other => panic!("the fake room does not know {other}"),
        }
    }

    pub(super) fn start_poll(&mut self, poll_id: &str, by: &str) -> Result<u64, RpcError> {
        let now = self.now;
        let poll = self.existing(poll_id)?;
        poll.info.state = PollState::Started;
        poll.info.started_by = by.to_owned();
        poll.info.started_at = now;
        let info = poll.info.clone();
        let duration = info.duration;
        let notice = Told::PollStart(PollNotice { polls: vec![info] });
        self.tell_others("", &notice);
        Ok(duration)
    }

    pub(super) fn stop_poll(&mut self, poll_id: &str, by: &str) -> Result<(), RpcError> {
        let now = self.now;
        let poll = self.existing(poll_id)?;
        poll.info.state = PollState::Stopped;
        let stopped = PollStopped {
            poll_id: poll_id.to_owned(),
            stopped_at: now,
            stopped_by: by.to_owned(),
        };
        let notice = PollStoppedNotice {
            polls: vec![stopped],
        };
        self.tell_others("", &Told::PollStop(notice));
        Ok(())
    }

    fn respond(&mut self, by: &str, vote: RespondToPoll) -> Answer {
        let user = self.peers[by].info.user_id.clone();
        let poll = self.existing(&vote.poll_id)?;
        if poll.info.state != PollState::Started {
            return Err(RpcError::new(code::BAD_REQUEST, "the poll takes no votes"));
        }
        for answer in &vote.responses {
            let once = poll
                .questions
                .iter()
                .find(|q| q.question.index == answer.question)
                .is_none_or(|q| q.question.once != Some(false));
            let ballot = poll.ballots.get(&user);
            if once && ballot.is_some_and(|ballot| ballot.contains_key(&answer.question)) {
                return Err(RpcError::new(code::BAD_REQUEST, "you have answered"));
            }
        }
        let ballot = poll.ballots.entry(user).or_default();
        for answer in vote.responses {
            ballot.insert(answer.question, answer);
        }
        let (stats, info) = (poll.stats(), poll.info.clone());
        let see = |role: &String| info.shows_live_results() || info.responses.contains(role);
        let told = PollStatsNotice { polls: vec![stats] };
        let readers = self.peers.values().filter(|peer| see(&peer.role));
        let readers = readers.map(|peer| (peer.peer_id.clone(), Told::PollStats(told.clone())));
        let result = json!({"poll_id": vote.poll_id, "result": []});
        Ok((result, After::Tell(readers.collect())))
    }

    fn responses(&mut self, by: &str, asked: &GetPollResponses) -> Answer {
        let user = self.peers[by].info.user_id.clone();
        let poll = self.existing(&asked.poll_id)?;
        let ballots = poll.ballots.iter();
        let ballots = ballots.filter(|(voter, _)| !asked.own || **voter == user);
        let responses = ballots
            .flat_map(|(user, ballot)| ballot.values().map(move |answer| (user, answer)))
            .map(|(user, answer)| PollResponseItem {
                is_final: true,
                response: RecordedResponse {
                    question: answer.question,
                    option: answer.option,
                    options: answer.options.clone(),
                    text: answer.text.clone(),
                    ..RecordedResponse::default()
                },
                peer: voter(user),
            });
        let responses = PollResponses {
            poll_id: asked.poll_id.clone(),
            last: true,
            responses: responses.collect(),
        };
        Ok((json!(responses), After::Nothing))
    }
}

fn voter(user: &str) -> PollVoter {
    PollVoter {
        userid: user.to_owned(),
        username: user.to_owned(),
        ..PollVoter::default()
    }
}
