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

/// In Hz.
pub(crate) const TONE: u32 = 440;

/// Told the tone in each tenth of a second that has it.
pub(crate) type Heard = Box<dyn Fn(u32) + Send>;

/// 10 ms.
const PERIOD: usize = 480;

pub(crate) struct VirtualDriver {
    /// What its microphone hears; 0 is nothing.
    hertz: u32,
    heard: Option<Heard>,
}

impl VirtualDriver {
    pub(crate) fn new(hertz: u32, heard: Heard) -> Self {
        Self {
            hertz,
            heard: Some(heard),
        }
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
        Box::new(Self {
            is_open,
            thread: Some(thread),
        })
    }
}

impl OpenDevice for Device {}

impl Drop for Device {
    fn drop(&mut self) {
        self.is_open.store(false, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
    }
}

impl AudioDriver for VirtualDriver {
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
                (seconds * hertz as f32 * TAU).sin() * 0.5
            }));
            sample = (sample + PERIOD as u32) % 48_000;
        }))
    }
}

/// The tone that is spoken, if much of what is heard is that. Pieces of it are enough: on a
/// busy machine a sound server's clock stands still at times.
fn pitch(samples: &[f32]) -> Option<u32> {
    let power = samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len() as f32;
    let (mut re, mut im) = (0.0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        let angle = n as f32 / 48_000.0 * TONE as f32 * TAU;
        re += sample * angle.cos();
        im += sample * angle.sin();
    }
    let amplitude = (re * re + im * im).sqrt() * 2.0 / samples.len() as f32;
    let of_tone = amplitude * amplitude / 2.0;
    (power.sqrt() > 0.02 && of_tone > power * 0.3).then_some(TONE)
}
