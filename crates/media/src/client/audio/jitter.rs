//! Evens out when packets of sound arrive: early ones wait, missing ones are made up for,
//! and the wait is as short as the network allows.
//!
//! Times are in samples of 48 kHz, on two clocks: `rtp`, the sender's, and `now`, ours. The
//! *transit* of a packet is `now - rtp` when it comes. The smallest transit of late is that
//! of a packet that nothing has held up; all others are as much late as theirs is greater.
//! Playing a sample at `rtp + smallest transit + delay` leaves `delay` for that.

use std::collections::{BTreeMap, VecDeque};

/// Samples of a millisecond.
const MS: i64 = 48;

/// Least delay: what two packets need to come out of order.
const SHORTEST: i64 = 40 * MS;

/// Greatest delay: beyond it people talk over each other.
const LONGEST: i64 = 200 * MS;

/// How far the real delay may be off before a frame is left out or added.
const TOLERANCE: i64 = 30 * MS;

/// More than that behind and frames are dropped at once.
const TOO_FAR: i64 = LONGEST + 100 * MS;

/// Most packets that wait, whatever their times say.
const MOST_PACKETS: usize = 64;

/// Transits that are remembered: five seconds of packets of 20 ms.
const HISTORY: usize = 256;

/// Missing sound is made up for so long; then it fades to silence, and the next packet
/// begins anew.
const LONGEST_CONCEALMENT: i64 = 100 * MS;

/// A jump of the sender's clock that no pause explains: begin anew.
const JUMP: i64 = 60_000 * MS;

/// What is to be played next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// Decode this.
    Packet(Vec<u8>),
    /// A packet is lost: decode the copy of it that this, the next, carries.
    Recover {
        /// The packet after the lost one.
        following: Vec<u8>,
        /// How many samples are missing.
        samples: usize,
    },
    /// Make up this many samples.
    Conceal(usize),
    /// Decode this, but don't play it: too much is waiting.
    Skip(Vec<u8>),
    /// Nothing is playing.
    Silence,
}

#[derive(Debug)]
struct Waiting {
    sequence: u64,
    samples: i64,
    came: i64,
    data: Vec<u8>,
}

/// The buffer of one speaker.
#[derive(Debug, Default)]
pub(super) struct JitterBuffer {
    /// By RTP time.
    waiting: BTreeMap<i64, Waiting>,
    /// The RTP time that is played next; `None`: silent until enough is waiting.
    next: Option<i64>,
    /// The last packet that was played, by sequence.
    played: Option<u64>,
    transits: VecDeque<i64>,
    /// What packets that came too late have added to the delay.
    penalty: i64,
    /// How much has been made up for without a packet.
    concealed: i64,
    /// The real delay, smoothed over some 30 frames.
    smoothed: Option<i64>,
    /// The last frame's length.
    frame: i64,
    late: u64,
}

impl JitterBuffer {
    /// A packet of `samples` has come.
    pub(super) fn push(&mut self, sequence: u64, rtp: i64, samples: usize, data: Vec<u8>, now: i64) {
        let Ok(samples) = i64::try_from(samples) else { return };
        if samples == 0 || samples > 120 * MS {
            return;
        }
        self.frame = samples;
        let transit = now.saturating_sub(rtp);
        if self.transits.back().is_some_and(|last| last.abs_diff(transit) > JUMP.unsigned_abs()) {
            *self = Self { frame: samples, ..Self::default() };
        }
        self.transits.push_back(transit);
        if self.transits.len() > HISTORY {
            self.transits.pop_front();
        }
        self.penalty -= self.penalty / 256;
        if self.next.is_some_and(|next| rtp < next) {
            if self.played.is_some_and(|played| sequence > played) {
                // Its place was made up for already: wait longer from now on.
                self.late += 1;
                self.penalty = (self.penalty + 10 * MS).min(LONGEST - SHORTEST);
            }
            return;
        }
        self.waiting.entry(rtp).or_insert(Waiting { sequence, samples, came: now, data });
        if self.waiting.len() > MOST_PACKETS {
            self.waiting.pop_first();
            if let (Some(next), Some((&first, _))) = (self.next, self.waiting.first_key_value()) {
                self.next = Some(next.max(first));
            }
        }
    }

