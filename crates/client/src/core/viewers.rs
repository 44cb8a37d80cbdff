//! Who tells how many watch, where the server does not.
//!
//! The one is elected without a word: the host with the lowest peer id, else the lowest
//! peer id. A room may go on believing for minutes in somebody whose connection is dead.
//! So the next ones in line step in, one after the other, when the counts stay wrong,
//! and ever more rarely if the one before them turns out to be alive and to see it in
//! another way.

use kulti_protocol::store_keys::ViewerCounts;

/// How often the counts are renewed although they are right.
const RENEW_MS: u64 = 60_000;
/// The shortest time between two writes.
pub(super) const GAP_MS: u64 = 2_000;
/// How long the next in line waits for the one before.
const STEP_IN_MS: u64 = 10_000;
/// How many in line may step in: more would be a crowd.
const IN_LINE: usize = 4;
/// How long after a write that was refused the next is tried.
const REFUSED_MS: u64 = 30_000;

/// How many participants come before `me` in line, given everybody's peer id and whether
/// they are a host: 0 is the one who writes.
pub(super) fn place_in_line<'a>(
    me: (&str, bool),
    participants: impl IntoIterator<Item = (&'a str, bool)>,
) -> usize {
    participants
        .into_iter()
        .filter(|other| precedes(*other, me))
        .count()
}

/// Whether the first comes before the second in line.
pub(super) fn precedes(first: (&str, bool), second: (&str, bool)) -> bool {
    (!first.1, first.0) < (!second.1, second.0)
}

/// What this client knows of the counts in the store and of those who write them.
#[derive(Debug, Default)]
pub(super) struct CountsWriter {
    /// The counts in the store.
    stored: Option<ViewerCounts>,
    stored_at: u64,
    written_at: Option<u64>,
    not_before: u64,
    /// Since when the counts in the store are wrong or old.
    wrong_since: Option<u64>,
    /// How often somebody before me in line was alive after all when I had stepped in.
    overruled: u32,
    stepped_in: bool,
}

impl CountsWriter {
    /// The counts in the store.
    pub(super) fn stored(&self) -> Option<ViewerCounts> {
        self.stored
    }

    /// The store has these counts now; `by_predecessor` if somebody before me in line
    /// wrote them.
    pub(super) fn seen(&mut self, now: u64, counts: Option<ViewerCounts>, by_predecessor: bool) {
        if by_predecessor && std::mem::take(&mut self.stepped_in) {
            self.overruled = self.overruled.saturating_add(1);
        }
        self.stored = counts;
        self.stored_at = now;
    }

    /// The store did not take them.
    pub(super) fn refused(&mut self, now: u64) {
        self.not_before = now + REFUSED_MS;
    }

    /// Whether to write `counts` now, being at this place in line.
    pub(super) fn is_due(&mut self, now: u64, place: usize, counts: &ViewerCounts) -> bool {
        let right = self
            .stored
            .is_some_and(|told| (told.total, told.active) == (counts.total, counts.active));
        let age = now.saturating_sub(self.stored_at);
        let fresh = age < RENEW_MS + if place == 0 { 0 } else { STEP_IN_MS };
        if right && fresh {
            self.wrong_since = None;
            return false;
        }
        let wrong_since = *self.wrong_since.get_or_insert(now);
        let gap_over = self.written_at.is_none_or(|at| now >= at + GAP_MS);
        if place > IN_LINE || !gap_over || now < self.not_before {
            return false;
        }
        if place == 0 {
            self.overruled = 0;
        } else {
            let steps = u64::try_from(place).unwrap_or(u64::MAX);
            let wait = STEP_IN_MS.saturating_mul(steps) << self.overruled.min(5);
            if now < wrong_since.saturating_add(wait) {
                return false;
            }
            self.stepped_in = true;
        }
        self.wrong_since = None;
        self.written_at = Some(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(active: u32) -> ViewerCounts {
        ViewerCounts {
            total: 3,
            active,
            timestamp: 0,
        }
    }

    #[test]
    fn hosts_come_first_then_the_lowest_id() {
        let all = [("a", false), ("c", true), ("b", true)];
        assert_eq!(place_in_line(("b", true), all), 0);
        assert_eq!(place_in_line(("c", true), all), 1);
        assert_eq!(place_in_line(("a", false), all), 2);
        assert_eq!(place_in_line(("z", false), []), 0);
    }

    #[test]
    fn the_next_in_line_waits_and_waits_longer_when_it_was_mistaken() {
        let mut writer = CountsWriter::default();
        writer.seen(0, Some(counts(1)), true);
        let mut waits = Vec::new();
        let mut since = 0;
        for now in (0..400_000).step_by(100) {
            if writer.is_due(now, 1, &counts(2)) {
                waits.push(now - since);
                writer.seen(now, Some(counts(2)), false);
                since = now + 100;
                writer.seen(since, Some(counts(1)), true); // alive, and of another mind
            }
        }
        assert_eq!(
            waits.get(..4),
            Some(&[10_000, 20_000, 40_000, 80_000][..]),
            "{waits:?}"
        );
        assert!(
            !writer.is_due(1_000_000, IN_LINE + 1, &counts(2)),
            "no crowd"
        );
    }

    #[test]
    fn the_elected_one_writes_what_is_wrong_at_once_and_what_is_right_seldom() {
        let mut writer = CountsWriter::default();
        assert!(writer.is_due(0, 0, &counts(2)));
        assert!(!writer.is_due(1_999, 0, &counts(2)), "not faster than this");
        writer.seen(100, Some(counts(2)), false);
        assert!(!writer.is_due(60_000, 0, &counts(2)));
        assert!(writer.is_due(60_100, 0, &counts(2)), "renewed");
        writer.refused(60_200);
        assert!(!writer.is_due(90_000, 0, &counts(3)));
        assert!(writer.is_due(90_200, 0, &counts(3)));
    }
}
