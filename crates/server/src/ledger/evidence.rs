//! What is known of one participant's watching in one session. No clock, no database.

use std::sync::Arc;

use kulti_watch::IntervalSet;

use crate::db::{DbError, EvidenceRow, Write};

/// A heartbeat without intervals vouches at most for so much time before it: what the
/// web product's counts after a pause.
const PLAIN_BEAT_MS: u64 = 120_000;

/// What a heartbeat says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Beat {
    /// These stretches were watched.
    Intervals(IntervalSet),
    /// The web product's: whether the person watches now.
    Plain {
        /// Whether they do.
        active: bool,
    },
}

/// Times are ms since the epoch, server time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Evidence {
    joined_at: u64,
    /// What the participant's clients say was watched.
    claimed: IntervalSet,
    /// The part of `claimed` that is on disk.
    claimed_on_disk: IntervalSet,
    /// When the server saw the participant connected, but for the present connection.
    attended: IntervalSet,
    connected_since: Option<u64>,
    /// Set for those who were connected when an earlier run of the server wrote for the
    /// last time: until when it can vouch for them.
    connected_before_until: Option<u64>,
    /// When the last heartbeat with intervals came.
    last_beat: Option<u64>,
    /// The last heartbeat without intervals: when, and whether it said active.
    last_plain_beat: Option<(u64, bool)>,
    /// The attendance changed since it was written.
    attendance_unwritten: bool,
    /// The claims changed since they were paid for, or nobody remembers whether they were.
    unpaid: bool,
}

impl Evidence {
    pub(super) fn new(joined_at: u64) -> Self {
        Self {
            joined_at,
            claimed: IntervalSet::new(),
            claimed_on_disk: IntervalSet::new(),
            attended: IntervalSet::new(),
            connected_since: None,
            connected_before_until: None,
            last_beat: None,
            last_plain_beat: None,
            attendance_unwritten: false,
            unpaid: false,
        }
    }

    pub(super) fn from_row(joined_at: u64, row: &EvidenceRow) -> Result<Self, DbError> {
        let set = |json: &str| {
            serde_json::from_str::<IntervalSet>(json)
                .map_err(|error| DbError::Corrupt(format!("watch evidence: {error}")))
        };
        let claimed = set(&row.claimed)?;
        Ok(Self {
            claimed_on_disk: claimed.clone(),
            claimed,
            attended: set(&row.attended)?,
            connected_before_until: row.connected_until,
            unpaid: true,
            ..Self::new(joined_at)
        })
    }

    /// The row to write, with the present connection vouched for until `now`.
    pub(super) fn to_row(&self, session_id: &Arc<str>, user_id: &Arc<str>, now: u64) -> Write {
        let json = |set: &IntervalSet| serde_json::to_string(set).unwrap_or_else(|_| "[]".into());
        Write::Evidence {
            session_id: session_id.clone(),
            user_id: user_id.clone(),
            claimed: json(&self.claimed),
            attended: json(&self.attended_until(now)),
            connected_until: self
                .connected_since
                .map(|since| since.max(now))
                .or(self.connected_before_until),
        }
    }

    pub(super) fn is_connected(&self) -> bool {
        self.connected_since.is_some()
    }

    /// When the server saw the participant last; 0 for never.
    pub(super) fn last_seen(&self) -> u64 {
        self.attended.bounds().map_or(0, |(_, end)| end)
    }

    /// Whether a client that reports intervals was there at `ended_at` and has not
    /// reported since: it is about to.
    pub(super) fn owes_last_beat(&self, ended_at: u64) -> bool {
        self.last_beat.is_some_and(|at| at < ended_at)
            && (self.is_connected() || self.last_seen() >= ended_at)
    }

    /// Whether there may be something to pay for.
    pub(super) fn is_unpaid(&self) -> bool {
        self.unpaid
    }

    /// What `paid`, a copy of this, claims has been paid for.
    pub(super) fn paid(&mut self, paid: &Self) {
        if self.claimed == paid.claimed {
            self.unpaid = false;
        }
    }

    /// Whether there is something to write.
    pub(super) fn is_unwritten(&self) -> bool {
        self.attendance_unwritten || self.is_connected() || self.has_unwritten_claims()
    }

