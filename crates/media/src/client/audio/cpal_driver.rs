//! The system's sound devices.

use std::str::FromStr;
use std::time::Instant;

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{BufferSize, Device, DeviceId, ErrorKind, SampleFormat, StreamConfig};

use super::SAMPLE_RATE;
use super::capture::Capture;
use super::driver::{AudioDriver, OnFailure, OpenDevice, Playout};
use super::resample::Resampler;
use crate::client::interface::{AudioDevice, DeviceFailure};

/// Frames of a callback: 10 ms at 48 kHz. Always set: PulseAudio's own choice is two seconds.
const BUFFER: u32 = 480;

/// The devices of the system's preferred sound server.
pub struct CpalDriver {
    host: cpal::Host,
}

impl CpalDriver {
    /// Opens nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self { host: cpal::default_host() }
    }

    fn device(&self, id: Option<&str>, input: bool) -> Result<Device, DeviceFailure> {
        let device = match id {
            Some(id) => {
                let id = DeviceId::from_str(id).map_err(|_| DeviceFailure::Gone)?;
                self.host.device_by_id(&id).ok_or(DeviceFailure::Gone)?
            }
            None if input => self.host.default_input_device().ok_or(DeviceFailure::None)?,
            None => self.host.default_output_device().ok_or(DeviceFailure::None)?,
        };
        Ok(device)
    }
}

impl Default for CpalDriver {
    fn default() -> Self {
        Self::new()
    }
}

struct CpalStream {
    _stream: cpal::Stream,
}

impl OpenDevice for CpalStream {}

impl AudioDriver for CpalDriver {
    fn devices(&mut self) -> (Vec<AudioDevice>, Vec<AudioDevice>) {
        let id = |device: &Device| device.id().ok().map(|id| id.to_string());
        let list = |devices: Vec<Device>, default: Option<String>| -> Vec<AudioDevice> {
            devices
                .iter()
                .filter_map(|device| {
                    let id = id(device)?;
                    let name = device.description().ok()?.name().to_owned();
                    let is_default = default.as_ref() == Some(&id);
                    Some(AudioDevice { id, name, is_default })
                })
                .collect()
        };
        let inputs = self.host.input_devices().map(Iterator::collect).unwrap_or_default();
        let outputs = self.host.output_devices().map(Iterator::collect).unwrap_or_default();
        let default_input = self.host.default_input_device().as_ref().and_then(id);
        let default_output = self.host.default_output_device().as_ref().and_then(id);
        (list(inputs, default_input), list(outputs, default_output))
    }

    fn open_output(
        &mut self,
        id: Option<&str>,
        playout: Playout,
        mut on_failure: OnFailure,
    ) -> Result<Box<dyn OpenDevice>, DeviceFailure> {
        let device = self.device(id, false)?;
        let config = device.default_output_config().map_err(failure)?;
        let (channels, rate) = (config.channels(), best_rate(&device, &config, false));
        let mut source = Source::new(playout, rate);
        let width = usize::from(channels.max(1));
        let mut mono = Vec::new();
        let stream_config = stream_config(channels, rate);
        // Any format: 32-bit samples where the device has no 32-bit floats are converted below.
        let stream = device
            .build_output_stream(
                stream_config,
                move |out: &mut [f32], info: &cpal::OutputCallbackInfo| {
                    let times = info.timestamp();
                    let delay = times.playback.saturating_duration_since(times.callback);
                    mono.resize(out.len() / width, 0.0);
                    source.fill(&mut mono, delay);
                    for (frame, sample) in out.chunks_mut(width).zip(&mono) {
                        frame.fill(*sample);
                    }
                },
                move |error| {
                    if let Some(failure) = fatal(error) {
                        on_failure(failure);
                    }
                },
                None,
            )
            .map_err(failure)?;
        stream.play().map_err(failure)?;
        Ok(Box::new(CpalStream { _stream: stream }))
    }

