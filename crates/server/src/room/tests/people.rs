//! Groups, roles, removal, the end, finding people.

use serde_json::{Value, json};

use super::world::World;

fn world() -> World {
    let mut world = World::new();
    world.join("h", "host");
    world.join("a", "viewer");
    world.join("b", "viewer");
    world
}

#[test]
fn a_hand_is_raised_for_all_and_for_oneself() {
    let mut world = world();
    let raise = json!({"name": "_handraise"});
    let groups = world.ok("a", "group-join", raise.clone());
    assert_eq!(groups, json!({"groups": ["_handraise"]}));
    assert_eq!(world.clients["a"].groups, ["_handraise"]);
    assert_eq!(
        world.clients["h"].roster["a"]["groups"],
        json!(["_handraise"])
    );
    let found = world.ok(
        "h",
        "find-peer",
        json!({"group": "_handraise", "limit": 10}),
    );
    assert_eq!(found["total"], 1);
    assert_eq!(found["peers"][0]["peer_id"], "a");

    let lower = json!({"name": "_handraise", "peer_id": "a"});
    assert_eq!(world.call("b", "group-remove", lower.clone()), Err(403));
    world.ok("h", "group-remove", lower.clone());
    assert_eq!(world.clients["a"].groups, Vec::<String>::new());
    assert_eq!(world.clients["b"].roster["a"]["groups"], json!([]));

    // Lowered while away: the SDK learns it only from an update about itself.
    world.ok("a", "group-join", raise);
    world.cut("a");
    world.ok("h", "group-remove", lower);
    world.open("a", "viewer");
    assert_eq!(world.clients["a"].groups, Vec::<String>::new());
}

#[test]
fn groups_are_bounded() {
    let mut world = world();
    world.room.limits.allowances.changes.burst = 100;
    for n in 0..20 {
        world.ok("a", "group-join", json!({"name": format!("g{n}")}));
    }
    assert_eq!(
        world.call("a", "group-join", json!({"name": "g20"})),
        Err(413)
    );
    world.ok("a", "group-join", json!({"name": "g0"}));
    assert_eq!(world.call("a", "group-join", json!({"name": ""})), Err(400));
    assert_eq!(
        world.call("h", "group-add", json!({"name": "g", "peer_id": "x"})),
        Err(404)
    );
}

#[test]
fn a_name_or_metadata_changes_for_the_others() {
    let mut world = world();
    world.ok("a", "peer-update", json!({"data": "{\"mood\":1}"}));
    world.ok("a", "peer-update", json!({"name": "Änn"}));
    let info = &world.clients["h"].roster["a"]["info"];
    assert_eq!(
        (&info["name"], &info["data"]),
        (&json!("Änn"), &json!("{\"mood\":1}"))
    );
    assert_eq!(
        world.call("a", "peer-update", json!({"name": " "})),
        Err(400)
    );
    assert_eq!(
        world.call("a", "peer-update", json!({"data": "x".repeat(5_000)})),
        Err(413)
    );
}

#[test]
fn a_forced_role_is_told_by_the_policy_and_an_update() {
    let mut world = world();
    world.clear();
    let promote = json!({"requested_for": "a", "role": "presenter", "force": true});
    world.ok("h", "role-change-request", promote.clone());
    assert_eq!(world.clients["a"].role, "presenter");
    assert_eq!(world.clients["b"].roster["a"]["role"], "presenter");
    assert!(
        world.notices("a", "on-peer-update").is_empty(),
        "the policy alone tells it"
    );
    world.clear();
    world.ok("h", "role-change-request", promote);
    assert!(
        world.notices("b", "on-peer-update").is_empty(),
        "a repetition changes nothing"
    );
    assert_eq!(
        world.call(
            "h",
            "role-change-request",
            json!({"requested_for": "a", "role": "king", "force": true})
        ),
        Err(404)
    );
    world.ok(
        "h",
        "role-change-request",
        json!({"roles": ["viewer", "presenter"], "role": "host", "force": true}),
    );
    assert_eq!(world.clients["a"].role, "host");
    assert_eq!(world.clients["b"].role, "host");
    assert_eq!(
        world.call(
            "h",
            "role-change-request",
            json!({"roles": ["host"], "role": "viewer"})
        ),
        Err(400)
    );
}

