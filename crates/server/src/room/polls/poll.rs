//! One poll: its questions, its ballots, and the rules of voting.

use std::collections::BTreeMap;

use kulti_protocol::signalling::{
    PollInfo, PollKind, PollQuestion, PollResponse, PollState, PollVoter, QuestionKind,
    RecordedResponse, ResponseOutcome, RpcError, VoterMode, code,
};
use serde::{Deserialize, Serialize};

use super::form::{bad, check_info, choice, numbered_questions};
use super::right_answer;

/// A poll with everything that is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Poll {
    pub(super) info: PollInfo,
    pub(super) questions: Vec<PollQuestion>,
    /// By voter, so that there is one for each, whatever devices and connections.
    ballots: BTreeMap<String, Ballot>,
    /// Most people that were in the room while it ran.
    pub(super) most_people: u32,
    /// The answers' numbers, in the order in which they came.
    last_response: u64,
    /// The ids of the options in `activePoll`, where a web client chose them.
    pub(super) option_ids: Vec<String>,
}

/// One voter's answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ballot {
    pub(super) voter: PollVoter,
    /// By question, from 1.
    pub(super) answers: BTreeMap<u32, Answered>,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Answered {
    pub(super) number: u64,
    pub(super) choice: Choice,
    pub(super) took_ms: u64,
    pub(super) updated: bool,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Choice {
    /// These options, from 1, ascending.
    Options(Vec<u32>),
    Words(String),
    Skipped,
}

/// What became of a vote.
#[derive(Debug)]
pub(super) struct Vote {
    pub(super) outcomes: Vec<ResponseOutcome>,
    /// False for one that was there already.
    pub(super) is_new: bool,
}

/// Who votes, and as what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Voter<'a> {
    pub(super) peer_id: &'a str,
    pub(super) user_id: &'a str,
    pub(super) name: &'a str,
    pub(super) role: &'a str,
}

impl Poll {
    /// A poll as it was asked for, with nothing in it yet.
    pub(super) fn new(info: PollInfo) -> Result<Self, RpcError> {
        check_info(&info)?;
        Ok(Self {
            info,
            questions: Vec::new(),
            ballots: BTreeMap::new(),
            most_people: 0,
            last_response: 0,
            option_ids: Vec::new(),
        })
    }

    pub(super) fn is_running(&self) -> bool {
        self.info.state == PollState::Started
    }

    /// What its maker may still change: everything, before it starts.
    pub(super) fn change(&mut self, info: PollInfo) -> Result<(), RpcError> {
        self.require_draft()?;
        check_info(&info)?;
        let kept = std::mem::take(&mut self.info);
        self.info = PollInfo {
            poll_id: kept.poll_id,
            state: kept.state,
            created_by: kept.created_by,
            created_at: kept.created_at,
            questions_count: kept.questions_count,
            ..info
        };
        Ok(())
    }

    pub(super) fn set_questions(&mut self, questions: Vec<PollQuestion>) -> Result<(), RpcError> {
        self.require_draft()?;
        let checked = numbered_questions(questions)?;
        self.info.questions_count = u32::try_from(checked.len()).unwrap_or(u32::MAX);
        self.questions = checked;
        Ok(())
    }

    fn require_draft(&self) -> Result<(), RpcError> {
        match self.info.state {
            PollState::Created => Ok(()),
            _ => Err(bad("the poll has been started: it cannot be changed")),
        }
    }

    /// Begins to take votes. False if it does so already (a request may come twice).
    pub(super) fn start(&mut self, by: &str, now: u64, people: u32) -> Result<bool, RpcError> {
        match self.info.state {
            PollState::Started => Ok(false),
            PollState::Stopped => Err(bad("the poll is over: make a new one")),
            PollState::Created if self.questions.is_empty() => {
                Err(bad("the poll has no questions"))
            }
            PollState::Created => {
                self.info.state = PollState::Started;
                by.clone_into(&mut self.info.started_by);
                self.info.started_at = now;
                self.most_people = people;
                Ok(true)
            }
        }
    }

    /// Takes no more votes. False if it did not take any before.
    pub(super) fn stop(&mut self, by: &str, now: u64) -> bool {
        if !self.is_running() {
            return false;
        }
        self.info.state = PollState::Stopped;
        by.clone_into(&mut self.info.stopped_by);
        self.info.stopped_at = now;
        true
    }

    /// When it stops by itself, ms since the epoch.
    pub(super) fn ends_at(&self) -> Option<u64> {
        (self.is_running() && self.info.duration > 0)
            .then(|| self.info.started_at + self.info.duration * 1_000)
    }

