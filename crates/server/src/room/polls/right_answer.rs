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
        Choice::Options(chosen) => {
            let mut right = match question.question.kind {
                QuestionKind::SingleChoice => answer.option.into_iter().collect(),
                _ => answer.options.clone().unwrap_or_default(),
            };
            right.retain(|option| *option > 0);
            right.sort_unstable();
            right.dedup();
            !right.is_empty() && right == *chosen
        }
        Choice::Words(words) => same_words(answer, words),
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

/// The question as voters may see it: without what is right, unless that is told now.
pub(super) fn for_voters(question: &PollQuestion, is_over: bool) -> PollQuestion {
    let told = is_over && question.answer.as_ref().is_some_and(|a| !a.hidden);
    PollQuestion {
        answer: question.answer.clone().filter(|_| told),
        ..question.clone()
    }
}
