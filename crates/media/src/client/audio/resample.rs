//! Sound at a device's rate from sound at another, by a windowed sinc: for devices that do
//! not run at 48 kHz.

use std::collections::VecDeque;
use std::f64::consts::PI;

/// Samples on each side that a new one is made of.
const HALF: usize = 16;

/// Positions between two samples for which the window is calculated in advance.
const PHASES: usize = 256;

/// Turns a stream of one rate into another's, a few samples late.
pub(super) struct Resampler {
    /// Input samples per output sample.
    step: f64,
    /// Where the next output sample lies, counted from `input[HALF - 1]`.
    position: f64,
    input: VecDeque<f32>,
    /// For each phase the weights of `2 * HALF` samples.
    kernel: Vec<[f32; 2 * HALF]>,
}

impl Resampler {
    /// From `from` to `to` samples a second; `None` where nothing is to be done.
    pub(super) fn new(from: u32, to: u32) -> Option<Self> {
        if from == to || from == 0 || to == 0 {
            return None;
        }
        // Going down, what the lower rate cannot carry must go.
        let cutoff = (f64::from(to) / f64::from(from)).min(1.0) * 0.92;
        let kernel = (0..=PHASES)
            .map(|phase| weights(phase as f64 / PHASES as f64, cutoff))
            .collect();
        Some(Self {
            step: f64::from(from) / f64::from(to),
            position: 0.0,
            input: VecDeque::from(vec![0.0; HALF - 1]),
            kernel,
        })
    }

    /// Samples more; gives those that can be made now.
    pub(super) fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        self.input.extend(samples);
        loop {
            let whole = self.position as usize;
            if whole + 2 * HALF > self.input.len() {
                break;
            }
            let phase = ((self.position - whole as f64) * PHASES as f64).round() as usize;
            let weights = &self.kernel[phase.min(PHASES)];
            let near = self.input.range(whole..whole + 2 * HALF);
            out.push(
                near.zip(weights)
                    .map(|(sample, weight)| sample * weight)
                    .sum(),
            );
            self.position += self.step;
        }
        let done = (self.position as usize).min(self.input.len());
        self.input.drain(..done);
        self.position -= done as f64;
    }
}

fn weights(phase: f64, cutoff: f64) -> [f32; 2 * HALF] {
    let mut weights = [0.0; 2 * HALF];
    let mut sum = 0.0;
    for (index, weight) in weights.iter_mut().enumerate() {
        let distance = index as f64 - (HALF - 1) as f64 - phase;
        let window = 0.5 + 0.5 * (PI * distance / HALF as f64).cos();
        *weight = sinc(distance * cutoff) * window;
        sum += *weight;
    }
    weights.map(|weight: f64| (weight / sum) as f32)
}

fn sinc(x: f64) -> f64 {
    if x.abs() < 1e-9 {
        1.0
    } else {
        (PI * x).sin() / (PI * x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tone at `from`, resampled to `to` in pieces of 441 samples.
    fn tone(hertz: f64, from: u32, to: u32) -> Vec<f32> {
        let mut resampler = Resampler::new(from, to).unwrap();
        let input: Vec<f32> = (0..from)
            .map(|n| (2.0 * PI * hertz * f64::from(n) / f64::from(from)).sin() as f32)
            .collect();
        let mut out = Vec::new();
        for piece in input.chunks(441) {
            resampler.push(piece, &mut out);
        }
        out
    }

    fn rms(samples: &[f32]) -> f32 {
        (samples.iter().map(|s| s * s).sum::<f32>() / samples.len() as f32).sqrt()
    }

    #[test]
    fn a_tone_keeps_its_length_pitch_and_loudness() {
        for (from, to) in [
            (44_100, 48_000),
            (48_000, 44_100),
            (16_000, 48_000),
            (96_000, 48_000),
        ] {
            let out = tone(1000.0, from, to);
            assert!(
                out.len().abs_diff(to as usize) < 100,
                "{from} to {to}: {} samples",
                out.len()
            );
            assert!(
                (rms(&out[200..]) - std::f32::consts::FRAC_1_SQRT_2).abs() < 0.01,
                "{from} to {to}: {}",
                rms(&out)
            );
            let crossings = out
                .windows(2)
                .filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0)
                .count();
            assert!(
                (998..=1000).contains(&crossings),
                "{from} to {to}: {crossings} Hz"
            );
        }
    }

    #[test]
    fn what_the_lower_rate_cannot_carry_is_gone() {
        let out = tone(14_000.0, 48_000, 16_000);
        assert!(rms(&out[200..]) < 0.01, "{}", rms(&out));
    }

    #[test]
    fn nothing_is_done_where_the_rates_agree() {
        assert!(Resampler::new(48_000, 48_000).is_none());
    }
}
