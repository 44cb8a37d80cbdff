//! Input, found out from how long ago the last one was.

use std::time::{Duration, Instant};

/// Counts and clocks may differ by so much without any input.
const TOLERANCE: Duration = Duration::from_millis(50);

/// Compares each answer with the one before. Time is passed in.
///
/// It never takes the passing of time for input: neither a slow answer, nor sleep
/// (which some counts include and others don't), nor a count that is a bit off.
#[derive(Debug, Default)]
pub(super) struct InputTracker {
    /// When the last answer was there, and what it was.
    last: Option<(Instant, Duration)>,
}

impl InputTracker {
    /// A count was asked at `before` and had answered `idle` by `after`. Whether there
    /// was input since the answer before; the first answer says nothing.
    pub(super) fn asked(&mut self, before: Instant, idle: Duration, after: Instant) -> bool {
        let last = self.last.replace((after, idle));
        let Some((last_after, last_idle)) = last else {
            return false;
        };
        // Without input the count has grown by the time in between, at least.
        let passed = before.saturating_duration_since(last_after);
        idle + TOLERANCE < last_idle.saturating_add(passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks at moments in ms, with what the count says; gives what was found.
    fn walk(asked: &[(u64, u64)]) -> Vec<bool> {
        let start = Instant::now();
        let mut tracker = InputTracker::default();
        let ms = Duration::from_millis;
        asked
            .iter()
            .map(|&(at, idle)| tracker.asked(start + ms(at), ms(idle), start + ms(at + 1)))
            .collect()
    }

    #[test]
    fn nobody_there_is_never_input() {
        assert_eq!(
            walk(&[(0, 5_000), (1_000, 6_000), (2_000, 7_003), (3_000, 7_990)]),
            [false; 4],
            "nor is a count that is some ms off"
        );
    }

    #[test]
    fn input_between_two_questions_is_found_once() {
        assert_eq!(
            walk(&[(0, 5_000), (1_000, 300), (2_000, 1_300), (3_000, 2_300)]),
            [false, true, false, false]
        );
    }

    #[test]
    fn input_right_after_a_question_is_found_by_the_next() {
        assert_eq!(walk(&[(0, 5_000), (1_000, 980)]), [false, true]);
    }

    #[test]
    fn steady_input_is_found_every_time() {
        assert_eq!(
            walk(&[(0, 20), (1_000, 20), (2_000, 35), (3_000, 5)]),
            [false, true, true, true]
        );
    }

    #[test]
    fn sleep_is_no_input_whether_the_count_includes_it_or_not() {
        // The clock of awake time stands still during sleep: one second has passed.
        assert_eq!(walk(&[(0, 2_000), (1_000, 3_000)]), [false, false]);
        assert_eq!(walk(&[(0, 2_000), (1_000, 3_603_000)]), [false, false]);
    }

    #[test]
    fn a_late_question_takes_nobody_for_being_there() {
        let start = Instant::now();
        let ms = Duration::from_millis;
        let mut tracker = InputTracker::default();
        tracker.asked(start, ms(100), start + ms(1));
        // The answer took a second: when the count was read is not known.
        assert!(!tracker.asked(start + ms(1_000), ms(1_150), start + ms(2_000)));
    }
}
