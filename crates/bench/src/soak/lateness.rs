//! How late this machine wakes those up who sleep: the app, which writes every second,
//! cannot do better than that.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use parking_lot::Mutex;

use super::programs::now_ms;

const NAP: Duration = Duration::from_millis(20);
/// What happened longer ago than this made no write late that matters now.
const MATTERS_MS: u64 = 3_000;

/// A thread that naps, and notes how late it woke up. Ends when this is dropped.
pub(super) struct Lateness {
    noted: Arc<Mutex<Vec<(u64, u64)>>>,
    stop: Arc<AtomicBool>,
}

impl Lateness {
    pub(super) fn watch() -> Self {
        let noted = Arc::<Mutex<Vec<(u64, u64)>>>::default();
        let stop = Arc::<AtomicBool>::default();
        let (notes, stopped) = (noted.clone(), stop.clone());
        std::thread::spawn(move || {
            while !stopped.load(Relaxed) {
                let asleep = Instant::now();
                std::thread::sleep(NAP);
                let late = asleep.elapsed().saturating_sub(NAP).as_millis() as u64;
                let now = now_ms();
                let mut notes = notes.lock();
                notes.retain(|(at, _)| at + MATTERS_MS > now);
                notes.push((now, late));
            }
        });
        Self { noted, stop }
    }

    /// The worst of the last seconds, ms.
    pub(super) fn worst_ms(&self) -> u64 {
        let notes = self.noted.lock();
        notes.iter().map(|(_, late)| *late).max().unwrap_or(0)
    }
}

impl Drop for Lateness {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
    }
}
