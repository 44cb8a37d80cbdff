//! Who is there, where they stand, whose hand is up.

use super::world::World;
use crate::core::{
    Intent,
    view::{Delivery, Notice, Presence, ViewEvent},
};

fn order(world: &World, id: &str) -> Vec<String> {
    let people = world.shown(id).people.clone().unwrap();
    people.people.into_iter().map(|tile| tile.peer_id).collect()
}

#[test]
fn forty_people_stand_in_order_on_five_pages() {
    let mut world = World::new();
    world.join(&["viewer-me"]);
    for n in 0..30 {
        world.room.extra(&format!("viewer-{n:02}"), "viewer");
    }
    for n in 0..6 {
        world.room.extra(&format!("presenter-{n}"), "presenter");
    }
    for n in 0..3 {
        world.room.extra(&format!("host-{n}"), "host");
    }
    world.run(3_000);
    let grid = world.shown("viewer-me").grid.clone().unwrap();
    assert_eq!(
        (grid.page, grid.pages, grid.total, grid.page_size),
        (0, 5, 40, 9)
    );
    assert_eq!(grid.tiles.len(), 9);
    assert!(grid.tiles[0].is_local);

    let roles: Vec<String> = order(&world, "viewer-me")
        .iter()
        .map(|id| id.split('-').next().unwrap().to_owned())
        .collect();
    let groups: Vec<&str> = roles[1..]
        .chunk_by(|a, b| a == b)
        .map(|group| group[0].as_str())
        .collect();
    assert_eq!(groups, ["host", "presenter", "viewer"]);

    let joined: Vec<&Notice> = world.clients["viewer-me"].notices.iter().collect();
    assert_eq!(
        joined,
        [&Notice::PeopleJoined {
            name: "Extra viewer-00".into(),
            count: 39
        }]
    );

    world.act("viewer-me", Intent::ShowPage { page: 99 });
    let grid = world.shown("viewer-me").grid.clone().unwrap();
    assert_eq!((grid.page, grid.tiles.len()), (4, 4));
    for n in 0..30 {
        world.room.forget(&format!("viewer-{n:02}"));
    }
    world.run(1_000);
    let grid = world.shown("viewer-me").grid.clone().unwrap();
    assert_eq!(
        (grid.page, grid.pages, grid.tiles.len()),
        (1, 2, 1),
        "the page is clamped"
    );
}

#[test]
fn late_joiners_see_people_in_the_order_of_joining() {
    let mut world = World::new();
    for id in ["viewer-z", "host-b", "viewer-a", "host-a"] {
        world.room.now += 10;
        world.room.extra(id, id.split('-').next().unwrap());
    }
    world.join(&["viewer-me"]);
    assert_eq!(
        order(&world, "viewer-me"),
        ["viewer-me", "host-b", "host-a", "viewer-z", "viewer-a"]
    );
    assert!(
        world.clients["viewer-me"].notices.is_empty(),
        "who was there has not come"
    );
}

#[test]
fn a_change_of_role_moves_one_tile() {
    let mut world = World::new();
    world.join(&["viewer-me"]);
    for n in 1..=3 {
        world.room.extra(&format!("viewer-{n}"), "viewer");
    }
    world.room.extra("host-1", "host");
    world.run(1_000);
    let before = order(&world, "viewer-me");
    world.room.set_role("viewer-2", "presenter");
    world.run(1_000);
    let after = order(&world, "viewer-me");
    assert_eq!(after[..3], ["viewer-me", "host-1", "viewer-2"]);
    let moved = before.iter().zip(&after).filter(|(a, b)| a != b).count();
    assert!(moved <= 2, "{before:?} {after:?}");
}

#[test]
fn hands_queue_and_can_be_lowered() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1", "viewer-2"]);
    world.act("viewer-2", Intent::SetHand { raised: true });
    world.act("viewer-1", Intent::SetHand { raised: true });
    world.run(1_000);
    let hand = |world: &World, of: &str| {
        let people = world.shown("host-1").people.clone().unwrap().people;
        people
            .into_iter()
            .find(|tile| tile.peer_id == of)
            .unwrap()
            .hand
    };
    assert_eq!(
        (hand(&world, "viewer-2"), hand(&world, "viewer-1")),
        (Some(1), Some(2))
    );
    assert_eq!(world.shown("host-1").counts.unwrap().hands, 2);
    assert!(
        world
            .shown("viewer-1")
            .session
            .as_ref()
            .unwrap()
            .me
            .hand_raised
    );
    let told = Notice::HandRaised {
        name: "Name viewer-2".into(),
    };
    assert!(world.clients["host-1"].notices.contains(&told));
    assert!(
        !world.clients["viewer-1"].notices.contains(&told),
        "only for those who call on people"
    );

    world.act(
        "host-1",
        Intent::LowerHand {
            peer_id: "viewer-2".into(),
        },
    );
    world.run(1_000);
    assert_eq!(
        (hand(&world, "viewer-2"), hand(&world, "viewer-1")),
        (None, Some(1))
    );
    assert!(
        !world
            .shown("viewer-2")
            .session
            .as_ref()
            .unwrap()
            .me
            .hand_raised
    );
}

