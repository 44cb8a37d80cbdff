//! `activePoll` on the 100ms cloud: the newest poll as a value of the store, for web
//! clients that know no other polls. Whoever counts the viewers writes it too.

use kulti_protocol::store_keys::{ActivePoll, ActivePollOption};
use serde_json::Value;

use super::Poll;

/// The shortest time between two writes.
const GAP_MS: u64 = 2_000;
/// How long the next in line waits for the one before.
const STEP_IN_MS: u64 = 10_000;
/// How many in line may step in.
const IN_LINE: usize = 4;
/// How long after a write that was refused the next is tried.
const REFUSED_MS: u64 = 30_000;
/// Characters of the question and of an option at first, and at the least.
const TEXTS: [(usize, usize); 3] = [(200, 60), (100, 30), (60, 15)];

/// What is known of the value in the store.
#[derive(Debug, Default)]
pub(in crate::core) struct Mirror {
    stored: Value,
    /// Whether it is known.
    read: bool,
    wrong_since: Option<u64>,
    written_at: Option<u64>,
    not_before: u64,
}

impl Mirror {
    /// The store has this value now.
    pub(in crate::core) fn seen(&mut self, value: &Value) {
        self.stored = value.clone();
        self.read = true;
    }

    /// The store did not take a write.
    pub(in crate::core) fn refused(&mut self, now: u64) {
        self.not_before = now + REFUSED_MS;
    }

    /// The poll in the store.
    pub(in crate::core) fn stored(&self) -> &Value {
        &self.stored
    }

    /// Whether to write `value` now, being at this place in line.
    pub(in crate::core) fn is_due(&mut self, now: u64, place: usize, value: &Value) -> bool {
        if !self.read || self.stored == *value {
            self.wrong_since = None;
            return false;
        }
        let wrong_since = *self.wrong_since.get_or_insert(now);
        let gap_over = self.written_at.is_none_or(|at| now >= at + GAP_MS);
        let wait = STEP_IN_MS.saturating_mul(u64::try_from(place).unwrap_or(u64::MAX));
        if place > IN_LINE
            || !gap_over
            || now < self.not_before
            || now < wrong_since.saturating_add(wait)
        {
            return false;
        }
        self.wrong_since = None;
        self.written_at = Some(now);
        true
    }
}

/// The id of the poll in a value, if it is one that runs.
pub(in crate::core) fn polls_id(value: &Value) -> Option<&str> {
    let running = value.get("isActive").and_then(Value::as_bool) == Some(true);
    value
        .get("pollId")
        .and_then(Value::as_str)
        .filter(|_| running)
}

/// A poll as web clients know it: its first question, if that is a choice, cut until it
/// fits. Results that are hidden while it runs are all zero.
pub(in crate::core) fn mirrored(poll: &Poll, size_limit: usize) -> Option<Value> {
    let question = poll.questions.as_ref()?.first()?;
    let options = question.options.as_ref()?;
    let hidden = poll.is_running() && !poll.has_live_results();
    let votes = match poll.tally_of(question) {
        Some((tally, _)) if !hidden => tally.votes,
        _ => vec![0; options.len()],
    };
    for (question_limit, option_limit) in TEXTS {
        let options: Vec<ActivePollOption> = options
            .iter()
            .zip(&votes)
            .map(|(option, votes)| ActivePollOption {
                id: option.index.to_string(),
                text: option.text.chars().take(option_limit).collect(),
                votes: *votes,
            })
            .collect();
        let active = ActivePoll {
            poll_id: poll.info.poll_id.clone(),
            question: question
                .question
                .text
                .chars()
                .take(question_limit)
                .collect(),
            total_votes: votes.iter().sum(),
            options,
            is_active: poll.is_running(),
            created_at: poll.info.created_at,
        };
        let value = serde_json::to_value(&active).ok()?;
        if value.to_string().len() <= size_limit {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_in_line_writes_what_is_wrong_and_the_next_wait() {
        let mut mirror = Mirror::default();
        let value = json!({"pollId": "p"});
        assert!(!mirror.is_due(0, 0, &value), "not before it was read");
        mirror.seen(&Value::Null);
        assert!(mirror.is_due(0, 0, &value));
        assert!(!mirror.is_due(1_999, 0, &value));
        assert!(mirror.is_due(2_000, 0, &value));
        mirror.seen(&value);
        assert!(!mirror.is_due(9_000, 0, &value), "it is right");

        let mut next = Mirror::default();
        next.seen(&Value::Null);
        assert!(!next.is_due(0, 1, &value));
        assert!(!next.is_due(9_999, 1, &value));
        assert!(next.is_due(10_000, 1, &value));
        next.refused(10_000);
        assert!(!next.is_due(39_999, 0, &value));
    }
}
