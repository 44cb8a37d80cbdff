//! The session store's requests: set, get, observe.

use std::collections::BTreeSet;
use std::sync::Arc;

use kulti_protocol::signalling::{Empty, GetMetadata, ListenMetadata, RpcError, SetMetadata, code};
use kulti_protocol::store_keys::{
    ACKNOWLEDGED, ACTIVE_POLL, ROOM_LOCK, UI_STATE, VIEWERS, WATCH_PREFIX, watch_key_user,
};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::dispatch::{Answer, Call};
use super::io::{Class, Output, SocketId};
use super::limits::{ID_BYTES, VALUE_DEPTH};
use super::peers::PeerNo;
use super::store::{StoreLimits, ValueOut};
use super::{Frame, Room};
use crate::policy::Writers;

/// Values of one frame when many are sent at once, bytes.
const FRAME_BYTES: usize = 64 * 1024;

#[derive(Serialize)]
struct ChangeOut<'a> {
    values: Vec<ValueOut<'a>>,
}

impl Room {
    pub(super) fn set_metadata(&mut self, call: &Call, no: PeerNo, params: SetMetadata) -> Answer {
        let key = params.key.as_str();
        check_key(key)?;
        let Some(peer) = self.peers.get(no) else {
            return Ok(());
        };
        let writer = peer.id.clone();
        if key == ACTIVE_POLL {
            return self.write_active_poll(call, no, &params); // also votes, which all may
        }
        self.policy.require_write(&peer.role, &peer.user_id, key)?;
        if self.policy.writers_of(key) == Writers::ServerOnly {
            if key == ACKNOWLEDGED {
                self.acknowledge(no, &params.data);
            } else {
                self.count_viewers();
            }
            return self.get_metadata(call, no, &GetMetadata { key: params.key });
        }
        check_depth(&params.data, VALUE_DEPTH)?;
        let data = match params.if_change_version {
            None if key == UI_STATE && self.policy.names_key(key) => {
                self.merge_stage(no, params.data)?
            }
            _ => params.data,
        };
        let data = encode(&data)?;
        if let Some(expected) = params.if_change_version
            && expected != self.store.version(key)
        {
            return self.answer_conflict(call, key, expected, &writer, &data);
        }
        let outcome = self.store_value(key, data.clone(), &writer);
        if outcome.is_err() && key.starts_with(WATCH_PREFIX) && self.drop_absent_watch_keys() {
            self.store_value(key, data, &writer)?;
        } else {
            outcome?;
        }
        self.answer_value(call, key);
        self.value_changed(key);
        if key == UI_STATE {
            self.stage_written(no);
        } else if key == ROOM_LOCK {
            self.outputs.push(Output::Save);
        }
        Ok(())
    }

    /// Answers with a key's present value.
    pub(super) fn answer_value(&mut self, call: &Call, key: &str) {
        let frame = match self.store.get(key) {
            Some(entry) => Frame::response_if(call.id(), &entry.wire()),
            None => Frame::response_if(
                call.id(),
                &ValueOut {
                    key,
                    data: RawValue::NULL,
                    change_version: self.store.version(key),
                    updated_by: "",
                    updated_at: 0,
                },
            ),
        };
        if let Some(frame) = frame {
            self.send(call.socket, frame);
        }
    }

    /// A conflict, unless it is the repetition of a write whose answer was lost.
    fn answer_conflict(
        &mut self,
        call: &Call,
        key: &str,
        expected: u64,
        writer: &Arc<str>,
        data: &RawValue,
    ) -> Answer {
        if let Some(entry) = self.store.get(key)
            && entry.version == expected.saturating_add(1)
            && entry.updated_by == *writer
            && entry.data.get() == data.get()
        {
            let frame = Frame::response_if(call.id(), &entry.wire());
            if let Some(frame) = frame {
                self.send(call.socket, frame);
            }
            return Ok(());
        }
        Err(RpcError::new(
            code::CONFLICT,
            format!(
                "{key} has version {}, not {expected}: read it and try again",
                self.store.version(key)
            ),
        ))
    }

    fn store_value(
        &mut self,
        key: &str,
        data: Arc<RawValue>,
        writer: &Arc<str>,
    ) -> Result<(), RpcError> {
        let limits = StoreLimits {
            keys: self.limits.store_keys,
            bytes: self.limits.store_bytes,
            value_bytes: self.limits.store_value_bytes,
        };
        let reserved = self.policy.names_key(key);
        self.store
            .set(key, data, (writer, self.now), reserved, limits)?;
        self.changed = true;
        Ok(())
    }

    /// Sets a key that the server alone writes, and tells who observes it.
    pub(super) fn set_derived<T: Serialize>(&mut self, key: &str, value: &T) {
        let stored = to_raw_value(value)
            .map_err(|error| RpcError::new(code::FAULT, error.to_string()))
            .and_then(|data| self.store_value(key, data.into(), &Arc::from("")));
        match stored {
            Ok(()) => self.value_changed(key),
            Err(error) => tracing::error!(%error, key, "a derived value cannot be stored"),
        }
    }

    /// Makes room for a watch key: those of users who are not here can go.
    fn drop_absent_watch_keys(&mut self) -> bool {
        let present: BTreeSet<&str> = self.peers.iter().map(|peer| &*peer.user_id).collect();
        let absent: Vec<Arc<str>> = self
            .store
            .iter()
            .filter(|entry| !entry.is_deleted())
            .filter(|entry| watch_key_user(&entry.key).is_some_and(|user| !present.contains(user)))
            .map(|entry| entry.key.clone())
            .collect();
        for key in &absent {
            if self.store_value(key, null(), &Arc::from("")).is_ok() {
                self.value_changed(key);
            }
        }
        !absent.is_empty()
    }

