//! What somebody who looks for a fault wants to know, gathered as it happens.

use std::collections::{BTreeMap, VecDeque};

use kulti_protocol::{signalling::MetadataValue, store_keys::WATCH_PREFIX};

use super::view::{DiagnosticsView, IgnoredWrite, StoreView};

/// The vendor's limits of one session's store …
const VENDOR_KEYS: u32 = 100;
const VENDOR_BYTES: u32 = 64 * 1_024;
/// … and those of our server.
const OUR_KEYS: u32 = 10_000;
const OUR_BYTES: u32 = 4 * 1_024 * 1_024;
/// Shares from which a store is nearly full: 90 of 100 keys, 60 of 64 KB.
const KEYS_WARN: (u32, u32) = (90, 100);
const BYTES_WARN: (u32, u32) = (60, 64);

/// See the module.
#[derive(Debug)]
pub(super) struct Diagnosis {
    round_trips: VecDeque<u32>,
    /// Boot-time ms.
    up_since: Option<u64>,
    reconnects: u32,
    lost_ms: u64,
    /// The bytes of each key with its value.
    store: BTreeMap<String, u32>,
    key_limit: u32,
    byte_limit: u32,
    ignored: u32,
    last_ignored: VecDeque<IgnoredWrite>,
}

/// What others know at the time of looking.
#[derive(Debug, Clone, Copy)]
pub(super) struct Looking {
    /// Server time minus boot time.
    pub(super) server_offset_ms: i64,
    /// Server time minus the wall clock, if it was learnt.
    pub(super) clock_offset_ms: Option<i64>,
    /// Watch states go to peer metadata.
    pub(super) store_full: bool,
    /// The session's limit.
    pub(super) idle_limit_ms: u64,
}

impl Diagnosis {
    pub(super) fn new(our_server: bool) -> Self {
        let (key_limit, byte_limit) = if our_server {
            (OUR_KEYS, OUR_BYTES)
        } else {
            (VENDOR_KEYS, VENDOR_BYTES)
        };
        Self {
            round_trips: VecDeque::new(),
            up_since: None,
            reconnects: 0,
            lost_ms: 0,
            store: BTreeMap::new(),
            key_limit,
            byte_limit,
            ignored: 0,
            last_ignored: VecDeque::new(),
        }
    }

    /// A ping was answered.
    pub(super) fn round_trip(&mut self, ms: u64) {
        if self.round_trips.len() == DiagnosticsView::ROUND_TRIPS {
            self.round_trips.pop_front();
        }
        let ms = u32::try_from(ms).unwrap_or(u32::MAX);
        self.round_trips.push_back(ms);
    }

    /// In the room at boot time `now`; again, if it was lost for `lost_ms`.
    pub(super) fn up(&mut self, now: u64, lost_ms: Option<u64>) {
        self.up_since = Some(now);
        if let Some(lost_ms) = lost_ms {
            self.reconnects = self.reconnects.saturating_add(1);
            self.lost_ms = self.lost_ms.saturating_add(lost_ms);
        }
    }

    /// The connection is gone.
    pub(super) fn down(&mut self) {
        self.up_since = None;
    }

    /// A value of the store, as it is now.
    pub(super) fn value(&mut self, value: &MetadataValue) {
        if value.data.is_null() {
            self.store.remove(&value.key);
            return;
        }
        let known = self.store.len() >= self.key_limit as usize;
        if known && !self.store.contains_key(&value.key) {
            return; // more than there can be
        }
        let bytes = value.key.len() + value.data.to_string().len();
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.store.insert(value.key.clone(), bytes);
    }

    /// Somebody changed the stage who may not.
    pub(super) fn ignored(&mut self, name: &str, at_ms: u64) {
        self.ignored = self.ignored.saturating_add(1);
        self.last_ignored.truncate(DiagnosticsView::IGNORED - 1);
        self.last_ignored.push_front(IgnoredWrite {
            name: name.to_owned(),
            at_ms,
        });
    }

