//! The clocks that a stay is measured with.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::core::io::Now;

/// Reads both clocks of [`Now`].
#[must_use]
pub fn now() -> Now {
    Now {
        boot_ms: millis(boot_time()),
        wall_ms: millis(
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default(),
        ),
    }
}

/// Finds sleep that no signal announced: while the machine sleeps, the boot-time
/// clock goes on and the clock of awake time stands still.
///
/// Where the platform has no clock that stands still (Windows), it finds nothing,
/// and the operating system's signals alone tell of sleep.
#[derive(Debug)]
pub struct SleepWatch {
    asleep: Option<Duration>,
}

impl SleepWatch {
    /// Shorter sleep is left alone: it is within the exactness of transitions.
    const LEAST: Duration = Duration::from_millis(50);

    /// Begins to look out from now on.
    #[must_use]
    pub fn new() -> Self {
        Self {
            asleep: time_asleep(),
        }
    }

    /// How long the machine slept since the last call, in ms; none if it did not.
    pub fn slept_ms(&mut self) -> Option<u64> {
        self.slept(time_asleep())
    }

    fn slept(&mut self, asleep: Option<Duration>) -> Option<u64> {
        let asleep = asleep?;
        let Some(before) = self.asleep else {
            self.asleep = Some(asleep);
            return None;
        };
        let more = asleep.saturating_sub(before);
        if more < Self::LEAST {
            return None;
        }
        self.asleep = Some(asleep);
        Some(millis(more))
    }
}

impl Default for SleepWatch {
    fn default() -> Self {
        Self::new()
    }
}

/// Time asleep since the machine was started; none if the two clocks could not be
/// read close enough together, because the thread was put off in between.
fn time_asleep() -> Option<Duration> {
    let close = |_| {
        let before = awake_time();
        let boot = boot_time();
        let between = awake_time().saturating_sub(before);
        (between < Duration::from_millis(5)).then(|| boot.saturating_sub(before))
    };
    (0..8).find_map(close)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(any(target_os = "linux", target_os = "android", target_os = "macos"))]
fn read(id: rustix::time::ClockId) -> Duration {
    Duration::try_from(rustix::time::clock_gettime(id)).unwrap_or_default()
}

/// Time since the machine was started, sleep included.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn boot_time() -> Duration {
    read(rustix::time::ClockId::Boottime)
}

/// Time since the machine was started, sleep excluded.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn awake_time() -> Duration {
    read(rustix::time::ClockId::Monotonic)
}

/// On macOS `CLOCK_MONOTONIC` goes on during sleep.
#[cfg(target_os = "macos")]
fn boot_time() -> Duration {
    read(rustix::time::ClockId::Monotonic)
}

/// Elsewhere (Windows) the standard library's clock goes on during sleep; it is
/// counted from the first reading, which is enough for a clock that never jumps.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "macos")))]
fn boot_time() -> Duration {
    since_first_reading()
}

/// On macOS the standard library's clock stands still during sleep.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn awake_time() -> Duration {
    since_first_reading()
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn since_first_reading() -> Duration {
    static FIRST: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    FIRST.get_or_init(std::time::Instant::now).elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boot_time_never_goes_back() {
        let mut last = now().boot_ms;
        for _ in 0..1_000 {
            let next = now().boot_ms;
            assert!(next >= last, "the boot-time clock is monotonic");
            last = next;
        }
    }

    #[test]
    fn sleep_is_told_once_and_jitter_never() {
        let mut watch = SleepWatch {
            asleep: Some(Duration::from_secs(10)),
        };
        let at = |ms| Some(Duration::from_millis(ms));
        assert_eq!(watch.slept(at(10_020)), None, "jitter");
        assert_eq!(watch.slept(at(9_990)), None, "jitter");
        assert_eq!(watch.slept(None), None, "the clocks could not be read");
        assert_eq!(watch.slept(at(70_000)), Some(60_000));
        assert_eq!(watch.slept(at(70_000)), None, "told already");
    }

    #[test]
    fn an_awake_machine_did_not_sleep() {
        let mut watch = SleepWatch::new();
        assert_eq!(watch.slept_ms(), None);
    }
}
