//! A room's state as it is kept over restarts of the server.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;

use super::limits::{RoomLimits, RoomMeta};
use super::media::PeerMedia;
use super::peers::{Link, Peer};
use super::polls::SavedPolls;
use super::store::Entry;
use super::timers::Due;
use super::{Chronicle, Room, directory, messages, ui_state};
use crate::policy::Policy;

/// The form that this version writes and reads.
const FORM: u32 = 1;
/// A crash loses the last seconds. Versions given in these must not be given again,
/// so those of a room that was not saved at a clean end continue this much higher.
const VERSIONS_AHEAD: u64 = 10_000;

/// Why a saved room cannot be read.
#[derive(Debug, Error)]
pub enum SnapshotError {
    /// It was damaged.
    #[error("the saved room cannot be read: {0}")]
    Damaged(#[from] serde_json::Error),
    /// It was written by another version of the server.
    #[error("the saved room has form {0}, this server reads form {FORM}")]
    Form(u32),
}

/// A room, ready to be saved.
#[derive(Debug, Serialize, Deserialize)]
pub struct RoomSnapshot {
    form: u32,
    /// Saved at the end of the server, with nothing left to happen.
    clean: bool,
    meta: RoomMeta,
    named: bool,
    locked: bool,
    #[serde(default)]
    removed: BTreeSet<String>,
    #[serde(default)]
    visitors: BTreeSet<String>,
    #[serde(default)]
    acknowledged: BTreeSet<String>,
    floor: u64,
    store: Vec<SavedEntry>,
    peers: Vec<SavedPeer>,
    #[serde(default)]
    chronicle: Option<Chronicle>,
    #[serde(default)]
    polls: SavedPolls,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedEntry {
    key: Arc<str>,
    data: Arc<RawValue>,
    version: u64,
    updated_by: Arc<str>,
    updated_at: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedPeer {
    id: Arc<str>,
    user_id: String,
    role: String,
    name: String,
    data: String,
    groups: Vec<String>,
    joined_at: u64,
    announced: bool,
    listening: BTreeSet<Arc<str>>,
    /// Whether its client believes that it has media connections.
    #[serde(default)]
    media: bool,
}

impl RoomSnapshot {
    /// As bytes for an archive.
    ///
    /// # Errors
    /// Never in practice: everything in it is text and numbers.
    pub fn to_bytes(&self) -> Result<Vec<u8>, SnapshotError> {
        Ok(serde_json::to_vec(self)?)
    }

    /// Reads what [`RoomSnapshot::to_bytes`] has written.
    ///
    /// # Errors
    /// If the bytes are damaged or of another form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let snapshot: Self = serde_json::from_slice(bytes)?;
        if snapshot.form != FORM {
            return Err(SnapshotError::Form(snapshot.form));
        }
        Ok(snapshot)
    }

    /// What the room is.
    #[must_use]
    pub fn meta(&self) -> &RoomMeta {
        &self.meta
    }
}

impl Room {
    /// The state to save. `clean` if nothing will happen in this room any more
    /// before it is restored.
    #[must_use]
    pub fn snapshot(&self, clean: bool) -> RoomSnapshot {
        RoomSnapshot {
            form: FORM,
            clean,
            meta: self.meta.clone(),
            named: self.named,
            locked: self.locked,
            removed: self.removed.clone(),
            visitors: self.visitors.clone(),
            acknowledged: self.acknowledgements.users().clone(),
            floor: self.store.floor(),
            store: self
                .store
                .iter()
                .map(|entry| SavedEntry {
                    key: entry.key.clone(),
                    data: entry.data.clone(),
                    version: entry.version,
                    updated_by: entry.updated_by.clone(),
                    updated_at: entry.updated_at,
                })
                .collect(),
            peers: self.peers.iter().map(SavedPeer::of).collect(),
            chronicle: Some(self.chronicle.clone()),
            polls: self.polls.save(),
        }
    }

    /// A room as it was saved. All its peers are in their grace from `now_ms` on: the
    /// server went away, not they.
    #[must_use]
    pub fn restore(
        id: &str,
        saved: RoomSnapshot,
        policy: Arc<Policy>,
        limits: RoomLimits,
        seed: u64,
        now_ms: u64,
    ) -> Self {
        let mut room = Self::new(id, saved.meta, policy, limits, seed);
        room.now = now_ms;
        room.named = saved.named;
        room.locked = saved.locked;
        room.removed = saved.removed;
        room.visitors = saved.visitors;
        let ahead = if saved.clean { 0 } else { VERSIONS_AHEAD };
        room.store.raise_floor(saved.floor.saturating_add(ahead));
        for entry in saved.store {
            let reserved = room.policy.names_key(&entry.key);
            let entry = Entry {
                reserved,
                key: entry.key,
                data: entry.data,
                version: entry.version,
                updated_by: entry.updated_by,
                updated_at: entry.updated_at,
            };
            room.store.restore(entry, ahead);
        }
        let restored: Vec<Entry> = room.store.iter().cloned().collect();
        for entry in &restored {
            if let Some(user) = kulti_protocol::store_keys::watch_key_user(&entry.key) {
                room.viewers.watched(user, entry);
            }
            if &*entry.key == kulti_protocol::store_keys::UI_STATE {
                room.stage.push(entry);
            }
        }
        for peer in saved.peers {
            room.restore_peer(peer);
        }
        room.restore_acknowledged(saved.acknowledged);
        let fresh = || Chronicle::new(now_ms);
        room.chronicle = saved.chronicle.unwrap_or_else(fresh);
        room.chronicle.sleep(now_ms, room.limits.grace_ms);
        room.restore_polls(saved.polls);
        room.viewers.mark();
        room
    }

    fn restore_peer(&mut self, saved: SavedPeer) {
        self.remember_owner(&saved.id, &saved.user_id);
        self.remember_visitor(&saved.user_id);
        self.headcount.came(&saved.user_id);
        let no = self.peers.next_no();
        for key in &saved.listening {
            self.listeners.entry(key.clone()).or_default().insert(no);
        }
        self.timers
            .at(self.now + self.limits.grace_ms, Due::Grace(no));
        self.peers.insert(Peer {
            no,
            id: saved.id,
            user_id: saved.user_id,
            role: saved.role,
            name: saved.name,
            data: saved.data,
            groups: saved.groups,
            joined_at: saved.joined_at,
            tracks: BTreeMap::new(),
            announced: saved.announced,
            link: Link::Lost { since_ms: self.now },
            socket_count: 1,
            last_loss_ms: self.now,
            listening: saved.listening,
            stage_seen: ui_state::Seen::default(),
            recent: messages::RecentBroadcasts::default(),
            kept: messages::KeptMessages::default(),
            iterators: directory::Iterators::default(),
            invitation: None,
            media: PeerMedia::restored(saved.media),
            wire: Box::<RawValue>::default(),
        });
    }
}

impl SavedPeer {
    fn of(peer: &Peer) -> Self {
        Self {
            id: peer.id.clone(),
            user_id: peer.user_id.clone(),
            role: peer.role.clone(),
            name: peer.name.clone(),
            data: peer.data.clone(),
            groups: peer.groups.clone(),
            joined_at: peer.joined_at,
            announced: peer.announced,
            listening: peer.listening.clone(),
            media: peer.media.is_believed(),
        }
    }
}
