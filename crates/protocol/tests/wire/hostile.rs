//! No input panics anything that reads.

use kulti_protocol::{
    link::{JoinLink, is_loopback, server_origin},
    room_code::RoomCode,
    signalling::{ClientFrame, ServerFrame, ServerNotification},
    store_keys::watch_key_user,
    token::{HmsKeys, TokenClaims, read_unverified, verify},
};
use proptest::{collection::vec, prelude::*, sample::Index};
use serde_json::{Value, json};

use crate::messages::all;

fn keys() -> HmsKeys {
    HmsKeys {
        access_key: "key".into(),
        secret: "secret".into(),
    }
}

/// Hands a text to everything that reads text from outside.
fn read_text(text: &str) {
    if let Ok(frame) = ClientFrame::parse(text) {
        read_json(&frame.params);
    }
    match ServerFrame::parse(text) {
        Ok(ServerFrame::Notification { method, params }) => {
            let _ = ServerNotification::parse(&method, params);
        }
        Ok(ServerFrame::Response { result, .. }) => {
            let _ = result.map(|json| read_json(&json));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    let _ = verify(text, &keys(), 0);
    let _ = read_unverified(text);
    if let Ok(link) = JoinLink::parse(text) {
        assert_eq!(JoinLink::parse(&link.to_string()), Ok(link));
    }
    if let Some(origin) = server_origin(text) {
        assert_eq!(server_origin(&origin), Some(origin.clone()), "{text}");
        let _ = is_loopback(&origin);
    }
    if let Ok(code) = text.parse::<RoomCode>() {
        assert_eq!(code.as_str().parse(), Ok(code));
    }
    let _ = is_loopback(text);
    let _ = watch_key_user(text);
}

/// Hands JSON to the reader of every message.
fn read_json(json: &Value) {
    for (_, example) in all() {
        if let Ok(read) = example.reread(json.clone()) {
            // What was understood is understood again, as the same.
            assert_eq!(example.reread(read.clone()).unwrap(), read);
        }
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec(("\\PC{0,6}", inner), 0..4).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// All places inside a value, as JSON pointers.
fn places(json: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    let children: Vec<(String, &Value)> = match json {
        Value::Object(object) => object
            .iter()
            .map(|(name, value)| (name.replace('~', "~0").replace('/', "~1"), value))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, value)| (index.to_string(), value))
            .collect(),
        _ => Vec::new(),
    };
    for (name, child) in children {
        places(child, &format!("{at}/{name}"), found);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_text_is_survived(text in "\\PC{0,200}") {
        read_text(&text);
    }

    #[test]
    fn any_bytes_are_survived(bytes in vec(any::<u8>(), 0..200)) {
        read_text(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_json_is_survived(json in any_json()) {
        read_json(&json);
        read_text(&json.to_string());
    }

    /// Everything is in order but for one place.
    #[test]
    fn messages_with_one_wrong_place_are_survived(
        which in any::<Index>(),
        place in any::<Index>(),
        instead in any_json(),
    ) {
        let examples = all();
        let (_, example) = which.get(&examples);
        let mut found = Vec::new();
        places(&example.json, "", &mut found);
        let mut json = example.json.clone();
        *json.pointer_mut(&found[place.index(found.len())]).unwrap() = instead;
        if let Ok(read) = example.reread(json.clone()) {
            prop_assert_eq!(example.reread(read.clone()).unwrap(), read);
        }
        let _ = ServerNotification::parse(&example.name, json);
    }

    /// Bytes of a good frame are overwritten, left out or doubled.
    #[test]
    fn damaged_frames_are_survived(
        which in any::<Index>(),
        damages in vec((any::<Index>(), 0..3u8, any::<u8>()), 1..6),
        cut in proptest::option::of(any::<Index>()),
    ) {
        let examples = all();
        let (_, example) = which.get(&examples);
        let frame = json!({"id": "1", "method": example.name, "params": example.json});
        let mut bytes = frame.to_string().into_bytes();
        for (at, kind, byte) in damages {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => {
                    bytes.remove(at);
                }
            }
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        read_text(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn damaged_tokens_are_refused(at in any::<Index>(), byte in any::<u8>()) {
        let claims = TokenClaims::new("room", "user", "viewer", "jti", 1_000, 60);
        let token = claims.sign(&keys()).unwrap();
        let mut bytes = token.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let damaged = String::from_utf8_lossy(&bytes).into_owned();
        prop_assert_eq!(verify(&damaged, &keys(), 1_000).is_ok(), damaged == token);
        let _ = read_unverified(&damaged);
    }

    #[test]
    fn damaged_links_are_survived(
        at in any::<Index>(),
        piece in prop_oneof![
            "\\PC{0,4}",
            Just("%00".to_owned()),
            Just("&server=".to_owned()),
            Just("@".to_owned()),
            Just("//".to_owned()),
            Just("[".to_owned()),
        ],
    ) {
        let mut link = "kulti://join/VIBE-2K4F?server=https://192.168.1.20:8788".to_owned();
        link.insert_str(at.index(link.len()), &piece);
        read_text(&link);
    }
}

#[test]
fn monsters_are_survived() {
    let deep = 200_000;
    let monsters = [
        "[".repeat(deep),
        r#"{"params":"#.repeat(deep),
        format!(
            "{}1{}",
            r#"{"method":"join","params":"#.repeat(90),
            "}".repeat(90)
        ),
        format!(r#"{{"method":"{}"}}"#, "x".repeat(1_000_000)),
        format!(
            r#"{{"method":"ping","params":{{"timestamp":{}}}}}"#,
            "9".repeat(400)
        ),
        r#"{"method":"a","method":"b"}"#.to_owned(),
        "\u{0}\u{feff}".to_owned(),
        ".".repeat(10_000),
        format!(
            "{}.{}.{}",
            "a".repeat(2_000),
            "b".repeat(2_000),
            "c".repeat(2_000)
        ),
        format!("kulti://join/{}", "A".repeat(100_000)),
    ];
    for monster in monsters {
        read_text(&monster);
    }
}
