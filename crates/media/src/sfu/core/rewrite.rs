//! The numbers of forwarded packets.
//!
//! A receiver must see one stream, although what it gets jumps between layers, pauses, and
//! began long before it came. So sequence numbers, RTP times, picture ids and TL0PICIDX are
//! moved by offsets that are chosen anew where a source begins:
//!
//! ```text
//! in   q: 70003 70004 70005        h: 812 813      in, then out, of sequence numbers
//! out     1000  1001  1002            1003 1004
//! ```

use std::time::Instant;

use crate::rtc::forwarding::Numbers;

/// Where a stream begins. Below 65536: a receiver that comes new takes the rollover counter
/// of SRTP for 0. Not 0 itself, so that a packet that comes late is not below it.
const FIRST_SEQUENCE: u64 = 1000;

/// Rewrites the packets of one receiver's one track.
#[derive(Debug)]
pub(crate) struct Rewriter {
    clock_rate: u32,
    source: Option<Source>,
    last: Option<Last>,
}

/// What is added to the numbers of the source that is forwarded now.
#[derive(Debug, Clone, Copy)]
struct Source {
    /// What comes before it would take numbers that were given out already.
    first: u64,
    first_out: u64,
    timestamp: u32,
    picture_id: u16,
    tl0: u8,
}

/// The newest packet that went out.
#[derive(Debug, Clone, Copy)]
struct Last {
    numbers: Numbers,
    at: Instant,
}

impl Rewriter {
    /// For media with this RTP clock, in Hz.
    pub(crate) fn new(clock_rate: u32) -> Self {
        Self {
            clock_rate,
            source: None,
            last: None,
        }
    }

    /// Another source begins with this packet: it follows the newest that went out.
    pub(crate) fn begin(&mut self, first: &Numbers, now: Instant) {
        let source = match &self.last {
            None => Source {
                first: first.sequence,
                first_out: FIRST_SEQUENCE,
                timestamp: 0,
                picture_id: 0,
                tl0: 0,
            },
            Some(Last { numbers: last, at }) => {
                let elapsed = now.saturating_duration_since(*at).as_micros();
                let ticks = elapsed * u128::from(self.clock_rate) / 1_000_000;
                // The clock wraps, so of a long pause only the lower bits count.
                let timestamp = last.timestamp.wrapping_add((ticks as u32).max(1));
                let picture_id = last.picture_id.unwrap_or(0).wrapping_add(1);
                let tl0 = last.tl0.unwrap_or(0).wrapping_add(1);
                Source {
                    first: first.sequence,
                    first_out: last.sequence + 1,
                    timestamp: timestamp.wrapping_sub(first.timestamp),
                    picture_id: picture_id.wrapping_sub(first.picture_id.unwrap_or(0)),
                    tl0: tl0.wrapping_sub(first.tl0.unwrap_or(0)),
                }
            }
        };
        self.source = Some(source);
    }

