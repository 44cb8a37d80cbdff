//! All that is heard, as one stream of samples.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::SAMPLE_RATE;
use super::speaker::Speaker;

/// Most who are heard at once: each costs a decoder.
const MOST_SPEAKERS: usize = 64;

/// Up to here the mix is left as it is; louder parts are bent so that they stay below 1.
const KNEE: f32 = 0.7;

/// The speakers, by track id. Filled by the engine, emptied by the loudspeaker's callback.
pub struct Mixer {
    epoch: Instant,
    speakers: HashMap<String, Speaker>,
    /// From the callback to the ear, smoothed.
    device_delay: Duration,
}

impl Mixer {
    /// Nobody. `epoch`: any time before all others that are given.
    #[must_use]
    pub fn new(epoch: Instant) -> Self {
        Self { epoch, speakers: HashMap::new(), device_delay: Duration::ZERO }
    }

    /// A speaker more.
    pub(crate) fn open(&mut self, track_id: &str) {
        if self.speakers.len() < MOST_SPEAKERS
            && let Some(speaker) = Speaker::new()
        {
            self.speakers.insert(track_id.to_owned(), speaker);
        }
    }

    /// A speaker less.
    pub(crate) fn close(&mut self, track_id: &str) {
        self.speakers.remove(track_id);
    }

    /// An opus packet arrived.
    pub(crate) fn push(&mut self, track_id: &str, sequence: u64, rtp: u64, data: &[u8], now: Instant) {
        let now = self.samples(now);
        if let Some(speaker) = self.speakers.get_mut(track_id) {
            speaker.push(sequence, rtp, data, now);
        }
    }

    /// What is played next. `device_delay`: how long it takes from now until it is heard.
    pub fn fill(&mut self, out: &mut [f32], now: Instant, device_delay: Duration) {
        self.device_delay = (self.device_delay * 15 + device_delay.min(Duration::from_secs(1))) / 16;
        out.fill(0.0);
        let now = self.samples(now);
        for speaker in self.speakers.values_mut() {
            speaker.add_to(out, now);
        }
        for sample in out {
            *sample = soft_clip(*sample);
        }
    }

    /// How long a sound of this track waits from the arrival of the fastest packets until
    /// it is heard; `None`: not a track that is heard.
    pub(crate) fn delay(&self, track_id: &str) -> Option<Duration> {
        let speaker = self.speakers.get(track_id)?;
        let micros = u64::try_from(speaker.delay()).unwrap_or(0) * 1_000_000 / u64::from(SAMPLE_RATE);
        Some(Duration::from_micros(micros) + self.device_delay)
    }

    fn samples(&self, now: Instant) -> i64 {
        let micros = now.saturating_duration_since(self.epoch).as_micros();
        i64::try_from(micros * 48 / 1000).unwrap_or(i64::MAX / 2)
    }
}

fn soft_clip(sample: f32) -> f32 {
    let size = sample.abs();
    if size <= KNEE {
        return sample;
    }
    (KNEE + (1.0 - KNEE) * ((size - KNEE) / (1.0 - KNEE)).tanh()).copysign(sample)
}

#[cfg(test)]
mod tests;
