//! One poll: its questions, its ballots, and the rules of voting.

use std::collections::BTreeMap;

use kulti_protocol::signalling::{
    PollInfo, PollKind, PollOption, PollQuestion, PollResponse, PollState, PollVoter, QuestionInfo,
    QuestionKind, RecordedResponse, ResponseOutcome, RpcError, VoterMode, code,
};
use serde::{Deserialize, Serialize};

use super::right_answer;

/// Questions of one poll.
const QUESTIONS: usize = 100;
/// Options of one question.
const OPTIONS: usize = 50;
/// Characters of a title, a question or an option.
const TEXT: usize = 1_024;
/// Characters of an answer in words.
const WORDS: usize = 2_000;
/// Longest poll in seconds: a day.
const LONGEST: u64 = 24 * 60 * 60;

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
        if questions.len() > QUESTIONS {
            return Err(bad(format!("a poll may have {QUESTIONS} questions")));
        }
        let mut checked = Vec::with_capacity(questions.len());
        for (question, number) in questions.into_iter().zip(1..) {
            checked.push(numbered(question, number)?);
        }
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

    /// Takes all of these answers or none. One that is there already, word for word,
    /// is taken again: clients repeat a request whose answer was lost.
    pub(super) fn vote(
        &mut self,
        voter: Voter<'_>,
        responses: &[PollResponse],
    ) -> Result<Vec<ResponseOutcome>, RpcError> {
        if !self.is_running() {
            return Err(bad("the poll takes no votes"));
        }
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
            let question = self.question(response.question)?;
            let choice = choice(question, response)?;
            self.require_changeable(&key, question, &choice)?;
            let answer = (choice, response.duration);
            if taken.insert(response.question, answer).is_some() {
                return Err(bad("a question is answered twice in the request"));
            }
        }
        let outcomes = taken
            .iter()
            .map(|(number, (choice, _))| self.outcome(*number, choice))
            .collect();
        self.record(key, voter, taken);
        Ok(outcomes)
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

    fn require_changeable(
        &self,
        key: &str,
        question: &PollQuestion,
        choice: &Choice,
    ) -> Result<(), RpcError> {
        let earlier = self
            .ballots
            .get(key)
            .and_then(|ballot| ballot.answers.get(&question.question.index));
        match earlier {
            Some(earlier) if earlier.choice != *choice && !may_change(question) => Err(bad(
                "you have answered this question, and the answer cannot be changed",
            )),
            _ => Ok(()),
        }
    }

    /// A right answer that could still be chosen is not given away.
    fn outcome(&self, number: u32, choice: &Choice) -> ResponseOutcome {
        let told = self.question(number).is_ok_and(|question| {
            !may_change(question)
                && question.answer.as_ref().is_some_and(|a| !a.hidden)
                && self.info.kind == PollKind::Quiz
                && right_answer::is_right(question, choice)
        });
        ResponseOutcome {
            question: number,
            correct: told,
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

fn check_info(info: &PollInfo) -> Result<(), RpcError> {
    check_text(&info.title, TEXT, "a title")?;
    if info.duration > LONGEST {
        return Err(bad(format!("a poll runs for {LONGEST} seconds at most")));
    }
    let roles = info.vote.len() + info.responses.len();
    if roles > 100
        || info
            .vote
            .iter()
            .chain(&info.responses)
            .any(|role| role.len() > 256)
    {
        return Err(bad("too many roles, or too long ones"));
    }
    Ok(())
}

/// The question with its number and its options', as the protocol counts: from 1.
fn numbered(question: PollQuestion, number: u32) -> Result<PollQuestion, RpcError> {
    check_text(&question.question.text, TEXT, "a question")?;
    let kind = question.question.kind;
    let options = match question.options {
        Some(options) if kind.is_choice() => Some(numbered_options(options)?),
        None if kind.is_choice() => return Err(bad(format!("question {number} has no options"))),
        _ => None,
    };
    if let Some(text) = question.answer.as_ref().and_then(|a| a.text.as_deref()) {
        check_text(text, WORDS, "an answer")?;
    }
    let count = options.as_ref().map_or(0, Vec::len);
    if let Some(answer) = &question.answer {
        let right = answer.option.iter().chain(answer.options.iter().flatten());
        for option in right {
            let known = usize::try_from(*option).is_ok_and(|option| (1..=count).contains(&option));
            // The SDK sends 0 or an empty list where nothing was chosen.
            if !known && *option != 0 {
                return Err(bad(format!(
                    "question {number}: option {option} cannot be right, it does not exist"
                )));
            }
        }
    }
    Ok(PollQuestion {
        question: QuestionInfo {
            index: number,
            ..question.question
        },
        options,
        answer: question.answer,
    })
}

fn numbered_options(options: Vec<PollOption>) -> Result<Vec<PollOption>, RpcError> {
    if !(1..=OPTIONS).contains(&options.len()) {
        return Err(bad(format!("a question has 1 to {OPTIONS} options")));
    }
    options
        .into_iter()
        .zip(1..)
        .map(|(option, index)| {
            check_text(&option.text, TEXT, "an option")?;
            Ok(PollOption { index, ..option })
        })
        .collect()
}

/// Reads an answer by the question's kind, whatever the client took it for.
fn choice(question: &PollQuestion, response: &PollResponse) -> Result<Choice, RpcError> {
    let info = &question.question;
    if response.skipped {
        return match info.skippable {
            Some(true) => Ok(Choice::Skipped),
            _ => Err(bad("this question cannot be passed over")),
        };
    }
    if !info.kind.is_choice() {
        let text = response.text.as_deref().unwrap_or_default().trim();
        let length = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        let longest = info.answer_max_len.filter(|most| *most > 0);
        let longest = longest.map_or(WORDS, |most| usize::try_from(most).unwrap_or(WORDS));
        check_text(text, longest.min(WORDS), "an answer")?;
        if text.is_empty() || info.answer_min_len.is_some_and(|least| length < least) {
            return Err(bad("the answer is too short"));
        }
        return Ok(Choice::Words(text.to_owned()));
    }
    let mut chosen: Vec<u32> = match (&response.options, response.option) {
        (Some(options), _) if !options.is_empty() => options.clone(),
        (_, Some(option)) => vec![option],
        _ => Vec::new(),
    };
    chosen.sort_unstable();
    chosen.dedup();
    let count = u32::try_from(question.options.as_ref().map_or(0, Vec::len)).unwrap_or(u32::MAX);
    if chosen.is_empty() || chosen.iter().any(|option| !(1..=count).contains(option)) {
        return Err(bad("choose one of the question's options"));
    }
    if info.kind == QuestionKind::SingleChoice && chosen.len() > 1 {
        return Err(bad("only one option can be chosen"));
    }
    Ok(Choice::Options(chosen))
}

fn check_text(text: &str, most: usize, what: &str) -> Result<(), RpcError> {
    if text.chars().count() > most {
        return Err(RpcError::new(
            code::TOO_LARGE,
            format!("{what} may have {most} characters"),
        ));
    }
    Ok(())
}

pub(super) fn bad(message: impl Into<String>) -> RpcError {
    RpcError::new(code::BAD_REQUEST, message.into())
}
