//! The seam between sound and sound devices.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::Mixer;
use super::capture::Capture;
use crate::client::interface::{AudioDevice, DeviceFailure};

/// Called, at most once, when a device that was opened stops working.
pub type OnFailure = Box<dyn FnMut(DeviceFailure) + Send>;

/// A device in use, for as long as this lives.
pub trait OpenDevice {}

/// Sound devices. Lives on a thread of its own: opening a device may take seconds, and what
/// is open must not change threads on some systems.
pub trait AudioDriver {
    /// Microphones and loudspeakers.
    fn devices(&mut self) -> (Vec<AudioDevice>, Vec<AudioDevice>);

    /// Plays what is in `playout` from now on.
    ///
    /// # Errors
    /// There is no such device, or it cannot be used.
    fn open_output(
        &mut self,
        id: Option<&str>,
        playout: Playout,
        on_failure: OnFailure,
    ) -> Result<Box<dyn OpenDevice>, DeviceFailure>;

    /// Records into `capture` from now on.
    ///
    /// # Errors
    /// There is no such device, or it cannot be used.
    fn open_input(
        &mut self,
        id: Option<&str>,
        capture: Capture,
        on_failure: OnFailure,
    ) -> Result<Box<dyn OpenDevice>, DeviceFailure>;
}

/// What the loudspeaker takes its samples from.
#[derive(Clone)]
pub struct Playout {
    mixer: Arc<Mutex<Mixer>>,
}

impl Playout {
    pub(crate) fn new(mixer: Arc<Mutex<Mixer>>) -> Self {
        Self { mixer }
    }

    /// The next samples, mono, at 48 kHz; see [`Mixer::fill`].
    pub fn fill(&self, out: &mut [f32], now: Instant, device_delay: Duration) {
        self.mixer.lock().fill(out, now, device_delay);
    }
}
