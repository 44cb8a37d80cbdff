//! What this client tells the room of itself: its watch state, and on the 100ms cloud,
//! if it is elected, how many watch.

use kulti_protocol::{
    signalling::{PeerUpdate, SetMetadata, method},
    store_keys::{VIEWERS, WatchState, watch_key},
};

use super::{Purpose, SessionCore};
use crate::core::{presence, requests::AfterLoss, viewers};

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
            Purpose::WriteWatch { boot_ms: now },
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

    /// On the 100ms cloud the elected client writes the counts; if it does not, the next
    /// in line does.
    pub(super) fn write_counts(&mut self) {
        let counts = self.counts();
        let place = self.place_in_line();
        if !self.store.counts.is_due(self.now.boot_ms, place, &counts) {
            return;
        }
        let Ok(data) = serde_json::to_value(counts) else {
            return;
        };
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

    /// How many come before me in line for what one client writes for all.
    pub(super) fn place_in_line(&self) -> usize {
        let people = self
            .roster
            .iter()
            .map(|person| (person.peer_id.as_str(), self.roles.hosts(&person.role)));
        viewers::place_in_line(self.me_in_line(), people)
    }

    /// Whether somebody comes before me in line for writing the counts.
    pub(super) fn precedes_me(&self, peer_id: &str) -> bool {
        let known = self.roster.get(peer_id);
        known.is_some_and(|person| {
            let other = (peer_id, self.roles.hosts(&person.role));
            viewers::precedes(other, self.me_in_line())
        })
    }

    fn me_in_line(&self) -> (&str, bool) {
        let host = self.roles.hosts(self.roles.mine());
        (&self.config.peer_id, host)
    }
}