#[test]
fn an_invitation_changes_nothing_until_it_is_taken() {
    let mut world = world();
    world.ok(
        "h",
        "role-change-request",
        json!({"requested_for": "a", "role": "presenter"}),
    );
    assert_eq!(world.clients["a"].role, "viewer");
    let asked = world.notices("a", "on-role-change-request")[0].clone();
    assert_eq!(
        (&asked["requested_by"], &asked["role"]),
        (&json!("h"), &json!("presenter"))
    );
    let mut forged = asked.clone();
    forged["role"] = json!("host");
    assert_eq!(world.call("a", "role-change", forged), Err(403));
    assert_eq!(world.call("b", "role-change", asked.clone()), Err(403));
    world.ok("a", "role-change", asked.clone());
    assert_eq!(world.clients["a"].role, "presenter");
    world.ok(
        "h",
        "role-change-request",
        json!({"requested_for": "a", "role": "viewer", "force": true}),
    );
    world.ok("a", "role-change", asked); // repeated after a loss
    assert_eq!(
        world.clients["a"].role, "viewer",
        "an invitation is good once"
    );
}

#[test]
fn an_invitation_missed_is_sent_again() {
    let mut world = world();
    world.cut("a");
    world.ok(
        "h",
        "role-change-request",
        json!({"requested_for": "a", "role": "presenter"}),
    );
    world.open("a", "viewer");
    let asked = world.notices("a", "on-role-change-request");
    assert_eq!(asked.len(), 1);
    world.ok("a", "role-change", asked[0].clone());
    world.cut("a");
    world.clear();
    world.open("a", "viewer");
    assert!(world.notices("a", "on-role-change-request").is_empty());
}

#[test]
fn a_removed_peer_is_told_and_gone() {
    let mut world = world();
    let remove = json!({"requested_for": "a", "reason": "spam"});
    world.ok("h", "peer-leave-request", remove.clone());
    let told = world.notices("a", "on-peer-leave-request")[0].clone();
    assert_eq!(
        told,
        json!({"requested_by": "h", "reason": "spam", "room_end": false})
    );
    assert!(!world.clients["b"].roster.contains_key("a"));
    assert_eq!(world.call("h", "peer-leave-request", remove), Err(404));
    assert_eq!(
        world.call("a", "set-metadata", json!({"key": "k", "data": 1})),
        Err(410)
    );
    world.close("a", Some(1_000));
    assert_eq!(world.notices("b", "on-peer-leave").len(), 1);
}

#[test]
fn the_end_tells_everyone_else_and_clears_the_session() {
    for lock in [false, true] {
        let mut world = world();
        world.set("h", "k", json!(1)).unwrap();
        world.cut("b");
        world.ok("h", "end-room", json!({"lock": lock, "reason": "bye"}));
        let told = world.notices("a", "on-peer-leave-request")[0].clone();
        assert_eq!(
            told,
            json!({"requested_by": "h", "reason": "bye", "room_end": true})
        );
        assert!(world.notices("h", "on-peer-leave-request").is_empty());
        assert_eq!(world.ended, 1);
        world.notify("h", "leave", json!({}));
        world.close("h", Some(1_000));
        world.pass(10_000);
        assert_eq!(world.room.peer_count(), 0);
        assert_eq!(world.room.socket_count(), 0);
        world.open("new", "viewer");
        let outcome = world.call("new", "join", json!({"name": "New"}));
        assert_eq!(outcome.err(), lock.then_some(410));
        if !lock {
            let value = world.ok("new", "get-metadata", json!({"key": "k"}));
            assert_eq!(value["data"], Value::Null);
            let session = world.notices("new", "peer-list")[0]["room"]["session_id"].clone();
            assert_ne!(session, "session");
        }
        let connected: i32 = world
            .attendance
            .iter()
            .map(|(_, connected, _)| if *connected { 1 } else { -1 })
            .sum();
        assert_eq!(
            connected,
            i32::from(!lock),
            "attendance is closed for all who were there"
        );
    }
}

#[test]
fn mute_requests_are_passed_on() {
    let mut world = world();
    let one = json!({"requested_for": "a", "track_id": "t", "stream_id": "s", "mute": true});
    world.ok("h", "track-update-request", one);
    assert_eq!(
        world.notices("a", "on-track-update-request")[0],
        json!({"requested_by": "h", "track_id": "t", "stream_id": "s", "mute": true})
    );
    let many = json!({"value": true, "type": "audio", "roles": ["viewer"]});
    world.ok("h", "change-track-mute-state-request", many);
    for peer in ["a", "b"] {
        let told = &world.notices(peer, "on-change-track-mute-state-request")[0];
        assert_eq!(
            (&told["requested_by"], &told["value"]),
            (&json!("h"), &json!(true))
        );
    }
    assert!(
        world
            .notices("h", "on-change-track-mute-state-request")
            .is_empty()
    );
}

