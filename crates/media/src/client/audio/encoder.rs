//! The microphone's sound, encoded.

use super::{FRAME, SAMPLE_RATE};

/// bits/s.
const BITRATE: i32 = 32_000;

/// The loss that the redundancy within the packets is made for, in percent.
const EXPECTED_LOSS: i32 = 10;

/// Longer packets don't exist.
const LONGEST: usize = 1275;

/// Packets this short say "still silent" and need not be sent.
const NOTHING: usize = 2;

/// An opus packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packet {
    /// The number of its first sample.
    pub(crate) sample: u64,
    /// Whether the one before it was not sent.
    pub(crate) begins: bool,
    /// Loudness in dB below full scale, 0 to 127.
    pub(crate) level: u8,
    /// Opus.
    pub(crate) data: Vec<u8>,
}

/// Mono, 20 ms, with redundancy for losses and next to nothing in silence.
pub(crate) struct Encoder {
    encoder: opus::Encoder,
    sample: u64,
    was_silent: bool,
}

impl Encoder {
    /// `None`: no memory for an encoder.
    pub(crate) fn new() -> Option<Self> {
        let mut encoder =
            opus::Encoder::new(SAMPLE_RATE, opus::Channels::Mono, opus::Application::Voip).ok()?;
        encoder.set_bitrate(opus::Bitrate::Bits(BITRATE)).ok()?;
        encoder.set_inband_fec(true).ok()?;
        encoder.set_packet_loss_perc(EXPECTED_LOSS).ok()?;
        encoder.set_dtx(true).ok()?;
        Some(Self { encoder, sample: 0, was_silent: true })
    }

    /// The next 20 ms; `None` while nothing needs to be sent.
    pub(crate) fn encode(&mut self, frame: &[f32; FRAME]) -> Option<Packet> {
        let sample = self.sample;
        self.sample += FRAME as u64;
        let data = self.encoder.encode_vec_float(frame, LONGEST).ok()?;
        let begins = std::mem::replace(&mut self.was_silent, data.len() <= NOTHING);
        if data.len() <= NOTHING {
            return None;
        }
        let decibels = -super::level::decibels(frame);
        Some(Packet { sample, begins, level: decibels.clamp(0.0, 127.0) as u8, data })
    }

    /// 20 ms for which the microphone gave nothing.
    pub(crate) fn skip(&mut self) {
        self.sample += FRAME as u64;
        self.was_silent = true;
    }
}
