//! Presence notices that wait to be written together.
//!
//! When hundreds join at once, everybody is sent hundreds of notices, nearly the same
//! ones. They are written behind one another into one buffer, and a receiver is no
//! more than a stretch of it until it is time to write.

use bytes::Bytes;

/// Notices of one round, encoded, in order.
#[derive(Debug, Default)]
pub(super) struct PresenceLog {
    /// What has been given out already, and where each piece starts.
    closed: Vec<(usize, Bytes)>,
    /// What came after that.
    open: Vec<u8>,
    open_start: usize,
}

/// What one receiver gets: bytes of the log from `from` to `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    from: usize,
    to: usize,
}

impl Stretch {
    /// Adds the next notice. False if it does not follow on what the receiver has: it
    /// was no receiver of one in between.
    pub(super) fn extend(&mut self, notice: Self) -> bool {
        let follows = self.to == notice.from;
        if follows {
            self.to = notice.to;
        }
        follows
    }
}

impl PresenceLog {
    /// Adds a notice and says where it is.
    pub(super) fn add(&mut self, parts: &[Bytes]) -> Stretch {
        let from = self.open_start + self.open.len();
        for part in parts {
            self.open.extend_from_slice(part);
        }
        Stretch {
            from,
            to: self.open_start + self.open.len(),
        }
    }

    /// The bytes of a stretch, shared with all who get the same ones.
    pub(super) fn bytes(&mut self, stretch: Stretch) -> impl Iterator<Item = Bytes> {
        if !self.open.is_empty() {
            let piece = Bytes::from(std::mem::take(&mut self.open));
            let start = self.open_start;
            self.open_start += piece.len();
            self.closed.push((start, piece));
        }
        let first = self
            .closed
            .partition_point(|(start, piece)| start + piece.len() <= stretch.from);
        self.closed[first..]
            .iter()
            .map_while(move |(start, piece)| {
                let from = stretch.from.saturating_sub(*start);
                let to = stretch.to.saturating_sub(*start).min(piece.len());
                (from < to).then(|| piece.slice(from..to))
            })
    }

    /// Begins a new round: all stretches have been used.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whoever gets which notices, and whenever the bytes are asked for: each
        /// receiver has its notices, in order.
        #[test]
        fn every_receiver_has_its_notices(
            notices in prop::collection::vec((prop::collection::vec(any::<bool>(), 3), 0usize..4), 1..60)
        ) {
            let mut log = PresenceLog::default();
            let mut stretches: [Option<Stretch>; 3] = [None; 3];
            let mut written = [const { Vec::new() }; 3];
            let mut expected = [const { Vec::new() }; 3];
            for (n, (receivers, asks)) in notices.into_iter().enumerate() {
                let notice = Bytes::from(format!("<{n}>"));
                let place = log.add(std::slice::from_ref(&notice));
                for (peer, receives) in receivers.into_iter().enumerate() {
                    if !receives {
                        continue;
                    }
                    expected[peer].extend_from_slice(&notice);
                    let extended = stretches[peer].as_mut().is_some_and(|s| s.extend(place));
                    if !extended {
                        let before = stretches[peer].replace(place);
                        for bytes in before.into_iter().flat_map(|s| log.bytes(s).collect::<Vec<_>>()) {
                            written[peer].extend_from_slice(&bytes);
                        }
                    }
                }
                if let Some(stretch) = stretches.get_mut(asks).and_then(Option::take) {
                    written[asks].extend(log.bytes(stretch).flatten());
                }
            }
            for peer in 0..3 {
                if let Some(stretch) = stretches[peer] {
                    written[peer].extend(log.bytes(stretch).flatten());
                }
                prop_assert_eq!(&written[peer], &expected[peer]);
            }
        }
    }
}
