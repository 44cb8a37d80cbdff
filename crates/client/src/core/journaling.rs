//! When the watch time of a stay is written down on this computer.

use super::unsettled::Unsettled;

/// The time between two writes, in ms: a crash costs no more than this, and the write
/// that was under way.
const WRITE_MS: u64 = 1_000;

/// What was written of this stay, and when.
#[derive(Debug, Default)]
pub(super) struct Journaling {
    written: Unsettled,
    last_at: Option<u64>,
    /// Something has happened since: what is written may be different now.
    stale: bool,
}

impl Journaling {
    /// Something has happened that may change what is to be written.
    pub(super) fn touch(&mut self) {
        self.stale = true;
    }

    /// Much has turned out to count at once: it is written now, not with the next write.
    pub(super) fn hurry(&mut self) {
        self.stale = true;
        self.last_at = None;
    }

    /// When it is to be looked at next; none while nothing can have changed. `counting`
    /// says whether time passes that counts.
    pub(super) fn at(&self, now: u64, counting: bool) -> Option<u64> {
        (counting || self.stale).then(|| self.last_at.map_or(now, |last| last + WRITE_MS))
    }

    /// Looks at `unsettled`; true if it is to be written. A stretch that goes on without
    /// counting is no reason: the next heartbeat writes it. With `in_any_case` only the
    /// very same is not written again.
    pub(super) fn due(&mut self, now: u64, unsettled: &Unsettled, in_any_case: bool) -> bool {
        self.last_at = Some(now);
        self.stale = false;
        let news = if in_any_case {
            *unsettled != self.written
        } else {
            unsettled.watched != self.written.watched
                || !self
                    .written
                    .excluded
                    .difference(&unsettled.excluded)
                    .is_empty()
        };
        if news {
            self.written = unsettled.clone();
        }
        news
    }
}
