//! What the operating system tells about the person's watching, as
//! [`kulti_watch::Signal`]s. One file per source; none of them decides what counts:
//! that is the watch timer's.
//!
//! A source is chosen when the app starts, and again when it dies. Where none works,
//! the matter is *unknown*: unknown input is never taken for activity.

mod input;
mod lock;
#[cfg(target_os = "linux")]
mod logind;
#[cfg(all(test, target_os = "linux"))]
mod private_bus;
#[cfg(target_os = "linux")]
mod screen_saver;
mod sources;
mod state;
mod window;
#[cfg(target_os = "linux")]
pub(crate) mod x11;

use std::{sync::Arc, time::Duration};

use kulti_watch::Signal;
use parking_lot::Mutex;
use tokio::sync::watch;

pub use self::state::Observation;
use self::{sources::Sources, state::State};
use crate::app::model::{ActivityKind, ActivitySource, ActivitySourceName, BlindSpot};

/// Where a stay takes its signals, and how long ago they were: only input is ever found
/// out late.
type Listener = Box<dyn Fn(Signal, Duration) + Send>;

/// What is known of the person's watching, and the stay that it is told to.
#[derive(Default)]
pub struct Activity {
    /// One lock for all, so that a stay hears of changes in their order, and hears
    /// the present state or the change, never neither.
    known: Mutex<Known>,
    in_stay: watch::Sender<bool>,
    /// Time does not count because nobody is there: whoever comes back is waited for.
    alone: watch::Sender<bool>,
}

#[derive(Default)]
struct Known {
    state: State,
    sources: Sources,
    stay: Option<Listener>,
}

impl std::fmt::Debug for Activity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let known = self.known.lock();
        f.debug_struct("Activity")
            .field("state", &known.state)
            .field("sources", &known.sources)
            .finish_non_exhaustive()
    }
}

impl Activity {
    /// A stay begins: it is told the present state, then every change.
    pub fn begin(&self, listener: impl Fn(Signal, Duration) + Send + 'static) {
        let mut known = self.known.lock();
        for signal in known.state.signals() {
            listener(signal, Duration::ZERO);
        }
        known.stay = Some(Box::new(listener));
        self.in_stay.send_replace(true);
    }

    /// The stay is over.
    pub fn end(&self) {
        let mut known = self.known.lock();
        known.stay = None;
        self.in_stay.send_replace(false);
        self.alone.send_replace(false);
    }

    /// Takes in what a source has found out, right when it happens.
    pub fn observe(&self, observation: Observation) {
        let ago = match observation {
            Observation::Input { ago } => ago,
            _ => Duration::ZERO,
        };
        let mut known = self.known.lock();
        let signals = known.state.observe(observation);
        for signal in signals {
            if signal != Signal::Input {
                tracing::debug!(?signal, "activity");
            }
            if let Some(stay) = &known.stay {
                stay(signal, ago);
            }
        }
    }

    /// Where everything comes from, and what it cannot tell.
    #[must_use]
    pub fn sources(&self) -> Vec<ActivitySource> {
        self.known.lock().sources.list()
    }

    /// From now on `source` tells about `about`; none if nothing does.
    pub(crate) fn uses(
        &self,
        about: ActivityKind,
        source: Option<ActivitySourceName>,
        blind_to: &[BlindSpot],
    ) {
        let changed = self.known.lock().sources.set(about, source, blind_to);
        if !changed {
            return;
        }
        match source {
            Some(source) => tracing::info!(?about, ?source, ?blind_to, "activity source"),
            None => tracing::info!(?about, "no activity source: unknown"),
        }
    }

    /// Whether a desktop's screen saver tells of the lock.
    #[cfg(target_os = "linux")]
    pub(crate) fn screen_saver(&self, there: bool) {
        if self.known.lock().sources.set_screen_saver(there) {
            tracing::info!(there, "activity source: the desktop's screen saver");
        }
    }

    /// Whether time does not count because nobody is there.
    pub fn is_alone(&self, alone: bool) {
        self.alone
            .send_if_modified(|known| std::mem::replace(known, alone) != alone);
    }

    /// Whether somebody's return is waited for, and when that changes.
    pub(crate) fn alone(&self) -> watch::Receiver<bool> {
        self.alone.subscribe()
    }

    /// Whether a stay goes on, and when that changes.
    pub(crate) fn in_stay(&self) -> watch::Receiver<bool> {
        self.in_stay.subscribe()
    }
}

/// Starts the sources that need no window. Within a tokio runtime.
pub(crate) fn start(activity: &Arc<Activity>) {
    input::start(activity);
    #[cfg(target_os = "linux")]
    {
        tokio::spawn(logind::follow(activity.clone()));
        tokio::spawn(screen_saver::follow(activity.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(activity: &Activity) -> Arc<Mutex<Vec<(Signal, Duration)>>> {
        let told = Arc::new(Mutex::new(Vec::new()));
        let listener = told.clone();
        activity.begin(move |signal, ago| listener.lock().push((signal, ago)));
        told
    }

    #[test]
    fn a_stay_is_told_the_present_state_and_then_every_change() {
        let activity = Activity::default();
        activity.observe(Observation::WindowSystem { seen: Some(false) });
        activity.observe(Observation::LockHint(true));
        activity.observe(Observation::InputKnown(true));
        let told = told(&activity);
        let present = std::mem::take(&mut *told.lock());
        for signal in [Signal::WindowHidden, Signal::Locked, Signal::IdleKnown] {
            assert!(present.contains(&(signal, Duration::ZERO)), "{present:?}");
        }
        activity.observe(Observation::WindowSystem { seen: Some(true) });
        let ago = Duration::from_millis(400);
        activity.observe(Observation::Input { ago });
        assert_eq!(
            *told.lock(),
            [
                (Signal::WindowVisible, Duration::ZERO),
                (Signal::Input, ago)
            ]
        );
    }

    #[test]
    fn a_stay_that_is_over_is_told_nothing() {
        let activity = Activity::default();
        let told = told(&activity);
        let before = told.lock().len();
        activity.end();
        activity.observe(Observation::LockHint(true));
        assert_eq!(told.lock().len(), before);
        assert!(!*activity.in_stay().borrow());
    }
}
