//! A poll that is being written: checked before it is sent, and put into the protocol's
//! words.

use kulti_protocol::signalling::{
    PollAnswer, PollInfo, PollKind, PollOption, PollQuestion, QuestionInfo, QuestionKind,
};

use crate::core::{PollDraft, QuestionDraft, plain_text, view::PollsView};

/// A poll in the protocol's words.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::core) struct Written {
    pub(in crate::core) info: PollInfo,
    pub(in crate::core) questions: Vec<PollQuestion>,
}

/// Who may do what in a new poll: role names.
#[derive(Debug, Clone, Default)]
pub(in crate::core) struct Audience {
    /// May vote; empty for all.
    pub(in crate::core) voters: Vec<String>,
    /// See results that are hidden from the others until the end.
    pub(in crate::core) runners: Vec<String>,
    /// Whether the server shows live results also to those who may not ask who answered
    /// what. Ours does; of the 100ms cloud nothing is known but that those who may ask see
    /// both.
    pub(in crate::core) results_apart: bool,
}

/// Checks a draft.
///
/// # Errors
/// What is wrong with it, in words for its writer.
pub(in crate::core) fn write(
    draft: &PollDraft,
    poll_id: String,
    audience: Audience,
) -> Result<Written, String> {
    if draft.questions.is_empty() {
        return Err("Ask at least one question.".to_owned());
    }
    if draft.questions.len() > PollsView::MOST_QUESTIONS {
        let most = PollsView::MOST_QUESTIONS;
        return Err(format!("{} questions, {most} fit.", draft.questions.len()));
    }
    let seconds = draft.seconds.unwrap_or(0);
    if seconds > PollsView::LONGEST_S {
        let most = PollsView::LONGEST_S / 60;
        return Err(format!("A poll can run for {most} minutes at most."));
    }
    let several = draft.questions.len() > 1;
    let mut questions = Vec::with_capacity(draft.questions.len());
    for (question, number) in draft.questions.iter().zip(1_u32..) {
        let written = one(question, number, draft).map_err(|wrong| {
            if several {
                format!("Question {number}: {wrong}")
            } else {
                wrong
            }
        })?;
        questions.push(written);
    }
    let title = within(&draft.title, PollsView::QUESTION_LIMIT)?;
    let first = questions.first().map(|first| first.question.text.clone());
    let title = if title.is_empty() || !several {
        first.unwrap_or_default()
    } else {
        title
    };
    Ok(Written {
        info: PollInfo {
            poll_id,
            title,
            kind: if draft.quiz {
                PollKind::Quiz
            } else {
                PollKind::Poll
            },
            duration: seconds.into(),
            anonymous: draft.anonymous,
            visibility: draft.live_results,
            vote: audience.voters,
            responses: if draft.live_results && !audience.results_apart {
                Vec::new()
            } else {
                audience.runners
            },
            ..PollInfo::default()
        },
        questions,
    })
}

fn one(draft: &QuestionDraft, number: u32, poll: &PollDraft) -> Result<PollQuestion, String> {
    let text = within(&draft.text, PollsView::QUESTION_LIMIT)?;
    if text.is_empty() {
        return Err("Write the question.".to_owned());
    }
    let mut texts = Vec::with_capacity(draft.options.len());
    for option in &draft.options {
        let option = within(option, PollsView::OPTION_LIMIT)?;
        if option.is_empty() {
            return Err("Fill in every option, or remove the empty ones.".to_owned());
        }
        if texts.contains(&option) {
            return Err(format!("Two options are the same: {option}"));
        }
        texts.push(option);
    }
    let (fewest, most) = (PollsView::FEWEST_OPTIONS, PollsView::MOST_OPTIONS);
    if !(fewest..=most).contains(&texts.len()) {
        return Err(format!("Give {fewest} to {most} options."));
    }
    let kind = if draft.multiple {
        QuestionKind::MultipleChoice
    } else {
        QuestionKind::SingleChoice
    };
    Ok(PollQuestion {
        question: QuestionInfo {
            index: number,
            text,
            kind,
            once: Some(!poll.changeable),
            weight: poll.quiz.then_some(1),
            ..QuestionInfo::default()
        },
        answer: poll
            .quiz
            .then(|| right(draft, kind, texts.len()))
            .transpose()?,
        options: Some(
            texts
                .into_iter()
                .zip(1..)
                .map(|(text, index)| PollOption {
                    index,
                    text,
                    weight: None,
                })
                .collect(),
        ),
    })
}

