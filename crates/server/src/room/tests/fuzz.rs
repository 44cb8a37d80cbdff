//! No input panics, and every request gets exactly one answer.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::world::World;
use crate::policy::Policy;
use crate::room::RoomLimits;

fn methods() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(vec![
            "join",
            "ping",
            "leave",
            "offer",
            "answer",
            "trickle",
            "track-update",
            "analytics",
            "broadcast",
            "set-metadata",
            "get-metadata",
            "listen-metadata-change",
            "peer-update",
            "group-join",
            "group-leave",
            "group-add",
            "group-remove",
            "get-peer",
            "find-peer",
            "peer-iter-next",
            "peer-name-search",
            "role-change-request",
            "role-change",
            "peer-leave-request",
            "track-update-request",
            "change-track-mute-state-request",
            "end-room",
            "poll-info-set",
            "poll-info-get",
            "poll-questions-set",
            "poll-questions-get",
            "poll-start",
            "poll-stop",
            "poll-response",
            "poll-responses",
            "poll-result",
            "poll-list",
            "poll-leaderboard",
            "hls-start",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,12}",
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        proptest::sample::select(vec![
            "a",
            "h",
            "host",
            "viewer",
            "uiState",
            "viewers",
            "activePoll",
            "watch:user-a",
            "fuzz",
            "started",
            "quiz",
            "multiple-choice"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        let names = proptest::sample::select(vec![
            "key",
            "data",
            "keys",
            "name",
            "peer_id",
            "requested_for",
            "role",
            "roles",
            "force",
            "info",
            "message",
            "type",
            "limit",
            "offset",
            "query",
            "iterator",
            "tracks",
            "track_id",
            "mute",
            "value",
            "token",
            "if_change_version",
            "lock",
            "reason",
            "offer",
            "timestamp",
            "poll_id",
            "questions",
            "question",
            "options",
            "option",
            "answer",
            "responses",
            "index",
            "count",
            "start",
            "state",
            "duration",
            "skipped",
            "text",
            "pollId",
            "isActive",
            "totalVotes",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((names, inner), 0..6).prop_map(|members| {
                Value::Object(
                    members
                        .into_iter()
                        .map(|(k, v)| (k.to_owned(), v))
                        .collect(),
                )
            }),
        ]
    })
}

/// A running poll, so that requests by chance find one.
fn running_poll(world: &mut World) {
    let info = json!({"poll_id": "fuzz", "type": "quiz", "duration": 1});
    world.ok("h", "poll-info-set", info);
    let question = json!({"question": {"text": "?", "once": false}, "options": [{"text": "x"}]});
    let params = json!({"poll_id": "fuzz", "questions": [question]});
    world.ok("h", "poll-questions-set", params);
    world.ok("h", "poll-start", json!({"poll_id": "fuzz"}));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn requests_of_any_form_are_answered_once(
        frames in prop::collection::vec((0u8..3, methods(), any_json()), 1..40)
    ) {
        let policy = Policy::default().with_media();
        let mut world = World::ruled_by(policy, RoomLimits::default());
        world.join("h", "host");
        world.join("a", "viewer");
        world.open("u", "viewer");
        running_poll(&mut world);
        for (n, (peer, method, params)) in frames.into_iter().enumerate() {
            let peer = ["h", "a", "u"][usize::from(peer)];
            let Some(socket) = world.clients[peer].socket else { continue };
            let id = format!("fuzz-{n}");
            world.send(peer, &json!({"method": method, "params": params, "id": id}));
            world.unit_answers_all();
            let answers = world.clients[peer].frames.iter().filter(|f| f["id"] == id).count();
            prop_assert_eq!(answers, 1, "{}: {}", method, params);
            prop_assert_eq!(world.clients[peer].socket, Some(socket));
            world.pass(7);
        }
        let bytes = world.room.snapshot(true).to_bytes().unwrap();
        prop_assert!(crate::room::RoomSnapshot::from_bytes(&bytes).is_ok());
    }

    #[test]
    fn text_of_any_kind_harms_nobody(texts in prop::collection::vec("\\PC{0,80}", 1..20)) {
        let mut world = World::new();
        world.join("h", "host");
        let socket = world.clients["h"].socket.unwrap();
        for text in texts {
            world.handle(crate::room::Input::Frame { socket, text });
        }
        world.ok("h", "ping", json!({"timestamp": 1}));
    }

    #[test]
    fn damaged_snapshots_are_errors(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(crate::room::RoomSnapshot::from_bytes(&bytes).is_err());
    }
}
