//! `uiState`: writes are merged by field, so that a pin cannot erase an announcement.
//!
//! Web clients write the whole value back with one member changed, made from a copy
//! that may be older than the newest value. What differs from that copy is the change;
//! the rest stays as it is now. Which copy it was is not said, but the room knows
//! which versions this writer had been sent: of those it may have had when it wrote,
//! the one from which the write differs least is taken. (A person changes one thing
//! at a time, while a wrong copy shows other people's changes as reverted.)

use std::collections::VecDeque;
use std::sync::Arc;

use kulti_protocol::signalling::{RpcError, code};
use kulti_protocol::store_keys::UI_STATE;
use serde_json::{Map, Value};

use super::Room;
use super::peers::PeerNo;
use super::store::Entry;

/// A writer may have made its write from a version that was replaced so long before
/// the write arrived: a request is repeated up to 4 s after a loss of a few seconds, ms.
const WRITTEN_FROM_MS: u64 = 15_000;
/// Past versions that are remembered at most, and how much text they may have, bytes:
/// what several hosts write in that time. A writer whose copy is not among them would
/// seem to put back what others have changed since.
const VERSIONS: usize = 2_048;
const VERSIONS_BYTES: usize = 1024 * 1024;
/// Says when it was written; no change by itself.
const TIMESTAMP: &str = "timestamp";

type Stage = Map<String, Value>;

/// A version of `uiState`.
#[derive(Debug, Clone)]
struct StageVersion {
    version: u64,
    /// When the next one replaced it, ms since the epoch; none for the newest.
    replaced_at: Option<u64>,
    /// Of its text.
    bytes: usize,
    value: Arc<Stage>,
}

/// The newest version of `uiState` and those that some writer may still have.
#[derive(Debug, Default)]
pub(super) struct StageHistory {
    versions: VecDeque<StageVersion>,
    /// Sum of the versions' bytes.
    bytes: usize,
}

/// Which versions a peer has been sent.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The last one before it followed, or the last one if it does not follow.
    last: Option<Arc<Stage>>,
    /// Every version from this one on, since it observes the key.
    follows: Option<Follows>,
}

#[derive(Debug, Clone, Copy)]
struct Follows {
    from_version: u64,
    since_ms: u64,
}

impl StageHistory {
    /// Takes note of a value that the store has accepted.
    pub(super) fn push(&mut self, entry: &Entry) {
        let value = serde_json::from_str::<Stage>(entry.data.get()).unwrap_or_default();
        if let Some(newest) = self.versions.back_mut() {
            newest.replaced_at = Some(entry.updated_at);
        }
        self.bytes += entry.data.get().len();
        while let Some(oldest) = self.versions.front() {
            let of_use = oldest
                .replaced_at
                .is_none_or(|at| entry.updated_at.saturating_sub(at) <= WRITTEN_FROM_MS);
            if of_use && self.versions.len() < VERSIONS && self.bytes <= VERSIONS_BYTES {
                break;
            }
            self.bytes -= oldest.bytes;
            self.versions.pop_front();
        }
        self.versions.push_back(StageVersion {
            version: entry.version,
            replaced_at: None,
            bytes: entry.data.get().len(),
            value: Arc::new(value),
        });
    }

    pub(super) fn clear(&mut self) {
        self.versions.clear();
        self.bytes = 0;
    }

    /// The number of the newest version, 0 if there is none, and its members.
    pub(super) fn now(&self) -> (u64, Option<&Map<String, Value>>) {
        let newest = self.versions.back();
        let number = newest.map_or(0, |newest| newest.version);
        (number, newest.map(|newest| &*newest.value))
    }

    fn newest(&self) -> Option<&StageVersion> {
        self.versions.back()
    }

    /// The versions from which this writer may have made a write that arrives now,
    /// newest first.
    fn candidates(&self, seen: &Seen, now: u64) -> Vec<Arc<Stage>> {
        let mut candidates = Vec::new();
        let Some(follows) = seen.follows else {
            candidates.push(seen.last.clone().unwrap_or_default());
            return candidates;
        };
        for version in self.versions.iter().rev() {
            let recent = version
                .replaced_at
                .is_none_or(|at| now.saturating_sub(at) <= WRITTEN_FROM_MS);
            if version.version >= follows.from_version && recent {
                candidates.push(version.value.clone());
            }
        }
        if candidates.is_empty() || now.saturating_sub(follows.since_ms) <= WRITTEN_FROM_MS {
            candidates.push(seen.last.clone().unwrap_or_default());
        }
        candidates
    }
}

/// What a write changes in a base: each member with its new value, none if it goes.
/// Absent and `null` are the same.
fn differences(base: &Stage, written: &Stage) -> Vec<(String, Option<Value>)> {
    let present = |value: Option<&Value>| value.filter(|value| !value.is_null()).cloned();
    let added = written.keys().filter(|key| !base.contains_key(*key));
    base.keys()
        .chain(added)
        .filter(|key| key.as_str() != TIMESTAMP)
        .filter_map(|key| {
            let new = present(written.get(key));
            (present(base.get(key)) != new).then(|| (key.clone(), new))
        })
        .collect()
}

