//! Sound devices without a sound card: one that speaks a tone, and one that is silent. Both
//! tell what they play.

use std::f32::consts::TAU;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use kulti_media::client::audio::capture::Capture;
use kulti_media::client::audio::driver::{AudioDriver, OnFailure, OpenDevice, Playout};
use kulti_media::client::interface::{AudioDevice, DeviceFailure};

/// Told the pitch, in Hz, of each tenth of a second that is not silent.
pub(crate) type Heard = Box<dyn Fn(u32) + Send>;

/// 10 ms.
const PERIOD: usize = 480;

pub(crate) struct ToneDriver {
    hertz: f32,
    heard: Option<Heard>,
}

impl ToneDriver {
    pub(crate) fn new(hertz: f32, heard: Heard) -> Self {
        Self { hertz, heard: Some(heard) }
    }
}

pub(crate) struct SilentDriver;

impl SilentDriver {
    pub(crate) fn new(heard: Heard) -> ToneDriver {
        ToneDriver::new(0.0, heard)
    }
}

/// A thread that is the device's clock.
struct Device {
    is_open: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Device {
    fn open(mut period: impl FnMut() + Send + 'static) -> Box<dyn OpenDevice> {
        let is_open = Arc::new(AtomicBool::new(true));
        let of_thread = Arc::clone(&is_open);
        let thread = std::thread::spawn(move || {
            let mut next = Instant::now();
            while of_thread.load(Ordering::Relaxed) {
                period();
                next += Duration::from_millis(10);
                std::thread::sleep(next.saturating_duration_since(Instant::now()));
            }
        });
        Box::new(Self { is_open, thread: Some(thread) })
    }
}

impl OpenDevice for Device {}

impl Drop for Device {
    fn drop(&mut self) {
        self.is_open.store(false, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
    }
}

impl AudioDriver for ToneDriver {
    fn devices(&mut self) -> (Vec<AudioDevice>, Vec<AudioDevice>) {
        (Vec::new(), Vec::new())
    }

    fn open_output(
        &mut self,
        _: Option<&str>,
        playout: Playout,
        _: OnFailure,
    ) -> Result<Box<dyn OpenDevice>, DeviceFailure> {
        let heard = self.heard.take().ok_or(DeviceFailure::Busy)?;
        let mut played = Vec::new();
        Ok(Device::open(move || {
            let mut piece = [0.0; PERIOD];
            playout.fill(&mut piece, Instant::now(), Duration::from_millis(10));
            played.extend(piece);
            if played.len() == PERIOD * 10 {
                if let Some(pitch) = pitch(&played) {
                    heard(pitch);
                }
                played.clear();
            }
        }))
    }

    fn open_input(
        &mut self,
        _: Option<&str>,
        mut capture: Capture,
        _: OnFailure,
    ) -> Result<Box<dyn OpenDevice>, DeviceFailure> {
        let (mut sample, hertz) = (0u32, self.hertz);
        Ok(Device::open(move || {
            capture.push((0..PERIOD as u32).map(|n| {
                let seconds = (sample + n) as f32 / 48_000.0;
                (seconds * hertz * TAU).sin() * 0.5
            }));
            sample = (sample + PERIOD as u32) % 48_000;
        }))
    }
}

/// By crossings of zero, to ten Hz; `None`: silence.
fn pitch(samples: &[f32]) -> Option<u32> {
    let power = samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len() as f32;
    if power.sqrt() < 0.05 {
        return None;
    }
    let crossings = samples.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count();
    let seconds = samples.len() as f32 / 48_000.0;
    Some((crossings as f32 / seconds / 10.0).round() as u32 * 10)
}