fn right(draft: &QuestionDraft, kind: QuestionKind, options: usize) -> Result<PollAnswer, String> {
    let mut right = draft.right.clone();
    right.sort_unstable();
    right.dedup();
    let exist = |n: &u32| usize::try_from(*n).is_ok_and(|n| (1..=options).contains(&n));
    if right.is_empty() || !right.iter().all(exist) {
        return Err("Mark the right answer.".to_owned());
    }
    match (kind, right.as_slice()) {
        (QuestionKind::SingleChoice, [one]) => Ok(PollAnswer {
            option: Some(*one),
            ..PollAnswer::default()
        }),
        (QuestionKind::SingleChoice, _) => {
            Err("Mark one right answer, or let people choose several.".to_owned())
        }
        _ => Ok(PollAnswer {
            options: Some(right),
            ..PollAnswer::default()
        }),
    }
}

fn within(text: &str, limit: usize) -> Result<String, String> {
    let length = text.trim().chars().count();
    if length > limit {
        return Err(format!("{length} characters, {limit} fit."));
    }
    if plain_text::is_blank(text) {
        return Ok(String::new());
    }
    Ok(plain_text::line(text, limit))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn draft() -> PollDraft {
        PollDraft {
            quiz: true,
            questions: vec![QuestionDraft {
                text: " How many\u{202E} bits? ".into(),
                options: vec!["eight".into(), "nine".into()],
                right: vec![1],
                ..QuestionDraft::default()
            }],
            ..PollDraft::default()
        }
    }

    fn check(draft: &PollDraft) -> Result<Written, String> {
        write(draft, "p".into(), Audience::default())
    }

    #[test]
    fn a_sound_draft_becomes_a_poll() {
        let written = check(&draft()).unwrap();
        assert_eq!(written.info.title, "How many bits?");
        assert_eq!(written.info.kind, PollKind::Quiz);
        let question = &written.questions[0];
        assert_eq!(question.question.once, Some(true));
        assert_eq!(question.answer.as_ref().unwrap().option, Some(1));
        let indexes: Vec<u32> = question.options.iter().flatten().map(|o| o.index).collect();
        assert_eq!(indexes, [1, 2]);
    }

    #[test]
    fn hidden_results_name_those_who_see_them() {
        let on_ours = |results_apart| Audience {
            voters: vec!["viewer".into()],
            runners: vec!["host".into()],
            results_apart,
        };
        let audience = || on_ours(true);
        let mut draft = draft();
        let hidden = write(&draft, "p".into(), audience()).unwrap();
        assert_eq!(hidden.info.responses, ["host"]);
        assert!(!hidden.info.shows_live_results());
        draft.live_results = true;
        let live = write(&draft, "p".into(), audience()).unwrap();
        assert!(live.info.shows_live_results());
        assert_eq!(live.info.responses, ["host"], "not who answered what");
        let elsewhere = write(&draft, "p".into(), on_ours(false)).unwrap();
        assert!(elsewhere.info.responses.is_empty());
        assert_eq!(live.info.vote, ["viewer"]);
    }

    #[test]
    fn what_is_wrong_is_said_before_anything_is_sent() {
        let wrong = |change: fn(&mut PollDraft)| {
            let mut draft = draft();
            change(&mut draft);
            check(&draft).unwrap_err()
        };
        let said = [
            wrong(|d| d.questions.clear()),
            wrong(|d| d.questions[0].text = "\u{200B} ".into()),
            wrong(|d| d.questions[0].options = vec!["one".into()]),
            wrong(|d| d.questions[0].options[1] = " ".into()),
            wrong(|d| d.questions[0].options[1] = "eight ".into()),
            wrong(|d| d.questions[0].options = (0..11).map(|n| n.to_string()).collect()),
            wrong(|d| d.questions[0].right = vec![3]),
            wrong(|d| d.questions[0].right = vec![1, 2]),
            wrong(|d| d.questions[0].text = "x".repeat(301)),
            wrong(|d| d.seconds = Some(3_601)),
        ];
        let expected = [
            "Ask at least one question.",
            "Write the question.",
            "Give 2 to 10 options.",
            "Fill in every option, or remove the empty ones.",
            "Two options are the same: eight",
            "Give 2 to 10 options.",
            "Mark the right answer.",
            "Mark one right answer, or let people choose several.",
            "301 characters, 300 fit.",
            "A poll can run for 60 minutes at most.",
        ];
        assert_eq!(said, expected);
    }
}