    pub(super) fn has_unwritten_claims(&self) -> bool {
        // What is on disk is always a part of what is claimed.
        self.claimed.measure_ms() != self.claimed_on_disk.measure_ms()
    }

    /// `written` is a copy of this that is now on disk.
    pub(super) fn on_disk(&mut self, written: &Self) {
        self.claimed_on_disk.clone_from(&written.claimed);
        if self.attended == written.attended && self.connected_since == written.connected_since {
            self.attendance_unwritten = false;
        }
    }

    /// Those who were connected before the server's restart, and are back before
    /// `return_until`, were only kept away by the server.
    pub(super) fn connect(&mut self, at: u64, return_until: u64) {
        if let Some(until) = self.connected_before_until.take()
            && at <= return_until
        {
            self.attended.insert(until, at);
        }
        self.connected_since.get_or_insert(at);
        self.attendance_unwritten = true;
    }

    pub(super) fn disconnect(&mut self, at: u64) {
        if let Some(since) = self.connected_since.take() {
            self.attended.insert(since, at);
            self.attendance_unwritten = true;
        }
    }

    /// Adds what a heartbeat at `now` claims, up to `until`. None if the claims would
    /// consist of more than `stretches`: then nothing is changed.
    pub(super) fn claim(
        &mut self,
        beat: &Beat,
        now: u64,
        until: u64,
        stretches: usize,
    ) -> Option<()> {
        let mut claimed = match beat {
            Beat::Intervals(set) => set.clip(self.joined_at, until),
            Beat::Plain { .. } => match self.last_plain_beat {
                Some((at, true)) => {
                    let from = at.max(now.saturating_sub(PLAIN_BEAT_MS));
                    [(from, now.min(until))].into_iter().collect()
                }
                _ => IntervalSet::new(),
            },
        };
        claimed.merge(&self.claimed);
        if claimed.len() > stretches {
            return None;
        }
        self.unpaid |= claimed != self.claimed;
        self.claimed = claimed;
        match beat {
            Beat::Intervals(_) => self.last_beat = Some(now),
            Beat::Plain { active } => self.last_plain_beat = Some((now, *active)),
        }
        Some(())
    }

    /// Of a heartbeat's stretches, those that need not be sent again.
    pub(super) fn acknowledge(&self, beat: &Beat, ended_at: Option<u64>) -> IntervalSet {
        let Beat::Intervals(sent) = beat else {
            return IntervalSet::new();
        };
        // What was before joining or after the end is refused for good; what is in the
        // future may yet come.
        let mut settled = self.claimed_on_disk.clone();
        settled.insert(0, self.joined_at);
        if let Some(end) = ended_at {
            settled.insert(end, u64::MAX);
        }
        sent.intersect(&settled)
    }

    /// The claims that the server can vouch for: while it saw the participant
    /// connected, and `grace_ms` longer.
    pub(super) fn vouched(&self, until: u64, grace_ms: u64) -> IntervalSet {
        let connected: IntervalSet = self
            .attended_until(until)
            .iter()
            .map(|(start, end)| (start, end.saturating_add(grace_ms)))
            .collect();
        self.claimed
            .clip(self.joined_at, until)
            .intersect(&connected)
    }

