//! The session store: JSON values by key, with versions that never go back.

use std::collections::BTreeMap;
use std::sync::Arc;

use kulti_protocol::signalling::{RpcError, code};
use serde::Serialize;
use serde_json::value::RawValue;

/// Deleted keys whose versions are remembered.
const TOMBSTONES: usize = 10_000;

/// One key.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: Arc<str>,
    /// JSON text; `null` once deleted.
    pub(super) data: Arc<RawValue>,
    /// One more with each accepted set, deletions included.
    pub(super) version: u64,
    /// Peer id of the writer; empty for the server.
    pub(super) updated_by: Arc<str>,
    /// ms since the epoch.
    pub(super) updated_at: u64,
    /// Free of the limits on number and sum, so that a full store cannot stop the
    /// session itself.
    pub(super) reserved: bool,
}

impl Entry {
    pub(super) fn is_deleted(&self) -> bool {
        self.data.get() == "null"
    }

    /// What it takes of the store's room: keys and bytes.
    fn size(&self) -> (usize, usize) {
        if self.reserved || self.is_deleted() {
            return (0, 0);
        }
        (1, self.key.len() + self.data.get().len())
    }

    pub(super) fn wire(&self) -> ValueOut<'_> {
        ValueOut {
            key: &self.key,
            data: &self.data,
            change_version: self.version,
            updated_by: &self.updated_by,
            updated_at: self.updated_at,
        }
    }
}

/// A value as it goes over the wire, in results and in `on-metadata-change`.
#[derive(Debug, Serialize)]
pub(super) struct ValueOut<'a> {
    pub(super) key: &'a str,
    pub(super) data: &'a RawValue,
    pub(super) change_version: u64,
    pub(super) updated_by: &'a str,
    pub(super) updated_at: u64,
}

/// Limits of a store.
#[derive(Debug, Clone, Copy)]
pub(super) struct StoreLimits {
    pub(super) keys: usize,
    pub(super) bytes: usize,
    pub(super) value_bytes: usize,
}

/// All keys.
#[derive(Debug, Default)]
pub(super) struct Store {
    entries: BTreeMap<Arc<str>, Entry>,
    keys: usize,
    bytes: usize,
    tombstones: usize,
    /// Highest version of a key whose tombstone was dropped: new keys start above it,
    /// so that no version is ever given twice.
    floor: u64,
}

impl Store {
    pub(super) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// The key's version: 0 if it was never set.
    pub(super) fn version(&self, key: &str) -> u64 {
        self.entries
            .get(key)
            .map_or(self.floor, |entry| entry.version)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// Sets a key; `null` deletes it.
    pub(super) fn set(
        &mut self,
        key: &str,
        data: Arc<RawValue>,
        writer: (&Arc<str>, u64),
        reserved: bool,
        limits: StoreLimits,
    ) -> Result<&Entry, RpcError> {
        if data.get().len() > limits.value_bytes {
            return Err(RpcError::new(
                code::TOO_LARGE,
                format!("a value may have {} bytes at most", limits.value_bytes),
            ));
        }
        let old = self.entries.get(key);
        let entry = Entry {
            key: old.map_or_else(|| Arc::from(key), |old| old.key.clone()),
            data,
            version: self.version(key) + 1,
            updated_by: writer.0.clone(),
            updated_at: writer.1,
            reserved,
        };
        let (old_keys, old_bytes) = old.map_or((0, 0), Entry::size);
        let (new_keys, new_bytes) = entry.size();
        let keys = self.keys - old_keys + new_keys;
        let bytes = self.bytes - old_bytes + new_bytes;
        // Whoever takes less room than before may always do so.
        if new_keys > old_keys && keys > limits.keys {
            return Err(RpcError::new(
                code::TOO_LARGE,
                format!("the store is full: it has room for {} keys", limits.keys),
            ));
        }
        if new_bytes > old_bytes && bytes > limits.bytes {
            return Err(RpcError::new(
                code::TOO_LARGE,
                format!("the store is full: it has room for {} bytes", limits.bytes),
            ));
        }
        if entry.is_deleted() && self.tombstones >= TOMBSTONES {
            self.drop_tombstones();
        }
        self.take_out(key);
        Ok(self.put_in(entry))
    }

    fn take_out(&mut self, key: &str) {
        if let Some(old) = self.entries.remove(key) {
            let (keys, bytes) = old.size();
            self.keys -= keys;
            self.bytes -= bytes;
            self.tombstones -= usize::from(old.is_deleted());
        }
    }

    fn put_in(&mut self, entry: Entry) -> &Entry {
        let (keys, bytes) = entry.size();
        self.keys += keys;
        self.bytes += bytes;
        self.tombstones += usize::from(entry.is_deleted());
        self.entries
            .entry(entry.key.clone())
            .insert_entry(entry)
            .into_mut()
    }

    fn drop_tombstones(&mut self) {
        let dropped = self
            .entries
            .values()
            .filter(|entry| entry.is_deleted())
            .map(|entry| entry.version)
            .max();
        self.floor = self.floor.max(dropped.unwrap_or(0));
        self.entries.retain(|_, entry| !entry.is_deleted());
        self.tombstones = 0;
    }

    /// Puts an entry back as it was saved, its version raised by `ahead`.
    pub(super) fn restore(&mut self, mut entry: Entry, ahead: u64) {
        entry.version = entry.version.saturating_add(ahead);
        self.put_in(entry);
    }

    pub(super) fn floor(&self) -> u64 {
        self.floor
    }

    pub(super) fn raise_floor(&mut self, floor: u64) {
        self.floor = self.floor.max(floor);
    }

    /// Forgets everything but how far versions have got.
    pub(super) fn clear(&mut self) {
        let highest = self.entries.values().map(|entry| entry.version).max();
        self.floor = self.floor.max(highest.unwrap_or(0));
        self.entries.clear();
        self.keys = 0;
        self.bytes = 0;
        self.tombstones = 0;
    }
}