    /// Takes all of these answers or none. Those that are there already, word for word,
    /// are taken again and change nothing, also when the poll is over: clients repeat a
    /// request whose answer was lost.
    pub(super) fn vote(
        &mut self,
        voter: Voter<'_>,
        responses: &[PollResponse],
    ) -> Result<Vote, RpcError> {
        if !self.info.vote.is_empty() && !self.info.vote.iter().any(|role| role == voter.role) {
            return Err(RpcError::new(
                code::FORBIDDEN,
                format!("the role {} may not vote in this poll", voter.role),
            ));
        }
        if responses.is_empty() {
            return Err(bad("there is no answer in the request"));
        }
        let key = self.voter_key(voter);
        let mut taken: BTreeMap<u32, (Choice, u64)> = BTreeMap::new();
        for response in responses {
            let choice = choice(self.question(response.question)?, response)?;
            let answer = (choice, response.duration);
            if taken.insert(response.question, answer).is_some() {
                return Err(bad("a question is answered twice in the request"));
            }
        }
        let earlier = self.ballots.get(&key);
        let is_new = !taken.iter().all(|(number, (choice, _))| {
            earlier
                .and_then(|ballot| ballot.answers.get(number))
                .is_some_and(|earlier| earlier.choice == *choice)
        });
        if is_new {
            if !self.is_running() {
                return Err(bad("the poll takes no votes"));
            }
            for (number, (choice, _)) in &taken {
                self.require_changeable(&key, *number, choice)?;
            }
        }
        let outcomes = taken
            .iter()
            .map(|(number, (choice, _))| self.outcome(*number, choice))
            .collect();
        if is_new {
            self.record(key, voter, taken);
        }
        Ok(Vote { outcomes, is_new })
    }

    fn voter_key(&self, voter: Voter<'_>) -> String {
        match self.info.mode {
            VoterMode::UserId => voter.user_id,
            VoterMode::PeerId => voter.peer_id,
            VoterMode::UserName => voter.name,
        }
        .to_owned()
    }

    pub(super) fn question(&self, number: u32) -> Result<&PollQuestion, RpcError> {
        let index = usize::try_from(number).ok().and_then(|n| n.checked_sub(1));
        index
            .and_then(|index| self.questions.get(index))
            .ok_or_else(|| bad(format!("the poll has no question {number}")))
    }

    fn require_changeable(&self, key: &str, number: u32, choice: &Choice) -> Result<(), RpcError> {
        let earlier = self
            .ballots
            .get(key)
            .and_then(|ballot| ballot.answers.get(&number));
        match earlier {
            Some(earlier) if earlier.choice != *choice && !may_change(self.question(number)?) => {
                Err(bad(
                    "you have answered this question, and the answer cannot be changed",
                ))
            }
            _ => Ok(()),
        }
    }

    /// While others can still vote, nobody is told what is right.
    fn outcome(&self, number: u32, choice: &Choice) -> ResponseOutcome {
        let correct = self.question(number).is_ok_and(|question| {
            !self.is_running()
                && right_answer::is_told(question)
                && self.info.kind == PollKind::Quiz
                && right_answer::is_right(question, choice)
        });
        ResponseOutcome {
            question: number,
            correct,
        }
    }

    fn record(&mut self, key: String, voter: Voter<'_>, taken: BTreeMap<u32, (Choice, u64)>) {
        let ballot = self.ballots.entry(key).or_insert_with(|| Ballot {
            voter: PollVoter {
                hash: String::new(),
                peerid: voter.peer_id.to_owned(),
                userid: voter.user_id.to_owned(),
                username: voter.name.to_owned(),
            },
            answers: BTreeMap::new(),
        });
        for (number, (choice, took_ms)) in taken {
            let earlier = ballot.answers.get(&number);
            if earlier.is_some_and(|earlier| earlier.choice == choice) {
                continue;
            }
            self.last_response += 1;
            let answered = Answered {
                number: self.last_response,
                choice,
                took_ms,
                updated: earlier.is_some(),
            };
            ballot.answers.insert(number, answered);
        }
    }

    pub(super) fn has_votes(&self) -> bool {
        !self.ballots.is_empty()
    }

    /// All ballots, by voter.
    pub(super) fn ballots(&self) -> impl Iterator<Item = &Ballot> {
        self.ballots.values()
    }

    /// A voter's own ballot.
    pub(super) fn ballot_of(&self, voter: Voter<'_>) -> Option<&Ballot> {
        self.ballots.get(&self.voter_key(voter))
    }

    /// An answer as it goes over the wire.
    pub(super) fn recorded(&self, number: u32, answered: &Answered) -> RecordedResponse {
        let kind = self
            .question(number)
            .map_or_else(|_| QuestionKind::default(), |q| q.question.kind);
        let mut recorded = RecordedResponse {
            response_id: format!("{}-{}", self.info.poll_id, answered.number),
            question: number,
            kind,
            update: answered.updated,
            ..RecordedResponse::default()
        };
        match &answered.choice {
            Choice::Skipped => recorded.skipped = true,
            Choice::Words(text) => recorded.text = Some(text.clone()),
            Choice::Options(options) if kind == QuestionKind::SingleChoice => {
                recorded.option = options.first().copied();
            }
            Choice::Options(options) => recorded.options = Some(options.clone()),
        }
        recorded
    }
}

/// Whether an answer may be replaced: only where the poll's maker says so.
pub(super) fn may_change(question: &PollQuestion) -> bool {
    question.question.once == Some(false)
}
