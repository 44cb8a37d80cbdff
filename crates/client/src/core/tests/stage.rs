//! Spotlight, pinned message, announcement.

use kulti_protocol::{
    signalling::{RpcError, method},
    store_keys::UI_STATE,
};
use serde_json::{Value, json};

use super::world::World;
use crate::core::{
    Intent,
    view::{Notice, ViewEvent},
};

fn announce(text: &str) -> Intent {
    Intent::Announce {
        text: Some(text.to_owned()),
        shown_for_ms: None,
    }
}

fn spotlight(id: &str) -> Intent {
    Intent::Spotlight {
        peer_id: Some(id.to_owned()),
    }
}

fn ui_state(world: &World) -> Value {
    world.room.value(UI_STATE).data
}

#[test]
fn an_announcement_reaches_everybody_once() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    world.act("host-1", announce("Break at 15:00"));
    let shown = world.stage("viewer-1").announcement.clone().unwrap();
    assert_eq!(
        (shown.author.as_str(), shown.text.as_str()),
        ("Name host-1", "Break at 15:00")
    );
    assert_eq!(world.stage("host-1").announcement, Some(shown.clone()));
    assert_eq!(world.clients["viewer-1"].announced.len(), 1);
    assert_eq!(world.clients["viewer-1"].announced[0].id, shown.id);
    assert!(
        world.clients["host-1"].announced.is_empty(),
        "the author knows"
    );
}

#[test]
fn nothing_is_announced_twice_whatever_happens_to_the_connection() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    world.act("host-1", announce("Break"));
    world.act("host-1", spotlight("viewer-1"));
    for _ in 0..3 {
        world.cut("viewer-1");
        world.run(5_000);
    }
    world.room.forget("viewer-1");
    world.cut("viewer-1");
    world.run(10_000);
    assert_eq!(
        world.room.heard("viewer-1", method::JOIN).len(),
        2,
        "joined anew as well"
    );
    assert_eq!(world.clients["viewer-1"].announced.len(), 1);
    assert!(world.stage("viewer-1").announcement.is_some());
}

#[test]
fn what_was_announced_while_away_is_news_on_coming_back() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    world.offline("viewer-1");
    world.act("host-1", announce("While you were away"));
    world.back("viewer-1");
    world.run(5_000);
    assert_eq!(world.clients["viewer-1"].announced.len(), 1);
}

#[test]
fn late_joiners_see_an_announcement_but_are_not_notified() {
    let mut world = World::new();
    world.join(&["host-1"]);
    world.act("host-1", announce("Welcome"));
    world.join(&["viewer-1"]);
    assert!(world.stage("viewer-1").announcement.is_some());
    assert!(world.clients["viewer-1"].announced.is_empty());
    world.act("host-1", announce("Now we start"));
    assert_eq!(world.clients["viewer-1"].announced.len(), 1);
}

#[test]
fn got_it_hides_this_announcement_for_good() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    world.act("host-1", announce("Break"));
    let id = world.stage("viewer-1").announcement.clone().unwrap().id;
    world.act("viewer-1", Intent::DismissAnnouncement { id });
    assert_eq!(world.stage("viewer-1").announcement, None);
    world.act("host-1", spotlight("viewer-1"));
    world.cut("viewer-1");
    world.run(5_000);
    assert_eq!(world.stage("viewer-1").announcement, None);
    assert!(world.stage("host-1").announcement.is_some(), "only there");

    world.act("host-1", announce("Break"));
    assert!(
        world.stage("viewer-1").announcement.is_some(),
        "the same words again are new"
    );
    assert_eq!(world.clients["viewer-1"].announced.len(), 2);
    world.act(
        "host-1",
        Intent::Announce {
            text: None,
            shown_for_ms: None,
        },
    );
    assert_eq!(world.stage("viewer-1").announcement, None);
}