    fn open_input(
        &mut self,
        id: Option<&str>,
        mut capture: Capture,
        mut on_failure: OnFailure,
    ) -> Result<Box<dyn OpenDevice>, DeviceFailure> {
        let device = self.device(id, true)?;
        let config = device.default_input_config().map_err(failure)?;
        let (channels, rate) = (config.channels(), best_rate(&device, &config, true));
        let width = usize::from(channels.max(1));
        let mut resampler = Resampler::new(rate, SAMPLE_RATE);
        let (mut mono, mut resampled) = (Vec::new(), Vec::new());
        let stream = device
            .build_input_stream(
                stream_config(channels, rate),
                move |samples: &[f32], _: &cpal::InputCallbackInfo| {
                    mono.clear();
                    let mean = |frame: &[f32]| frame.iter().sum::<f32>() / width as f32;
                    mono.extend(samples.chunks_exact(width).map(mean));
                    let Some(resampler) = &mut resampler else {
                        return capture.push(mono.iter().copied());
                    };
                    resampled.clear();
                    resampler.push(&mono, &mut resampled);
                    capture.push(resampled.iter().copied());
                },
                move |error| {
                    if let Some(failure) = fatal(error) {
                        on_failure(failure);
                    }
                },
                None,
            )
            .map_err(failure)?;
        stream.play().map_err(failure)?;
        Ok(Box::new(CpalStream { _stream: stream }))
    }
}

/// The mix at a device's rate.
struct Source {
    playout: Playout,
    resampler: Option<Resampler>,
    /// Resampled and not played yet.
    ready: Vec<f32>,
}

impl Source {
    fn new(playout: Playout, rate: u32) -> Self {
        Self { playout, resampler: Resampler::new(SAMPLE_RATE, rate), ready: Vec::new() }
    }

    fn fill(&mut self, out: &mut [f32], delay: std::time::Duration) {
        let Some(resampler) = &mut self.resampler else {
            return self.playout.fill(out, Instant::now(), delay);
        };
        while self.ready.len() < out.len() {
            let mut piece = [0.0; BUFFER as usize];
            self.playout.fill(&mut piece, Instant::now(), delay);
            resampler.push(&piece, &mut self.ready);
        }
        out.copy_from_slice(&self.ready[..out.len()]);
        self.ready.drain(..out.len());
    }
}

/// 48 kHz where the device does it with floats, otherwise what it does by default.
fn best_rate(device: &Device, default: &cpal::SupportedStreamConfig, input: bool) -> u32 {
    let fits = |range: &cpal::SupportedStreamConfigRange| {
        range.channels() == default.channels()
            && range.sample_format() == SampleFormat::F32
            && (range.min_sample_rate()..=range.max_sample_rate()).contains(&SAMPLE_RATE)
    };
    let does = if input {
        device.supported_input_configs().is_ok_and(|mut ranges| ranges.any(|range| fits(&range)))
    } else {
        device.supported_output_configs().is_ok_and(|mut ranges| ranges.any(|range| fits(&range)))
    };
    if does { SAMPLE_RATE } else { default.sample_rate() }
}

fn stream_config(channels: u16, rate: u32) -> StreamConfig {
    let buffer = BUFFER * rate / SAMPLE_RATE;
    StreamConfig { channels, sample_rate: rate, buffer_size: BufferSize::Fixed(buffer.max(64)) }
}

/// A failure that ends the stream; `None`: it goes on.
fn fatal(error: cpal::Error) -> Option<DeviceFailure> {
    match error.kind() {
        ErrorKind::Xrun | ErrorKind::RealtimeDenied | ErrorKind::DeviceChanged => None,
        ErrorKind::DeviceNotAvailable | ErrorKind::HostUnavailable | ErrorKind::StreamInvalidated => {
            Some(DeviceFailure::Gone)
        }
        _ => Some(failure(error)),
    }
}

fn failure(error: cpal::Error) -> DeviceFailure {
    match error.kind() {
        ErrorKind::DeviceNotAvailable | ErrorKind::HostUnavailable => DeviceFailure::None,
        ErrorKind::DeviceBusy => DeviceFailure::Busy,
        ErrorKind::PermissionDenied => DeviceFailure::Refused,
        _ => DeviceFailure::Other(error.to_string()),
    }
}
