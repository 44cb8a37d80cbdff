//! Ways out.

use kulti_protocol::{
    signalling::{RpcError, ServerNotification, method},
    store_keys::watch_key,
};

use super::world::World;
use crate::core::{
    Intent,
    io::Input,
    view::{EndReason, Notice, ViewEvent},
};

#[test]
fn leaving_is_told_to_all_and_sends_the_last_heartbeat() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    world.run(10_000);
    world.act("viewer-1", Intent::Leave);
    let client = &world.clients["viewer-1"];
    assert_eq!(client.ended, Some(EndReason::Left));
    assert_eq!(client.closes, 1);
    let last = client.heartbeats.last().unwrap();
    assert!(!last.is_active);
    assert_eq!(last.intervals.as_ref().map(Vec::len), Some(1));
    let Some(ViewEvent::Ended(ended)) = client.views.last() else {
        panic!("the last view is the end");
    };
    assert_eq!(ended.host_name, "Mara Okafor");
    assert_eq!(ended.watch.active_ms, 10_500);
    assert!(world.room.heard("viewer-1", method::LEAVE).len() == 1);
    assert_eq!(
        world.room.value(&watch_key("user-viewer-1")).data["isActive"],
        false
    );
    assert_eq!(world.shown("host-1").grid.as_ref().unwrap().total, 1);

    world.input("viewer-1", Input::Tick);
    world.input("viewer-1", Input::Intent(Intent::Leave));
    assert_eq!(world.clients["viewer-1"].core.deadline_ms(), None);
}

#[test]
fn leaving_without_a_connection_works_at_once() {
    let mut world = World::new();
    world.join(&["viewer-1"]);
    world.offline("viewer-1");
    world.act("viewer-1", Intent::Leave);
    assert_eq!(world.clients["viewer-1"].ended, Some(EndReason::Left));
    assert_eq!(world.clients["viewer-1"].closes, 0);
}

#[test]
fn removal_says_who_and_why_and_sends_no_leave() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    let (peer_id, reason) = ("viewer-1".to_owned(), "Spam\u{0007}".to_owned());
    world.act("host-1", Intent::RemovePeer { peer_id, reason });
    let removed = EndReason::Removed {
        by: Some("Name host-1".into()),
        reason: "Spam".into(),
    };
    assert_eq!(world.clients["viewer-1"].ended, Some(removed));
    assert_eq!(world.clients["viewer-1"].closes, 1);
    assert!(world.room.heard("viewer-1", method::LEAVE).is_empty());
}

#[test]
fn ending_the_session_ends_it_for_all() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1", "viewer-2"]);
    world.act("host-1", Intent::EndSession);
    for (id, client) in &world.clients {
        assert_eq!(client.ended, Some(EndReason::SessionEnded), "{id}");
    }
    assert_eq!(
        world.room.heard("host-1", method::END_ROOM)[0]["lock"],
        true
    );
}

#[test]
fn an_end_that_is_refused_ends_nothing() {
    let mut world = World::new();
    world.join(&["host-1"]);
    world
        .room
        .faults
        .insert(method::END_ROOM, vec![RpcError::new(403, "Not yours.")]);
    world.act("host-1", Intent::EndSession);
    assert_eq!(world.clients["host-1"].ended, None);
    assert!(matches!(
        &world.clients["host-1"].notices[..],
        [Notice::Refused { code: 403, .. }]
    ));
}

#[test]
fn a_fatal_error_of_the_server_is_the_end_and_a_temporary_one_is_not() {
    let mut world = World::new();
    world.join(&["viewer-1", "viewer-2"]);
    world.room.tell(
        "viewer-1",
        &ServerNotification::Error(RpcError::new(500, "restarting")),
    );
    world.run(5_000);
    assert_eq!(world.clients["viewer-1"].ended, None);
    assert_eq!(world.clients["viewer-1"].connects.len(), 2);
    world.room.tell(
        "viewer-2",
        &ServerNotification::Error(RpcError::new(401, "token")),
    );
    world.settle();
    assert!(matches!(
        world.clients["viewer-2"].ended,
        Some(EndReason::Failed { code: 401, .. })
    ));
}
