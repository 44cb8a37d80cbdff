//! What is right in a quiz, and who may know it.

use kulti_protocol::signalling::{PollAnswer, PollQuestion, QuestionKind};

use super::poll::Choice;

/// Whether an answer is right; never where no answer is.
pub(super) fn is_right(question: &PollQuestion, choice: &Choice) -> bool {
    let Some(answer) = &question.answer else {
        return false;
    };
    match choice {
        Choice::Skipped => false,
        Choice::Options(chosen) => !chosen.is_empty() && options(question) == *chosen,
        Choice::Words(words) => same_words(answer, words),
    }
}

/// The right options, from 1, ascending; none where no answer is.
pub(super) fn options(question: &PollQuestion) -> Vec<u32> {
    let Some(answer) = &question.answer else {
        return Vec::new();
    };
    let mut right = match question.question.kind {
        QuestionKind::SingleChoice => answer.option.into_iter().collect(),
        QuestionKind::MultipleChoice => answer.options.clone().unwrap_or_default(),
        QuestionKind::ShortAnswer | QuestionKind::LongAnswer => Vec::new(),
    };
    right.retain(|option| *option > 0);
    right.sort_unstable();
    right.dedup();
    right
}

/// Whether anything is right.
pub(super) fn has_one(question: &PollQuestion) -> bool {
    let words = question.answer.as_ref().and_then(|a| a.text.as_deref());
    match question.question.kind {
        QuestionKind::SingleChoice | QuestionKind::MultipleChoice => !options(question).is_empty(),
        QuestionKind::ShortAnswer | QuestionKind::LongAnswer => {
            words.is_some_and(|words| !words.is_empty())
        }
    }
}

fn same_words(answer: &PollAnswer, words: &str) -> bool {
    let Some(right) = answer.text.as_deref().filter(|text| !text.is_empty()) else {
        return false;
    };
    let (right, words) = if answer.trim == Some(false) {
        (right, words)
    } else {
        (right.trim(), words.trim())
    };
    if answer.case == Some(true) {
        right == words
    } else {
        right.to_lowercase() == words.to_lowercase()
    }
}

/// Whether voters are told what is right once the poll is over.
pub(super) fn is_told(question: &PollQuestion) -> bool {
    question
        .answer
        .as_ref()
        .is_some_and(|answer| !answer.hidden)
}

/// The question as voters may see it: without what is right, unless that is told now.
pub(super) fn for_voters(question: &PollQuestion, is_over: bool) -> PollQuestion {
    PollQuestion {
        question: question.question.clone(),
        options: question.options.clone(),
        answer: question
            .answer
            .clone()
            .filter(|_| is_over && is_told(question)),
    }
}
