//! How often the ledger is committed: a few times at once, then once in an interval.

/// A bucket of commits. Time is passed in, in ms.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    burst: u64,
    interval_ms: u64,
    /// Commits that could be made at once, in units of ms of refilling.
    filled_ms: u64,
    at_ms: u64,
}

impl Pace {
    pub(super) fn new(burst: u32, interval_ms: u64, now_ms: u64) -> Self {
        let (burst, interval_ms) = (u64::from(burst.max(1)), interval_ms.max(1));
        Self {
            burst,
            interval_ms,
            filled_ms: burst.saturating_mul(interval_ms),
            at_ms: now_ms,
        }
    }

    /// How long until a commit may be made, in ms: 0 for now.
    pub(super) fn wait_ms(&mut self, now_ms: u64) -> u64 {
        let elapsed = now_ms.saturating_sub(self.at_ms);
        self.at_ms = self.at_ms.max(now_ms);
        self.filled_ms = self
            .filled_ms
            .saturating_add(elapsed)
            .min(self.burst.saturating_mul(self.interval_ms));
        self.interval_ms.saturating_sub(self.filled_ms)
    }

    /// A commit was made.
    pub(super) fn committed(&mut self) {
        self.filled_ms = self.filled_ms.saturating_sub(self.interval_ms);
    }

    /// The time between commits in the long run, in ms.
    pub(super) fn interval_ms(&self) -> u64 {
        self.interval_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_hour_has_at_most_120_commits_by_default() {
        let mut pace = Pace::new(20, 36_000, 0);
        let mut commits = 0;
        for now in (0..3_600_000).step_by(10) {
            if pace.wait_ms(now) == 0 {
                pace.committed();
                commits += 1;
            }
        }
        assert_eq!(commits, 119, "20 at once and 99 more in the hour");
    }

    #[test]
    fn the_wait_is_exact() {
        let mut pace = Pace::new(1, 1_000, 0);
        assert_eq!(pace.wait_ms(0), 0);
        pace.committed();
        assert_eq!(pace.wait_ms(400), 600);
        assert_eq!(
            pace.wait_ms(300),
            600,
            "a clock that jumps back gives nothing"
        );
        assert_eq!(pace.wait_ms(1_000), 0);
    }
}
