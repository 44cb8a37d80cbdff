//! How long to wait before the next attempt to connect.

use rand::{Rng, rngs::StdRng};

/// The first wait. The official SDK waits as long: most losses are over by then.
const FIRST_MS: u64 = 1_000;
/// The longest wait before jitter. Short enough that a network that is back is used
/// soon, long enough that a restarted server is not run over by its whole audience.
const CAP_MS: u64 = 12_000;

/// Doubles the wait from attempt to attempt, with a quarter of jitter either way.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    attempts: u32,
}

impl Backoff {
    /// The wait before the next attempt, in ms.
    pub(super) fn next_delay_ms(&mut self, rng: &mut StdRng) -> u64 {
        let doubled = FIRST_MS.saturating_mul(1 << self.attempts.min(10));
        self.attempts = self.attempts.saturating_add(1);
        let wait = doubled.min(CAP_MS);
        wait * rng.random_range(750..1_250) / 1_000
    }

    /// How many waits were given out since the last [`Self::reset`].
    pub(super) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// An attempt has succeeded.
    pub(super) fn reset(&mut self) {
        self.attempts = 0;
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn waits_grow_to_the_cap_and_start_again() {
        for seed in 0..50 {
            let mut rng = StdRng::seed_from_u64(seed);
            let mut backoff = Backoff::default();
            let waits: Vec<u64> = (0..200).map(|_| backoff.next_delay_ms(&mut rng)).collect();
            assert!(
                (750..1_250).contains(&waits[0]),
                "the first is about a second: {}",
                waits[0]
            );
            assert!((1_500..2_500).contains(&waits[1]), "then two: {}", waits[1]);
            assert!(
                waits[5..].iter().all(|wait| (9_000..15_000).contains(wait)),
                "then about twelve for as long as it takes"
            );
            assert_eq!(backoff.attempts(), 200);
            backoff.reset();
            assert!(backoff.next_delay_ms(&mut rng) < 1_250);
        }
    }
}
