//! The session store.

use std::sync::Arc;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::world::World;
use crate::policy::RoomPolicy;
use crate::room::RoomLimits;
use crate::room::store::{Store, StoreLimits};

fn world() -> World {
    let mut world = World::new();
    world.join("h", "host");
    world.join("a", "viewer");
    world
}

#[test]
fn values_present_are_pushed_for_newly_named_keys_only() {
    let mut world = world();
    world.set("h", "one", json!(1)).unwrap();
    world.set("h", "two", json!(2)).unwrap();
    world.listen("a", &["one", "unset"]);
    let pushed = world.notices("a", "on-metadata-change");
    assert_eq!(pushed.len(), 1);
    assert_eq!(
        pushed[0]["values"].as_array().unwrap().len(),
        1,
        "{pushed:?}"
    );
    world.clear();
    world.listen("a", &["one", "two"]);
    let pushed = world.notices("a", "on-metadata-change");
    assert_eq!(pushed[0]["values"][0]["key"], "two");
    assert_eq!(pushed[0]["values"].as_array().unwrap().len(), 1);
    let frames = &world.clients["a"].frames;
    assert!(frames[0].get("id").is_some(), "the response comes first");
}

#[test]
fn the_whole_set_is_replaced() {
    let mut world = world();
    world.listen("a", &["one", "two"]);
    world.listen("a", &["two"]);
    world.clear();
    world.set("h", "one", json!(1)).unwrap();
    assert!(world.notices("a", "on-metadata-change").is_empty());
    world.set("h", "two", json!(2)).unwrap();
    assert_eq!(world.clients["a"].values["two"], json!(2));
}

#[test]
fn results_and_notices_carry_version_writer_and_time() {
    let mut world = world();
    world.listen("a", &["k"]);
    world.listen("h", &["k"]);
    for version in 1..=3u64 {
        world.pass(10);
        let result = world.set("h", "k", json!({"n": version})).unwrap();
        let expected = json!({"key": "k", "data": {"n": version}, "change_version": version,
                              "updated_by": "h", "updated_at": world.now});
        assert_eq!(result, expected);
        for peer in ["a", "h"] {
            let notices = world.notices(peer, "on-metadata-change");
            assert_eq!(
                notices.last().unwrap()["values"],
                json!([expected]),
                "{peer}"
            );
        }
        assert_eq!(world.ok("a", "get-metadata", json!({"key": "k"})), expected);
    }
}

#[test]
fn unset_and_deleted_keys_are_null_and_versions_go_on() {
    let mut world = world();
    let unset = world.ok("a", "get-metadata", json!({"key": "k"}));
    assert_eq!(
        (&unset["data"], &unset["change_version"]),
        (&Value::Null, &json!(0))
    );
    world.listen("a", &["k"]);
    world.set("h", "k", json!(0)).unwrap();
    let deleted = world
        .call("h", "set-metadata", json!({"key": "k"}))
        .unwrap();
    assert_eq!(
        (&deleted["data"], &deleted["change_version"]),
        (&Value::Null, &json!(2))
    );
    assert_eq!(world.clients["a"].values["k"], Value::Null);
    world.set("h", "k", json!(false)).unwrap();
    assert_eq!(
        world.set("h", "k", Value::Null).unwrap()["change_version"],
        4
    );
}

#[test]
fn a_version_that_is_not_the_present_one_is_a_conflict() {
    let mut world = world();
    let set = |world: &mut World, peer: &str, data: u64, version: u64| {
        let params = json!({"key": "k", "data": data, "if_change_version": version});
        world.call(peer, "set-metadata", params)
    };
    assert_eq!(set(&mut world, "h", 1, 1), Err(409));
    assert!(set(&mut world, "h", 1, 0).is_ok());
    assert_eq!(set(&mut world, "a", 2, 0), Err(409));
    assert_eq!(
        set(&mut world, "a", 1, 0),
        Err(409),
        "the same value of somebody else"
    );
    let repeated = set(&mut world, "h", 1, 0).expect("its answer may have been lost");
    assert_eq!(repeated["change_version"], 1);
    assert!(set(&mut world, "a", 2, 1).is_ok());
}

