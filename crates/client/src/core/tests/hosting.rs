//! The host's hand on the room, and what the others see of it.

use kulti_protocol::{
    signalling::{RpcError, method},
    store_keys::{ACKNOWLEDGED, ROOM_LOCK, UI_STATE},
};
use serde_json::json;

use super::world::World;
use crate::core::{
    Intent,
    io::Input,
    view::{Notice, PeopleListView, RoomView, StageLogView},
};

fn room<'a>(world: &'a World, id: &str) -> &'a RoomView {
    world.shown(id).room.as_ref().unwrap()
}

fn log<'a>(world: &'a World, id: &str) -> &'a StageLogView {
    world.shown(id).stage_log.as_ref().unwrap()
}

fn list<'a>(world: &'a World, id: &str) -> &'a PeopleListView {
    world.shown(id).list.as_ref().unwrap()
}

fn told(world: &World, id: &str, notice: &Notice) -> usize {
    let notices = &world.clients[id].notices;
    notices.iter().filter(|told| *told == notice).count()
}

fn invite(world: &mut World) {
    let invitation = Intent::ChangeRole {
        peer_id: "viewer-1".into(),
        role: "presenter".into(),
        force: false,
    };
    world.act("host-1", invitation);
}

fn names() -> (String, String) {
    ("Name viewer-1".to_owned(), "presenter".to_owned())
}

#[test]
fn an_invitation_that_is_accepted_is_told_to_the_host() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    invite(&mut world);
    let asked = room(&world, "viewer-1").invitation.clone().unwrap();
    assert_eq!(
        (asked.name.as_str(), asked.role.as_str()),
        ("Name host-1", "presenter")
    );
    assert_eq!(room(&world, "host-1").invited.len(), 1);
    world.act("viewer-1", Intent::AnswerRoleInvite { accept: true });
    let (name, role) = names();
    assert_eq!(
        told(&world, "host-1", &Notice::InvitationAccepted { name, role }),
        1
    );
    assert!(room(&world, "host-1").invited.is_empty());
    assert_eq!(room(&world, "viewer-1").invitation, None);
    assert_eq!(
        world.client("viewer-1").snapshot().room,
        world.shown("viewer-1").room
    );
}

#[test]
fn a_no_is_told_to_the_host_and_nobody_else_reads_it() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    invite(&mut world);
    world.act("viewer-1", Intent::AnswerRoleInvite { accept: false });
    let (name, role) = names();
    assert_eq!(
        told(&world, "host-1", &Notice::InvitationDeclined { name, role }),
        1
    );
    assert!(room(&world, "host-1").invited.is_empty());
    assert!(
        world.shown("host-1").chat.messages.is_empty(),
        "no chat message"
    );
    let sent = world.room.heard("viewer-1", method::BROADCAST);
    assert_eq!(sent[0]["peer_id"], "host-1");
}

#[test]
fn silence_is_told_after_a_minute_and_a_late_yes_still_counts() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    invite(&mut world);
    world.run(59_000);
    let (name, role) = names();
    let silent = Notice::InvitationUnanswered { name, role };
    assert_eq!(told(&world, "host-1", &silent), 0);
    world.run(120_000);
    assert_eq!(told(&world, "host-1", &silent), 1, "once");
    assert!(room(&world, "host-1").invited.is_empty());
    world.act("viewer-1", Intent::AnswerRoleInvite { accept: true });
    let (name, role) = names();
    assert_eq!(
        told(&world, "host-1", &Notice::InvitationAccepted { name, role }),
        1
    );
}

#[test]
fn who_is_refused_to_be_invited_is_not_waited_for() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    let refusal = RpcError::new(404, "nobody here has this peer id");
    world
        .room
        .faults
        .insert(method::ROLE_CHANGE_REQUEST, vec![refusal]);
    invite(&mut world);
    assert!(room(&world, "host-1").invited.is_empty());
    world.run(120_000);
    let (name, role) = names();
    assert_eq!(
        told(
            &world,
            "host-1",
            &Notice::InvitationUnanswered { name, role }
        ),
        0
    );
}

