//! What is known of one participant's watching in one session. No clock, no database.

use std::sync::Arc;

use kulti_watch::IntervalSet;

use super::{books::Books, exclusions::Exclusions, session::Person};
use crate::db::{DbError, EvidenceRow, Write};

/// A heartbeat without intervals vouches at most for so much time before it: what the
/// web product's counts after a pause.
const PLAIN_BEAT_MS: u64 = 120_000;
/// So many heartbeats of one who has left are written at once; later ones wait for the
/// pace of commits, so that nobody can make the server write at will.
const URGENT_BEATS: u8 = 3;

/// What a heartbeat says of the time that was watched.
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
    pub(super) hosting: bool,
    /// What the participant's clients say was watched.
    claimed: IntervalSet,
    /// The part of `claimed` that is on disk.
    claimed_on_disk: IntervalSet,
    /// What they say was not, and why.
    exclusions: Exclusions,
    /// When the server saw the participant connected, but for the present connection.
    attended: IntervalSet,
    connected_since: Option<u64>,
    /// Set for those who were connected when an earlier run of the server wrote for the
    /// last time: until when it can vouch for them.
    connected_before_until: Option<u64>,
    /// Chat messages that the participant wrote.
    pub(super) messages: u64,
    /// When the last heartbeat with intervals came.
    last_beat: Option<u64>,
    /// The last heartbeat without intervals: when, and whether it said active.
    last_plain_beat: Option<(u64, bool)>,
    urgent_beats: u8,
    /// Whether anything of this participant is on disk.
    is_on_disk: bool,
    /// Counts the changes of anything that is written …
    revision: u64,
    revision_on_disk: u64,
    /// … of the exclusions …
    exclusions_revision: u64,
    exclusions_on_disk: u64,
    /// … and of the claims, for which this participant was paid at the last one.
    claims_revision: u64,
    settled_revision: Option<u64>,
}

impl Evidence {
    pub(super) fn new(joined_at: u64, hosting: bool) -> Self {
        Self {
            joined_at,
            hosting,
            claimed: IntervalSet::new(),
            claimed_on_disk: IntervalSet::new(),
            exclusions: Exclusions::default(),
            attended: IntervalSet::new(),
            connected_since: None,
            connected_before_until: None,
            messages: 0,
            last_beat: None,
            last_plain_beat: None,
            urgent_beats: URGENT_BEATS,
            is_on_disk: false,
            revision: 0,
            revision_on_disk: 0,
            exclusions_revision: 0,
            exclusions_on_disk: 0,
            claims_revision: 0,
            settled_revision: None,
        }
    }

    pub(super) fn from_row(
        joined_at: u64,
        hosting: bool,
        row: &EvidenceRow,
    ) -> Result<Self, DbError> {
        let damaged = |error| DbError::Corrupt(format!("watch evidence: {error}"));
        let set = |json: &str| serde_json::from_str::<IntervalSet>(json).map_err(damaged);
        let claimed = set(&row.claimed)?;
        Ok(Self {
            claimed_on_disk: claimed.clone(),
            claimed,
            exclusions: Exclusions::from_json(&row.excluded).map_err(damaged)?,
            attended: set(&row.attended)?,
            connected_before_until: row.connected_until,
            messages: row.messages,
            // Whoever was not there to see the end has to wait for the pace.
            urgent_beats: 0,
            is_on_disk: true,
            ..Self::new(joined_at, hosting)
        })
    }

    /// The row to write, with the present connection vouched for until `now`.
    pub(super) fn to_row(&self, session_id: &Arc<str>, user_id: &Arc<str>, now: u64) -> Write {
        let json = |set: &IntervalSet| serde_json::to_string(set).unwrap_or_else(|_| "[]".into());
        Write::Evidence {
            session_id: session_id.clone(),
            user_id: user_id.clone(),
            claimed: json(&self.claimed),
            excluded: self.exclusions.to_json(),
            attended: json(&self.attended_until(now)),
            connected_until: self
                .connected_since
                .map(|since| since.max(now))
                .or(self.connected_before_until),
            messages: self.messages,
        }
    }

    pub(super) fn is_connected(&self) -> bool {
        self.connected_since.is_some()
    }

    /// When the server saw the participant last; 0 for never.
    pub(super) fn last_seen(&self) -> u64 {
        let attended = self.attended.bounds().map_or(0, |(_, end)| end);
        attended.max(self.connected_before_until.unwrap_or(0))
    }