    /// What is played at `now`. The samples that are told have been played afterwards.
    pub(super) fn pull(&mut self, now: i64) -> Next {
        let Some(next) = self.next.or_else(|| self.begin(now)) else { return Next::Silence };
        self.drop_far_behind(next, now);
        let Some(next) = self.next else { return Next::Silence };
        let delay = now - next - self.smallest_transit();
        let smoothed = self.smoothed.get_or_insert(delay);
        *smoothed += (delay - *smoothed) / 32;
        let error = *smoothed - self.target();

        if let Some(packet) = self.waiting.remove(&next) {
            if error < -TOLERANCE && self.concealed < LONGEST_CONCEALMENT {
                // Too little is waiting: stretch by a made-up frame before this one.
                self.smoothed = self.smoothed.map(|delay| delay + packet.samples);
                self.concealed += packet.samples;
                let samples = length(packet.samples);
                self.waiting.insert(next, packet);
                return Next::Conceal(samples);
            }
            self.next = Some(next + packet.samples);
            self.played = Some(packet.sequence);
            self.concealed = 0;
            if error > TOLERANCE && self.waiting.contains_key(&(next + packet.samples)) {
                self.smoothed = self.smoothed.map(|delay| delay - packet.samples);
                return Next::Skip(packet.data);
            }
            return Next::Packet(packet.data);
        }
        self.missing(next)
    }

    /// Nothing has this time: it is lost, or late, or the sender is silent.
    fn missing(&mut self, next: i64) -> Next {
        let frame = if self.frame == 0 { 20 * MS } else { self.frame };
        let Some((&first, following)) = self.waiting.first_key_value() else {
            if self.concealed >= LONGEST_CONCEALMENT {
                self.pause();
                return Next::Silence;
            }
            self.concealed += frame;
            self.next = Some(next + frame);
            return Next::Conceal(length(frame));
        };
        let gap = first - next;
        let is_pause = self.played.is_some_and(|played| following.sequence == played + 1);
        if is_pause || gap > LONGEST_CONCEALMENT {
            // The sender was silent meanwhile (its sequence goes on), or too much is lost.
            self.pause();
            return Next::Silence;
        }
        self.concealed += frame.min(gap);
        self.next = Some(next + frame.min(gap));
        if gap <= frame {
            Next::Recover { following: following.data.clone(), samples: length(gap) }
        } else {
            Next::Conceal(length(frame))
        }
    }

    /// How far the playing sample is behind the fastest packet, in samples.
    pub(super) fn delay(&self) -> i64 {
        self.smoothed.unwrap_or_else(|| self.target()).clamp(0, TOO_FAR)
    }

    /// Packets that came after their time.
    #[cfg(test)]
    pub(super) fn late(&self) -> u64 {
        self.late
    }

    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The delay that is aimed at: what 97 of 100 packets need, a frame more, and what late
    /// ones have shown to be missing.
    pub(super) fn target(&self) -> i64 {
        let mut transits: Vec<i64> = self.transits.iter().copied().collect();
        transits.sort_unstable();
        let smallest = transits.first().copied().unwrap_or(0);
        let usual = transits.get(transits.len().saturating_sub(1) * 97 / 100).copied();
        let jitter = usual.unwrap_or(smallest).saturating_sub(smallest);
        (jitter + self.frame + self.penalty).clamp(SHORTEST, LONGEST)
    }

    fn smallest_transit(&self) -> i64 {
        self.transits.iter().copied().min().unwrap_or(0)
    }

    /// Starts to play once the first packet has waited for the delay.
    fn begin(&mut self, now: i64) -> Option<i64> {
        let (&first, packet) = self.waiting.first_key_value()?;
        let waited = now - first - self.smallest_transit();
        if waited < self.target() && now - packet.came < LONGEST {
            return None;
        }
        self.next = Some(first);
        self.smoothed = None;
        Some(first)
    }

    fn pause(&mut self) {
        self.next = None;
        self.concealed = 0;
    }

    fn drop_far_behind(&mut self, next: i64, now: i64) {
        if now - next - self.smallest_transit() <= TOO_FAR {
            return;
        }
        let from = now - self.smallest_transit() - self.target();
        self.waiting = self.waiting.split_off(&from);
        self.smoothed = None;
        self.next = self.waiting.first_key_value().map(|(&first, _)| first);
    }
}

fn length(samples: i64) -> usize {
    usize::try_from(samples).unwrap_or(0)
}

#[cfg(test)]
mod tests;