    pub(super) fn view(&self, looking: Looking) -> DiagnosticsView {
        let largest = self.store.iter().max_by_key(|(_, bytes)| **bytes);
        let bytes = self.store.values();
        let share = |limit: u32, (part, whole): (u32, u32)| {
            u32::try_from(u64::from(limit) * u64::from(part) / u64::from(whole)).unwrap_or(limit)
        };
        DiagnosticsView {
            round_trips_ms: self.round_trips.iter().copied().collect(),
            connected_at_ms: self
                .up_since
                .map(|boot_ms| boot_ms.saturating_add_signed(looking.server_offset_ms)),
            reconnects: self.reconnects,
            lost_ms: self.lost_ms,
            clock_offset_ms: looking.clock_offset_ms,
            idle_limit_ms: looking.idle_limit_ms,
            store: StoreView {
                keys: u32::try_from(self.store.len()).unwrap_or(u32::MAX),
                key_limit: self.key_limit,
                keys_warn_at: share(self.key_limit, KEYS_WARN),
                bytes: bytes.fold(0, |sum: u32, bytes| sum.saturating_add(*bytes)),
                byte_limit: self.byte_limit,
                bytes_warn_at: share(self.byte_limit, BYTES_WARN),
                largest_key: largest.map_or_else(String::new, |(key, _)| nameless(key)),
                largest_bytes: largest.map_or(0, |(_, bytes)| *bytes),
                full: looking.store_full,
            },
            ignored: self.ignored,
            last_ignored: self.last_ignored.iter().cloned().collect(),
        }
    }
}

/// A key without the user whose it is. Keys of others may say anything.
fn nameless(key: &str) -> String {
    if key.starts_with(WATCH_PREFIX) {
        format!("{WATCH_PREFIX}…")
    } else {
        key.chars().take(40).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const LOOKING: Looking = Looking {
        server_offset_ms: 1_000_000,
        clock_offset_ms: Some(38),
        store_full: false,
        idle_limit_ms: 900_000,
    };

    fn value(key: &str, data: Value) -> MetadataValue {
        MetadataValue {
            key: key.to_owned(),
            data,
            change_version: 1,
            updated_by: "p".into(),
            updated_at: 1,
        }
    }

    #[test]
    fn the_store_is_measured_and_names_nobody() {
        let mut diagnosis = Diagnosis::new(false);
        diagnosis.value(&value("watch:user-7", json!({"isActive": true})));
        diagnosis.value(&value("viewers", json!({"total": 1})));
        diagnosis.value(&value("gone", json!("x")));
        diagnosis.value(&value("gone", Value::Null));
        let store = diagnosis.view(LOOKING).store;
        assert_eq!(
            (store.keys, store.key_limit, store.keys_warn_at),
            (2, 100, 90)
        );
        assert_eq!((store.byte_limit, store.bytes_warn_at), (65_536, 61_440));
        let watch = "watch:user-7".len() + r#"{"isActive":true}"#.len();
        let viewers = "viewers".len() + r#"{"total":1}"#.len();
        assert_eq!(store.bytes as usize, watch + viewers);
        assert_eq!(store.largest_key, "watch:…");
        assert_eq!(store.largest_bytes as usize, watch);
    }

    #[test]
    fn our_servers_store_is_larger_and_warns_at_the_same_share() {
        let store = Diagnosis::new(true).view(LOOKING).store;
        assert_eq!((store.key_limit, store.keys_warn_at), (10_000, 9_000));
        assert_eq!(store.bytes_warn_at, 60 * store.byte_limit / 64);
    }

    #[test]
    fn nothing_grows_without_end() {
        let mut diagnosis = Diagnosis::new(false);
        for n in 0..500u64 {
            diagnosis.round_trip(n);
            diagnosis.ignored(&format!("Eve {n}"), n);
            diagnosis.value(&value(&format!("key-{n}"), json!(n)));
        }
        let view = diagnosis.view(LOOKING);
        assert_eq!(view.round_trips_ms.len(), DiagnosticsView::ROUND_TRIPS);
        assert_eq!(view.round_trips_ms.last(), Some(&499));
        assert_eq!(
            (view.ignored, view.last_ignored.len()),
            (500, DiagnosticsView::IGNORED)
        );
        assert_eq!(view.last_ignored[0].name, "Eve 499");
        assert_eq!(view.store.keys, 100);
    }

    #[test]
    fn losses_are_counted_and_added_up() {
        let mut diagnosis = Diagnosis::new(true);
        diagnosis.up(5_000, None);
        assert_eq!(diagnosis.view(LOOKING).connected_at_ms, Some(1_005_000));
        diagnosis.down();
        assert_eq!(diagnosis.view(LOOKING).connected_at_ms, None);
        diagnosis.up(20_000, Some(12_000));
        diagnosis.down();
        diagnosis.up(30_000, Some(3_000));
        let view = diagnosis.view(LOOKING);
        assert_eq!((view.reconnects, view.lost_ms), (2, 15_000));
        assert_eq!(view.clock_offset_ms, Some(38));
    }
}