#[test]
fn limits_refuse_with_413_and_the_stages_keys_always_fit() {
    let limits = RoomLimits {
        store_keys: 5,
        store_bytes: 300,
        store_value_bytes: 100,
        ..RoomLimits::default()
    };
    let mut world = World::with(limits);
    world.join("h", "host");
    assert_eq!(world.set("h", "k", json!("x".repeat(99))), Err(413));
    for n in 0..5 {
        world.set("h", &format!("k{n}"), json!(n)).unwrap();
    }
    assert_eq!(world.set("h", "k5", json!(5)), Err(413));
    world.set("h", "k0", json!("another value")).unwrap();
    world
        .set("h", "uiState", json!({"announcementText": "hi"}))
        .unwrap();
    world
        .set("h", "activePoll", json!({"pollId": "p"}))
        .unwrap();
    world.set("h", "k1", Value::Null).unwrap();
    world.set("h", "k5", json!(5)).unwrap();
    for n in [0, 2, 3] {
        let outcome = world.set("h", &format!("k{n}"), json!("x".repeat(97)));
        assert_eq!(outcome.is_ok(), n != 3, "k{n}");
    }
}

#[test]
fn watch_keys_of_absent_people_make_room() {
    let limits = RoomLimits {
        store_keys: 3,
        ..RoomLimits::default()
    };
    let mut world = World::with(limits);
    let watch = |world: &mut World, peer: &str| {
        let user = format!("user-{peer}");
        world.set(
            peer,
            &format!("watch:{user}"),
            json!({"userId": user, "isActive": true}),
        )
    };
    for n in 0..10 {
        let peer = format!("p{n}");
        world.join(&peer, "viewer");
        watch(&mut world, &peer).unwrap();
        world.notify(&peer, "leave", json!({}));
    }
    for peer in ["a", "b", "c"] {
        world.join(peer, "viewer");
        watch(&mut world, peer).unwrap();
    }
    world.join("d", "viewer");
    assert_eq!(watch(&mut world, "d"), Err(413), "all the others are here");
}

#[test]
fn keys_and_values_that_some_cannot_read_are_refused() {
    let mut world = world();
    assert_eq!(world.set("h", "", json!(1)), Err(400));
    assert_eq!(world.set("h", &"k".repeat(300), json!(1)), Err(400));
    let mut deep = json!(1);
    for _ in 0..80 {
        deep = json!([deep]);
    }
    assert_eq!(world.set("h", "k", deep), Err(400));
}

#[test]
fn the_resume_brings_all_observed_values_and_deletions() {
    let mut world = world();
    world.listen("a", &["changed", "deleted", "never"]);
    world.set("h", "changed", json!(1)).unwrap();
    world.set("h", "deleted", json!(1)).unwrap();
    world.cut("a");
    world.set("h", "changed", json!(2)).unwrap();
    world.set("h", "deleted", Value::Null).unwrap();
    world.clear();
    world.open("a", "viewer");
    assert_eq!(world.clients["a"].values["changed"], json!(2));
    assert_eq!(world.clients["a"].values["deleted"], Value::Null);
    assert!(!world.clients["a"].values.contains_key("never"));
    world.set("h", "never", json!(3)).unwrap();
    assert_eq!(
        world.clients["a"].values["never"],
        json!(3),
        "it still observes"
    );
}

#[test]
fn versions_of_forgotten_deletions_do_not_come_back() {
    let limits = StoreLimits {
        keys: 10,
        bytes: 10_000,
        value_bytes: 100,
    };
    let mut store = Store::default();
    let writer: Arc<str> = Arc::from("p");
    let value = |text: &str| Arc::from(RawValue::from_string(text.to_owned()).unwrap());
    let mut set = |key: &str, text: &str| {
        store
            .set(key, value(text), (&writer, 1), false, limits)
            .unwrap()
            .version
    };
    for n in 0..25_000u32 {
        let key = format!("k{n}");
        set(&key, "1");
        set(&key, "null");
    }
    assert!(
        set("k0", "1") > 2,
        "its deletion was forgotten, its version not"
    );
    assert!(
        store.iter().count() <= 10_002,
        "deletions take memory without bound"
    );
}

