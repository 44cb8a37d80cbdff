//! What a room has to do later.

use std::collections::BTreeSet;

use super::Room;
use super::io::SocketId;
use super::peers::PeerNo;

/// Something that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// The grace of a lost peer is over, if it is still lost.
    Grace(PeerNo),
    /// A socket that was told to go has had its time.
    Expelled(SocketId),
    /// Who is back and still believes in media connections that are no more is told.
    Node(PeerNo),
    /// Previews that did not come back are forgotten.
    Previews,
    /// Viewers may be published, or somebody's watch state has become stale.
    Viewers,
    /// `session-info` may be sent.
    Session,
    /// A timed poll is over, if it still runs.
    PollEnds,
    /// Results of polls may be told.
    PollResults,
    /// A new count of acknowledgements may be told.
    Acknowledged,
}

/// Due times in order. A timer that no longer applies does nothing when it is due,
/// so none is ever taken back.
#[derive(Debug, Default)]
pub(super) struct Timers {
    queue: BTreeSet<(u64, Due)>,
}

impl Timers {
    pub(super) fn at(&mut self, due_ms: u64, due: Due) {
        self.queue.insert((due_ms, due));
    }

    pub(super) fn next(&self) -> Option<u64> {
        self.queue.first().map(|(at, _)| *at)
    }

    fn pop_due(&mut self, now: u64) -> Option<Due> {
        match self.queue.first() {
            Some((at, _)) if *at <= now => self.queue.pop_first().map(|(_, due)| due),
            _ => None,
        }
    }
}

impl Room {
    pub(super) fn run_timers(&mut self) {
        while let Some(due) = self.timers.pop_due(self.now) {
            match due {
                Due::Grace(no) => self.grace_over(no),
                Due::Node(no) => self.tell_node(no),
                Due::Expelled(socket) => self.expelled_stay_over(socket),
                Due::Previews => self.forget_previews(),
                Due::Viewers => self.viewers.timer_fired(),
                Due::Session => self.session_notice.timer_fired(),
                Due::PollEnds => self.stop_overdue_polls(),
                Due::PollResults => self.tell_results(),
                Due::Acknowledged => self.acknowledgements.timer_fired(),
            }
        }
    }
}
