//! A locked room, and counting who has read an announcement.

use serde_json::{Value, json};

use super::world::World;
use crate::room::RoomLimits;

fn lock(world: &mut World, locked: bool) {
    let value = json!({"locked": locked, "lockedBy": "Mara", "timestamp": 1});
    world.set("h", "roomLock", value).unwrap();
}

/// Opens a socket and tries to join.
fn tries(world: &mut World, peer: &str, role: &str) -> Result<Value, u64> {
    world.open(peer, role);
    world.call(peer, "join", json!({"name": peer, "data": ""}))
}

#[test]
fn nobody_new_gets_through_a_locked_door_and_who_was_in_comes_back() {
    let mut world = World::new();
    world.join("h", "host");
    world.join("a", "viewer");
    world.join("b", "viewer");
    world.ok("b", "leave", json!({}));
    lock(&mut world, true);
    assert!(world.room.is_door_locked());
    assert_eq!(tries(&mut world, "new", "viewer"), Err(423));
    assert_eq!(tries(&mut world, "stage", "presenter"), Err(423));
    assert!(
        tries(&mut world, "second", "host").is_ok(),
        "they can unlock it"
    );

    // A loss, and leaving and coming again.
    world.cut("a");
    world.pass(1_000);
    world.open("a", "viewer");
    assert!(world.call("a", "get-peer", json!({"peer_id": "h"})).is_ok());
    assert!(tries(&mut world, "b", "viewer").is_ok());

    lock(&mut world, false);
    assert!(
        world
            .call("new", "join", json!({"name": "new", "data": ""}))
            .is_ok()
    );
}

#[test]
fn a_locked_door_stays_locked_over_a_restart() {
    let mut world = World::new();
    world.join("h", "host");
    world.join("a", "viewer");
    world.join("gone", "viewer");
    world.ok("gone", "leave", json!({}));
    lock(&mut world, true);
    assert_eq!(world.saves, 1, "at once, lest a crash opens the door");
    world.restart(true);
    assert!(world.room.is_door_locked());
    assert_eq!(tries(&mut world, "new", "viewer"), Err(423));
    assert!(tries(&mut world, "gone", "viewer").is_ok());
    assert!(world.room.turns_away("user-new", "viewer"));
    assert!(!world.room.turns_away("user-a", "viewer"));
    assert!(!world.room.turns_away("user-new", "host"));
}

#[test]
fn odd_values_lock_nothing() {
    let mut world = World::new();
    world.join("h", "host");
    for value in [
        json!("locked"),
        json!({"locked": "yes"}),
        json!([1]),
        Value::Null,
    ] {
        world.set("h", "roomLock", value).unwrap();
        assert!(!world.room.is_door_locked());
    }
}

#[test]
fn all_hands_go_down_at_once() {
    let mut world = World::new();
    world.join("h", "host");
    for n in 0..30 {
        let peer = format!("v{n}");
        world.join(&peer, "viewer");
        world.ok(&peer, "group-join", json!({"name": "_handraise"}));
    }
    world.clear();
    world.ok("h", "group-clear", json!({"name": "_handraise"}));
    for n in 0..30 {
        let groups = &world.clients["h"].roster[&format!("v{n}")]["groups"];
        assert_eq!(groups, &json!([]));
    }
    let answer = world.call("v1", "group-clear", json!({"name": "_handraise"}));
    assert_eq!(answer, Err(403));
}

fn announce(world: &mut World, text: &str, id: Option<&str>) {
    let value = json!({"announcementText": text, "announcementId": id, "timestamp": 1});
    world.set("h", "uiState", value).unwrap();
}

fn got_it(world: &mut World, peer: &str, id: &str) -> Value {
    world
        .set(peer, "acknowledged", json!({"announcementId": id}))
        .unwrap()["data"]
        .clone()
}

#[test]
fn each_user_acknowledges_once_and_the_announcer_not_at_all() {
    let mut world = World::new();
    world.join("h", "host");
    world.join("a", "viewer");
    world.join("b", "viewer");
    world.listen("h", &["uiState", "acknowledged"]);
    announce(&mut world, "Break", Some("1"));
    let count = |world: &World| world.clients["h"].values["acknowledged"]["acknowledged"].clone();
    assert_eq!(count(&world), 0);
    world.pass(1_000);
    assert_eq!(
        got_it(&mut world, "a", "1")["acknowledged"],
        1,
        "the answer is the truth"
    );
    got_it(&mut world, "a", "1");
    got_it(&mut world, "h", "1");
    got_it(&mut world, "b", "older");
    world.pass(1_000);
    assert_eq!(count(&world), 1);
    got_it(&mut world, "b", "1");
    world.pass(1_000);
    assert_eq!(count(&world), 2);

    world.restart(true);
    world.open("h", "host");
    world.open("a", "viewer");
    world.pass(1_000);
    got_it(&mut world, "a", "1");
    world.pass(1_000);
    assert_eq!(count(&world), 2, "the same people, also after a restart");

    announce(&mut world, "Back", Some("2"));
    world.pass(1_000);
    assert_eq!(count(&world), 0, "a new announcement begins with nobody");
    announce(&mut world, "", None);
    world.pass(1_000);
    assert_eq!(world.clients["h"].values["acknowledged"], Value::Null);
}

#[test]
fn an_announcement_of_a_web_client_is_acknowledged_by_its_text() {
    let mut world = World::new();
    world.join("h", "host");
    world.join("a", "viewer");
    announce(&mut world, "Break", None);
    world.pass(1_000);
    let value = got_it(&mut world, "a", "text.0123456789abcdef");
    assert_eq!(value["acknowledged"], 1);
    assert_eq!(value.get("announcementId"), None);
}

#[test]
fn two_thousand_who_click_at_once_are_told_in_a_few_frames() {
    let mut world = World::with(RoomLimits::default());
    world.join("h", "host");
    world.listen("h", &["acknowledged"]);
    for n in 0..500 {
        world.join(&format!("v{n}"), "viewer");
    }
    announce(&mut world, "Break", Some("1"));
    world.pass(1_000);
    world.clear();
    for n in 0..500 {
        got_it(&mut world, &format!("v{n}"), "1");
    }
    world.pass(1_000);
    let told = world.clients["h"]
        .frames
        .iter()
        .filter(|frame| frame["method"] == "on-metadata-change")
        .count();
    assert!(told <= 3, "{told} frames for one burst");
    assert_eq!(
        world.clients["h"].values["acknowledged"]["acknowledged"],
        500
    );
}
