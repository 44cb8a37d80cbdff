//! Large rooms: who is announced, and who must be looked for.

use serde_json::json;

use super::world::World;
use crate::room::RoomLimits;

#[test]
fn in_a_large_room_viewers_are_counted_but_not_announced() {
    let mut world = World::with(RoomLimits {
        large_room_at: 5,
        ..RoomLimits::default()
    });
    world.join("h", "host");
    for n in 0..20 {
        world.join(&format!("p{n:02}"), "viewer");
    }
    world.pass(10_000);
    assert_eq!(world.clients["h"].roster.len(), 4, "the first ones");
    assert_eq!(
        world.notices("p19", "room-info")[0]["large_room_optimization"],
        true
    );
    assert_eq!(
        world.notices("h", "session-info").last().unwrap()["peer_count"],
        21
    );
    assert_eq!(world.room.occupancy().total, 21);
    world.join("guide", "presenter");
    assert!(
        world.clients["h"].roster.contains_key("guide"),
        "who manages the stage is seen"
    );

    // Who raises a hand becomes known, and stays so.
    world.clear();
    world.ok("p19", "group-join", json!({"name": "_handraise"}));
    let update = &world.notices("h", "on-peer-update")[0];
    assert_eq!(
        (&update["peer_id"], &update["realtime"]),
        (&json!("p19"), &json!(true))
    );
    world.notify("p19", "leave", json!({}));
    assert_eq!(world.notices("h", "on-peer-leave")[0]["peer_id"], "p19");

    // Others come and go without a word.
    world.clear();
    world.notify("p18", "leave", json!({}));
    world.ok("p17", "peer-update", json!({"name": "Quiet"}));
    assert!(world.notices("h", "on-peer-leave").is_empty());
    assert!(world.notices("h", "on-peer-update").is_empty());
    let found = world.ok(
        "h",
        "peer-name-search",
        json!({"query": "quiet", "limit": 5}),
    );
    assert_eq!(found["count"], 1);
}

#[test]
fn the_list_of_a_large_room_has_those_that_matter() {
    let mut world = World::with(RoomLimits {
        large_room_at: 100,
        ..RoomLimits::default()
    });
    for n in 0..99 {
        world.join(&format!("p{n:03}"), "viewer");
        world.clear();
    }
    world.join("h", "host");
    world.ok("p098", "group-join", json!({"name": "_handraise"}));
    world.clear();
    world.join("late", "viewer");
    let roster = &world.clients["late"].roster;
    assert!(roster.contains_key("h"));
    assert!(roster.contains_key("p098"));
    assert_eq!(roster.len(), 33, "the first of them, and those two");
    assert!(roster.contains_key("p000"));

    // The same after a restart, and who comes back is not in its own list.
    world.restart(true);
    world.open("p000", "viewer");
    let roster = &world.clients["p000"].roster;
    assert!(roster.contains_key("h") && roster.contains_key("p098"));
    assert!(!roster.contains_key("p000"));
    assert_eq!(roster.len(), 32);
}
