//! Joining, losing the connection, coming back.

use kulti_protocol::signalling::{RpcError, method};

use super::world::World;
use crate::core::{
    Intent,
    io::{ConnectFailure, Input},
    view::{ConnectionView, EndReason},
};

#[test]
fn joins_in_the_protocols_order() {
    let mut world = World::new();
    world.join(&["viewer-1"]);
    let methods: Vec<&str> = world
        .room
        .heard
        .iter()
        .map(|(_, what, _)| what.as_str())
        .collect();
    assert_eq!(
        methods[..3],
        [method::PING, method::JOIN, method::LISTEN_METADATA]
    );
    assert!(matches!(
        world.shown("viewer-1").connection,
        Some(ConnectionView::Connected { restored: None, .. })
    ));
}

#[test]
fn comes_back_without_joining_again() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    world.run(2_000);
    world.client("host-1").notices.clear();
    world.cut("viewer-1");
    assert!(matches!(
        world.shown("viewer-1").connection,
        Some(ConnectionView::Lost {
            attempt: 1,
            counts_for_ms: 30_000,
            ..
        })
    ));
    world.run(3_000);
    assert_eq!(
        world.room.heard("viewer-1", method::JOIN).len(),
        1,
        "resumed"
    );
    assert!(world.clients["host-1"].notices.is_empty(), "nobody is told");
    let Some(ConnectionView::Connected {
        restored: Some(restored),
        ..
    }) = world.shown("viewer-1").connection.clone()
    else {
        panic!("{:?}", world.shown("viewer-1").connection);
    };
    assert!(restored.bridged && restored.lost_ms < 1_300, "{restored:?}");
    world.run(10_000);
    assert!(matches!(
        world.shown("viewer-1").connection,
        Some(ConnectionView::Connected { restored: None, .. })
    ));
}

#[test]
fn silence_is_a_loss() {
    let mut world = World::new();
    world.join(&["viewer-1"]);
    world.client("viewer-1").silent = true;
    world.run(14_000);
    assert!(matches!(
        world.shown("viewer-1").connection,
        Some(ConnectionView::Connected { .. })
    ));
    world.run(2_000);
    assert!(matches!(
        world.shown("viewer-1").connection,
        Some(ConnectionView::Lost { .. })
    ));
    world.client("viewer-1").silent = false;
    world.run(3_000);
    assert!(matches!(
        world.shown("viewer-1").connection,
        Some(ConnectionView::Connected { .. })
    ));
    assert_eq!(world.room.heard("viewer-1", method::JOIN).len(), 1);
}

#[test]
fn tries_for_hours_and_at_once_when_asked() {
    let mut world = World::new();
    world.join(&["viewer-1"]);
    world.offline("viewer-1");
    world.run(3 * 3_600_000);
    let connects = &world.clients["viewer-1"].connects;
    assert!(connects.len() > 700, "{}", connects.len());
    assert!(connects.windows(2).all(|pair| pair[1] - pair[0] < 15_001));
    assert_eq!(world.clients["viewer-1"].ended, None);

    world.back("viewer-1");
    world.act("viewer-1", Intent::RetryNow);
    assert!(matches!(
        world.shown("viewer-1").connection,
        Some(ConnectionView::Connected { .. })
    ));
}

#[test]
fn a_lost_connection_counts_its_seconds() {
    let mut world = World::new();
    world.join(&["viewer-1"]);
    world.offline("viewer-1");
    world.run(10_000);
    let Some(ConnectionView::Lost {
        since_ms,
        counts_for_ms,
        ..
    }) = world.shown("viewer-1").connection
    else {
        panic!();
    };
    assert!((9_000..=10_000).contains(&since_ms), "{since_ms}");
    assert_eq!(counts_for_ms, 30_000 - since_ms);
    world.run(30_000);
    let Some(ConnectionView::Lost { counts_for_ms, .. }) = world.shown("viewer-1").connection
    else {
        panic!();
    };
    assert_eq!(counts_for_ms, 0);
}

#[test]
fn a_refused_token_is_the_end() {
    let mut world = World::new();
    world.add("viewer-1");
    world.client("viewer-1").refused = Some(ConnectFailure {
        code: 401,
        message: "The token has expired.".into(),
        terminal: true,
    });
    world.settle();
    let ended = EndReason::Failed {
        code: 401,
        message: "The token has expired.".into(),
    };
    assert_eq!(world.clients["viewer-1"].ended, Some(ended));
    assert_eq!(world.clients["viewer-1"].core.deadline_ms(), None);
    assert!(
        world.clients["viewer-1"].heartbeats.is_empty(),
        "nobody was there"
    );
}