    /// The numbers that a packet of this source goes out with. `None` for one that is older
    /// than the source's first. `has_long_id`: whether its picture id has 15 bits, or 7.
    pub(crate) fn rewrite(
        &mut self,
        packet: &Numbers,
        has_long_id: bool,
        now: Instant,
    ) -> Option<Numbers> {
        let source = self.source?;
        let mask = if has_long_id { 0x7fff } else { 0x7f };
        let numbers = Numbers {
            sequence: source.first_out + packet.sequence.checked_sub(source.first)?,
            timestamp: packet.timestamp.wrapping_add(source.timestamp),
            picture_id: packet
                .picture_id
                .map(|id| id.wrapping_add(source.picture_id) & mask),
            tl0: packet.tl0.map(|tl0| tl0.wrapping_add(source.tl0)),
        };
        if self
            .last
            .is_none_or(|last| numbers.sequence > last.numbers.sequence)
        {
            self.last = Some(Last { numbers, at: now });
        }
        Some(numbers)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn numbers(sequence: u64, timestamp: u32, picture_id: u16, tl0: u8) -> Numbers {
        Numbers {
            sequence,
            timestamp,
            picture_id: Some(picture_id),
            tl0: Some(tl0),
        }
    }

    #[test]
    fn a_stream_that_is_old_begins_below_the_rollover() {
        let now = Instant::now();
        let mut rewriter = Rewriter::new(90_000);
        let first = numbers(10_000_000, 5, 7, 9);
        rewriter.begin(&first, now);
        let out = rewriter.rewrite(&first, true, now).unwrap();
        assert_eq!(out, numbers(FIRST_SEQUENCE, 5, 7, 9));
        assert!(out.sequence < 65_536);
    }

    #[test]
    fn another_layer_follows_the_newest_packet_by_the_time_that_passed() {
        let now = Instant::now();
        let mut rewriter = Rewriter::new(90_000);
        let q = numbers(100, 9_000, 0x7fff, 255);
        rewriter.begin(&q, now);
        rewriter.rewrite(&q, true, now).unwrap();

        let later = now + Duration::from_millis(100);
        let h = numbers(7, 1, 3, 3);
        rewriter.begin(&h, later);
        let out = rewriter.rewrite(&h, true, later).unwrap();
        assert_eq!(out, numbers(FIRST_SEQUENCE + 1, 18_000, 0, 0));
    }

    #[test]
    fn what_is_older_than_the_first_of_its_source_is_dropped() {
        let now = Instant::now();
        let mut rewriter = Rewriter::new(90_000);
        rewriter.begin(&numbers(100, 0, 0, 0), now);
        assert_eq!(rewriter.rewrite(&numbers(99, 0, 0, 0), true, now), None);
    }

    #[test]
    fn a_late_packet_keeps_its_place_and_takes_no_newer_ones() {
        let now = Instant::now();
        let mut rewriter = Rewriter::new(90_000);
        rewriter.begin(&numbers(100, 0, 0, 0), now);
        for sequence in [100, 102, 101] {
            let out = rewriter
                .rewrite(&numbers(sequence, 0, 0, 0), true, now)
                .unwrap();
            assert_eq!(out.sequence, FIRST_SEQUENCE + sequence - 100);
        }
        let other = numbers(5, 0, 0, 0);
        rewriter.begin(&other, now);
        assert_eq!(
            rewriter.rewrite(&other, true, now).unwrap().sequence,
            FIRST_SEQUENCE + 3
        );
    }

    #[test]
    fn short_picture_ids_stay_short() {
        let now = Instant::now();
        let mut rewriter = Rewriter::new(90_000);
        let long = numbers(1, 0, 0x1234, 0);
        rewriter.begin(&long, now);
        rewriter.rewrite(&long, true, now).unwrap();
        let short = numbers(1, 0, 100, 0);
        rewriter.begin(&short, now);
        let out = rewriter.rewrite(&short, false, now).unwrap();
        assert_eq!(out.picture_id, Some(0x1235 & 0x7f));
    }

    proptest! {
        /// Sources of any numbers, each sending some frames in order: what goes out has no
        /// gap and never goes back, through every wrap.
        #[test]
        fn one_stream_comes_out_of_many(
            sources in prop::collection::vec(
                (0u64..1 << 40, any::<u32>(), 0u16..0x8000, any::<u8>(), 1usize..20),
                1..12,
            ),
        ) {
            let mut now = Instant::now();
            let mut rewriter = Rewriter::new(90_000);
            let mut last: Option<Numbers> = None;
            for (sequence, timestamp, picture_id, tl0, frames) in sources {
                for i in 0..frames {
                    let packet = numbers(
                        sequence + i as u64,
                        timestamp.wrapping_add(3000 * i as u32),
                        (picture_id + i as u16) & 0x7fff,
                        tl0.wrapping_add(i as u8),
                    );
                    if i == 0 {
                        rewriter.begin(&packet, now);
                    }
                    let out = rewriter.rewrite(&packet, true, now).unwrap();
                    if let Some(last) = last {
                        prop_assert_eq!(out.sequence, last.sequence + 1);
                        prop_assert_eq!(out.picture_id, Some((last.picture_id.unwrap() + 1) & 0x7fff));
                        prop_assert_eq!(out.tl0, Some(last.tl0.unwrap().wrapping_add(1)));
                        let step = out.timestamp.wrapping_sub(last.timestamp);
                        prop_assert!(step > 0 && step <= 3000, "a step of {}", step);
                    } else {
                        prop_assert!(out.sequence < 65_536);
                    }
                    last = Some(out);
                    now += Duration::from_millis(33);
                }
            }
        }
    }
}
