//! One speaker whom we hear: buffer and decoder.

use std::collections::VecDeque;

use super::jitter::{JitterBuffer, Next};
use super::{FRAME, SAMPLE_RATE};

/// Longest opus packet: 120 ms.
const LONGEST_PACKET: usize = 5760;

/// Frames that are decoded to be left out in one go, at most.
const MOST_SKIPPED: usize = 2;

/// Packets that came and samples that are played.
pub(super) struct Speaker {
    buffer: JitterBuffer,
    decoder: opus::Decoder,
    decoded: VecDeque<f32>,
    scratch: Vec<f32>,
}

impl Speaker {
    /// `None`: no memory for a decoder.
    pub(super) fn new() -> Option<Self> {
        Some(Self {
            buffer: JitterBuffer::default(),
            decoder: opus::Decoder::new(SAMPLE_RATE, opus::Channels::Mono).ok()?,
            decoded: VecDeque::new(),
            scratch: vec![0.0; LONGEST_PACKET],
        })
    }

    /// An opus packet came at `now` (samples). What is not opus is left out.
    pub(super) fn push(&mut self, sequence: u64, rtp: u64, data: &[u8], now: i64) {
        let Ok(samples) = opus::packet::get_nb_samples(data, SAMPLE_RATE) else { return };
        let rtp = i64::try_from(rtp).unwrap_or(i64::MAX / 2);
        self.buffer.push(sequence, rtp, samples, data.to_vec(), now);
    }

    /// Adds what is played at `now` (samples) to `mix`.
    pub(super) fn add_to(&mut self, mix: &mut [f32], now: i64) {
        let mut skipped = 0;
        while self.decoded.len() < mix.len() {
            let at = now + i64::try_from(self.decoded.len()).unwrap_or(0);
            let count = match self.buffer.pull(at) {
                Next::Packet(data) => self.decode(&data, LONGEST_PACKET, false),
                Next::Skip(data) => {
                    let count = self.decode(&data, LONGEST_PACKET, false);
                    skipped += 1;
                    if skipped <= MOST_SKIPPED { 0 } else { count }
                }
                Next::Recover { following, samples } => self.decode(&following, samples, true),
                Next::Conceal(samples) => self.decode(&[], samples, false),
                Next::Silence => {
                    let missing = FRAME.min(mix.len() - self.decoded.len());
                    self.scratch[..missing].fill(0.0);
                    missing
                }
            };
            self.decoded.extend(&self.scratch[..count]);
        }
        let played = self.decoded.drain(..mix.len());
        for (sum, sample) in mix.iter_mut().zip(played) {
            *sum += sample;
        }
    }

    /// How long a sample waits here, in samples.
    pub(super) fn delay(&self) -> i64 {
        self.buffer.delay() + i64::try_from(self.decoded.len()).unwrap_or(0)
    }

    /// Decodes into the scratch; what cannot be decoded is silence of the same length.
    fn decode(&mut self, data: &[u8], most: usize, recover: bool) -> usize {
        // The decoder makes up and recovers whole multiples of 2.5 ms only.
        let most = (most.min(LONGEST_PACKET) / 120).max(1) * 120;
        let outcome = self.decoder.decode_float(data, &mut self.scratch[..most], recover);
        outcome.unwrap_or_else(|_| {
            let count = most.min(FRAME);
            self.scratch[..count].fill(0.0);
            count
        })
    }
}