#[test]
fn a_hand_stays_up_over_a_restart_of_the_server() {
    let mut world = World::new();
    world.join(&["viewer-1"]);
    world.act("viewer-1", Intent::SetHand { raised: true });
    world.room.restart();
    world.cut("viewer-1");
    world.run(10_000);
    assert!(!world.room.peers["viewer-1"].groups.is_empty());
    assert!(
        world
            .shown("viewer-1")
            .session
            .as_ref()
            .unwrap()
            .me
            .hand_raised
    );
}

#[test]
fn an_invitation_is_told_once_and_taken() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    let peer_id = "viewer-1".to_owned();
    world.act(
        "host-1",
        Intent::ChangeRole {
            peer_id,
            role: "presenter".into(),
            force: false,
        },
    );
    let invited = Notice::RoleInvite {
        name: "Name host-1".into(),
        role: "presenter".into(),
    };
    assert_eq!(world.clients["viewer-1"].notices, [invited]);
    assert_eq!(
        world.shown("viewer-1").session.as_ref().unwrap().me.role,
        "viewer"
    );
    world.act("viewer-1", Intent::AnswerRoleInvite { accept: true });
    let session = world.shown("viewer-1").session.clone().unwrap();
    assert_eq!(session.me.role, "presenter");
    assert!(session.can.manage_stage && !session.can.remove_others);
    let changed = Notice::RoleChanged {
        role: "presenter".into(),
    };
    assert_eq!(world.clients["viewer-1"].notices.last(), Some(&changed));
}

#[test]
fn no_slice_is_sent_twice_the_same() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    world.act("viewer-1", Intent::say("hello"));
    world.act("viewer-1", Intent::SetHand { raised: true });
    world.run(60_000);
    for client in world.clients.values() {
        let mut last: Vec<ViewEvent> = Vec::new();
        for view in &client.views {
            let kind = std::mem::discriminant(view);
            let before = last
                .iter()
                .position(|other| std::mem::discriminant(other) == kind);
            if let Some(before) = before {
                assert_ne!(&last[before], view, "sent twice");
                last[before] = view.clone();
            } else {
                last.push(view.clone());
            }
        }
        assert_eq!(client.shown.chat.messages[0].delivery, Delivery::Sent);
    }
}

#[test]
fn a_storm_of_joins_is_cheap_for_the_people_panel() {
    let mut world = World::new();
    world.join(&["viewer-me"]);
    let before = world.clients["viewer-me"].views.len();
    for n in 0..500 {
        world.room.extra(&format!("viewer-{n:03}"), "viewer");
    }
    world.run(2_000);
    let people = world.clients["viewer-me"].views[before..]
        .iter()
        .filter(|view| matches!(view, ViewEvent::People(_)))
        .count();
    assert!(people <= 3, "{people} lists of people for one storm");
    assert_eq!(world.shown("viewer-me").people.as_ref().unwrap().total, 501);
}

#[test]
fn my_own_tile_shows_what_others_see() {
    let mut world = World::new();
    world.join(&["viewer-1", "viewer-2"]);
    let presence = |world: &World, at: &str| {
        let people = world.shown(at).people.clone().unwrap().people;
        people
            .into_iter()
            .find(|tile| tile.peer_id == "viewer-1")
            .unwrap()
            .presence
    };
    world.run(1_000);
    assert_eq!(presence(&world, "viewer-1"), Presence::Active);
    assert_eq!(presence(&world, "viewer-2"), Presence::Active);
    world.input(
        "viewer-1",
        crate::core::io::Input::Watch(kulti_watch::Signal::WindowHidden),
    );
    world.run(29_000);
    assert_eq!(
        presence(&world, "viewer-2"),
        Presence::Active,
        "a short look away is not told"
    );
    world.run(2_000);
    assert_eq!(presence(&world, "viewer-1"), Presence::Away);
    assert_eq!(presence(&world, "viewer-2"), Presence::Away);
}