#[test]
fn all_hands_go_down_with_one_request_on_our_server_and_one_by_one_on_the_cloud() {
    for (mut world, requests) in [(World::new(), 1), (World::cloud(), 0)] {
        world.join(&["host-1", "viewer-1", "viewer-2"]);
        for id in ["viewer-1", "viewer-2"] {
            world.act(id, Intent::SetHand { raised: true });
        }
        world.run(500);
        assert_eq!(world.shown("host-1").counts.unwrap().hands, 2);
        world.act("host-1", Intent::LowerAllHands);
        world.run(500);
        assert_eq!(world.shown("host-1").counts.unwrap().hands, 0);
        for id in ["viewer-1", "viewer-2"] {
            assert!(!world.shown(id).session.clone().unwrap().me.hand_raised);
        }
        assert_eq!(
            world.room.heard("host-1", method::GROUP_CLEAR).len(),
            requests
        );
    }
}

#[test]
fn a_locked_door_is_seen_by_all_and_turned_by_hosts_alone() {
    let mut world = World::new();
    world.join(&["host-1", "host-2", "viewer-1"]);
    assert!(room(&world, "host-1").can_lock && !room(&world, "viewer-1").can_lock);
    world.act("host-1", Intent::LockRoom { locked: true });
    for id in ["host-1", "host-2", "viewer-1"] {
        let room = room(&world, id);
        assert!(room.locked, "{id}");
        assert_eq!(room.locked_by.as_deref(), Some("Name host-1"));
    }
    let news = Notice::LockChanged {
        name: Some("Name host-1".into()),
        locked: true,
    };
    assert_eq!(told(&world, "host-1", &news), 0, "I did it myself");
    assert_eq!(told(&world, "host-2", &news), 1);
    assert_eq!(told(&world, "viewer-1", &news), 0);
    world.run(60_000);
    world.join(&["host-3"]);
    assert!(room(&world, "host-3").locked);
    assert_eq!(
        told(&world, "host-3", &news),
        0,
        "no news to who comes later"
    );

    world.act("viewer-1", Intent::LockRoom { locked: false });
    assert!(room(&world, "viewer-1").locked);
    world.act("host-2", Intent::LockRoom { locked: false });
    assert!(!room(&world, "viewer-1").locked);
}

#[test]
fn there_is_no_lock_where_the_server_knows_none() {
    let mut world = World::cloud();
    world.join(&["host-1"]);
    world.room.put("host-1", ROOM_LOCK, json!({"locked": true}));
    world.run(500);
    assert_eq!(room(&world, "host-1"), &RoomView::default());
}

#[test]
fn a_new_name_is_seen_by_everybody_and_kept_through_joining_anew() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    world.act(
        "viewer-1",
        Intent::Rename {
            name: "  Zoë\nKraus ".into(),
        },
    );
    world.run(500);
    let seen = |world: &World, id: &str| {
        let people = world.shown(id).people.clone().unwrap().people;
        let it = people.into_iter().find(|tile| tile.peer_id == "viewer-1");
        it.map(|tile| (tile.name, tile.initials))
    };
    for id in ["host-1", "viewer-1"] {
        assert_eq!(
            seen(&world, id),
            Some(("Zoë Kraus".to_owned(), "ZK".to_owned())),
            "{id}"
        );
    }
    assert_eq!(
        world.shown("viewer-1").session.clone().unwrap().me.name,
        "Zoë Kraus"
    );
    world.room.restart();
    for id in ["host-1", "viewer-1"] {
        world.cut(id);
    }
    world.run(10_000);
    assert_eq!(seen(&world, "host-1").unwrap().0, "Zoë Kraus");
    world.act("viewer-1", Intent::Rename { name: " \n".into() });
    assert!(matches!(
        world.clients["viewer-1"].notices.last(),
        Some(Notice::Refused { .. })
    ));
}

#[test]
fn the_session_is_hosted_under_the_hosts_name_of_now() {
    let mut world = World::new();
    world.room.now += 1;
    world.join(&["viewer-1"]);
    let hosted = |world: &World| world.shown("viewer-1").session.clone().unwrap().host_name;
    assert_eq!(hosted(&world), "Mara Okafor");
    let mut mara = super::fixtures::peer("host-x", "Mara Okafor", "host", 1);
    world.room.peers.insert("host-x".into(), mara.clone());
    world.room.tell_others("host-x", &joined(mara.clone()));
    world.run(100);
    mara.info.name = "Mara O.".into();
    world.room.tell_others("host-x", &updated(mara));
    world.run(100);
    assert_eq!(hosted(&world), "Mara O.");
}

