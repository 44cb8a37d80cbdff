//! When a picture is shown, so that lips and words go together.
//!
//! Sound and pictures of a person take the same way: the microphone's and the camera's
//! packets leave together and pass the same server. So a picture is shown as long after the
//! *fastest* of its track could have come as the sound of that person waits after the
//! fastest of its packets (jitter buffer and device; [`super::audio::Mixer`] tells). That
//! evens out the pictures' own jitter too, and needs no common clock. What is left is the
//! difference of capture and encoding times at the sender, some tens of milliseconds.
//! Sender reports would not be better here: a server that forwards makes its own, from when
//! packets reached it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Ticks of a picture's RTP clock a second.
const RTP_RATE: u64 = 90_000;

/// So long the fastest way is remembered: clocks drift by less than 2 ms meanwhile.
const MEMORY: Duration = Duration::from_secs(10);

/// A picture that would have to wait longer is on another time line: begin anew.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// The time line of one video track.
#[derive(Debug, Clone)]
pub(super) struct Timeline {
    epoch: Instant,
    /// Transits (arrival less RTP time, µs), each smaller than all that follow.
    fastest: VecDeque<(Instant, i64)>,
}

impl Timeline {
    /// `epoch`: what the times that it gives are counted from.
    pub(super) fn new(epoch: Instant) -> Self {
        Self { epoch, fastest: VecDeque::new() }
    }

    /// When to show the picture of this RTP time, in µs, if sound waits for `sound_delay`.
    /// Never before it came.
    pub(super) fn show_at(&mut self, rtp_time: u64, arrived: Instant, sound_delay: Duration) -> u64 {
        let came = micros(arrived.saturating_duration_since(self.epoch));
        let rtp = i64::try_from(u128::from(rtp_time) * 1_000_000 / u128::from(RTP_RATE)).unwrap_or(0);
        let transit = came.saturating_sub(rtp);
        let (longest, delay) = (micros(LONGEST_WAIT), micros(sound_delay));
        if self.fastest.front().is_some_and(|(_, fastest)| transit.saturating_sub(*fastest) > longest) {
            self.fastest.clear();
        }
        while self.fastest.front().is_some_and(|(at, _)| *at + MEMORY < arrived) {
            self.fastest.pop_front();
        }
        while self.fastest.back().is_some_and(|(_, later)| *later >= transit) {
            self.fastest.pop_back();
        }
        self.fastest.push_back((arrived, transit));
        let fastest = self.fastest.front().map_or(transit, |(_, fastest)| *fastest);
        let at = rtp.saturating_add(fastest).saturating_add(delay).max(came);
        u64::try_from(at).unwrap_or(0)
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_shown_evenly_although_they_come_unevenly() {
        let epoch = Instant::now();
        let mut timeline = Timeline::new(epoch);
        let delay = Duration::from_millis(100);
        let held_up = [0, 30, 5, 80, 0, 60];
        let shown: Vec<u64> = (0..6u64)
            .map(|n| {
                let came = epoch + Duration::from_millis(1000 + n * 40 + held_up[n as usize]);
                timeline.show_at(500_000 + n * 3600, came, delay)
            })
            .collect();
        let expected: Vec<u64> = (0..6u64).map(|n| (1100 + n * 40) * 1000).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn none_is_shown_before_it_came() {
        let epoch = Instant::now();
        let mut timeline = Timeline::new(epoch);
        timeline.show_at(0, epoch, Duration::ZERO);
        let came = epoch + Duration::from_millis(240);
        assert_eq!(timeline.show_at(3600, came, Duration::from_millis(50)), 240_000);
    }

    #[test]
    fn a_new_time_line_of_the_sender_is_followed_at_once() {
        let epoch = Instant::now();
        let mut timeline = Timeline::new(epoch);
        timeline.show_at(900_000_000, epoch, Duration::ZERO);
        let came = epoch + Duration::from_millis(40);
        assert_eq!(timeline.show_at(5, came, Duration::from_millis(60)), 100_000);
    }

    #[test]
    fn a_way_that_has_become_longer_is_learned() {
        let epoch = Instant::now();
        let mut timeline = Timeline::new(epoch);
        let mut last = 0;
        for n in 0..1000u64 {
            let longer = if n < 100 { 0 } else { 300 };
            let came = epoch + Duration::from_millis(n * 40 + longer);
            last = timeline.show_at(n * 3600, came, Duration::from_millis(60));
        }
        assert_eq!(last, (999 * 40 + 300 + 60) * 1000);
    }
}
