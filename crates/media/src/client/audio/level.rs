//! How loud the microphone is.

use super::FRAME;

/// Frames that one report covers: 100 ms.
const FRAMES: u32 = 5;

/// What counts as silence, in dB.
const FLOOR: f32 = -60.0;

/// dB of a frame relative to full scale; silence is -127.
pub(super) fn decibels(frame: &[f32]) -> f32 {
    let power = frame.iter().map(|sample| sample * sample).sum::<f32>() / frame.len().max(1) as f32;
    (10.0 * power.max(1e-13).log10()).max(-127.0)
}

/// Tells the level ten times a second.
#[derive(Debug, Default)]
pub(crate) struct LevelMeter {
    frames: u32,
    loudest: Option<f32>,
}

impl LevelMeter {
    /// The next frame; at every fifth the loudest of them, 0 to 100.
    pub(crate) fn push(&mut self, frame: &[f32; FRAME]) -> Option<u8> {
        let level = decibels(frame);
        let loudest = self.loudest.map_or(level, |loudest| loudest.max(level));
        self.loudest = Some(loudest);
        self.frames += 1;
        if self.frames < FRAMES {
            return None;
        }
        *self = Self::default();
        Some(((loudest - FLOOR) / -FLOOR * 100.0).clamp(0.0, 100.0) as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_0_and_full_scale_is_100_and_five_frames_make_a_report() {
        let mut meter = LevelMeter::default();
        let reports: Vec<_> = (0..10).filter_map(|_| meter.push(&[0.0; FRAME])).collect();
        assert_eq!(reports, [0, 0]);
        let reports: Vec<_> = (0..5).filter_map(|_| meter.push(&[1.0; FRAME])).collect();
        assert_eq!(reports, [100]);
    }

    #[test]
    fn each_ten_decibels_are_a_sixth_of_the_scale() {
        let mut meter = LevelMeter::default();
        let amplitude = 10f32.powf(-30.0 / 20.0);
        let reports: Vec<_> = (0..5).filter_map(|_| meter.push(&[amplitude; FRAME])).collect();
        assert!((49..=50).contains(&reports[0]), "-30 dB is the middle, not {}", reports[0]);
    }
}