fn joined(
    peer: kulti_protocol::signalling::Peer,
) -> kulti_protocol::signalling::ServerNotification {
    kulti_protocol::signalling::ServerNotification::PeerJoin(peer)
}

fn updated(
    peer: kulti_protocol::signalling::Peer,
) -> kulti_protocol::signalling::ServerNotification {
    kulti_protocol::signalling::ServerNotification::PeerUpdate(peer)
}

fn announce(world: &mut World, text: &str, shown_for_ms: Option<u32>) {
    let text = Some(text.to_owned());
    world.act("host-1", Intent::Announce { text, shown_for_ms });
}

#[test]
fn an_announcement_goes_when_its_time_is_over_by_the_servers_clock() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    announce(&mut world, "Back in a minute", Some(60_000));
    world.run(59_000);
    for id in ["host-1", "viewer-1"] {
        assert!(world.stage(id).announcement.is_some(), "{id}");
    }
    world.run(2_000);
    for id in ["host-1", "viewer-1"] {
        assert_eq!(world.stage(id).announcement, None, "{id}");
        assert!(!log(&world, id).announcements[0].current);
    }
    // Who comes later, or back, is not told of it.
    world.join(&["viewer-2"]);
    world.cut("viewer-1");
    world.run(5_000);
    for id in ["viewer-1", "viewer-2"] {
        assert_eq!(world.stage(id).announcement, None, "{id}");
    }
    assert_eq!(world.clients["viewer-1"].announced.len(), 1);
    assert!(world.clients["viewer-2"].announced.is_empty());
}

#[test]
fn the_history_has_every_announcement_once_newest_first() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    for text in ["one", "two"] {
        announce(&mut world, text, None);
    }
    world.act(
        "host-1",
        Intent::Spotlight {
            peer_id: Some("viewer-1".into()),
        },
    );
    world.cut("viewer-1");
    world.run(5_000);
    let texts = |world: &World| -> Vec<(String, bool)> {
        let past = &log(world, "viewer-1").announcements;
        past.iter()
            .map(|past| (past.text.clone(), past.current))
            .collect()
    };
    assert_eq!(texts(&world), [("two".into(), true), ("one".into(), false)]);
    let none = Intent::Announce {
        text: None,
        shown_for_ms: None,
    };
    world.act("host-1", none);
    assert_eq!(
        texts(&world),
        [("two".into(), false), ("one".into(), false)]
    );
    for n in 0..100 {
        announce(&mut world, &format!("more {n}"), None);
    }
    assert_eq!(texts(&world).len(), StageLogView::LIMIT);
}

#[test]
fn got_it_is_told_once_and_the_host_sees_the_count() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1", "viewer-2"]);
    announce(&mut world, "Break", None);
    let id = world.stage("viewer-1").announcement.clone().unwrap().id;
    for _ in 0..2 {
        world.act("viewer-1", Intent::DismissAnnouncement { id: id.clone() });
    }
    let said = |world: &World| -> usize {
        let writes = world.room.heard("viewer-1", method::SET_METADATA);
        writes
            .iter()
            .filter(|write| write["key"] == ACKNOWLEDGED)
            .count()
    };
    assert_eq!(said(&world), 1);
    // The server counts.
    let counted = json!({"announcementId": id, "acknowledged": 1, "timestamp": 1});
    world.room.put("", ACKNOWLEDGED, counted);
    world.run(100);
    let read = log(&world, "host-1").acknowledged.clone().unwrap();
    assert_eq!((read.count, read.of), (1, 2));
    assert_eq!(log(&world, "viewer-2").acknowledged, None, "for hosts");
    announce(&mut world, "Back", None);
    assert_eq!(
        log(&world, "host-1").acknowledged,
        None,
        "that was another one"
    );
    let past: Vec<_> = log(&world, "host-1")
        .announcements
        .iter()
        .map(|p| p.acknowledged)
        .collect();
    assert_eq!(past, [None, Some(1)]);
}

#[test]
fn ignored_writes_are_kept_for_diagnostics() {
    let mut world = World::cloud();
    world.join(&["host-1", "viewer-1"]);
    for n in 0..60 {
        let odd = json!({"announcementText": format!("spam {n}"), "timestamp": n});
        world.room.put("viewer-1", UI_STATE, odd);
        world.run(10);
    }
    let ignored = &log(&world, "host-1").ignored;
    assert_eq!(ignored.len(), StageLogView::LIMIT);
    assert!(
        ignored
            .iter()
            .all(|write| write.name == "Name viewer-1" && write.at_ms > 0)
    );
    assert!(log(&world, "host-1").announcements.is_empty());
    assert_eq!(world.stage("host-1").announcement, None);
}

