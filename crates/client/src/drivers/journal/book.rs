//! What is to be in the journal, in memory.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
};

use crate::{
    core::{io::JournalPage, unsettled::Unsettled},
    drivers::join::ServerAddress,
};

/// Tells one stay from all others.
pub type StayId = i64;

/// Which server a stay is at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// This computer's own, whose address changes.
    ThisComputer,
    /// The one at this address.
    At(ServerAddress),
}

/// One stay of one person in one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StayRecord {
    /// Where.
    pub place: Place,
    /// The session at that server.
    pub session_id: String,
    /// Its title.
    pub title: String,
    /// The person at that server.
    pub user_id: String,
    /// Their role.
    pub role: String,
    /// When the stay began, ms since the epoch.
    pub joined_at_ms: u64,
}

/// What is left of a stay that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftStay {
    /// For [`super::Journal::left_of`].
    pub id: StayId,
    /// Of which stay.
    pub record: Arc<StayRecord>,
    /// How much time counted that no server has acknowledged.
    pub active_ms: u64,
    /// Why the server will never take it; none while it may.
    pub refused: Option<String>,
}

/// One stay with what is to be kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) record: Arc<StayRecord>,
    pub(super) unsettled: Unsettled,
    pub(super) refused: Option<String>,
}

/// What the writer is to bring to the disk.
pub(super) struct Changes {
    /// Whether it should survive a power cut.
    pub(super) firm: bool,
    /// The stays that may have changed, as they are now; none for those that are gone.
    pub(super) entries: Vec<(StayId, Option<Entry>)>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Book {
    entries: BTreeMap<StayId, Entry>,
    running: HashSet<StayId>,
    /// Every stay that was ever in this book: one that is not in it any more is settled,
    /// whatever a file says.
    known: HashSet<StayId>,
    version: u64,
    firm: bool,
    changed: BTreeSet<StayId>,
}

impl Book {
    /// Counts the changes.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    fn touch(&mut self, id: StayId) {
        self.version += 1;
        self.changed.insert(id);
    }

    /// Takes up a stay that begins.
    pub(super) fn begin(&mut self, record: StayRecord) -> StayId {
        let mut id = rand::random::<StayId>() & StayId::MAX;
        while !self.known.insert(id) {
            id = rand::random::<StayId>() & StayId::MAX;
        }
        let entry = Entry {
            record: Arc::new(record),
            unsettled: Unsettled::default(),
            refused: None,
        };
        self.entries.insert(id, entry);
        self.running.insert(id);
        id
    }

    /// Takes a page of a stay that goes on.
    pub(super) fn write(&mut self, id: StayId, page: JournalPage) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.unsettled = page.unsettled;
            self.firm |= page.firm;
            self.touch(id);
        }
    }

    /// A stay is over.
    pub(super) fn end(&mut self, id: StayId) {
        if self.running.remove(&id) {
            self.drop_settled(id);
        }
    }

    /// A server has settled something of a stay.
    pub(super) fn settle(&mut self, id: StayId, settled: &Unsettled) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.unsettled.settle(settled);
            self.touch(id);
            self.drop_settled(id);
        }
    }

    /// A server will never take what is left of a stay. Reasons why time did not count
    /// are of no use without it.
    pub(super) fn refuse(&mut self, id: StayId, why: &str) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.refused = Some(why.to_owned());
            if entry.unsettled.watched.is_empty() {
                entry.unsettled = Unsettled::default();
            }
            self.firm = true;
            self.touch(id);
            self.drop_settled(id);
        }
    }

    /// The person gives up what servers will never take.
    pub(super) fn forget_refused(&mut self) {
        let refused: Vec<StayId> = self
            .entries
            .iter()
            .filter(|(id, entry)| entry.refused.is_some() && !self.running.contains(id))
            .map(|(&id, _)| id)
            .collect();
        for id in refused {
            self.entries.remove(&id);
            self.touch(id);
        }
        self.firm = true;
    }

    fn drop_settled(&mut self, id: StayId) {
        let settled = |entry: &Entry| entry.unsettled.is_empty();
        if !self.running.contains(&id) && self.entries.get(&id).is_some_and(settled) {
            self.entries.remove(&id);
            self.touch(id);
        }
    }

    /// Takes up what a file holds. What was settled meanwhile is not taken up again.
    pub(super) fn adopt(&mut self, found: &BTreeMap<StayId, Entry>) {
        for (&id, entry) in found {
            if self.known.insert(id) {
                self.entries.insert(id, entry.clone());
                self.drop_settled(id);
            }
            self.touch(id);
        }
    }

    /// The file is another one: everything may have to be written.
    pub(super) fn touch_all(&mut self) {
        self.changed.extend(self.entries.keys());
    }

    /// What is to be written; none if there is nothing.
    pub(super) fn take_changes(&mut self) -> Changes {
        let changed = std::mem::take(&mut self.changed);
        let entry = |id| (id, self.entries.get(&id).cloned());
        Changes {
            firm: std::mem::take(&mut self.firm),
            entries: changed.into_iter().map(entry).collect(),
        }
    }

    /// What was taken could not be written: it is still to be.
    pub(super) fn give_back(&mut self, changes: &Changes) {
        self.firm |= changes.firm;
        let ids = changes.entries.iter().map(|(id, _)| *id);
        self.changed.extend(ids);
    }

    /// What is left of stays that are over, newest first.
    pub(super) fn left(&self) -> Vec<LeftStay> {
        let over = self
            .entries
            .iter()
            .filter(|(id, entry)| !self.running.contains(id) && !entry.unsettled.is_empty());
        let mut left: Vec<LeftStay> = over
            .map(|(&id, entry)| LeftStay {
                id,
                record: entry.record.clone(),
                active_ms: entry.unsettled.watched.measure_ms(),
                refused: entry.refused.clone(),
            })
            .collect();
        left.sort_by_key(|stay| (std::cmp::Reverse(stay.record.joined_at_ms), stay.id));
        left
    }

    pub(super) fn left_of(&self, id: StayId) -> Option<Unsettled> {
        let entry = self.entries.get(&id)?;
        (!self.running.contains(&id)).then(|| entry.unsettled.clone())
    }

    pub(super) fn goes_on(&self, record: &StayRecord) -> bool {
        let running = self.running.iter().filter_map(|id| self.entries.get(id));
        running.map(|entry| &entry.record).any(|other| {
            other.place == record.place
                && other.session_id == record.session_id
                && other.user_id == record.user_id
        })
    }
}
