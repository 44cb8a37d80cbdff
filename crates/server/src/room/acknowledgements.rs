//! How many have acknowledged the announcement on the stage.
//!
//! One derived store key for everybody: whoever says "got it" sets it, is counted once
//! as a user, and is answered with the true value. Those who observe the key (hosts)
//! hear of new counts a few times a second at most, however many people click at once.

use std::collections::BTreeSet;

use kulti_protocol::store_keys::{ACKNOWLEDGED, Acknowledged, UI_STATE};
use serde_json::{Map, Value};

use super::Room;
use super::limits::OWNERS;
use super::notices::count;
use super::peers::PeerNo;
use super::timers::Due;

/// The shortest time between two counts, ms.
const INTERVAL_MS: u64 = 250;
/// Start of the names that clients give to announcements that came without an id.
const UNNAMED: &str = "text.";

/// An announcement, as far as counting needs it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Announced {
    text: String,
    id: Option<String>,
}

impl Announced {
    fn of(stage: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| stage.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            text: text("announcementText").filter(|text| !text.trim().is_empty())?,
            id: text("announcementId"),
        })
    }

    /// Whether somebody who names this id means this announcement. A web client may have
    /// left the id of an earlier one beside its own text, which others then call by a
    /// name made of that text.
    fn is_meant(&self, id: &str) -> bool {
        self.id.as_deref() == Some(id) || id.starts_with(UNNAMED)
    }
}

/// Who has acknowledged the announcement.
#[derive(Debug, Default)]
pub(super) struct Acknowledgements {
    /// The version of the stage that was looked at last.
    stage_version: u64,
    announced: Option<Announced>,
    /// The user who announced, who does not count.
    author: String,
    users: BTreeSet<String>,
    dirty: bool,
    scheduled: bool,
    next_at: u64,
}

impl Acknowledgements {
    /// User ids, for a snapshot.
    pub(super) fn users(&self) -> &BTreeSet<String> {
        &self.users
    }

    pub(super) fn timer_fired(&mut self) {
        self.scheduled = false;
    }
}

impl Room {
    /// Somebody says "got it".
    pub(super) fn acknowledge(&mut self, no: PeerNo, data: &Value) {
        self.look_at_announcement();
        let (Some(id), Some(peer)) = (
            data.get("announcementId").and_then(Value::as_str),
            self.peers.get(no),
        ) else {
            return;
        };
        let known = &mut self.acknowledgements;
        let is_meant = known
            .announced
            .as_ref()
            .is_some_and(|announced| announced.is_meant(id));
        if is_meant
            && peer.user_id != known.author
            && known.users.len() < OWNERS
            && known.users.insert(peer.user_id.clone())
        {
            known.dirty = true;
            self.changed = true;
        }
        self.publish_acknowledged();
    }

    /// A new announcement begins with nobody.
    fn look_at_announcement(&mut self) {
        let (version, stage) = self.stage.now();
        if version == self.acknowledgements.stage_version {
            return;
        }
        let announced = stage.and_then(Announced::of);
        let known = &mut self.acknowledgements;
        known.stage_version = version;
        if announced == known.announced {
            return;
        }
        known.announced = announced;
        known.users.clear();
        known.dirty = true;
        let author = self
            .store
            .get(UI_STATE)
            .and_then(|entry| self.owners.get(&*entry.updated_by));
        self.acknowledgements.author = author.cloned().unwrap_or_default();
    }

    /// Tells the count, if it has changed and it is time.
    pub(super) fn publish_acknowledged(&mut self) {
        self.look_at_announcement();
        let known = &mut self.acknowledgements;
        if !known.dirty {
            return;
        }
        if self.now < known.next_at {
            if !known.scheduled {
                known.scheduled = true;
                self.timers.at(known.next_at, Due::Acknowledged);
            }
            return;
        }
        known.dirty = false;
        known.next_at = self.now + INTERVAL_MS;
        let value = known.announced.as_ref().map(|announced| Acknowledged {
            announcement_id: announced.id.clone(),
            acknowledged: count(known.users.len()),
            timestamp: self.now,
        });
        self.set_derived(ACKNOWLEDGED, &value);
    }

    /// After the server's return: the same people have acknowledged.
    pub(super) fn restore_acknowledged(&mut self, users: BTreeSet<String>) {
        self.look_at_announcement();
        self.acknowledgements.users = users;
    }
}
