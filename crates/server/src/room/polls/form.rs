//! What clients send of polls, checked: questions with their options, and answers.

use kulti_protocol::signalling::{
    PollInfo, PollOption, PollQuestion, PollResponse, QuestionInfo, QuestionKind, RpcError, code,
};

use super::poll::Choice;
use crate::room::limits::ID_BYTES;

/// Questions of one poll: the SDK asks for so many and no more.
const QUESTIONS: usize = 50;
/// Options of one question.
const OPTIONS: usize = 50;
/// Characters of a title, a question or an option.
const TEXT: usize = 1_024;
/// Characters of an answer in words.
const WORDS: usize = 2_000;
/// Longest poll in seconds: a day.
const LONGEST: u64 = 24 * 60 * 60;
/// Roles that a poll may name.
const ROLES: usize = 100;

/// Refuses a poll that is too large.
pub(super) fn check_info(info: &PollInfo) -> Result<(), RpcError> {
    check_text(&info.title, TEXT, "a title")?;
    if info.duration > LONGEST {
        return Err(bad(format!("a poll runs for {LONGEST} seconds at most")));
    }
    let roles = info.vote.len() + info.responses.len();
    let mut named = info.vote.iter().chain(&info.responses);
    if roles > ROLES || named.any(|role| role.len() > ID_BYTES) {
        return Err(too_large(format!(
            "a poll may name {ROLES} roles of {ID_BYTES} bytes"
        )));
    }
    Ok(())
}

/// All questions of a poll, with their numbers and their options'.
pub(super) fn numbered_questions(
    questions: Vec<PollQuestion>,
) -> Result<Vec<PollQuestion>, RpcError> {
    if questions.len() > QUESTIONS {
        return Err(too_large(format!("a poll may have {QUESTIONS} questions")));
    }
    questions
        .into_iter()
        .zip(1..)
        .map(|(question, number)| numbered(question, number))
        .collect()
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
    if options.is_empty() {
        return Err(bad("a question needs options"));
    }
    if options.len() > OPTIONS {
        return Err(too_large(format!("a question may have {OPTIONS} options")));
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
pub(super) fn choice(question: &PollQuestion, response: &PollResponse) -> Result<Choice, RpcError> {
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
        return Err(too_large(format!("{what} may have {most} characters")));
    }
    Ok(())
}

/// A refusal with 413.
pub(super) fn too_large(message: impl Into<String>) -> RpcError {
    RpcError::new(code::TOO_LARGE, message.into())
}

/// A refusal with 400.
pub(super) fn bad(message: impl Into<String>) -> RpcError {
    RpcError::new(code::BAD_REQUEST, message.into())
}