#[test]
fn announcements_of_web_clients_are_known_by_their_text() {
    let mut world = World::new();
    world.join(&["viewer-1"]);
    world.room.extra("host-web", "host");
    for stamp in [1, 2] {
        // A pin rewrites the whole value with a new time stamp.
        world.room.put(
            "host-web",
            UI_STATE,
            json!({"announcementText": "Hi", "timestamp": stamp}),
        );
        world.settle();
    }
    assert_eq!(world.clients["viewer-1"].announced.len(), 1);
    assert_eq!(
        world.clients["viewer-1"].announced[0].author,
        "Extra host-web"
    );
    world
        .room
        .put("host-web", UI_STATE, json!({"timestamp": 3}));
    world.settle();
    assert_eq!(world.stage("viewer-1").announcement, None);
    world.room.put(
        "host-web",
        UI_STATE,
        json!({"announcementText": "Hi", "timestamp": 4}),
    );
    world.settle();
    assert_eq!(world.clients["viewer-1"].announced.len(), 2);
}

#[test]
fn a_spotlight_shrinks_everybodys_grid_to_a_strip() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1", "viewer-2"]);
    world.act("host-1", spotlight("viewer-2"));
    for id in ["host-1", "viewer-1", "viewer-2"] {
        assert_eq!(
            world.stage(id).spotlight.as_ref().unwrap().peer_id,
            "viewer-2"
        );
        assert_eq!(world.shown(id).grid.as_ref().unwrap().page_size, 4);
    }
    world.act("viewer-2", Intent::Leave);
    world.run(1_000);
    assert_eq!(
        world.stage("viewer-1").spotlight,
        None,
        "who has left is not in the centre"
    );
    assert_eq!(world.shown("viewer-1").grid.as_ref().unwrap().page_size, 9);
}

#[test]
fn a_local_pin_is_mine_alone() {
    let mut world = World::new();
    world.join(&["viewer-1", "viewer-2"]);
    world.act(
        "viewer-1",
        Intent::PinForMe {
            peer_id: Some("viewer-2".into()),
        },
    );
    assert_eq!(
        world.stage("viewer-1").local_pin.as_ref().unwrap().peer_id,
        "viewer-2"
    );
    assert_eq!(world.shown("viewer-1").grid.as_ref().unwrap().page_size, 4);
    assert_eq!(world.stage("viewer-2").local_pin, None);
    world.act("viewer-1", Intent::PinForMe { peer_id: None });
    assert_eq!(world.shown("viewer-1").grid.as_ref().unwrap().page_size, 9);
}

#[test]
fn late_joiners_can_read_a_pinned_message() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    world.act("viewer-1", Intent::say("Repo: git.kulti.dev"));
    let id = world.shown("host-1").chat.messages[0].id.clone();
    world.act(
        "host-1",
        Intent::PinMessage {
            message_id: Some(id.clone()),
        },
    );
    world.join(&["viewer-2"]);
    let pinned = world.stage("viewer-2").pinned.clone().unwrap();
    assert_eq!(pinned.message_id, id);
    assert_eq!(
        (pinned.author.as_str(), pinned.text.as_str()),
        ("Name viewer-1", "Repo: git.kulti.dev")
    );
    world.act("host-1", Intent::PinMessage { message_id: None });
    assert_eq!(world.stage("viewer-2").pinned, None);
}

#[test]
fn a_conflict_keeps_the_other_hosts_field() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    world.room.extra("host-2", "host");
    world.settle();
    // The other host writes while this one's frame is on its way: it has not been told.
    world.room.put(
        "host-2",
        UI_STATE,
        json!({"announcementText": "Theirs", "quiz": 1}),
    );
    world.act("host-1", spotlight("viewer-1"));
    let state = ui_state(&world);
    assert_eq!(state["announcementText"], "Theirs");
    assert_eq!(state["spotlightPeerId"], "viewer-1");
    assert_eq!(state["quiz"], 1, "fields of newer clients stay");
    assert!(
        world
            .room
            .heard("host-1", method::SET_METADATA)
            .iter()
            .any(|params| params["key"] == UI_STATE && params["if_change_version"] == 0)
    );
}

#[test]
fn a_change_made_offline_is_merged_on_coming_back() {
    let mut world = World::new();
    world.join(&["host-1", "host-2", "viewer-1"]);
    world.offline("host-1");
    world.act("host-1", spotlight("viewer-1"));
    world.act("host-2", announce("Theirs"));
    world.back("host-1");
    world.run(5_000);
    let state = ui_state(&world);
    assert_eq!(
        (
            state["announcementText"].as_str(),
            state["spotlightPeerId"].as_str()
        ),
        (Some("Theirs"), Some("viewer-1"))
    );
}

