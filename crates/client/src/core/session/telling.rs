//! What this client tells the room of itself: its watch state, and on the 100ms cloud,
//! if it is elected, how many watch.

use kulti_protocol::{
    signalling::{PeerUpdate, SetMetadata, method},
    store_keys::{VIEWERS, WatchState, watch_key},
};

use super::{Purpose, SessionCore, store::COUNTS_GAP_MS};
use crate::core::{presence, requests::AfterLoss, viewers::elected_writer};

/// How often the elected writer renews the counts.
const COUNTS_MS: u64 = 60_000;

impl SessionCore {
    /// Writes my watch key: at once, at changes, and before it gets stale.
    pub(super) fn write_watch(&mut self) {
        let now = self.boot();
        let active = self.watching.is_active(now);
        if now < self.store.watch_write_at(now, active) {
            return;
        }
        self.store.watch_written_at = Some(now);
        if self.store.watch_written_active != Some(active) {
            self.store.watch_written_active = Some(active);
            self.screen.dirty.people();
        }
        let state = self
            .watching
            .state(now, &self.config.user_id, self.server_ms());
        if now < self.store.full_until {
            self.tell_metadata(&state);
            return;
        }
        let Ok(data) = serde_json::to_value(&state) else {
            return;
        };
        let write = SetMetadata {
            key: watch_key(&self.config.user_id),
            data,
            if_change_version: None,
        };
        self.request(
            Purpose::WriteWatch,
            method::SET_METADATA,
            write,
            AfterLoss::Fail,
        );
    }

    fn tell_metadata(&mut self, state: &WatchState) {
        let update = PeerUpdate {
            name: None,
            data: Some(presence::to_metadata(state)),
        };
        self.request(
            Purpose::TellMetadata,
            method::PEER_UPDATE,
            update,
            AfterLoss::Fail,
        );
    }

    /// On the 100ms cloud the elected client writes the counts.
    pub(super) fn write_counts(&mut self) {
        let now = self.boot();
        let gap_over = |gap| {
            self.store
                .counts_written_at
                .is_none_or(|at| now >= at + gap)
        };
        if !gap_over(COUNTS_GAP_MS) || !self.is_elected() {
            return;
        }
        let counts = self.counts();
        let right = self
            .store
            .viewers
            .is_some_and(|told| (told.total, told.active) == (counts.total, counts.active));
        if right && !gap_over(COUNTS_MS) {
            return;
        }
        let Ok(data) = serde_json::to_value(counts) else {
            return;
        };
        self.store.counts_written_at = Some(now);
        let write = SetMetadata {
            key: VIEWERS.to_owned(),
            data,
            if_change_version: None,
        };
        self.request(
            Purpose::WriteViewers,
            method::SET_METADATA,
            write,
            AfterLoss::Fail,
        );
    }

    fn is_elected(&self) -> bool {
        let people = self
            .roster
            .iter()
            .map(|person| (person.peer_id.as_str(), self.roles.hosts(&person.role)));
        elected_writer(people) == Some(self.config.peer_id.as_str())
    }
}
