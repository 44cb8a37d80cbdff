//! Who watches, by the watch keys of the store or, where it is full, by peer metadata.

use std::collections::HashMap;

use kulti_protocol::store_keys::{WATCH_STALE_MS, WatchState};
use serde_json::{Map, Value, json};

use super::view::Presence;

/// How many watch states are kept.
const LIMIT: usize = 20_000;

/// The member of peer metadata that holds a watch state.
const METADATA_MEMBER: &str = "watch";

/// The newest watch state of every user that told one.
#[derive(Debug, Default)]
pub(super) struct Presences {
    by_user: HashMap<String, WatchState>,
}

impl Presences {
    /// Takes the value of a watch key. `written_at_ms` is the server's time of the
    /// write (0 if unknown): it is trusted more than the writer's clock, which may be
    /// hours off. True if something changed.
    pub(super) fn set(&mut self, user_id: &str, value: &Value, written_at_ms: u64) -> bool {
        let Ok(mut state) = serde_json::from_value::<WatchState>(value.clone()) else {
            return self.by_user.remove(user_id).is_some();
        };
        if written_at_ms > 0 {
            state.last_update = written_at_ms;
        }
        if self.by_user.len() >= LIMIT && !self.by_user.contains_key(user_id) {
            let now = state.last_update;
            self.by_user
                .retain(|_, state| now.saturating_sub(state.last_update) < WATCH_STALE_MS);
        }
        if self.by_user.len() >= LIMIT {
            return false;
        }
        let before = self.by_user.insert(user_id.to_owned(), state);
        before.as_ref() != self.by_user.get(user_id)
    }

    /// The newer of a user's states in the store and in peer metadata.
    pub(super) fn newest<'a>(
        &'a self,
        user_id: &str,
        metadata: Option<&'a WatchState>,
    ) -> Option<&'a WatchState> {
        let stored = self.by_user.get(user_id);
        match (stored, metadata) {
            (Some(stored), Some(other)) if other.last_update > stored.last_update => Some(other),
            (Some(stored), _) => Some(stored),
            (None, other) => other,
        }
    }
}

/// What a watch state says at `now_ms` of server time.
pub(super) fn judge(state: Option<&WatchState>, now_ms: u64) -> Presence {
    match state {
        Some(state) if now_ms.saturating_sub(state.last_update) >= WATCH_STALE_MS => {
            Presence::Unknown
        }
        Some(state) if state.is_active => Presence::Active,
        Some(_) => Presence::Away,
        None => Presence::Unknown,
    }
}

/// A watch state out of a peer's metadata.
pub(super) fn from_metadata(data: &str, user_id: &str) -> Option<WatchState> {
    if !data.contains(METADATA_MEMBER) {
        return None;
    }
    let mut metadata: Map<String, Value> = serde_json::from_str(data).ok()?;
    let state: WatchState = serde_json::from_value(metadata.remove(METADATA_MEMBER)?).ok()?;
    (state.user_id == user_id).then_some(state)
}

/// Peer metadata that holds a watch state.
pub(super) fn to_metadata(state: &WatchState) -> String {
    json!({ METADATA_MEMBER: state }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(is_active: bool, last_update: u64) -> WatchState {
        WatchState {
            user_id: "u".into(),
            duration_seconds: 1,
            last_update,
            is_active,
        }
    }

    #[test]
    fn two_minutes_without_news_are_unknown() {
        let active = state(true, 1_000);
        assert_eq!(
            judge(Some(&active), 1_000 + WATCH_STALE_MS - 1),
            Presence::Active
        );
        assert_eq!(
            judge(Some(&active), 1_000 + WATCH_STALE_MS),
            Presence::Unknown
        );
        assert_eq!(judge(Some(&state(false, 1_000)), 2_000), Presence::Away);
        assert_eq!(judge(None, 2_000), Presence::Unknown);
    }

    #[test]
    fn the_servers_time_of_a_write_beats_the_writers_clock() {
        let mut presences = Presences::default();
        let value = json!({"userId": "u", "isActive": true, "lastUpdate": 5});
        assert!(presences.set("u", &value, 900_000));
        assert_eq!(
            judge(presences.newest("u", None), 900_100),
            Presence::Active
        );
        assert!(
            !presences.set("u", &value, 900_000),
            "the same again changes nothing"
        );
    }

    #[test]
    fn a_deleted_or_broken_value_is_no_state() {
        let mut presences = Presences::default();
        for broken in [Value::Null, json!("x"), json!({"isActive": 1}), json!([])] {
            presences.set("u", &json!({"userId": "u", "isActive": true}), 10);
            assert!(presences.set("u", &broken, 11), "{broken}");
            assert_eq!(presences.newest("u", None), None);
        }
    }

    #[test]
    fn metadata_carries_a_state_and_the_newer_one_counts() {
        let late = state(false, 9_000);
        assert_eq!(from_metadata(&to_metadata(&late), "u"), Some(late.clone()));
        assert_eq!(from_metadata(&to_metadata(&late), "somebody else"), None);
        assert_eq!(from_metadata("watch this", "u"), None);

        let mut presences = Presences::default();
        presences.set("u", &json!({"userId": "u", "isActive": true}), 8_000);
        assert_eq!(
            judge(presences.newest("u", Some(&late)), 9_001),
            Presence::Away
        );
        presences.set("u", &json!({"userId": "u", "isActive": true}), 9_500);
        assert_eq!(
            judge(presences.newest("u", Some(&late)), 9_501),
            Presence::Active
        );
    }
}
