//! Finding markers in a stream of bytes, however it is cut into pieces.

use memchr::memmem::Finder;

use crate::{
    dialect::{self, MARKER, STAMP_DIGITS},
    server_process::Peer,
};

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A write, with its time of sending.
    Stamp(u64),
    /// The notice of a join.
    Join,
}

/// The markers of one server's protocol.
pub(crate) struct Markers {
    stamp: Finder<'static>,
    join: Finder<'static>,
}

impl Markers {
    pub(crate) fn of(peer: Peer) -> Self {
        Self {
            stamp: Finder::new(MARKER),
            join: Finder::new(dialect::join_marker(peer)),
        }
    }

    /// Reports every marker in `bytes`; returns how many bytes need not be seen again.
    pub(crate) fn scan(&self, bytes: &[u8], mut report: impl FnMut(Found)) -> usize {
        let stamp_length = MARKER.len() + STAMP_DIGITS;
        let mut done = 0;
        for at in self.stamp.find_iter(bytes) {
            let Some(digits) = bytes.get(at + MARKER.len()..at + stamp_length) else {
                break; // the rest of it is still to come
            };
            let digits = std::str::from_utf8(digits).ok();
            if let Some(sent) = digits.and_then(|digits| digits.parse().ok()) {
                report(Found::Stamp(sent));
            }
            done = at + stamp_length;
        }
        for at in self.join.find_iter(bytes) {
            report(Found::Join);
            done = done.max(at + self.join.needle().len());
        }
        // At the end there may be the beginning of one. A whole one fits in there at
        // most if it is shorter than the longest, and then it was seen.
        let longest = stamp_length.max(self.join.needle().len());
        done.max(bytes.len().saturating_sub(longest - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_found_once_however_the_bytes_are_cut() {
        let text =
            b"..\"on-peer-join\" sent@0000000000000042 x \"on-peer-join\" sent@0000000000000043\
              \"on-peer-join\" sent@00";
        let markers = Markers::of(Peer::Kulti);
        for cut in 0..text.len() {
            let (mut stamps, mut joins, mut carried) = (Vec::new(), 0, Vec::new());
            for part in [&text[..cut], &text[cut..]] {
                carried.extend_from_slice(part);
                let used = markers.scan(&carried, |found| match found {
                    Found::Stamp(sent) => stamps.push(sent),
                    Found::Join => joins += 1,
                });
                carried.drain(..used);
            }
            assert_eq!((stamps, joins), (vec![42, 43], 3), "cut at {cut}");
        }
    }
}
