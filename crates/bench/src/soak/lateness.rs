//! How late this machine wakes up whoever sleeps: no program on it can be more exact.
//!
//! (The whole-system tests take this file too: it uses nothing else of this crate.)

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use parking_lot::Mutex;

const NAP: Duration = Duration::from_millis(10);

/// One nap that took longer than asked for.
struct Late {
    /// When it ended, ms since the epoch.
    woke_ms: u64,
    /// By how much, ms.
    by_ms: u64,
}

/// A thread that naps, and notes how late it woke up. Ends when this is dropped.
pub(crate) struct Lateness {
    noted: Arc<Mutex<Vec<Late>>>,
    stop: Arc<AtomicBool>,
}

impl Lateness {
    pub(crate) fn watch() -> Self {
        let noted = Arc::<Mutex<Vec<Late>>>::default();
        let stop = Arc::<AtomicBool>::default();
        let (notes, stopped) = (noted.clone(), stop.clone());
        std::thread::spawn(move || {
            while !stopped.load(Relaxed) {
                let asleep = Instant::now();
                std::thread::sleep(NAP);
                let by_ms = millis(asleep.elapsed().saturating_sub(NAP));
                let woke_ms = millis(
                    SystemTime::now()
                        .duration_since(UNIX_EPOCH)
                        .unwrap_or_default(),
                );
                if by_ms > 0 {
                    notes.lock().push(Late { woke_ms, by_ms });
                }
            }
        });
        Self { noted, stop }
    }

    /// The worst of all naps that fell into a time (ms since the epoch), in ms.
    pub(crate) fn worst_ms(&self, during: Range<u64>) -> u64 {
        let notes = self.noted.lock();
        let then = notes
            .iter()
            .filter(|late| during.start <= late.woke_ms)
            .filter(|late| late.woke_ms.saturating_sub(late.by_ms) < during.end);
        then.map(|late| late.by_ms).max().unwrap_or(0)
    }
}

impl Drop for Lateness {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