#[test]
fn a_message_that_is_not_here_can_be_pinned_again_after_unpinning_it() {
    let mut world = World::new();
    world.room.extra("host-web", "host");
    let pin = json!({"pinnedMessageId": "m-before", "pinnedMessageText": "Read this",
        "pinnedMessageAuthor": "Teo", "timestamp": 1});
    world.room.put("host-web", UI_STATE, pin);
    world.join(&["host-1"]);
    world.act("host-1", Intent::PinMessage { message_id: None });
    assert_eq!(world.stage("host-1").pinned, None);
    let again = Intent::PinMessage {
        message_id: Some("m-before".into()),
    };
    world.act("host-1", again);
    let pinned = world.stage("host-1").pinned.clone().unwrap();
    assert_eq!(
        (pinned.text.as_str(), pinned.author.as_str()),
        ("Read this", "Teo")
    );
}

fn show(world: &mut World, query: &str, first: u32, count: u32) {
    let query = query.to_owned();
    world.act(
        "host-1",
        Intent::ShowPeople {
            query,
            first,
            count,
        },
    );
}

#[test]
fn of_two_thousand_people_only_those_looked_at_are_sent_and_all_are_found() {
    let mut world = World::new();
    world.join(&["host-1"]);
    world.room.extra("presenter-1", "presenter");
    for n in 0..2_000 {
        world.room.extra(&format!("viewer-{n:04}"), "viewer");
    }
    world.run(5_000);
    assert_eq!(world.shown("host-1").list, None, "nobody looks");
    show(&mut world, "", 1_000, 20);
    let view = list(&world, "host-1").clone();
    assert_eq!(
        (view.total, view.leads, view.watching, view.rows.len()),
        (2_002, 2, 2_000, 20)
    );
    assert_eq!(view.rows[0].name, "Extra viewer-0998");
    assert_eq!(view.watching_active, None, "not known of so many");

    show(&mut world, " VIEWER-19 ", 0, 50);
    let found = list(&world, "host-1").clone();
    assert_eq!((found.watching, found.rows.len()), (100, 50));
    assert!(
        found
            .rows
            .iter()
            .all(|row| row.name.starts_with("Extra viewer-19"))
    );
    show(&mut world, "", 0, 1_000_000);
    assert_eq!(list(&world, "host-1").rows.len(), PeopleListView::ROWS);
}

#[test]
fn the_list_begins_with_the_hands_in_their_order() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1", "viewer-2"]);
    for id in ["viewer-2", "viewer-1"] {
        world.act(id, Intent::SetHand { raised: true });
    }
    show(&mut world, "", 0, 20);
    let ids = |world: &World| -> Vec<String> {
        list(world, "host-1")
            .rows
            .iter()
            .map(|row| row.peer_id.clone())
            .collect()
    };
    assert_eq!(
        ids(&world),
        ["viewer-2", "viewer-1", "host-1", "viewer-1", "viewer-2"]
    );
    assert_eq!(list(&world, "host-1").watching_active, Some(2));
    world.act("viewer-2", Intent::SetHand { raised: false });
    world.run(500);
    assert_eq!(ids(&world), ["viewer-1", "host-1", "viewer-1", "viewer-2"]);

    // Nobody looks any more: nothing is sent.
    show(&mut world, "", 0, 0);
    let before = list(&world, "host-1").clone();
    world.act("viewer-2", Intent::SetHand { raised: true });
    world.run(500);
    assert_eq!(list(&world, "host-1"), &before);
    assert_eq!(world.client("host-1").snapshot().list, None);
}

#[test]
fn looking_at_people_is_no_sign_of_life() {
    let mut world = World::new();
    world.join(&["host-1"]);
    // Nobody for longer than any limit; the screen goes on asking.
    for _ in 0..40 {
        world.run(60_000);
        let query = String::new();
        world.input(
            "host-1",
            Input::Intent(Intent::ShowPeople {
                query,
                first: 0,
                count: 20,
            }),
        );
    }
    let watch = world.shown("host-1").watch.clone().unwrap();
    assert!(!watch.counting, "{watch:?}");
}
