//! Every role and every act that needs a right, through the wire.

use serde_json::{Value, json};

use super::world::World;

/// One act of `me` towards `other`; the right table: host, presenter, viewer.
fn acts() -> Vec<(&'static str, Value, [bool; 3])> {
    let only_host = [true, false, false];
    let hosts = [true, true, false];
    let all = [true; 3];
    let none = [false; 3];
    let set = |key: &str| json!({"key": key, "data": {"x": 1}});
    vec![
        ("end-room", json!({"lock": false, "reason": ""}), only_host),
        (
            "peer-leave-request",
            json!({"requested_for": "other", "reason": ""}),
            only_host,
        ),
        (
            "role-change-request",
            json!({"requested_for": "other", "role": "viewer", "force": true}),
            only_host,
        ),
        (
            "role-change-request",
            json!({"requested_for": "me", "role": "host", "force": true}),
            only_host,
        ),
        (
            "role-change-request",
            json!({"roles": ["viewer"], "role": "host", "force": true}),
            only_host,
        ),
        (
            "role-change-request",
            json!({"requested_for": "me", "role": "host"}),
            only_host,
        ),
        (
            "track-update-request",
            json!({"requested_for": "other", "track_id": "t", "mute": true}),
            only_host,
        ),
        (
            "track-update-request",
            json!({"requested_for": "other", "track_id": "t", "mute": false}),
            only_host,
        ),
        (
            "change-track-mute-state-request",
            json!({"value": true}),
            only_host,
        ),
        (
            "change-track-mute-state-request",
            json!({"value": false}),
            only_host,
        ),
        (
            "group-add",
            json!({"name": "g", "peer_id": "other"}),
            only_host,
        ),
        (
            "group-remove",
            json!({"name": "g", "peer_id": "other"}),
            only_host,
        ),
        ("group-add", json!({"name": "g", "peer_id": "me"}), all),
        ("set-metadata", set("uiState"), hosts),
        ("set-metadata", json!({"key": "uiState"}), hosts),
        (
            "set-metadata",
            json!({"key": "uiState", "data": {}, "if_change_version": 0}),
            hosts,
        ),
        (
            "set-metadata",
            json!({"key": "activePoll", "data": {"pollId": "n", "question": "?", "isActive": true,
                "options": [{"id": "x", "text": "x"}]}}),
            hosts,
        ),
        (
            "set-metadata",
            json!({"key": "activePoll", "data": null}),
            hosts,
        ),
        (
            "set-metadata",
            json!({"key": "activePoll", "data": {"pollId": "run", "question": "?",
                "options": [{"id": "1", "text": "x"}]}}),
            hosts,
        ),
        (
            "set-metadata",
            json!({"key": "activePoll", "data": {"pollId": "run", "question": "?", "isActive": true,
                "options": [{"id": "1", "text": "x", "votes": 1}], "totalVotes": 1}}),
            all,
        ),
        ("set-metadata", set("watch:user-me"), all),
        ("set-metadata", set("watch:user-other"), none),
        ("set-metadata", json!({"key": "watch:user-other"}), none),
        ("set-metadata", set("viewers"), all),
        ("set-metadata", set("anything"), all),
        ("get-metadata", json!({"key": "uiState"}), all),
        (
            "listen-metadata-change",
            json!({"keys": ["uiState", "watch:user-other"]}),
            all,
        ),
        (
            "broadcast",
            json!({"info": {"message": "x", "type": "chat"}}),
            all,
        ),
        ("peer-update", json!({"name": "New"}), all),
        ("group-join", json!({"name": "_handraise"}), all),
        ("group-leave", json!({"name": "_handraise"}), all),
        ("get-peer", json!({"peer_id": "other"}), all),
        ("find-peer", json!({"limit": 1}), all),
        ("peer-name-search", json!({"query": "", "limit": 1}), all),
        ("poll-info-set", json!({"title": "New"}), hosts),
        ("poll-info-set", json!({"poll_id": "draft"}), hosts),
        ("poll-questions-set", json!({"poll_id": "draft"}), hosts),
        ("poll-start", json!({"poll_id": "draft"}), hosts),
        ("poll-stop", json!({"poll_id": "run"}), hosts),
        ("poll-info-get", json!({"poll_id": "run"}), all),
        ("poll-questions-get", json!({"poll_id": "run"}), all),
        (
            "poll-response",
            json!({"poll_id": "run", "responses": [{"question": 1, "option": 1}]}),
            all,
        ),
        (
            "poll-response",
            json!({"poll_id": "hosts", "responses": [{"question": 1, "option": 1}]}),
            only_host,
        ),
        ("poll-responses", json!({"poll_id": "run"}), all),
        ("poll-responses", json!({"poll_id": "hosts"}), only_host),
        (
            "poll-responses",
            json!({"poll_id": "hosts", "self": true}),
            all,
        ),
        ("poll-result", json!({"poll_id": "run"}), all),
        ("poll-result", json!({"poll_id": "hosts"}), only_host),
        ("poll-leaderboard", json!({"poll_id": "run"}), hosts),
        ("poll-leaderboard", json!({"poll_id": "hosts"}), only_host),
        ("poll-list", json!({"state": "created"}), all),
        ("poll-list", json!({"state": "started"}), all),
    ]
}

