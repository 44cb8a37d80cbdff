//! The session store: values missed, keys listened to, counts.

use kulti_protocol::{
    signalling::{RpcError, method},
    store_keys::{UI_STATE, VIEWERS, WATCH_STALE_MS, watch_key},
};
use serde_json::json;

use super::world::{EPOCH, World};
use crate::core::view::Presence;

fn watch_of(world: &World, id: &str) -> serde_json::Value {
    world.room.value(&watch_key(&format!("user-{id}"))).data
}

pub(super) fn presence(world: &World, at: &str, of: &str) -> Presence {
    let people = world.shown(at).people.clone().unwrap().people;
    people
        .into_iter()
        .find(|tile| tile.peer_id == of)
        .unwrap()
        .presence
}

#[test]
fn values_that_changed_while_away_are_right_on_coming_back() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    world
        .room
        .put("host-1", UI_STATE, json!({"spotlightPeerId": "host-1"}));
    world.settle();
    world.offline("viewer-1");
    world
        .room
        .put("host-1", UI_STATE, json!({"announcementText": "Missed"}));
    world.room.put(
        "host-1",
        VIEWERS,
        json!({"total": 2, "active": 1, "timestamp": 5}),
    );
    world.back("viewer-1");
    world.run(5_000);
    assert_eq!(world.stage("viewer-1").spotlight, None);
    assert_eq!(
        world.stage("viewer-1").announcement.as_ref().unwrap().text,
        "Missed"
    );
    assert_eq!(world.shown("viewer-1").counts.unwrap().active, 1);
}

#[test]
fn a_store_that_was_emptied_is_seen_to_be_empty() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    world
        .room
        .put("host-1", UI_STATE, json!({"announcementText": "Old"}));
    world.settle();
    assert!(world.stage("viewer-1").announcement.is_some());
    world.room.restart();
    world.cut("viewer-1");
    world.run(10_000);
    assert_eq!(world.stage("viewer-1").announcement, None);
}

#[test]
fn everybodys_watch_key_is_listened_to() {
    let mut world = World::new();
    world.join(&["viewer-1"]);
    world.room.extra("viewer-9", "viewer");
    world.run(1_000);
    world.room.put(
        "viewer-9",
        &watch_key("user-viewer-9"),
        json!({"userId": "user-viewer-9", "isActive": true}),
    );
    world.run(1_000);
    assert_eq!(presence(&world, "viewer-1", "viewer-9"), Presence::Active);
    world.run(WATCH_STALE_MS + 6_000);
    assert_eq!(
        presence(&world, "viewer-1", "viewer-9"),
        Presence::Unknown,
        "no news for two minutes"
    );
}

#[test]
fn keys_are_bounded_but_the_page_looked_at_is_always_among_them() {
    let mut world = World::new();
    world.join(&["viewer-me"]);
    for n in 0..600 {
        world.room.extra(&format!("viewer-{n:03}"), "viewer");
    }
    world.run(2_000);
    let listened = |world: &World| -> Vec<String> {
        let last = *world
            .room
            .heard("viewer-me", method::LISTEN_METADATA)
            .last()
            .unwrap();
        serde_json::from_value(last["keys"].clone()).unwrap()
    };
    assert!(listened(&world).len() <= 220, "{}", listened(&world).len());
    assert!(
        world.room.heard("viewer-me", method::LISTEN_METADATA).len() < 10,
        "a storm is no storm of requests"
    );
    world.act("viewer-me", crate::core::Intent::ShowPage { page: 60 });
    world.run(1_000);
    let tiles = world.shown("viewer-me").grid.clone().unwrap().tiles;
    let keys = listened(&world);
    assert!(
        tiles
            .iter()
            .all(|tile| keys.contains(&watch_key(&tile.user_id)))
    );
}

#[test]
fn my_watch_key_is_written_at_once_at_changes_and_before_it_is_stale() {
    let mut world = World::new();
    world.join(&["viewer-1"]);
    assert_eq!(watch_of(&world, "viewer-1")["isActive"], true);
    world.run(300_000);
    let writes = world.room.heard("viewer-1", method::SET_METADATA).len();
    assert!((6..=8).contains(&writes), "{writes} in five minutes");
    let written = watch_of(&world, "viewer-1");
    let duration = written["durationSeconds"].as_u64().unwrap();
    assert!((255..=301).contains(&duration), "{duration}");
    assert!(
        written["lastUpdate"].as_u64().unwrap() > EPOCH,
        "server time, whatever the wall clock says"
    );
    assert!(written["lastUpdate"].as_u64().unwrap() <= world.room.now);

    world.input(
        "viewer-1",
        crate::core::io::Input::Watch(kulti_watch::Signal::Locked),
    );
    world.run(30_100);
    assert_eq!(watch_of(&world, "viewer-1")["isActive"], false);
    world.input(
        "viewer-1",
        crate::core::io::Input::Watch(kulti_watch::Signal::Unlocked),
    );
    world.run(1_100);
    assert_eq!(watch_of(&world, "viewer-1")["isActive"], true);
}

#[test]
fn a_full_store_moves_the_watch_state_to_metadata() {
    let mut world = World::cloud();
    world
        .room
        .faults
        .insert(method::SET_METADATA, vec![RpcError::new(413, "full"); 1]);
    world.join(&["viewer-2"]);
    world.run(2_000);
    assert!(world.room.peers["viewer-2"].info.data.contains("isActive"));
    world.join(&["viewer-1"]);
    assert_eq!(presence(&world, "viewer-1", "viewer-2"), Presence::Active);
    assert_eq!(world.shown("viewer-1").counts.unwrap().active, 2);
    world.run(320_000);
    assert_eq!(
        watch_of(&world, "viewer-2")["isActive"],
        true,
        "the store is tried again"
    );
}
