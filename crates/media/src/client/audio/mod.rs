//! Sound: what comes is buffered, decoded and mixed; what the microphone gives is encoded.
//!
//! Everything is mono at 48 kHz here. Devices are behind [`driver::AudioDriver`].

pub mod capture;
pub mod cpal_driver;
pub mod driver;
mod encoder;
mod jitter;
mod level;
mod mixer;
mod resample;
mod speaker;
pub(crate) mod thread;

pub(crate) use encoder::Encoder;
pub(crate) use level::LevelMeter;
pub use mixer::Mixer;

/// Samples a second.
pub const SAMPLE_RATE: u32 = 48_000;

/// Samples of 20 ms: an opus packet of ours, and what the microphone gives at a time.
pub const FRAME: usize = 960;