    fn attended_until(&self, now: u64) -> IntervalSet {
        let mut attended = self.attended.clone();
        if let Some(since) = self.connected_since {
            attended.insert(since, now);
        }
        attended
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const GRACE: u64 = 30_000;

    fn set(intervals: &[(u64, u64)]) -> IntervalSet {
        intervals.iter().copied().collect()
    }

    fn intervals(intervals: &[(u64, u64)]) -> Beat {
        Beat::Intervals(set(intervals))
    }

    fn connected_from(at: u64) -> Evidence {
        let mut evidence = Evidence::new(1_000);
        evidence.connect(at, 0);
        evidence
    }

    #[test]
    fn claims_count_where_the_server_saw_the_participant() {
        let mut evidence = connected_from(2_000);
        evidence
            .claim(&intervals(&[(0, 60_000)]), 60_000, 60_000, 10)
            .unwrap();
        assert_eq!(evidence.vouched(60_000, GRACE), set(&[(2_000, 60_000)]));
        evidence.disconnect(10_000);
        assert_eq!(
            evidence.vouched(60_000, GRACE),
            set(&[(2_000, 40_000)]),
            "the grace period goes on top"
        );
    }

    #[test]
    fn the_future_is_neither_counted_nor_acknowledged() {
        let mut evidence = connected_from(1_000);
        let beat = intervals(&[(500, 9_000)]);
        evidence.claim(&beat, 5_000, 5_000, 10).unwrap();
        assert_eq!(
            evidence.acknowledge(&beat, None),
            set(&[(500, 1_000)]),
            "nothing is on disk yet"
        );
        let written = evidence.clone();
        evidence.on_disk(&written);
        assert_eq!(evidence.acknowledge(&beat, None), set(&[(500, 5_000)]));
        assert_eq!(
            evidence.acknowledge(&beat, Some(5_000)),
            set(&[(500, 9_000)]),
            "after the end nothing more can come"
        );
    }

    #[test]
    fn what_came_while_writing_is_not_taken_for_written() {
        let mut evidence = connected_from(1_000);
        evidence
            .claim(&intervals(&[(1_000, 2_000)]), 2_000, 2_000, 10)
            .unwrap();
        let written = evidence.clone();
        evidence
            .claim(&intervals(&[(2_000, 3_000)]), 3_000, 3_000, 10)
            .unwrap();
        evidence.disconnect(3_000);
        evidence.on_disk(&written);
        assert!(evidence.has_unwritten_claims());
        assert!(evidence.is_unwritten());
        let beat = intervals(&[(1_000, 3_000)]);
        assert_eq!(evidence.acknowledge(&beat, None), set(&[(1_000, 2_000)]));
    }

    #[test]
    fn plain_beats_count_from_an_active_beat_to_the_next() {
        let mut evidence = connected_from(1_000);
        for (at, active) in [
            (10_000, true),
            (40_000, true),
            (70_000, false),
            (100_000, true),
        ] {
            evidence.claim(&Beat::Plain { active }, at, at, 10).unwrap();
        }
        assert_eq!(
            evidence.vouched(100_000, GRACE),
            set(&[(10_000, 70_000)]),
            "until the beat that says inactive, and not over the absence"
        );
        evidence
            .claim(&Beat::Plain { active: true }, 400_000, 400_000, 10)
            .unwrap();
        assert_eq!(
            evidence.claimed,
            set(&[(10_000, 70_000), (280_000, 400_000)])
        );
    }

    #[test]
    fn a_crash_of_the_server_costs_nothing_if_the_participant_returns_at_once() {
        let row = |connected_until| EvidenceRow {
            user_id: "u".into(),
            claimed: "[]".into(),
            attended: "[[1000,5000]]".into(),
            connected_until,
        };
        let restarted_at = 50_000;
        let return_until = restarted_at + GRACE;

        let mut back = Evidence::from_row(1_000, &row(Some(5_000))).unwrap();
        back.connect(60_000, return_until);
        assert_eq!(back.attended_until(61_000), set(&[(1_000, 61_000)]));

        let mut late = Evidence::from_row(1_000, &row(Some(5_000))).unwrap();
        late.connect(90_000, return_until);
        assert_eq!(
            late.attended_until(91_000),
            set(&[(1_000, 5_000), (90_000, 91_000)])
        );

        let mut had_left = Evidence::from_row(1_000, &row(None)).unwrap();
        had_left.connect(60_000, return_until);
        assert_eq!(
            had_left.attended_until(61_000),
            set(&[(1_000, 5_000), (60_000, 61_000)])
        );
    }

    #[test]
    fn claims_in_too_many_pieces_change_nothing() {
        let mut evidence = connected_from(1_000);
        let pieces: Vec<_> = (0..11).map(|n| (2_000 + n * 10, 2_001 + n * 10)).collect();
        assert_eq!(evidence.claim(&intervals(&pieces), 9_000, 9_000, 10), None);
        assert!(evidence.claimed.is_empty());
    }
}
