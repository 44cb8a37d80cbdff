//! What the person sees of the work: one line when a step starts, one when it ends.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use anyhow::Result;

/// How often a quiet step says that it is still at it.
const SIGN_OF_LIFE_EVERY: Duration = Duration::from_secs(15);

/// Announces a step, carries it out and tells how long it took.
///
/// # Errors
/// What `work` returns.
pub(crate) fn step<T>(title: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("==> {title}");
    let started = Instant::now();
    let result = work();
    let verdict = if result.is_ok() {
        "done in"
    } else {
        "failed after"
    };
    println!("    {verdict} {}", elapsed(started.elapsed()));
    result
}

/// Says that a step had nothing to do.
pub(crate) fn up_to_date(title: &str) {
    println!("==> {title}: up to date");
}

/// Says something beside the steps.
pub(crate) fn note(text: &str) {
    println!("    {text}");
}

/// A duration for people: "0.4 s", "12 s", "3 min 5 s".
pub(crate) fn elapsed(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", duration.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// Progress within a step whose own output is kept back. On a terminal one line
/// is rewritten; elsewhere a line is printed now and then.
pub(crate) struct Meter {
    started: Instant,
    printed: Instant,
    on_terminal: bool,
}

impl Meter {
    /// Starts now.
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Self {
            started: now,
            printed: now,
            on_terminal: io::stdout().is_terminal(),
        }
    }

    /// Shows where the work stands, unless it did so a moment ago.
    pub(crate) fn show(&mut self, state: &str) {
        let pause = if self.on_terminal {
            Duration::from_millis(200)
        } else {
            SIGN_OF_LIFE_EVERY
        };
        if self.printed.elapsed() < pause {
            return;
        }
        self.printed = Instant::now();
        let line = format!("    {state} ({})", elapsed(self.started.elapsed()));
        if self.on_terminal {
            print!("\r{line}\x1b[K");
            // A terminal that cannot be written to changes nothing about the work.
            let _ = io::stdout().flush();
        } else {
            println!("{line}");
        }
    }

    /// Wipes the rewritten line.
    pub(crate) fn finish(self) {
        if self.on_terminal {
            print!("\r\x1b[K");
            let _ = io::stdout().flush();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_as_exact_as_people_need() {
        assert_eq!(elapsed(Duration::from_millis(420)), "0.4 s");
        assert_eq!(elapsed(Duration::from_millis(59_900)), "59 s");
        assert_eq!(elapsed(Duration::from_secs(185)), "3 min 5 s");
    }
}
