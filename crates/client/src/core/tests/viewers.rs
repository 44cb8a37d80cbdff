//! How many watch: on our server, and by clients on the 100ms cloud.

use kulti_protocol::{
    signalling::{RpcError, method},
    store_keys::{VIEWERS, WATCH_STALE_MS, watch_key},
};
use serde_json::json;

use super::{
    store::presence,
    world::{EPOCH, World},
};
use crate::core::view::Presence;

#[test]
fn on_our_server_the_servers_counts_are_shown() {
    let mut world = World::new();
    world.join(&["viewer-1", "viewer-2"]);
    world.room.put(
        "server",
        VIEWERS,
        json!({"total": 2, "active": 1, "timestamp": 9}),
    );
    world.settle();
    assert_eq!(world.shown("viewer-1").counts.unwrap().active, 1);
    assert!(
        !world
            .room
            .heard
            .iter()
            .any(|(_, what, params)| what == method::SET_METADATA && params["key"] == VIEWERS),
        "and written by nobody else"
    );
}

#[test]
fn on_the_cloud_one_client_writes_the_counts_and_another_takes_over() {
    let mut world = World::cloud();
    world.join(&["viewer-0", "host-1", "host-2"]);
    world.run(5_000);
    let writers = |world: &World| {
        let mut writers: Vec<String> = world
            .room
            .heard
            .iter()
            .filter(|(_, what, params)| what == method::SET_METADATA && params["key"] == VIEWERS)
            .map(|(from, ..)| from.clone())
            .collect();
        writers.dedup();
        writers
    };
    assert_eq!(writers(&world).last().map(String::as_str), Some("host-1"));
    let counts = world.room.value(VIEWERS).data;
    assert_eq!(
        (counts["total"].as_u64(), counts["active"].as_u64()),
        (Some(3), Some(3))
    );

    world.act("host-1", crate::core::Intent::Leave);
    world.run(5_000);
    assert_eq!(writers(&world).last().map(String::as_str), Some("host-2"));
    assert_eq!(world.room.value(VIEWERS).data["total"], 2);
    for id in ["viewer-0", "host-2"] {
        let counts = world.shown(id).counts.unwrap();
        assert_eq!((counts.total, counts.active), (2, 2));
    }
}

fn writes_of_counts(world: &World, by: &str) -> usize {
    let writes = world.room.heard(by, method::SET_METADATA);
    writes
        .iter()
        .filter(|write| write["key"] == VIEWERS)
        .count()
}

fn stored_counts(world: &World) -> (u64, u64) {
    let counts = world.room.value(VIEWERS).data;
    let number = |name: &str| counts[name].as_u64().unwrap();
    (number("total"), number("active"))
}

#[test]
fn clients_that_only_write_their_watch_keys_are_counted() {
    let mut world = World::cloud();
    world.join(&["host-1", "viewer-1"]);
    for (id, active) in [("viewer-7", true), ("viewer-8", false), ("viewer-9", true)] {
        world.room.extra(id, "viewer");
        world.run(500);
        // As web clients write it, with a clock that is a day off.
        let written = json!({"userId": format!("user-{id}"), "durationSeconds": 1,
            "lastUpdate": EPOCH - 86_400_000, "isActive": active});
        world
            .room
            .put(id, &watch_key(&format!("user-{id}")), written);
    }
    world.run(5_000);
    assert_eq!(stored_counts(&world), (5, 4));
    let counts = world.shown("viewer-1").counts.unwrap();
    assert_eq!((counts.total, counts.active), (5, 4));
    world.run(WATCH_STALE_MS + 5_000);
    assert_eq!(
        stored_counts(&world),
        (5, 2),
        "who tells nothing any more watches no more"
    );
}

#[test]
fn on_the_cloud_the_next_in_line_steps_in_for_one_whose_connection_is_dead() {
    let mut world = World::cloud();
    world.join(&["host-1", "host-2", "viewer-1"]);
    world.run(5_000);
    assert_eq!(stored_counts(&world), (3, 3));
    // Nothing of it arrives, and the room believes that it is there.
    world.client("host-1").silent = true;
    world.room.extra("viewer-9", "viewer");
    let before = writes_of_counts(&world, "viewer-1");
    world.run(14_000);
    assert_eq!(stored_counts(&world), (4, 3));
    assert!(writes_of_counts(&world, "host-2") > 0);
    assert_eq!(
        writes_of_counts(&world, "viewer-1"),
        before,
        "one is enough"
    );
}

