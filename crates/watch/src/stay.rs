//! One stay in a session, from joining to leaving.

use crate::{
    Policy, Presence, Reason, evidence::Evidence, presence::PresenceTracker, tiling::Tiling,
};

/// What the machine and the connection are like; it holds across stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Conditions {
    pub(crate) visible: bool,
    pub(crate) locked: bool,
    pub(crate) suspended: bool,
    pub(crate) idle_known: bool,
    pub(crate) loss: Option<Loss>,
}

/// A connection that is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Loss {
    pub(crate) since_ms: u64,
    /// Whether it was lost in the stay that is going on. Only then it can be bridged.
    pub(crate) in_this_stay: bool,
}

impl Default for Conditions {
    fn default() -> Self {
        Self {
            visible: true,
            locked: false,
            suspended: false,
            idle_known: true,
            loss: None,
        }
    }
}

impl Conditions {
    /// Why the machine keeps a person from watching.
    pub(crate) fn obstacle(&self) -> Option<Reason> {
        if self.suspended {
            Some(Reason::Asleep)
        } else if self.locked {
            Some(Reason::Locked)
        } else if !self.visible {
            Some(Reason::Hidden)
        } else {
            None
        }
    }
}

impl Loss {
    /// Until when the connection must be back for the loss to count.
    pub(crate) fn bridge_ends_ms(&self, policy: &Policy) -> Option<u64> {
        self.in_this_stay
            .then(|| self.since_ms.saturating_add(policy.reconnect_grace_ms))
    }

    /// Whether the loss is bridged if the connection is back at `at_ms`.
    pub(crate) fn is_bridged(&self, at_ms: u64, policy: &Policy) -> bool {
        self.bridge_ends_ms(policy).is_some_and(|ends| at_ms < ends)
    }
}

/// One stay in boot time. Only changes are kept, never the signals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stay {
    pub(crate) joined_ms: u64,
    /// Up to where time has been recorded.
    pub(crate) until_ms: u64,
    /// Server time minus boot time, for the whole stay.
    offset_ms: i64,
    pub(crate) evidence: Evidence,
    pub(crate) presence: PresenceTracker,
    presence_changes: Vec<(u64, Presence)>,
    tiling: Tiling,
}

impl Stay {
    pub(crate) fn join(
        at_ms: u64,
        offset_ms: i64,
        conditions: &Conditions,
        policy: &Policy,
    ) -> Self {
        let evidence = Evidence::new(at_ms);
        let watching = conditions.obstacle().is_none() && at_ms < evidence.ends_ms(policy);
        let presence = PresenceTracker::new(at_ms, watching);
        Self {
            joined_ms: at_ms,
            until_ms: at_ms,
            offset_ms,
            evidence,
            presence,
            presence_changes: vec![(at_ms, presence.presence())],
            tiling: Tiling::default(),
        }
    }

    /// Records the time until `now_ms`, in which no signal came.
    pub(crate) fn advance(&mut self, now_ms: u64, conditions: &Conditions, policy: &Policy) {
        let obstacle = conditions.obstacle();
        let alone_from = self.evidence.ends_ms(policy).clamp(self.until_ms, now_ms);
        self.tiling.record(self.until_ms, alone_from, obstacle);
        self.tiling
            .record(alone_from, now_ms, obstacle.or(Some(Reason::NobodyThere)));
        self.until_ms = now_ms;
        if self.evidence.ends_ms(policy) <= now_ms {
            self.presence.observe(alone_from, false);
        }
        let change = self.presence.elapse(now_ms, policy.away_grace_ms);
        self.presence_changes.extend(change);
    }

    /// Looks at the conditions that a signal at `until_ms` has left behind.
    pub(crate) fn observe(&mut self, conditions: &Conditions, policy: &Policy) {
        let at_ms = self.until_ms;
        let watching = conditions.obstacle().is_none() && at_ms < self.evidence.ends_ms(policy);
        let seen = self.presence.observe(at_ms, watching);
        let elapsed = self.presence.elapse(at_ms, policy.away_grace_ms);
        self.presence_changes
            .extend(seen.into_iter().chain(elapsed));
    }

    /// What of `[start_ms, end_ms)` lies in this stay turns out to have been sleep.
    /// What others saw remains as it was.
    pub(crate) fn slept(&mut self, start_ms: u64, end_ms: u64) {
        self.tiling
            .slept(start_ms.max(self.joined_ms), end_ms.min(self.until_ms));
    }

    /// A loss that is not bridged, until `until_ms`, takes the time away.
    pub(crate) fn lose(&mut self, loss: Loss) {
        self.tiling.lost(loss.since_ms, self.until_ms);
    }

    /// Ends the stay at `until_ms`.
    pub(crate) fn leave(&mut self, conditions: &Conditions) {
        if let Some(loss) = conditions.loss {
            self.lose(loss);
        }
        let change = self.presence.leave(self.until_ms);
        self.presence_changes.extend(change);
    }

    /// What counted and what did not, in boot time.
    pub(crate) const fn tiling(&self) -> &Tiling {
        &self.tiling
    }

    /// What counted and what did not, in server time.
    pub(crate) fn tiling_in_server_time(&self) -> Tiling {
        self.tiling.map(|at_ms| self.server_time(at_ms))
    }

    /// What others saw, in server time.
    pub(crate) fn presence_in_server_time(&self) -> impl Iterator<Item = (u64, Presence)> + '_ {
        self.presence_changes
            .iter()
            .map(|&(at_ms, presence)| (self.server_time(at_ms), presence))
    }

    /// Times before 1970 are cut off.
    const fn server_time(&self, at_ms: u64) -> u64 {
        at_ms.saturating_add_signed(self.offset_ms)
    }
}
