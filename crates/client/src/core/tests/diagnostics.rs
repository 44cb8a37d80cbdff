//! What a search for faults finds.

use kulti_protocol::store_keys::UI_STATE;
use serde_json::json;

use super::world::World;
use crate::core::view::{DiagnosticsView, ViewEvent};

/// The newest that was sent.
fn told(world: &World, id: &str) -> DiagnosticsView {
    let views = world.clients[id].views.iter().rev();
    let mut told = views.filter_map(|event| match event {
        ViewEvent::Diagnostics(view) => Some(view.clone()),
        _ => None,
    });
    told.next().unwrap()
}

#[test]
fn round_trips_losses_and_the_store_are_told() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    world.run(20_000);
    let before = told(&world, "viewer-1");
    assert!(before.round_trips_ms.len() > 3, "{before:?}");
    assert_eq!((before.reconnects, before.lost_ms), (0, 0));
    assert_eq!(before.clock_offset_ms, Some(-3_600_000));
    let store = &before.store;
    assert_eq!(store.keys, 2, "two watch keys: {store:?}");
    assert!(store.bytes > 0 && store.bytes < store.bytes_warn_at);
    assert_eq!((store.key_limit, store.full), (10_000, false));

    world.offline("viewer-1");
    world.run(10_000);
    assert_eq!(told(&world, "viewer-1").connected_at_ms, None);
    world.back("viewer-1");
    world.run(30_000);
    let after = told(&world, "viewer-1");
    assert_eq!(after.reconnects, 1);
    assert!(after.lost_ms >= 10_000, "{after:?}");
    assert!(after.connected_at_ms > before.connected_at_ms);
}

#[test]
fn it_is_sent_seldom() {
    let mut world = World::new();
    world.join(&["viewer-1"]);
    world.run(60_000);
    let views = world.clients["viewer-1"].views.iter();
    let sent = views.filter(|event| matches!(event, ViewEvent::Diagnostics(_)));
    let sent = sent.count();
    assert!(sent > 2 && sent <= 13, "{sent} in a minute");
}

#[test]
fn what_no_host_wrote_is_named() {
    let mut world = World::cloud();
    world.join(&["host-1", "viewer-1", "viewer-2"]);
    world
        .room
        .put("viewer-2", UI_STATE, json!({"announcementText": "Fake"}));
    world.run(10_000);
    let told = told(&world, "viewer-1");
    assert_eq!(told.ignored, 1);
    assert_eq!(told.last_ignored[0].name, "Name viewer-2");
    assert_eq!((told.store.key_limit, told.store.keys_warn_at), (100, 90));
}