#[test]
fn a_writer_that_lags_and_comes_back_takes_over_again_without_a_fight() {
    let mut world = World::cloud();
    world.join(&["host-1", "host-2"]);
    world.run(5_000);
    world.offline("host-1");
    world.room.extra("viewer-9", "viewer");
    world.run(20_000);
    assert_eq!(stored_counts(&world), (3, 2));
    world.back("host-1");
    world.run(30_000);
    let before = writes_of_counts(&world, "host-2");
    world.room.extra("viewer-8", "viewer");
    world.run(150_000);
    assert_eq!(stored_counts(&world), (4, 2));
    assert_eq!(
        writes_of_counts(&world, "host-2"),
        before,
        "the first in line writes"
    );
}

#[test]
fn two_that_both_think_they_are_elected_agree_in_the_end() {
    let mut world = World::cloud();
    world.join(&["host-2", "viewer-1"]);
    world.run(5_000);
    // Somebody comes before in line; the one who was elected learns of it late.
    world.client("host-2").silent = true;
    world.join(&["host-1"]);
    world.run(4_000);
    world.client("host-2").silent = false;
    world.room.put(
        "host-2",
        VIEWERS,
        json!({"total": 2, "active": 2, "timestamp": 1}),
    );
    world.run(10_000);
    assert_eq!(stored_counts(&world), (3, 3));
    let writes = |world: &World| {
        (
            writes_of_counts(world, "host-1"),
            writes_of_counts(world, "host-2"),
        )
    };
    let before = writes(&world);
    world.run(50_000);
    let after = writes(&world);
    assert!(
        after.0 - before.0 <= 1 && after.1 == before.1,
        "it is quiet: {before:?} {after:?}"
    );
}

#[test]
fn counts_that_the_store_does_not_take_are_not_written_in_a_loop() {
    let mut world = World::cloud();
    let full = vec![RpcError::new(413, "full"); 1_000];
    world.room.faults.insert(method::SET_METADATA, full);
    world.join(&["viewer-1", "viewer-2"]);
    world.run(120_000);
    assert!(writes_of_counts(&world, "viewer-1") <= 5);
    for id in ["viewer-1", "viewer-2"] {
        let counts = world.shown(id).counts.unwrap();
        assert_eq!(
            (counts.total, counts.active),
            (2, 2),
            "{id}, by peer metadata"
        );
    }
}

#[test]
fn a_watch_state_in_metadata_is_dated_by_when_it_came() {
    for off_ms in [-3_600_000_i64, 3_600_000] {
        let mut world = World::cloud();
        world.join(&["viewer-1"]);
        world.room.extra("viewer-9", "viewer");
        let claimed = world.room.now.saturating_add_signed(off_ms);
        let state = json!({"watch": {"userId": "user-viewer-9", "durationSeconds": 1,
            "lastUpdate": claimed, "isActive": true}});
        world.room.update_data("viewer-9", &state.to_string());
        world.run(1_000);
        assert_eq!(
            presence(&world, "viewer-1", "viewer-9"),
            Presence::Active,
            "{off_ms}"
        );
        world.run(WATCH_STALE_MS + 6_000);
        assert_eq!(
            presence(&world, "viewer-1", "viewer-9"),
            Presence::Unknown,
            "{off_ms}"
        );
    }
}

#[test]
fn a_server_that_echoes_pings_is_counted_by_its_own_time() {
    let mut world = World::cloud();
    world.room.echoes_pings = true; // and this computer's clock is an hour off
    world.join(&["viewer-1"]);
    world.room.extra("viewer-9", "viewer");
    world.run(1_000);
    let written = json!({"userId": "user-viewer-9", "isActive": true});
    world
        .room
        .put("viewer-9", &watch_key("user-viewer-9"), written);
    world.run(5_000);
    assert_eq!(presence(&world, "viewer-1", "viewer-9"), Presence::Active);
    assert_eq!(stored_counts(&world), (2, 2));
    world.run(WATCH_STALE_MS + 6_000);
    assert_eq!(stored_counts(&world), (2, 1));
}