#[test]
fn a_refused_token_on_the_way_back_keeps_the_watch_time() {
    let mut world = World::new();
    world.join(&["viewer-1"]);
    world.run(10_000);
    world.client("viewer-1").refused = Some(ConnectFailure {
        code: 401,
        message: "The token has expired.".into(),
        terminal: true,
    });
    world.cut("viewer-1");
    world.run(2_000);
    assert!(matches!(
        world.clients["viewer-1"].ended,
        Some(EndReason::Failed { code: 401, .. })
    ));
    let last = world.clients["viewer-1"].heartbeats.last().unwrap();
    assert!(!last.is_active && last.intervals.as_ref().is_some_and(|left| !left.is_empty()));
}

#[test]
fn a_first_join_is_given_up_in_half_a_minute() {
    let mut world = World::new();
    world.add("viewer-1");
    world.offline("viewer-1");
    world.run(29_000);
    assert_eq!(world.clients["viewer-1"].ended, None);
    world.run(14_000);
    assert!(matches!(
        &world.clients["viewer-1"].ended,
        Some(EndReason::Failed { code: 0, message }) if message == "network is unreachable"
    ));
}

#[test]
fn joins_anew_where_the_server_has_forgotten_it() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    world.run(5_000);
    world.offline("viewer-1");
    world.run(1_000);
    world.room.forget("viewer-1");
    world.settle();
    assert_eq!(world.shown("host-1").grid.as_ref().unwrap().total, 1);
    world.back("viewer-1");
    world.run(10_000);
    assert_eq!(world.room.heard("viewer-1", method::JOIN).len(), 2);
    assert_eq!(world.clients["viewer-1"].ended, None);
    assert_eq!(world.shown("host-1").grid.as_ref().unwrap().total, 2);
    let watch = world.shown("viewer-1").watch.clone().unwrap();
    assert!(watch.active_ms > 14_000, "the stay goes on: {watch:?}");
}

#[test]
fn a_session_that_ended_meanwhile_is_told() {
    let mut world = World::new();
    world.join(&["viewer-1"]);
    world.offline("viewer-1");
    world.room.forget("viewer-1");
    world.room.locked = true;
    world.back("viewer-1");
    world.run(10_000);
    assert_eq!(
        world.clients["viewer-1"].ended,
        Some(EndReason::SessionEnded)
    );
}

#[test]
fn a_session_that_ends_while_somebody_joins_has_ended_for_them_too() {
    let mut world = World::new();
    world.room.locked = true;
    world.join(&["viewer-1"]);
    assert_eq!(world.room.heard("viewer-1", method::JOIN).len(), 1);
    world.add("viewer-2");
    world.client("viewer-2").refused = Some(ConnectFailure {
        code: 410,
        message: "the session is over".into(),
        terminal: true,
    });
    world.settle();
    for id in ["viewer-1", "viewer-2"] {
        assert_eq!(
            world.clients[id].ended,
            Some(EndReason::SessionEnded),
            "{id}"
        );
    }
}

#[test]
fn a_busy_server_is_asked_again_and_a_clear_no_is_not() {
    let mut world = World::new();
    world
        .room
        .faults
        .insert(method::JOIN, vec![RpcError::new(503, "busy")]);
    world.join(&["viewer-1"]);
    assert_eq!(world.room.heard("viewer-1", method::JOIN).len(), 1);
    world.run(4_000);
    assert!(matches!(
        world.shown("viewer-1").connection,
        Some(ConnectionView::Connected { .. })
    ));

    world
        .room
        .faults
        .insert(method::JOIN, vec![RpcError::new(403, "The room is full.")]);
    world.join(&["viewer-2"]);
    assert!(matches!(
        world.clients["viewer-2"].ended,
        Some(EndReason::Failed { code: 403, .. })
    ));
}

#[test]
fn frames_that_are_no_protocol_are_survived() {
    let mut world = World::new();
    world.join(&["viewer-1"]);
    let before = world.clients["viewer-1"].snapshot();
    for frame in [
        "",
        "null",
        "[]",
        "{}",
        "{\"method\":7}",
        "{\"id\":\"nobody\",\"result\":null}",
        "{\"method\":\"peer-list\",\"params\":{\"peers\":3}}",
        "{\"method\":\"on-metadata-change\",\"params\":{\"values\":[{}]}}",
        "{\"method\":\"on-peer-join\"}",
        "{\"method\":\"on-unheard-of\",\"params\":{\"a\":1}}",
    ] {
        world.input("viewer-1", Input::SocketFrame(frame.to_owned()));
    }
    assert_eq!(world.clients["viewer-1"].snapshot().grid, before.grid);
    assert_eq!(world.clients["viewer-1"].ended, None);
}

#[test]
fn inputs_that_make_no_sense_now_are_survived() {
    let mut world = World::new();
    world.join(&["viewer-1"]);
    world.input("viewer-1", Input::Start);
    world.input("viewer-1", Input::SocketOpened { takes_media: false });
    let failure = ConnectFailure {
        code: 500,
        message: String::new(),
        terminal: true,
    };
    world.input("viewer-1", Input::ConnectFailed(failure));
    world.run(5_000);
    assert_eq!(world.clients["viewer-1"].ended, None);
    assert_eq!(world.clients["viewer-1"].connects.len(), 1);
}