#[test]
fn refused_changes_are_told_and_the_next_goes_on() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    world
        .room
        .faults
        .insert(method::SET_METADATA, vec![RpcError::new(403, "No.")]);
    world.act("host-1", spotlight("viewer-1"));
    let refused = Notice::Refused {
        action: "spotlight".into(),
        code: 403,
        message: "No.".into(),
    };
    assert_eq!(world.clients["host-1"].notices, [refused]);
    world.act("host-1", announce("Still works"));
    assert_eq!(ui_state(&world)["announcementText"], "Still works");
}

#[test]
fn viewers_may_not_and_are_told_so_without_asking_the_server() {
    let mut world = World::new();
    world.join(&["viewer-1", "viewer-2"]);
    world.act("viewer-1", spotlight("viewer-2"));
    assert!(matches!(
        &world.clients["viewer-1"].notices[..],
        [Notice::Refused { code: 403, .. }]
    ));
    assert_eq!(ui_state(&world), Value::Null);
}

#[test]
fn announcements_have_a_limit() {
    let mut world = World::new();
    world.join(&["host-1"]);
    world.act("host-1", announce(&"é".repeat(501)));
    assert!(matches!(
        &world.clients["host-1"].notices[..],
        [Notice::Refused { code: 413, .. }]
    ));
    world.act("host-1", announce(&"é".repeat(500)));
    assert_eq!(
        world
            .stage("host-1")
            .announcement
            .as_ref()
            .unwrap()
            .text
            .chars()
            .count(),
        500
    );
}

#[test]
fn on_the_cloud_what_no_host_wrote_is_ignored() {
    let mut world = World::cloud();
    world.join(&["host-1", "viewer-1", "viewer-2"]);
    world.act("host-1", announce("Real"));
    world.room.put(
        "viewer-2",
        UI_STATE,
        json!({"announcementText": "Fake", "spotlightPeerId": "viewer-2"}),
    );
    world.settle();
    assert_eq!(
        world.stage("viewer-1").announcement.as_ref().unwrap().text,
        "Real"
    );
    assert_eq!(world.stage("viewer-1").spotlight, None);
    let ignored = Notice::StageWriteIgnored {
        name: "Name viewer-2".into(),
    };
    assert!(world.clients["viewer-1"].notices.contains(&ignored));

    // A host's next change goes on from what a host wrote.
    world.act("host-1", spotlight("viewer-1"));
    assert_eq!(ui_state(&world)["announcementText"], "Real");
    assert_eq!(world.clients["viewer-1"].announced.len(), 1);
}

#[test]
fn on_the_cloud_a_writer_may_become_known_later() {
    let mut world = World::cloud();
    world.join(&["viewer-1"]);
    world
        .room
        .put("host-9", UI_STATE, json!({"announcementText": "Early"}));
    world.settle();
    assert_eq!(world.stage("viewer-1").announcement, None);
    world.room.extra("host-9", "host");
    world.settle();
    assert_eq!(
        world.stage("viewer-1").announcement.as_ref().unwrap().text,
        "Early"
    );
}

#[test]
fn hostile_values_are_survived() {
    let mut world = World::new();
    world.join(&["viewer-1"]);
    for value in [
        json!(1),
        json!([]),
        json!({"announcementText": {"a": 1}}),
        json!({"pinnedMessageId": "x".repeat(9_999)}),
    ] {
        world.room.put("host-1", UI_STATE, value);
        world.settle();
    }
    let long = "\u{202E}".to_owned() + &"y".repeat(5_000);
    world
        .room
        .put("host-1", UI_STATE, json!({"announcementText": long}));
    world.settle();
    let text = world.stage("viewer-1").announcement.clone().unwrap().text;
    assert_eq!(text, "y".repeat(500));
    assert!(
        world.clients["viewer-1"]
            .views
            .iter()
            .all(|view| !matches!(view, ViewEvent::Ended(_)))
    );
}