    /// Whether a client that reports intervals was there at `ended_at` and has not
    /// reported since: it is about to.
    pub(super) fn owes_last_beat(&self, ended_at: u64) -> bool {
        self.last_beat.is_some_and(|at| at < ended_at)
            && (self.is_connected() || self.last_seen() >= ended_at)
    }

    /// Whether there may be something to pay for.
    pub(super) fn is_unsettled(&self) -> bool {
        self.settled_revision != Some(self.claims_revision)
    }

    /// What `settled`, a copy of this, claims has been paid for.
    pub(super) fn settled(&mut self, settled: &Self) {
        self.settled_revision = self.settled_revision.max(Some(settled.claims_revision));
    }

    /// What `paid_ms` of vouched time were paid for earlier, by what is on disk.
    pub(super) fn settled_before(&mut self, paid_ms: u64, until: u64, grace_ms: u64) {
        if self.vouched(until, grace_ms).measure_ms() == paid_ms {
            self.settled_revision = Some(self.claims_revision);
        }
    }

    /// Whether there is something to write.
    pub(super) fn is_unwritten(&self) -> bool {
        self.is_connected() || self.revision != self.revision_on_disk
    }

    /// Whether something that a heartbeat reported is still to be written.
    pub(super) fn has_unwritten_report(&self) -> bool {
        // What is on disk is always a part of what is claimed.
        self.claimed.measure_ms() != self.claimed_on_disk.measure_ms()
            || self.exclusions_revision != self.exclusions_on_disk
    }

    /// `written` is a copy of this that is now on disk.
    pub(super) fn on_disk(&mut self, written: &Self) {
        self.is_on_disk = true;
        self.claimed_on_disk.merge(&written.claimed);
        self.revision_on_disk = self.revision_on_disk.max(written.revision);
        self.exclusions_on_disk = self.exclusions_on_disk.max(written.exclusions_revision);
    }

    /// Whether a crash now would leave no sign that the participant was ever here.
    pub(super) fn is_unheard_of(&self) -> bool {
        !self.is_on_disk
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
        self.revision += 1;
    }

    pub(super) fn disconnect(&mut self, at: u64) {
        if let Some(since) = self.connected_since.take() {
            self.attended.insert(since, at);
            self.urgent_beats = URGENT_BEATS;
            self.revision += 1;
        }
    }

    /// The time to return after the server's restart is over: later returns, also after
    /// another restart, bridge nothing.
    pub(super) fn stayed_away(&mut self) {
        if self.connected_before_until.take().is_some() {
            self.revision += 1;
        }
    }

    /// The participant wrote in the chat.
    pub(super) fn said(&mut self) {
        self.messages = self.messages.saturating_add(1);
        self.revision += 1;
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
        if claimed != self.claimed {
            self.claimed = claimed;
            self.claims_revision += 1;
            self.revision += 1;
        }
        match beat {
            Beat::Intervals(_) => self.last_beat = Some(now),
            Beat::Plain { active } => self.last_plain_beat = Some((now, *active)),
        }
        Some(())
    }

    /// Adds what a heartbeat says was not watched, up to `until`.
    pub(super) fn exclude(&mut self, stretches: &Exclusions, until: u64) {
        let window = (self.joined_at, until);
        if self.exclusions.merge(stretches, window, &self.claimed) {
            self.exclusions_revision += 1;
            self.revision += 1;
        }
    }

    /// Whether a heartbeat should be written at once: one who has left will not ask
    /// again soon.
    pub(super) fn take_urgency(&mut self) -> bool {
        if self.is_connected() || self.urgent_beats == 0 {
            return false;
        }
        self.urgent_beats -= 1;
        true
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

    /// What counts until `until` and what does not.
    pub(super) fn books(&self, until: u64, grace_ms: u64) -> Books {
        let until = until.max(self.joined_at);
        let vouched = self.vouched(until, grace_ms);
        Books::new(
            (self.joined_at, until),
            &self.claimed,
            &vouched,
            &self.exclusions,
        )
    }

    /// What payment at the session's end depends on.
    pub(super) fn person(&self, user_id: &Arc<str>, until: u64, grace_ms: u64) -> Person {
        Person {
            user_id: user_id.clone(),
            hosting: self.hosting,
            vouched_ms: self.vouched(until, grace_ms).measure_ms(),
            messages: self.messages,
        }
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
#[path = "evidence_tests.rs"]
mod tests;
