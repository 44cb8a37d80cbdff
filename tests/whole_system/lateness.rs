//! How late this machine wakes up whoever sleeps: nobody on it can be more exact.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use parking_lot::Mutex;

use crate::{activity::Act, heartbeat_tap::server_ms};

const NAP: Duration = Duration::from_millis(10);
/// What is noticed of an act happens within this time.
const MATTERS_MS: u64 = 1_000;

/// A thread that naps, and notes how late it woke up. Ends when this is dropped.
pub(crate) struct Lateness {
    noted: Arc<Mutex<Vec<(u64, u64)>>>,
    stop: Arc<AtomicBool>,
}

impl Lateness {
    pub(crate) fn watch() -> Self {
        let noted = Arc::<Mutex<Vec<(u64, u64)>>>::default();
        let stop = Arc::<AtomicBool>::default();
        let (notes, stopped) = (noted.clone(), stop.clone());
        std::thread::spawn(move || {
            while !stopped.load(Relaxed) {
                let asleep = Instant::now();
                std::thread::sleep(NAP);
                let late = asleep.elapsed().saturating_sub(NAP).as_millis();
                let late = u64::try_from(late).unwrap_or(u64::MAX);
                notes.lock().push((server_ms(), late));
            }
        });
        Self { noted, stop }
    }

    /// The worst around an act, ms.
    pub(crate) fn around(&self, act: Act) -> u64 {
        let from = act.before_ms.saturating_sub(MATTERS_MS);
        let notes = self.noted.lock();
        let then = notes
            .iter()
            .filter(|(at, late)| (from..act.after_ms + MATTERS_MS + late).contains(at));
        then.map(|(_, late)| *late).max().unwrap_or(0)
    }
}

impl Drop for Lateness {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
    }
}
