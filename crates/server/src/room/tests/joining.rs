//! Joining, losing, coming back, leaving.

use serde_json::json;

use super::world::{START, World};
use crate::room::{Admission, Input, RoomLimits, SocketId};

#[test]
fn a_socket_is_told_its_role_before_anything_else() {
    let mut world = World::new();
    world.open("a", "viewer");
    assert_eq!(world.clients["a"].frames[0]["method"], "on-policy-change");
    assert_eq!(world.clients["a"].role, "viewer");
    assert_eq!(world.notices("a", "room-state")[0]["peer_count"], 0);
    assert!(!world.clients["a"].joined);
}

#[test]
fn the_order_of_a_join_is_response_list_info() {
    let mut world = World::new();
    world.open("a", "viewer");
    world.clear();
    world.ok("a", "join", json!({"name": "Ann", "data": "{}"}));
    let order: Vec<String> = world.clients["a"]
        .frames
        .iter()
        .map(|frame| frame["method"].as_str().unwrap_or("response").to_owned())
        .collect();
    assert_eq!(
        order[..4],
        ["response", "peer-list", "room-info", "session-info"]
    );
}

#[test]
fn an_offer_is_refused_clearly() {
    let mut world = World::new();
    world.open("a", "viewer");
    let join = json!({"name": "A", "offer": {"type": "offer", "sdp": "v=0"}});
    assert_eq!(world.call("a", "join", join), Err(400));
    assert!(world.call("a", "join", json!({"name": "A"})).is_ok());
    assert_eq!(
        world.call("a", "offer", json!({"desc": {}, "tracks": {}})),
        Err(400)
    );
}

#[test]
fn an_unjoined_socket_is_in_no_list_and_gets_no_messages() {
    let mut world = World::new();
    world.join("h", "host");
    world.open("a", "viewer");
    world.pass(10_000);
    world.ok(
        "h",
        "broadcast",
        json!({"info": {"message": "x", "type": "chat"}}),
    );
    assert!(world.clients["h"].roster.is_empty());
    assert!(world.clients["a"].heard.is_empty());
    assert_eq!(
        world.call("a", "set-metadata", json!({"key": "k", "data": 1})),
        Err(400)
    );
    assert!(world.call("a", "ping", json!({"timestamp": 1})).is_ok());
    world.notify("a", "analytics", json!({"name": "x"}));
    assert!(world.call("a", "join", json!({"name": "A"})).is_ok());
}

#[test]
fn who_is_unknown_but_believes_to_have_joined_is_sent_away() {
    let mut world = World::new();
    world.open("ghost", "viewer");
    world.notify("ghost", "track-update", json!({"tracks": {}}));
    assert_eq!(world.notices("ghost", "on-error")[0]["code"], 410);
    world.pass(6_000);
    assert!(
        world.clients["ghost"].socket.is_none(),
        "it is closed after a while"
    );
}

#[test]
fn a_preview_that_reconnects_is_not_mistaken_for_a_ghost() {
    let mut world = World::new();
    world.open("p", "viewer");
    world.pass(5_000);
    world.cut("p");
    world.pass(2_000);
    world.open("p", "viewer");
    world.notify("p", "track-update", json!({"tracks": {}}));
    assert!(world.notices("p", "on-error").is_empty());
    // The client may also notice a loss before the server does.
    world.open("p", "viewer");
    world.notify("p", "track-update", json!({"tracks": {}}));
    assert!(world.notices("p", "on-error").is_empty());
    world.ok("p", "join", json!({"name": "P"}));
}

#[test]
fn a_ghost_that_bounces_before_it_speaks_is_still_a_ghost() {
    let mut world = World::new();
    world.open("p", "viewer");
    world.pass(500);
    world.cut("p");
    world.open("p", "viewer");
    world.notify("p", "track-update", json!({"tracks": {}}));
    assert_eq!(world.notices("p", "on-error")[0]["code"], 410);
}

#[test]
fn coming_back_is_no_news_to_others() {
    let mut world = World::new();
    world.join("h", "host");
    world.join("a", "viewer");
    world.clear();
    world.cut("a");
    world.pass(59_000);
    world.open("a", "viewer");
    world.pass(120_000);
    for method in ["on-peer-join", "on-peer-leave", "on-peer-update"] {
        assert!(world.notices("h", method).is_empty(), "{method}");
    }
    assert!(world.clients["h"].roster.contains_key("a"));
}

#[test]
fn the_grace_starts_anew_with_each_loss() {
    let mut world = World::new();
    world.join("h", "host");
    world.join("a", "viewer");
    world.cut("a");
    world.pass(50_000);
    world.open("a", "viewer");
    world.cut("a");
    world.pass(50_000);
    assert!(world.clients["h"].roster.contains_key("a"));
    world.pass(10_000);
    assert!(!world.clients["h"].roster.contains_key("a"));
}

#[test]
fn a_close_with_1000_or_a_leave_is_a_leave_at_once() {
    let mut world = World::new();
    world.join("h", "host");
    for leaves in [true, false] {
        world.join("a", "viewer");
        assert!(world.clients["h"].roster.contains_key("a"));
        if leaves {
            world.notify("a", "leave", json!({"client_reason": "user request"}));
        } else {
            world.close("a", Some(1_000));
        }
        assert!(!world.clients["h"].roster.contains_key("a"));
        world.close("a", Some(1_000));
    }
    // 1001 is a closed tab or a lost network: it may come back.
    world.join("a", "viewer");
    world.close("a", Some(1_001));
    assert!(world.clients["h"].roster.contains_key("a"));
}

