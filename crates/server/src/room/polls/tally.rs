//! Tallies and rankings, always folded from the ballots: nobody writes one.

use kulti_protocol::signalling::{
    PollLeaderboard, PollLeaderboardEntry, PollQuestion, PollStats, PollVoter, QuestionStats,
};

use super::poll::{Ballot, Choice, Poll};
use super::right_answer::{is_right, is_told};

/// What a right answer scores where the question does not say.
const WEIGHT: u32 = 1;

/// The results of a poll as they are now.
pub(super) fn stats(poll: &Poll) -> PollStats {
    let questions: Vec<QuestionStats> = poll
        .questions
        .iter()
        .map(|question| of_question(poll, question))
        .collect();
    PollStats {
        poll_id: poll.info.poll_id.clone(),
        max_user: poll.most_people,
        user_count: number(poll.ballots().count()),
        total_response: questions.iter().map(|question| question.total).sum(),
        questions,
    }
}

/// Results as voters may see them: how many had it right would say what is right.
pub(super) fn for_voters(poll: &Poll, mut stats: PollStats) -> PollStats {
    for (counted, question) in stats.questions.iter_mut().zip(&poll.questions) {
        if poll.is_running() || !is_told(question) {
            counted.correct = 0;
        }
    }
    stats
}

/// How one question was answered.
pub(super) fn of_question(poll: &Poll, question: &PollQuestion) -> QuestionStats {
    let mut counted = QuestionStats {
        question: question.question.index,
        kind: question.question.kind,
        options: question.options.as_ref().map(|all| vec![0; all.len()]),
        ..QuestionStats::default()
    };
    for choice in poll
        .ballots()
        .filter_map(|ballot| choice_of(ballot, question))
    {
        counted.total += 1;
        counted.correct += u32::from(is_right(question, choice));
        match choice {
            Choice::Skipped => counted.skipped += 1,
            Choice::Words(_) => {}
            Choice::Options(chosen) => {
                for option in chosen {
                    let index = usize::try_from(*option).unwrap_or(0).wrapping_sub(1);
                    let counts = counted.options.as_mut();
                    if let Some(count) = counts.and_then(|counts| counts.get_mut(index)) {
                        *count += 1;
                    }
                }
            }
        }
    }
    counted
}

fn choice_of<'a>(ballot: &'a Ballot, question: &PollQuestion) -> Option<&'a Choice> {
    let answered = ballot.answers.get(&question.question.index)?;
    Some(&answered.choice)
}

/// The ranking of a quiz: by score, then by time. `questions` are those that count;
/// anonymous quizzes name nobody.
pub(super) fn leaderboard(poll: &Poll, only: Option<u32>) -> PollLeaderboard {
    let questions: Vec<&PollQuestion> = poll
        .questions
        .iter()
        .filter(|question| only.is_none_or(|only| question.question.index == only))
        .collect();
    let mut entries: Vec<PollLeaderboardEntry> = poll
        .ballots()
        .map(|ballot| entry(poll, ballot, &questions))
        .filter(|entry| entry.total_responses > 0)
        .collect();
    entries.sort_by(|a, b| b.score.cmp(&a.score).then(a.duration.cmp(&b.duration)));
    let mut shared = (1, i64::MAX, u64::MAX);
    for (entry, place) in entries.iter_mut().zip(1..) {
        if (entry.score, entry.duration) != (shared.1, shared.2) {
            shared = (place, entry.score, entry.duration);
        }
        entry.position = shared.0;
    }
    let answers: u32 = entries.iter().map(|entry| entry.total_responses).sum();
    let time: u64 = entries.iter().map(|entry| entry.duration).sum();
    let score: i64 = entries.iter().map(|entry| entry.score).sum();
    let all = number(questions.len());
    PollLeaderboard {
        poll_id: poll.info.poll_id.clone(),
        total_users: poll.most_people,
        voted_users: number(entries.len()),
        correct_users: number(
            entries
                .iter()
                .filter(|entry| entry.correct_responses == all)
                .count(),
        ),
        avg_time: mean(time, u64::from(answers)),
        avg_score: signed_mean(score, entries.len()),
        questions: entries,
        last: true,
    }
}

fn entry(poll: &Poll, ballot: &Ballot, questions: &[&PollQuestion]) -> PollLeaderboardEntry {
    let mut entry = PollLeaderboardEntry {
        peer: if poll.info.anonymous {
            PollVoter::default()
        } else {
            ballot.voter.clone()
        },
        ..PollLeaderboardEntry::default()
    };
    for question in questions {
        let Some(answered) = ballot.answers.get(&question.question.index) else {
            continue;
        };
        let weight = i64::from(question.question.weight.unwrap_or(WEIGHT));
        let right = is_right(question, &answered.choice);
        entry.total_responses += 1;
        entry.correct_responses += u32::from(right);
        entry.duration = entry.duration.saturating_add(answered.took_ms);
        entry.score += match (right, question.question.negative, &answered.choice) {
            (true, ..) => weight,
            (false, Some(true), Choice::Options(_) | Choice::Words(_)) => -weight,
            _ => 0,
        };
    }
    entry
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[allow(
    clippy::cast_precision_loss,
    reason = "a mean for people to read; times and scores are far below 2^52"
)]
fn mean(sum: u64, count: u64) -> f64 {
    if count == 0 {
        0.0
    } else {
        sum as f64 / count as f64
    }
}

#[allow(clippy::cast_precision_loss, reason = "as in `mean`")]
fn signed_mean(sum: i64, count: usize) -> f64 {
    if count == 0 {
        0.0
    } else {
        sum as f64 / count as f64
    }
}
