//! `viewers`: how many are here and watching, derived by the server alone.

use std::collections::HashMap;

use kulti_protocol::store_keys::{VIEWERS, ViewerCounts, WATCH_STALE_MS, WatchState};

use super::notices::{count, notice_interval_ms};
use super::peers::Link;
use super::store::Entry;
use super::timers::Due;
use super::{Occupancy, Room};
use crate::policy::Writers;

/// A participant whose connection is lost for so long does not watch, ms (the
/// default `away_grace` of the watch policy).
const LOST_IS_AWAY_MS: u64 = 30_000;

/// The last count, and what the next one needs.
#[derive(Debug, Default)]
pub(super) struct Viewers {
    counts: ViewerCounts,
    /// Users that say they watch, and when they said so by the server's clock: a
    /// client's own stamp proves nothing.
    watching: HashMap<String, u64>,
    dirty: bool,
    next_at: u64,
    scheduled: Option<u64>,
}

impl Viewers {
    pub(super) fn occupancy(&self) -> Occupancy {
        Occupancy {
            total: self.counts.total,
            active: self.counts.active,
        }
    }

    /// Somebody came, went, was lost or came back.
    pub(super) fn mark(&mut self) {
        self.dirty = true;
    }

    /// A watch key was written.
    pub(super) fn watched(&mut self, user: &str, entry: &Entry) {
        let watches =
            serde_json::from_str::<WatchState>(entry.data.get()).is_ok_and(|state| state.is_active);
        let before = if watches {
            self.watching.insert(user.to_owned(), entry.updated_at)
        } else {
            self.watching.remove(user)
        };
        let watched = before.is_some_and(|at| !is_stale(at, entry.updated_at));
        if watched != watches {
            self.dirty = true;
        }
    }

    pub(super) fn clear(&mut self) {
        self.watching.clear();
        self.dirty = true;
    }

    pub(super) fn timer_fired(&mut self) {
        self.scheduled = None;
        self.dirty = true;
    }
}

fn is_stale(written_ms: u64, now: u64) -> bool {
    now.saturating_sub(written_ms) >= WATCH_STALE_MS
}

impl Room {
    /// Counts if something has changed and it is time; else it is done later.
    pub(super) fn publish_viewers(&mut self) {
        if !self.viewers.dirty {
            return;
        }
        if self.now < self.viewers.next_at {
            let at = self.viewers.next_at;
            self.schedule_count(at);
            return;
        }
        self.count_viewers();
    }

    /// Counts, unless nothing has changed or it was done just now. Observers are
    /// told if the numbers differ.
    pub(super) fn count_viewers(&mut self) {
        if !self.viewers.dirty || self.now < self.viewers.next_at {
            return;
        }
        self.viewers.dirty = false;
        self.viewers.next_at = self.now + notice_interval_ms(self.peers.len());
        let mut active = 0;
        let mut next_change = u64::MAX;
        for peer in self.peers.iter() {
            let Some(said_ms) = self.viewers.watching.get(&peer.user_id) else {
                continue;
            };
            let mut until = said_ms + WATCH_STALE_MS;
            if let Link::Lost { since_ms } = peer.link {
                until = until.min(since_ms + LOST_IS_AWAY_MS);
            }
            if self.now < until {
                active += 1;
                next_change = next_change.min(until);
            }
        }
        if next_change < u64::MAX {
            self.schedule_count(next_change);
        }
        let total = count(self.peers.len());
        let before = self.viewers.counts;
        if (before.total, before.active) == (total, active) && before.timestamp > 0 {
            return;
        }
        self.viewers.counts = ViewerCounts {
            total,
            active,
            timestamp: self.now,
        };
        let counts = self.viewers.counts;
        if self.policy.writers_of(VIEWERS) == Writers::ServerOnly {
            self.set_derived(VIEWERS, &counts);
        }
    }

    fn schedule_count(&mut self, at: u64) {
        if self.viewers.scheduled.is_none_or(|earlier| at < earlier) {
            self.viewers.scheduled = Some(at);
            self.timers.at(at, Due::Viewers);
        }
    }
}