#[test]
fn at_the_vendors_what_clients_write_stands() {
    let policy = RoomPolicy::Vendor.policy();
    let mut world = World::ruled_by(policy, RoomLimits::default());
    world.join("h", "host");
    world.join("a", "viewer");
    world.listen("h", &["viewers", "uiState"]);
    world.pass(1_000);
    assert!(!world.clients["h"].values.contains_key("viewers"));
    let counts = json!({"total": 99, "active": 98, "timestamp": 1});
    world.set("a", "viewers", counts.clone()).unwrap();
    world
        .set("a", "watch:user-h", json!({"isActive": true}))
        .unwrap();
    world.pass(1_000);
    assert_eq!(world.clients["h"].values["viewers"], counts);
    let stage = json!({"pinnedMessageId": "m1", "timestamp": 1});
    world.set("h", "uiState", stage).unwrap();
    let other = json!({"announcementText": "Hello", "timestamp": 2});
    world.set("a", "uiState", other.clone()).unwrap();
    assert_eq!(world.clients["h"].values["uiState"], other, "not merged");
}

#[test]
fn viewers_are_counted_by_the_server_alone() {
    let mut world = world();
    world.listen("h", &["viewers"]);
    let watch = |world: &mut World, peer: &str, active: bool| {
        let user = format!("user-{peer}");
        let value = json!({"userId": user, "isActive": active, "lastUpdate": 0});
        world.set(peer, &format!("watch:{user}"), value).unwrap();
    };
    let counts = |world: &World| {
        let viewers = &world.clients["h"].values["viewers"];
        (
            viewers["total"].as_u64().unwrap(),
            viewers["active"].as_u64().unwrap(),
        )
    };
    world.pass(1_000);
    assert_eq!(counts(&world), (2, 0));
    watch(&mut world, "a", true);
    assert_eq!(
        counts(&world),
        (2, 1),
        "at once, whatever the client's clock says"
    );
    watch(&mut world, "h", true);
    world.pass(300);
    assert_eq!(counts(&world), (2, 2), "soon");

    let lie = json!({"total": 99, "active": 99, "timestamp": 1});
    let truth = world.set("a", "viewers", lie).unwrap();
    assert_eq!(
        (&truth["data"]["total"], &truth["data"]["active"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(world.clients["a"].values["viewers"]["total"], 2);

    watch(&mut world, "a", false);
    world.pass(1_000);
    assert_eq!(counts(&world), (2, 1));
    world.pass(118_000);
    assert_eq!(counts(&world), (2, 1), "not stale yet");
    world.pass(2_000);
    assert_eq!(counts(&world), (2, 0), "no word for two minutes");
    watch(&mut world, "a", true);
    world.pass(1_000);
    world.cut("a");
    world.pass(29_000);
    assert_eq!(counts(&world), (2, 1));
    world.pass(2_000);
    assert_eq!(
        counts(&world),
        (2, 0),
        "lost for longer than the grace of watching"
    );
    world.open("a", "viewer");
    world.pass(1_000);
    assert_eq!(counts(&world), (2, 1));
    world.notify("a", "leave", json!({}));
    world.pass(1_000);
    assert_eq!(counts(&world), (1, 0));
    let occupancy = world.room.occupancy();
    assert_eq!((occupancy.total, occupancy.active), (1, 0));
}

#[test]
fn a_storm_of_presence_costs_few_notices() {
    let mut world = World::new();
    world.join("h", "host");
    world.listen("h", &["viewers"]);
    world.pass(10_000);
    world.clear();
    for n in 0..120 {
        world.join(&format!("p{n}"), "viewer");
        world.now += 1;
    }
    world.pass(2_000);
    assert_eq!(world.clients["h"].values["viewers"]["total"], 121);
    let notices = world.notices("h", "on-metadata-change").len();
    let sessions = world.notices("h", "session-info").len();
    assert!(notices <= 5, "{notices} counts in 2.1 s");
    assert!(sessions <= 5, "{sessions} session notices in 2.1 s");
    assert_eq!(
        world.notices("h", "session-info").last().unwrap()["peer_count"],
        121
    );
    assert_eq!(world.clients["h"].roster.len(), 120);
}