/// The newest value with the write's change in it.
fn merge(candidates: &[Arc<Stage>], newest: &Stage, written: &Stage) -> Stage {
    let change = candidates
        .iter()
        .map(|base| differences(base, written))
        .filter(|change| !change.is_empty())
        .min_by_key(Vec::len) // of equals the first, which is the newest
        .unwrap_or_default();
    let mut merged = newest.clone();
    for (key, value) in change {
        match value {
            Some(value) => merged.insert(key, value),
            None => merged.remove(&key),
        };
    }
    if let Some(timestamp) = written.get(TIMESTAMP) {
        merged.insert(TIMESTAMP.to_owned(), timestamp.clone());
    }
    merged
}

impl Room {
    /// What a write without a version makes of the newest value. A deletion removes
    /// what its writer had seen.
    pub(super) fn merge_stage(&self, no: PeerNo, written: Value) -> Result<Value, RpcError> {
        let written = match written {
            Value::Object(written) => written,
            Value::Null => Stage::new(),
            _ => {
                return Err(RpcError::new(
                    code::BAD_REQUEST,
                    "uiState must be a JSON object",
                ));
            }
        };
        let Some(peer) = self.peers.get(no) else {
            return Ok(Value::Object(written));
        };
        let newest = self.stage.newest();
        let newest = newest
            .map(|newest| newest.value.clone())
            .unwrap_or_default();
        let candidates = self.stage.candidates(&peer.stage_seen, self.now);
        let merged = merge(&candidates, &newest, &written);
        if written.is_empty() && merged.keys().all(|key| key == TIMESTAMP) {
            return Ok(Value::Null);
        }
        Ok(Value::Object(merged))
    }

    pub(super) fn follows_stage(&self, no: PeerNo) -> bool {
        self.peers
            .get(no)
            .is_some_and(|peer| peer.listening.contains(UI_STATE))
    }

    /// The peer is sent the newest version now and all later ones.
    pub(super) fn stage_followed(&mut self, no: PeerNo) {
        let from_version = self.stage.newest().map_or(0, |newest| newest.version);
        let since_ms = self.now;
        if let Some(peer) = self.peers.get_mut(no) {
            peer.stage_seen.follows = Some(Follows {
                from_version,
                since_ms,
            });
        }
    }

    /// The peer follows no longer: what it has been sent last is all that it has.
    pub(super) fn freeze_stage_seen(&mut self, no: PeerNo) {
        let newest = self.stage.newest().map(|newest| newest.value.clone());
        if let Some(peer) = self.peers.get_mut(no)
            && peer.stage_seen.follows.take().is_some()
            && newest.is_some()
        {
            peer.stage_seen.last = newest;
        }
    }

    /// The peer has read the newest version.
    pub(super) fn stage_read(&mut self, no: PeerNo) {
        let newest = self.stage.newest().map(|newest| newest.value.clone());
        if let Some(peer) = self.peers.get_mut(no)
            && peer.stage_seen.follows.is_none()
        {
            peer.stage_seen.last = newest;
        }
    }

    /// The peer was answered with the version that its own write has made.
    pub(super) fn stage_written(&mut self, no: PeerNo) {
        self.stage_read(no);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn stage(value: Value) -> Stage {
        value.as_object().unwrap().clone()
    }

    fn merged(bases: &[Value], newest: Value, written: Value) -> Value {
        let bases: Vec<_> = bases
            .iter()
            .cloned()
            .map(|base| Arc::new(stage(base)))
            .collect();
        Value::Object(merge(&bases, &stage(newest), &stage(written)))
    }

    #[test]
    fn a_pin_from_an_old_copy_leaves_the_announcement() {
        let old = json!({"timestamp": 1});
        let new = json!({"announcementText": "hello", "timestamp": 2});
        let written = json!({"pinnedMessageId": "m", "timestamp": 3});
        assert_eq!(
            merged(&[new.clone(), old], new, written),
            json!({"pinnedMessageId": "m", "announcementText": "hello", "timestamp": 3})
        );
    }

    #[test]
    fn nulls_of_a_writer_that_knows_nothing_erase_nothing() {
        let newest = json!({"announcementText": "hello"});
        let written =
            json!({"pinnedMessageId": "m", "spotlightPeerId": null, "announcementText": null});
        assert_eq!(
            merged(&[json!({})], newest, written),
            json!({"pinnedMessageId": "m", "announcementText": "hello"})
        );
    }

    #[test]
    fn a_member_left_out_by_a_writer_that_saw_it_goes() {
        let seen = json!({"pinnedMessageId": "m", "announcementText": "hello"});
        let written = json!({"announcementText": "hello"});
        assert_eq!(
            merged(std::slice::from_ref(&seen), seen.clone(), written),
            json!({"announcementText": "hello"})
        );
    }

    #[test]
    fn an_unpin_is_an_unpin_though_an_older_version_had_no_pin() {
        let newest = json!({"pinnedMessageId": "m", "announcementText": "hello"});
        let before = json!({"pinnedMessageId": "m"});
        let written = json!({"announcementText": "hello"});
        assert_eq!(
            merged(&[newest.clone(), before, json!({})], newest, written),
            json!({"announcementText": "hello"})
        );
    }

    #[test]
    fn unknown_members_are_merged_like_the_others() {
        let old = json!({"later": {"a": 1}});
        let new = json!({"later": {"a": 2}});
        let written = json!({"later": {"a": 1}, "spotlightPeerId": "p"});
        assert_eq!(
            merged(&[new.clone(), old], new, written),
            json!({"later": {"a": 2}, "spotlightPeerId": "p"})
        );
    }
}