    /// Everything that follows from a new value: its observers are told.
    fn value_changed(&mut self, key: &str) {
        let Some(entry) = self.store.get(key) else {
            return;
        };
        if let Some(user) = watch_key_user(key) {
            self.viewers.watched(user, entry);
        }
        if key == UI_STATE {
            self.stage.push(entry);
        }
        let Some(listeners) = self.listeners.get(key) else {
            return;
        };
        let sockets: Vec<SocketId> = listeners
            .iter()
            .filter_map(|no| self.peers.get(*no)?.socket())
            .collect();
        if sockets.is_empty() {
            return;
        }
        let change = ChangeOut {
            values: vec![entry.wire()],
        };
        let frame = Frame::notification("on-metadata-change", &change);
        let class = Class::Value(entry.key.clone());
        self.send_all(sockets, frame, class);
    }

    pub(super) fn get_metadata(&mut self, call: &Call, no: PeerNo, params: &GetMetadata) -> Answer {
        check_key(&params.key)?;
        self.answer_value(call, &params.key);
        if params.key == UI_STATE {
            self.stage_read(no);
        }
        Ok(())
    }

    /// Replaces the set of observed keys and sends the values of the new ones.
    pub(super) fn listen(&mut self, call: &Call, no: PeerNo, params: ListenMetadata) -> Answer {
        if params.keys.len() > self.limits.store_keys.saturating_add(100) {
            return Err(RpcError::new(
                code::TOO_LARGE,
                "more keys are observed than the store has room for",
            ));
        }
        for key in &params.keys {
            check_key(key)?;
        }
        let wanted: BTreeSet<Arc<str>> = params
            .keys
            .into_iter()
            .map(|key| match self.listeners.get_key_value(key.as_str()) {
                Some((known, _)) => known.clone(), // one allocation for all who observe it
                None => Arc::from(key),
            })
            .collect();
        let followed_stage = self.follows_stage(no);
        let Some(peer) = self.peers.get_mut(no) else {
            return Ok(());
        };
        let before = std::mem::replace(&mut peer.listening, wanted.clone());
        for key in before.difference(&wanted) {
            if let Some(listeners) = self.listeners.get_mut(key) {
                listeners.remove(&no);
                if listeners.is_empty() {
                    self.listeners.remove(key);
                }
            }
        }
        let new: Vec<Arc<str>> = wanted.difference(&before).cloned().collect();
        for key in &new {
            self.listeners.entry(key.clone()).or_default().insert(no);
        }
        self.changed = true;
        match (followed_stage, self.follows_stage(no)) {
            (false, true) => self.stage_followed(no),
            (true, false) => self.freeze_stage_seen(no),
            _ => {}
        }
        self.answer(call, &Empty::default());
        if new.iter().any(|key| &**key == VIEWERS) {
            self.count_viewers();
        }
        self.send_values(call.socket, &new);
        Ok(())
    }

    /// After a reconnect: all values that the peer observes, the deleted ones too.
    pub(super) fn send_observed(&mut self, socket: SocketId, no: PeerNo) {
        let Some(peer) = self.peers.get(no) else {
            return;
        };
        let keys: Vec<Arc<str>> = peer.listening.iter().cloned().collect();
        self.send_values(socket, &keys);
        if self.follows_stage(no) {
            self.stage_followed(no);
        }
    }

    /// Present values, in as many frames as it takes. Keys never set have no entry.
    fn send_values(&mut self, socket: SocketId, keys: &[Arc<str>]) {
        let mut frames = Vec::new();
        let mut values = Vec::new();
        let mut bytes = 0;
        for entry in keys.iter().filter_map(|key| self.store.get(key)) {
            bytes += entry.key.len() + entry.data.get().len();
            values.push(entry.wire());
            if bytes >= FRAME_BYTES {
                frames.push(change_frame(std::mem::take(&mut values)));
                bytes = 0;
            }
        }
        if !values.is_empty() {
            frames.push(change_frame(values));
        }
        for frame in frames {
            self.send(socket, frame);
        }
    }
}

fn change_frame(values: Vec<ValueOut<'_>>) -> Frame {
    Frame::notification("on-metadata-change", &ChangeOut { values })
}

fn null() -> Arc<RawValue> {
    RawValue::NULL.to_owned().into()
}

fn encode(data: &Value) -> Result<Arc<RawValue>, RpcError> {
    to_raw_value(data)
        .map(Arc::from)
        .map_err(|error| RpcError::new(code::BAD_REQUEST, error.to_string()))
}

fn check_key(key: &str) -> Result<(), RpcError> {
    if key.is_empty() || key.len() > ID_BYTES {
        return Err(RpcError::new(
            code::BAD_REQUEST,
            format!("a key must have 1 to {ID_BYTES} bytes"),
        ));
    }
    Ok(())
}

fn check_depth(value: &Value, left: usize) -> Result<(), RpcError> {
    let Some(left) = left.checked_sub(1) else {
        return Err(RpcError::new(
            code::BAD_REQUEST,
            format!("a value may be nested {VALUE_DEPTH} levels deep at most"),
        ));
    };
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| check_depth(item, left)),
        Value::Object(members) => members
            .values()
            .try_for_each(|item| check_depth(item, left)),
        _ => Ok(()),
    }
}
