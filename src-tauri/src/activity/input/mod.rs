//! Whether there is input anywhere in the operating system.
//!
//! Each source is a count of the time since the last input, asked about once a
//! second while a stay goes on. So input is found out up to a second late; it counts
//! from when it was. What was typed or where the mouse is, nobody asks.

#[cfg(target_os = "linux")]
mod mutter;
#[cfg(any(windows, target_os = "macos"))]
mod system;
mod tracker;
#[cfg(target_os = "linux")]
mod wayland;
#[cfg(target_os = "linux")]
mod x11;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{task::spawn_blocking, time::timeout};

use self::tracker::InputTracker;
use super::{Activity, Observation};
use crate::app::model::{ActivityKind, ActivitySourceName};

/// How often a source is asked: as often as evidence may come.
const POLL: Duration = Duration::from_secs(1);

/// The same while time does not count because nobody is there: it counts again from the
/// first input on, and a source only knows of the last one.
const POLL_ALONE: Duration = Duration::from_millis(50);

/// How long after the last source has died all are tried again.
const RETRY: Duration = Duration::from_secs(15);

/// Counts the time since the last input.
trait IdleCounter: Send {
    /// How the person is told of it.
    fn name(&self) -> ActivitySourceName;

    /// The time since the last input. May take some milliseconds.
    fn idle(&mut self) -> Result<Duration, NoInput>;
}

/// A source does not work (any more): why, in words for the log.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct NoInput(String);

impl NoInput {
    fn because(reason: impl ToString) -> Self {
        Self(reason.to_string())
    }
}

type Counter = Box<dyn IdleCounter>;

/// A way to a source: its name for the log, and what opens it.
type Candidate = (&'static str, fn() -> Result<Counter, NoInput>);

/// Starts looking out for input.
pub(super) fn start(activity: &Arc<Activity>) {
    tokio::spawn(follow(activity.clone()));
}

async fn follow(activity: Arc<Activity>) {
    loop {
        let candidates = candidates(is_wayland());
        let chosen = spawn_blocking(move || choose(&candidates)).await;
        if let Ok(Some(counter)) = chosen {
            activity.uses(ActivityKind::Input, Some(counter.name()), &[]);
            activity.observe(Observation::InputKnown(true));
            let error = ask_on(&activity, counter).await;
            tracing::warn!(%error, "input is not told any more");
            activity.observe(Observation::InputKnown(false));
        } else {
            activity.uses(ActivityKind::Input, None, &[]);
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// Asks a source in every stay, until it dies.
async fn ask_on(activity: &Activity, mut counter: Counter) -> NoInput {
    let mut in_stay = activity.in_stay();
    let mut alone = activity.alone();
    loop {
        if in_stay.wait_for(|in_stay| *in_stay).await.is_err() {
            return NoInput::because("the app ends");
        }
        let mut tracker = InputTracker::default();
        while *in_stay.borrow_and_update() {
            let asked = spawn_blocking(move || {
                let before = Instant::now();
                let idle = counter.idle();
                (counter, before, idle, Instant::now())
            });
            let (back, before, idle, after) = match asked.await {
                Ok(answer) => answer,
                Err(error) => return NoInput::because(error),
            };
            counter = back;
            match idle {
                Ok(idle) => {
                    if tracker.asked(before, idle, after) {
                        let ago = idle + after.elapsed();
                        activity.observe(Observation::Input { ago });
                    }
                }
                Err(error) => return error,
            }
            let pause = if *alone.borrow_and_update() {
                POLL_ALONE
            } else {
                POLL
            };
            // Woken up early by the end of the stay, and when everybody has gone.
            let woken = async {
                tokio::select! {
                    _ = in_stay.changed() => {}
                    _ = alone.changed() => {}
                }
            };
            drop(timeout(pause, woken).await);
        }
    }
}

/// The first source that answers.
fn choose(candidates: &[Candidate]) -> Option<Counter> {
    candidates.iter().find_map(|(name, open)| {
        let opened = open().and_then(|mut counter| counter.idle().map(|_| counter));
        match opened {
            Ok(counter) => Some(counter),
            Err(error) => {
                tracing::debug!(source = name, %error, "no source of input");
                None
            }
        }
    })
}

/// On Wayland, an X server only hears of what is meant for its own windows, so that
/// its count must not be asked.
#[cfg(target_os = "linux")]
fn candidates(wayland: bool) -> Vec<Candidate> {
    let mutter: Candidate = ("Mutter's idle monitor", mutter::open);
    if wayland {
        vec![("ext-idle-notify", wayland::open), mutter]
    } else {
        vec![("the X screen saver extension", x11::open), mutter]
    }
}

#[cfg(target_os = "linux")]
fn is_wayland() -> bool {
    let set = |variable| std::env::var_os(variable).filter(|value| !value.is_empty());
    set("WAYLAND_DISPLAY").is_some() || set("XDG_SESSION_TYPE").is_some_and(|t| t == "wayland")
}

#[cfg(any(windows, target_os = "macos"))]
fn candidates(_wayland: bool) -> Vec<Candidate> {
    vec![("the operating system", system::open)]
}

#[cfg(not(any(target_os = "linux", windows, target_os = "macos")))]
fn candidates(_wayland: bool) -> Vec<Candidate> {
    Vec::new()
}

#[cfg(not(target_os = "linux"))]
fn is_wayland() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    impl IdleCounter for Fixed {
        fn name(&self) -> ActivitySourceName {
            ActivitySourceName::OperatingSystem
        }

        fn idle(&mut self) -> Result<Duration, NoInput> {
            Ok(Duration::ZERO)
        }
    }

    struct Dead;

    impl IdleCounter for Dead {
        fn name(&self) -> ActivitySourceName {
            ActivitySourceName::X11ScreenSaver
        }

        fn idle(&mut self) -> Result<Duration, NoInput> {
            Err(NoInput::because("it opens, and does not answer"))
        }
    }

    #[test]
    fn the_first_source_that_answers_is_chosen_and_none_is_none() {
        let dead: Candidate = ("dead", || Ok(Box::new(Dead)));
        let absent: Candidate = ("absent", || Err(NoInput::because("not here")));
        let fixed: Candidate = ("fixed", || Ok(Box::new(Fixed)));
        let chosen = choose(&[absent, dead, fixed]).map(|counter| counter.name());
        assert_eq!(chosen, Some(ActivitySourceName::OperatingSystem));
        assert!(choose(&[dead, absent]).is_none());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn an_x_server_is_never_asked_on_wayland() {
        let names = |wayland| candidates(wayland).iter().map(|c| c.0).collect::<Vec<_>>();
        assert!(
            !names(true)
                .iter()
                .any(|name| name.contains("X screen saver"))
        );
        assert!(
            names(false)
                .iter()
                .any(|name| name.contains("X screen saver"))
        );
    }
}