#[test]
fn people_are_found_page_by_page_and_by_name() {
    let mut world = World::new();
    world.join("h", "host");
    for n in 0..25 {
        world.join(&format!("p{n:02}"), "viewer");
    }
    let mut page = world.ok("h", "find-peer", json!({"role": "viewer", "limit": 10}));
    let iterator = page["iterator"].clone();
    let mut found = Vec::new();
    loop {
        assert_eq!(page["total"], 25);
        found.extend(
            page["peers"]
                .as_array()
                .unwrap()
                .iter()
                .map(|peer| peer["peer_id"].clone()),
        );
        if page["eof"] == true {
            break;
        }
        page = world.ok(
            "h",
            "peer-iter-next",
            json!({"iterator": iterator, "limit": 10}),
        );
        if found.len() == 10 {
            world.notify("p03", "leave", json!({})); // leaving does not shift pages
            world.join("p03", "viewer");
            world.cut("h"); // the page's answer is lost
            world.open("h", "host");
            page = world.ok(
                "h",
                "peer-iter-next",
                json!({"iterator": iterator, "limit": 10}),
            );
        }
    }
    let names: Vec<String> = (0..25).map(|n| format!("p{n:02}")).collect();
    for name in &names {
        assert!(found.contains(&json!(name)), "{name} was passed over");
    }
    let over = world.ok(
        "h",
        "peer-iter-next",
        json!({"iterator": iterator, "limit": 10}),
    );
    assert_eq!((&over["peers"], &over["eof"]), (&json!([]), &json!(true)));
    assert_eq!(
        world.call("h", "peer-iter-next", json!({"iterator": "x"})),
        Err(404)
    );

    let among = world.ok(
        "h",
        "find-peer",
        json!({"peers": ["p01", "h", "x"], "limit": 5}),
    );
    assert_eq!(among["total"], 2);
    let page = world.ok(
        "h",
        "peer-name-search",
        json!({"query": "name p1", "limit": 4, "offset": 8}),
    );
    assert_eq!(page["count"], 10);
    assert_eq!(page["peers"].as_array().unwrap().len(), 2);
    assert_eq!(page["eof"], true);
    assert_eq!(
        world.ok("h", "get-peer", json!({"peer_id": "p02"}))["info"]["name"],
        "Name p02"
    );
    assert_eq!(
        world.call("h", "get-peer", json!({"peer_id": "x"})),
        Err(404)
    );
}

#[test]
fn who_was_removed_stays_out_for_this_session() {
    let mut world = world();
    world.open_as("a2", "user-a", "viewer");
    world.ok("a2", "join", json!({"name": "A", "data": ""}));
    world.open_as("waiting", "user-a", "viewer");
    world.ok(
        "h",
        "peer-leave-request",
        json!({"requested_for": "a", "reason": ""}),
    );
    assert!(
        !world.clients["b"].roster.contains_key("a2"),
        "all of the user's connections go"
    );
    let join = json!({"name": "A", "data": ""});
    assert_eq!(world.call("waiting", "join", join.clone()), Err(403));
    for restart in [false, true] {
        if restart {
            world.restart(false);
        }
        assert!(world.room.has_removed("user-a"));
        let socket = world.open_as("new", "user-a", "viewer");
        assert_eq!(world.closed.last(), Some(&(socket, 1_008)));
    }
    world.join("c", "viewer");
}

#[test]
fn a_peer_id_stays_its_users_after_they_have_left() {
    let mut world = world();
    world.close("a", Some(1_000));
    assert!(!world.clients["b"].roster.contains_key("a"));
    let socket = world.open_as("a", "eve", "viewer");
    assert_eq!(world.closed.last(), Some(&(socket, 1_008)));
    world.join("a", "viewer");
}

#[test]
fn names_are_made_clean() {
    let mut world = world();
    let trick = "Ho\u{202e}st\n\u{7}  x";
    world.open("c", "viewer");
    world.ok("c", "join", json!({"name": trick, "data": ""}));
    assert_eq!(world.clients["b"].roster["c"]["info"]["name"], "Ho st x");
    world.ok("a", "peer-update", json!({"name": trick}));
    assert_eq!(world.clients["b"].roster["a"]["info"]["name"], "Ho st x");
    assert_eq!(
        world.call("a", "peer-update", json!({"name": "\u{202e}\n"})),
        Err(400)
    );
}
