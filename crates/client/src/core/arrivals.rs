//! Who came, told once for a burst of them.

use super::view::Notice;

/// A burst is over when nobody has come for this long …
const QUIET_MS: u64 = 1_000;
/// … or when it has lasted this long.
const LONGEST_MS: u64 = 5_000;

/// People who came and have not been told of yet.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    /// Peer id and name, in the order of coming.
    waiting: Vec<(String, String)>,
    first_at: u64,
    last_at: u64,
}

impl Arrivals {
    pub(super) fn came(&mut self, peer_id: &str, name: &str, now: u64) {
        if self.waiting.is_empty() {
            self.first_at = now;
        }
        self.last_at = now;
        self.waiting.push((peer_id.to_owned(), name.to_owned()));
    }

    /// Who left before it was told that they came is not told of.
    pub(super) fn left(&mut self, peer_id: &str) {
        self.waiting.retain(|(id, _)| id != peer_id);
    }

    /// The notice that is due.
    pub(super) fn due(&mut self, now: u64) -> Option<Notice> {
        if now < self.deadline()? {
            return None;
        }
        let waiting = std::mem::take(&mut self.waiting);
        let count = u32::try_from(waiting.len()).unwrap_or(u32::MAX);
        let (_, name) = waiting.into_iter().next()?;
        Some(Notice::PeopleJoined { name, count })
    }

    /// When [`Self::due`] has something to tell.
    pub(super) fn deadline(&self) -> Option<u64> {
        let ends = (self.last_at + QUIET_MS).min(self.first_at + LONGEST_MS);
        (!self.waiting.is_empty()).then_some(ends)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(name: &str, count: u32) -> Option<Notice> {
        let name = name.to_owned();
        Some(Notice::PeopleJoined { name, count })
    }

    #[test]
    fn a_burst_is_one_notice() {
        let mut arrivals = Arrivals::default();
        for n in 0..30 {
            arrivals.came(&n.to_string(), &format!("P{n}"), n * 20);
            assert_eq!(arrivals.due(n * 20), None);
        }
        assert_eq!(arrivals.deadline(), Some(29 * 20 + QUIET_MS));
        assert_eq!(arrivals.due(29 * 20 + QUIET_MS), joined("P0", 30));
        assert_eq!(arrivals.due(60_000), None);
        assert_eq!(arrivals.deadline(), None);
    }

    #[test]
    fn an_endless_stream_is_told_every_five_seconds() {
        let mut arrivals = Arrivals::default();
        let told = (0..200)
            .filter(|n| {
                let now = n * 100;
                arrivals.came(&n.to_string(), "P", now);
                arrivals.due(now).is_some()
            })
            .count();
        assert_eq!(told, 3);
    }

    #[test]
    fn who_left_at_once_is_not_told_of() {
        let mut arrivals = Arrivals::default();
        arrivals.came("a", "Ann", 0);
        arrivals.came("b", "Bob", 1);
        arrivals.left("a");
        assert_eq!(arrivals.due(5_000), joined("Bob", 1));
        arrivals.came("c", "Cid", 6_000);
        arrivals.left("c");
        assert_eq!(arrivals.due(20_000), None);
    }
}
