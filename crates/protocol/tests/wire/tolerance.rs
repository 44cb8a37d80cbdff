//! Unknown members are ignored, and an absent member and a `null` one are the same.

use kulti_protocol::{
    api::WatchPolicy,
    signalling::{ServerFrame, ServerNotification},
    store_keys::{UiState, ViewerCounts, WatchState},
};
use serde_json::{Value, json};

use crate::messages::all;

/// Members whose own members are entries by id, not members of a message.
const MAPS: [&str; 4] = ["peers", "tracks", "known_roles", "app_data"];

/// JSON pointers of all members of message objects inside `json`.
fn members(json: &Value, at: &str, found: &mut Vec<String>) {
    match json {
        Value::Object(object) => {
            let is_map = MAPS.iter().any(|map| at.ends_with(&format!("/{map}")));
            for (name, value) in object {
                let path = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                if !is_map {
                    found.push(path.clone());
                }
                members(value, &path, found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                members(item, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn with(
    json: &Value,
    path: &str,
    change: impl Fn(&mut serde_json::Map<String, Value>, &str),
) -> Value {
    let mut changed = json.clone();
    let (parent, name) = path.rsplit_once('/').unwrap();
    let object = changed
        .pointer_mut(parent)
        .unwrap()
        .as_object_mut()
        .unwrap();
    change(object, &name.replace("~1", "/").replace("~0", "~"));
    changed
}

/// In free-form parts of a message (`data`, plugins) `null` is kept as it is.
fn without_nulls(json: Value) -> Value {
    match json {
        Value::Object(object) => object
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, without_nulls(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

#[test]
fn absent_and_null_are_the_same() {
    for (group, example) in all() {
        let mut paths = Vec::new();
        members(&example.json, "", &mut paths);
        for path in paths {
            let absent = with(&example.json, &path, |object, name| {
                object.remove(name);
            });
            let null = with(&example.json, &path, |object, name| {
                object.insert(name.to_owned(), Value::Null);
            });
            let (absent, null) = (example.reread(absent), example.reread(null));
            let context = format!("{group} {}: {path}", example.name);
            match (absent, null) {
                (Ok(absent), Ok(null)) => {
                    assert_eq!(without_nulls(absent), without_nulls(null), "{context}");
                }
                (Err(_), Err(_)) => {}
                (absent, null) => panic!("{context}: absent {absent:?}, null {null:?}"),
            }
        }
    }
}

#[test]
fn unknown_members_change_nothing_else() {
    for (group, example) in all() {
        let mut paths = Vec::new();
        members(&example.json, "", &mut paths);
        for path in paths {
            let stranger = with(&example.json, &path, |object, _| {
                object.insert("__new__".to_owned(), json!({"a": [1, null]}));
            });
            let mut read = example
                .reread(stranger)
                .unwrap_or_else(|error| panic!("{group} {}: {path}: {error}", example.name));
            // Free-form parts keep it; then only it was added.
            let parent = path.rsplit_once('/').unwrap().0.to_owned();
            if let Some(object) = read.pointer_mut(&parent).and_then(Value::as_object_mut) {
                object.remove("__new__");
            }
            assert_eq!(read, example.json, "{group} {}: {path}", example.name);
        }
    }
}

#[test]
fn the_least_that_a_message_can_be_is_read() {
    let least = [
        ("on-policy-change", json!({"name": "viewer"})),
        ("peer-list", json!({"room": {}})),
        ("room-state", json!({"room": {}})),
        ("room-info", Value::Null),
        ("session-info", json!({})),
        ("on-peer-join", json!({"peer_id": "p"})),
        ("on-peer-leave", json!({"peer_id": "p"})),
        ("on-track-add", json!({"peer": {"peer_id": "p"}})),
        ("on-broadcast", json!({"info": {"message": "hi"}})),
        ("on-metadata-change", json!({"values": [{"key": "k"}]})),
        ("on-peer-leave-request", Value::Null),
        ("on-error", json!({"message": "gone"})),
        ("offer", json!({"type": "offer", "sdp": "v=0"})),
        ("trickle", json!({"candidate": {}})),
        ("node-info", Value::Null),
        ("active-speakers", json!({})),
        (
            "on-connection-quality-update",
            json!({"peers": [{"peer_id": "p"}]}),
        ),
        ("sfu-stats", json!([1, 2])),
    ];
    for (method, params) in least {
        let read = ServerNotification::parse(method, params);
        assert!(read.is_ok(), "{method}: {read:?}");
    }
}

#[test]
fn an_answer_is_an_answer_whatever_its_error_looks_like() {
    let outcome = |text: &str| match ServerFrame::parse(text).unwrap() {
        ServerFrame::Response { id, result } => (id, result.map_err(|error| error.code)),
        ServerFrame::Notification { method, .. } => panic!("{method}"),
    };
    assert_eq!(
        outcome(r#"{"id":"1","result":{},"error":null}"#),
        ("1".into(), Ok(json!({})))
    );
    assert_eq!(
        outcome(r#"{"id":7,"result":{}}"#),
        ("7".into(), Ok(json!({})))
    );
    assert_eq!(outcome(r#"{"id":"1"}"#), ("1".into(), Ok(Value::Null)));
    for (error, code) in [
        (r#"{"code":404,"message":"no"}"#, 404),
        (r#"{"code":404.0}"#, 404),
        (r#"{"code":-32601,"message":"no such method"}"#, 0),
        (r#"{"code":"E1"}"#, 0),
        (r#"{}"#, 0),
        (r#""no""#, 0),
        ("[]", 0),
        ("true", 0),
    ] {
        let text = format!(r#"{{"id":"1","error":{error}}}"#);
        assert_eq!(outcome(&text), ("1".into(), Err(code)), "{text}");
    }
}

#[test]
fn numbers_may_be_those_of_javascript() {
    let watch: WatchState = serde_json::from_value(json!({
        "userId": "u", "durationSeconds": 12.75, "lastUpdate": 1.795_329_189_821e12, "isActive": true
    }))
    .unwrap();
    assert_eq!(
        (watch.duration_seconds, watch.last_update),
        (12, 1_795_329_189_821)
    );
    let counts: ViewerCounts =
        serde_json::from_value(json!({"total": -1, "active": 1e300, "timestamp": null})).unwrap();
    assert_eq!(
        (counts.total, counts.active, counts.timestamp),
        (0, u32::MAX, 0)
    );
}

#[test]
fn a_stage_keeps_what_a_newer_client_wrote() {
    let stage: UiState =
        serde_json::from_value(json!({"pinnedMessageId": null, "confetti": {"on": true}})).unwrap();
    assert_eq!(stage.pinned_message_id, None);
    let written = serde_json::to_value(&stage).unwrap();
    assert_eq!(written["confetti"], json!({"on": true}));
}

#[test]
fn what_a_policy_leaves_open_is_the_default() {
    let policy: WatchPolicy =
        serde_json::from_value(json!({"idleLimitMs": 60_000, "awayGraceMs": null})).unwrap();
    let default = WatchPolicy::default();
    assert_eq!(policy.idle_limit_ms, 60_000);
    assert_eq!(policy.away_grace_ms, default.away_grace_ms);
    assert_eq!(policy.reconnect_grace_ms, default.reconnect_grace_ms);
}
