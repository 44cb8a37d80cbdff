//! What others see: active at once, inactive after a grace period.

use crate::Presence;

/// Follows whether the person is watching and tells when others see a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PresenceTracker {
    presence: Presence,
    /// Since when the person has not been watching, without a break.
    away_since_ms: Option<u64>,
}

impl PresenceTracker {
    pub(crate) const fn new(at_ms: u64, watching: bool) -> Self {
        if watching {
            Self {
                presence: Presence::Active,
                away_since_ms: None,
            }
        } else {
            Self {
                presence: Presence::Inactive,
                away_since_ms: Some(at_ms),
            }
        }
    }

    pub(crate) const fn presence(&self) -> Presence {
        self.presence
    }

    /// Takes in whether the person is watching from `at_ms` on. Gives the change that
    /// this makes for others.
    pub(crate) fn observe(&mut self, at_ms: u64, watching: bool) -> Option<(u64, Presence)> {
        if !watching {
            self.away_since_ms.get_or_insert(at_ms);
            return None;
        }
        self.away_since_ms = None;
        self.change(at_ms, Presence::Active)
    }

    /// When others will see a change if nothing happens.
    pub(crate) fn due_ms(&self, away_grace_ms: u64) -> Option<u64> {
        match self.presence {
            Presence::Active => Some(self.away_since_ms?.saturating_add(away_grace_ms)),
            Presence::Inactive => None,
        }
    }

    /// Lets time pass until `now_ms`. Gives the change that this makes for others.
    pub(crate) fn elapse(&mut self, now_ms: u64, away_grace_ms: u64) -> Option<(u64, Presence)> {
        let due = self
            .due_ms(away_grace_ms)
            .filter(|due_ms| *due_ms <= now_ms)?;
        self.change(due, Presence::Inactive)
    }

    /// The stay is over.
    pub(crate) fn leave(&mut self, at_ms: u64) -> Option<(u64, Presence)> {
        self.change(at_ms, Presence::Inactive)
    }

    fn change(&mut self, at_ms: u64, to: Presence) -> Option<(u64, Presence)> {
        (self.presence != to).then(|| {
            self.presence = to;
            (at_ms, to)
        })
    }
}
