//! How many bits a second a source may take.
//!
//! By loss alone, in the simple way that browsers had before they measured delay: more than
//! a tenth lost, lower it by half of that share; less than a fiftieth, raise it by 8 %; in
//! between leave it. One report comes a second. Retransmissions mend most losses, so the
//! picture suffers later than the rate.

/// Shares of lost packets, by which the rate goes down or up.
const TOO_MANY: f32 = 0.10;
const FEW: f32 = 0.02;

/// Smaller changes are not worth a new encoder setting.
const STEP: f32 = 0.05;

/// The bitrate of one source.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bitrate {
    most: u32,
    least: u32,
    now: f32,
    told: u32,
}

impl Bitrate {
    /// Begins with the most.
    pub(super) fn new(most: u32) -> Self {
        Self { most, least: most / 8, now: most as f32, told: most }
    }

    /// bits/s, as last told.
    pub(super) fn get(&self) -> u32 {
        self.told
    }

    /// The other side missed this share of a second's packets. Gives the new rate if it
    /// differs by something.
    pub(super) fn report(&mut self, loss: f32) -> Option<u32> {
        if loss > TOO_MANY {
            self.now *= 1.0 - loss.min(1.0) / 2.0;
        } else if loss < FEW {
            self.now *= 1.08;
        }
        self.now = self.now.clamp(self.least as f32, self.most as f32);
        let next = self.now as u32;
        let is_end = (next == self.most || next == self.least) && next != self.told;
        if !is_end && next.abs_diff(self.told) as f32 <= STEP * self.told as f32 {
            return None;
        }
        self.told = next;
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_lower_it_and_it_comes_back_without_them() {
        let mut bitrate = Bitrate::new(500_000);
        assert_eq!(bitrate.report(0.0), None, "it begins with the most");
        assert_eq!(bitrate.report(0.05), None, "a few losses change nothing");
        assert_eq!(bitrate.report(0.4), Some(400_000));
        for _ in 0..100 {
            bitrate.report(0.9);
        }
        assert_eq!(bitrate.get(), 62_500, "never below an eighth");
        for _ in 0..100 {
            bitrate.report(0.0);
        }
        assert_eq!(bitrate.get(), 500_000);
    }

    #[test]
    fn nonsense_is_survived() {
        let mut bitrate = Bitrate::new(500_000);
        for loss in [f32::NAN, f32::INFINITY, -3.0, 7.0] {
            bitrate.report(loss);
            assert!((62_500..=500_000).contains(&bitrate.get()));
        }
    }
}
