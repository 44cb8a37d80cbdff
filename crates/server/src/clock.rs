//! The server's clock: milliseconds since the Unix epoch that never go backwards.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;

/// How far the wall clock must be ahead before the server's clock follows it. Small
/// corrections are ignored, because they would bend measured durations.
const FOLLOW_AFTER_MS: u64 = 2_000;

/// Server time. Between two readings it runs with the monotonic clock; it jumps
/// forward when the wall clock is ahead (the machine slept, or the clock was set),
/// and never back.
#[derive(Debug)]
pub struct ServerClock {
    base: Mutex<Base>,
}

#[derive(Debug, Clone, Copy)]
struct Base {
    at: Instant,
    epoch_ms: u64,
}

impl Default for ServerClock {
    fn default() -> Self {
        Self {
            base: Mutex::new(Base {
                at: Instant::now(),
                epoch_ms: wall_ms(),
            }),
        }
    }
}

impl ServerClock {
    /// Now, in ms since the Unix epoch.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        let mut base = self.base.lock();
        let at = Instant::now();
        let now = base
            .epoch_ms
            .saturating_add(millis(at.saturating_duration_since(base.at)));
        let wall = wall_ms();
        if wall > now.saturating_add(FOLLOW_AFTER_MS) {
            *base = Base { at, epoch_ms: wall };
            return wall;
        }
        now
    }
}

fn wall_ms() -> u64 {
    millis(
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default(),
    )
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_follows_a_wall_clock_that_is_ahead_and_never_goes_back() {
        let clock = ServerClock::default();
        let start = clock.now_ms();
        assert!(start.abs_diff(wall_ms()) < 1_000);
        // As if the machine had slept for an hour since the last reading …
        clock.base.lock().epoch_ms -= 3_600_000;
        let awake = clock.now_ms();
        assert!(awake >= start, "it went back by {}", start - awake);
        // … and as if the wall clock had been set back by an hour.
        clock.base.lock().epoch_ms += 3_600_000;
        let ahead = clock.now_ms();
        assert!(ahead >= awake + 3_599_000, "it went back to the wall clock");
        assert!(clock.now_ms() >= ahead);
    }
}