#[test]
fn the_late_close_of_a_replaced_socket_changes_nothing() {
    let mut world = World::new();
    world.join("h", "host");
    world.join("a", "viewer");
    let old = world.clients["a"].socket.unwrap();
    world.open("a", "viewer");
    assert_eq!(world.closed, [(old, 4_000)]);
    let heard_ms = world.now;
    world.handle(Input::SocketClosed {
        socket: old,
        code: Some(1_000),
        heard_ms,
    });
    assert!(world.clients["h"].roster.contains_key("a"));
    world.ok("a", "peer-update", json!({"name": "Still here"}));
}

#[test]
fn a_join_whose_answer_was_lost_is_answered_again() {
    let mut world = World::new();
    world.join("h", "host");
    world.open("a", "viewer");
    world.ok("a", "join", json!({"name": "A"}));
    world.cut("a");
    world.open("a", "viewer");
    world.ok("a", "join", json!({"name": "A"}));
    assert_eq!(world.notices("h", "on-peer-join").len(), 1);
    assert_eq!(world.clients["a"].roster.len(), 1);
}

#[test]
fn somebody_elses_peer_cannot_be_taken_over() {
    let mut world = World::new();
    world.join("a", "host");
    let before = world.clients["a"].socket.unwrap();
    world.handle(Input::Timer);
    let thief = SocketId(999);
    world.room.handle(
        world.now,
        Input::SocketOpened {
            socket: thief,
            admission: Admission {
                peer_id: "a".to_owned(),
                user_id: "thief".to_owned(),
                role: "viewer".to_owned(),
                name: None,
                expired: false,
            },
        },
    );
    let outputs = world.room.take_outputs();
    assert!(format!("{outputs:?}").contains("403"), "{outputs:?}");
    assert_eq!(world.clients["a"].socket, Some(before));
    world.ok("a", "ping", json!({}));
    assert!(!world.room.remembers("a", "thief"));
}

#[test]
fn attendance_counts_users_not_connections() {
    let mut world = World::new();
    world.open_as("laptop", "ann", "viewer");
    world.ok("laptop", "join", json!({"name": "Ann"}));
    world.pass(1_000);
    world.open_as("phone", "ann", "viewer");
    world.ok("phone", "join", json!({"name": "Ann"}));
    world.pass(1_000);
    world.cut("laptop");
    world.pass(1_000);
    let socket = world.clients["phone"].socket.unwrap();
    world.now += 30_000;
    world.handle(Input::SocketClosed {
        socket,
        code: None,
        heard_ms: START + 4_000,
    });
    assert_eq!(
        world.attendance,
        [
            ("ann".to_owned(), true, START),
            ("ann".to_owned(), false, START + 4_000),
        ],
        "for a silent connection the last sign of life counts"
    );
}

#[test]
fn a_full_room_and_a_locked_one_refuse() {
    let mut world = World::with(RoomLimits {
        peers: 1,
        ..RoomLimits::default()
    });
    world.join("h", "host");
    world.open("a", "viewer");
    assert_eq!(world.call("a", "join", json!({"name": "A"})), Err(403));
    world.handle(Input::End {
        reason: "over".to_owned(),
    });
    assert_eq!(
        world.notices("h", "on-peer-leave-request")[0]["room_end"],
        true
    );
    assert_eq!(world.call("a", "join", json!({"name": "A"})), Err(410));
    assert_eq!(world.room.peer_count(), 0);
}

#[test]
fn names_fall_back_to_the_tokens() {
    let mut world = World::new();
    world.join("h", "host");
    world.open("a", "viewer");
    world.ok("a", "join", json!({"name": "  "}));
    assert_eq!(world.clients["h"].roster["a"]["info"]["name"], "Guest");
    world.open("b", "viewer");
    assert_eq!(
        world.call("b", "join", json!({"name": "x".repeat(1_000)})),
        Err(400)
    );
}

#[test]
fn a_restart_keeps_peers_roles_groups_and_observed_keys() {
    let mut world = World::new();
    world.join("h", "host");
    world.join("a", "viewer");
    world.listen("a", &["k"]);
    world.ok("a", "group-join", json!({"name": "_handraise"}));
    world.ok(
        "h",
        "role-change-request",
        json!({"requested_for": "a", "role": "presenter", "force": true}),
    );
    world.set("h", "k", json!([1, 2.5, {"x": null}])).unwrap();
    for clean in [true, false] {
        world.restart(clean);
        world.pass(30_000);
        world.open("a", "viewer");
        world.open("h", "host");
        assert_eq!(world.clients["a"].role, "presenter");
        assert_eq!(world.clients["a"].groups, ["_handraise"]);
        assert_eq!(world.clients["a"].values["k"], json!([1, 2.5, {"x": null}]));
        assert_eq!(
            world.clients["h"].roster["a"]["groups"],
            json!(["_handraise"])
        );
        world.set("h", "k", json!([1, 2.5, {"x": null}])).unwrap();
    }
}

#[test]
fn after_a_crash_no_version_is_given_twice() {
    let mut world = World::new();
    world.join("h", "host");
    world.listen("h", &["k", "fresh"]);
    world.set("h", "k", json!(1)).unwrap();
    let saved = world.room.snapshot(false);
    for n in 0..50 {
        world.set("h", "k", json!(n)).unwrap(); // not saved any more
    }
    let bytes = saved.to_bytes().unwrap();
    let saved = crate::room::RoomSnapshot::from_bytes(&bytes).unwrap();
    world.restart(false);
    world.room = crate::room::Room::restore(
        "room",
        saved,
        std::sync::Arc::new(crate::policy::Policy::default()),
        RoomLimits::default(),
        9,
        world.now,
    );
    world.open("h", "host"); // the fake client checks that versions never go back
    assert_eq!(world.clients["h"].values["k"], json!(1));
    world.set("h", "k", json!("new")).unwrap();
    assert_eq!(world.clients["h"].values["k"], json!("new"));
}