/// A draft, a poll in which only hosts take part, and one for all, which is shown.
fn polls(world: &mut World) {
    world.join("maker", "host");
    let question = json!({"question": {"text": "?"}, "options": [{"text": "x"}]});
    for (id, roles) in [
        ("draft", json!([])),
        ("hosts", json!(["host"])),
        ("run", json!([])),
    ] {
        let info = json!({"poll_id": id, "type": "quiz", "vote": roles, "responses": roles});
        world.ok("maker", "poll-info-set", info);
        let params = json!({"poll_id": id, "questions": [question]});
        world.ok("maker", "poll-questions-set", params);
        if id != "draft" {
            world.ok("maker", "poll-start", json!({"poll_id": id}));
        }
    }
}

#[test]
fn the_server_enforces_every_right() {
    for (method, params, allowed) in acts() {
        for (role, expected) in ["host", "presenter", "viewer"].into_iter().zip(allowed) {
            let mut world = World::new();
            world.join("other", "viewer");
            world.join("me", role);
            polls(&mut world);
            world.listen("other", &["uiState", "activePoll", "watch:user-other"]);
            world.pass(1_000);
            world.clear();
            let outcome = world.call("me", method, params.clone());
            assert_eq!(
                outcome.is_ok(),
                expected,
                "{role}: {method} {params}: {outcome:?}"
            );
            if !expected {
                assert_eq!(outcome, Err(403), "{role}: {method}");
                assert!(
                    world.clients["other"].frames.is_empty(),
                    "a refused {method} was seen by others"
                );
                assert_eq!(world.room.take_refusals(), 1);
            }
        }
    }
}

#[test]
fn a_new_role_has_its_rights_at_once() {
    let mut world = World::new();
    world.join("h", "host");
    world.join("a", "viewer");
    assert_eq!(world.set("a", "uiState", json!({"x": 1})), Err(403));
    let change = |role: &str| json!({"requested_for": "a", "role": role, "force": true});
    world.ok("h", "role-change-request", change("presenter"));
    assert!(world.set("a", "uiState", json!({"x": 1})).is_ok());
    world.ok("h", "role-change-request", change("viewer"));
    assert_eq!(world.set("a", "uiState", json!({"x": 2})), Err(403));
}

#[test]
fn what_this_server_does_not_offer_is_refused_at_once() {
    let mut world = World::new();
    world.join("a", "host");
    for method in [
        "rtmp-start",
        "rtmp-stop",
        "hls-start",
        "hls-stop",
        "hls-timed-metadata",
        "transcription-start",
        "transcription-stop",
        "transcription-config-update",
        "whiteboard-create",
        "whiteboard-get",
    ] {
        assert_eq!(world.call("a", method, json!({})), Err(400), "{method}");
    }
    assert_eq!(world.call("a", "nonsense", json!({})), Err(404));
    assert_eq!(world.call("a", "get-metadata", json!({})), Err(400));
    assert_eq!(world.call("a", "get-metadata", json!([1])), Err(400));
    assert_eq!(world.call("a", "poll-nonsense", json!({})), Err(404));
    let list = world.ok("a", "poll-list", json!({"state": "started", "count": 50}));
    assert_eq!(list, json!({"polls": [], "last": true}));
}
