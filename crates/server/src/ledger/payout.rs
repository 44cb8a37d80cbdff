//! What a session that is over is worth to each participant.

use std::{collections::HashMap, sync::Arc};

use kulti_watch::{
    IntervalSet,
    credits::{self, HostFacts, SessionCredits, WatcherFacts},
};
use serde::Serialize;

use crate::{
    db::Payout,
    sessions::{Ended, Role, SessionEntry},
};

/// All that payouts depend on.
pub(super) struct SessionFacts<'a> {
    pub(super) session: &'a SessionEntry,
    pub(super) end: Ended,
    /// In how many sessions that ended earlier each participant watched; absent for none.
    pub(super) attended_before: &'a HashMap<Arc<str>, u32>,
    /// What the ledger vouches for.
    pub(super) vouched: &'a HashMap<Arc<str>, IntervalSet>,
}

#[derive(Serialize)]
struct Details<'a, Facts> {
    facts: Facts,
    credits: &'a SessionCredits,
}

impl SessionFacts<'_> {
    /// What participants are owed in all: those that `owed` picks, and the host, whose
    /// payout depends on everybody's.
    pub(super) fn payouts(&self, owed: impl Fn(&str) -> bool, at: u64) -> Vec<Payout> {
        let participants = self.session.participants();
        let viewers_active_ms = participants
            .iter()
            .filter(|(_, participant)| participant.role != Role::Host)
            .map(|(user_id, _)| self.active_ms(user_id))
            .sum();
        participants
            .iter()
            .filter(|(user_id, participant)| participant.role == Role::Host || owed(user_id))
            .filter_map(|(user_id, participant)| {
                let active_ms = self.active_ms(user_id);
                let (kind, (credits, details)) = match participant.role {
                    Role::Host => ("hosting", self.hosting(active_ms, viewers_active_ms)),
                    Role::Presenter | Role::Viewer => {
                        ("watching", self.watching(user_id, active_ms))
                    }
                };
                (credits > 0).then(|| Payout {
                    user_id: user_id.clone(),
                    session_id: self.session.id.clone(),
                    kind,
                    total: credits,
                    details,
                    at,
                })
            })
            .collect()
    }

    fn active_ms(&self, user_id: &str) -> u64 {
        self.vouched.get(user_id).map_or(0, IntervalSet::measure_ms)
    }

    fn hosting(&self, active_ms: u64, viewers_active_ms: u64) -> (u64, String) {
        let facts = HostFacts {
            active_ms,
            duration_ms: self.end.at.saturating_sub(self.session.started_at),
            viewers_active_ms,
            completed: self.end.completed,
            ..HostFacts::default()
        };
        explained(facts, &credits::for_host(&facts))
    }

    fn watching(&self, user_id: &str, active_ms: u64) -> (u64, String) {
        let facts = WatcherFacts {
            active_ms,
            sessions_before: self.attended_before.get(user_id).copied().unwrap_or(0),
            ..WatcherFacts::default()
        };
        explained(facts, &credits::for_watcher(&facts))
    }
}

fn explained(facts: impl Serialize, credits: &SessionCredits) -> (u64, String) {
    let details = serde_json::to_string(&Details { facts, credits }).unwrap_or_default();
    (credits.credits, details)
}
