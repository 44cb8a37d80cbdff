//! Coming, going, publishing and subscribing.

use std::time::Duration;

use serde_json::json;

use super::client::Got;
use super::world::World;
use crate::sfu::{Command, Event, Kind, PeerKey, SfuError, Target};

/// One stream: no number is missing or comes twice, and time does not go back.
fn assert_continuous(got: &[Got]) {
    assert!(!got.is_empty());
    for pair in got.windows(2) {
        let [a, b] = pair else { continue };
        assert_eq!(b.sequence, a.sequence + 1, "{a:?}, {b:?}");
        let step = b.timestamp.wrapping_sub(a.timestamp);
        assert!(step < 90_000, "time goes back or leaps: {a:?}, {b:?}");
    }
}

#[test]
fn what_one_publishes_two_get() {
    let mut world = World::with(3);
    world.publish(1, "camera", Kind::Video, &[]);
    world.publish(1, "microphone", Kind::Audio, &[]);
    for number in [2, 3] {
        world.prefer(number, "camera", "high");
    }
    world.run(5000);
    for number in [2, 3] {
        let client = world.client(number);
        let pictures = client.in_order("camera");
        assert!(pictures[0].starts_keyframe, "{:?}", pictures[0]);
        assert!(pictures.len() > 150, "{}", pictures.len());
        assert_continuous(&pictures);
        let sound = client.in_order("microphone");
        assert!(sound.len() > 200, "{}", sound.len());
        assert_continuous(&sound);
    }
    assert_eq!(world.client(1).count("camera"), 0, "nobody gets their own");
}

#[test]
fn who_joins_late_gets_a_keyframe_soon_and_low_numbers() {
    let mut world = World::with(2);
    world.publish(1, "camera", Kind::Video, &[]);
    world.prefer(2, "camera", "high");
    world.run(6000);
    world.join(3);
    world.give_all();
    world.prefer(3, "camera", "high");
    let asked = world.now;
    world.until("a picture", |world| world.client(3).count("camera") > 0);
    let first = world.client(3).in_order("camera")[0].clone();
    assert!(first.starts_keyframe);
    assert!(
        first.at - asked < Duration::from_millis(500),
        "{:?}",
        first.at - asked
    );
    assert!(first.sequence < 65_536, "{first:?}");
    world.run(2000);
    assert_continuous(&world.client(3).in_order("camera"));
    assert_continuous(&world.client(2).in_order("camera"));
}

#[test]
fn mids_are_numbers_and_ids_are_the_publishers() {
    let mut world = World::with(2);
    world.publish(1, "camera", Kind::Video, &[]);
    world.run(200);
    let offers: Vec<_> = world
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Offer {
                peer: PeerKey(2),
                sdp,
            } => Some(sdp.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(offers.len(), 2, "the channel, then the track");
    let last = offers.last().unwrap();
    let mids: Vec<_> = last
        .lines()
        .filter_map(|l| l.strip_prefix("a=mid:"))
        .collect();
    assert_eq!(mids, ["0", "1"]);
    assert!(last.contains("a=group:BUNDLE 0 1\r\n"), "{last}");
    assert!(last.contains("a=msid:stream-1 camera\r\n"), "{last}");
    assert!(last.contains("a=ice-lite"), "{last}");
    assert!(
        !last.contains("sdes:mid"),
        "mids must not be in RTP: {last}"
    );
}

#[test]
fn what_is_unpublished_is_taken_away_and_may_come_again() {
    let mut world = World::with(2);
    world.publish(1, "camera", Kind::Video, &[]);
    world.prefer(2, "camera", "high");
    world.run(1000);
    let offer = world.client(1).withdraw("camera");
    world.send_offer(1, offer);
    world.give_all();
    world.run(500);
    let before = world.client(2).count("camera");
    world.run(1000);
    assert_eq!(world.client(2).count("camera"), before);
    let last = world.events.iter().rev().find_map(|event| match event {
        Event::Offer { sdp, .. } => Some(sdp),
        _ => None,
    });
    let last = last.unwrap();
    let section = &last[last.find("m=video 0 ").expect("a stopped section")..];
    assert!(section.len() < 800, "stopped sections stay: {section}");

    for round in 0..3 {
        let track = format!("screen-{round}");
        world.publish(1, &track, Kind::Video, &[]);
        world.prefer(2, &track, "high");
        world.until("pictures", |world| world.client(2).count(&track) > 20);
        assert!(world.client(2).in_order(&track)[0].starts_keyframe);
        let offer = world.client(1).withdraw(&track);
        world.send_offer(1, offer);
        world.give_all();
        world.run(300);
    }
    assert_eq!(world.refused, []);
}

#[test]
fn changes_wait_while_an_offer_is_outstanding() {
    let mut world = World::with(3);
    world.holds_offers = true;
    world.publish(1, "a", Kind::Video, &[]);
    world.publish(2, "b", Kind::Audio, &[]);
    world.publish(1, "c", Kind::Video, &[]);
    // While the offer of `a` is outstanding `a` is taken away again and `b`, `c` come.
    let offer = world.client(1).withdraw("a");
    world.send_offer(1, offer);
    world.give_all();
    world.run(500);
    let offers_to_3 = |world: &World| {
        world
            .events
            .iter()
            .filter(|e| {
                matches!(
                    e,
                    Event::Offer {
                        peer: PeerKey(3),
                        ..
                    }
                )
            })
            .count()
    };
    assert_eq!(offers_to_3(&world), 2);
    world.holds_offers = false;
    world.answer_held();
    world.run(500);
    assert_eq!(offers_to_3(&world), 3);
    world.prefer(3, "c", "high");
    world.run(1000);
    let client = world.client(3);
    assert_continuous(&client.in_order("c"));
    assert_continuous(&client.in_order("b"));
    assert_eq!(client.count("a"), 0);
}

#[test]
fn who_is_not_to_get_a_track_does_not() {
    let mut world = World::with(3);
    world.publish(1, "camera", Kind::Video, &[]);
    world.prefer(2, "camera", "high");
    world.prefer(3, "camera", "high");
    world.run(1000);
    let taken = Command::Subscriptions {
        peer: PeerKey(3),
        tracks: Vec::new(),
    };
    world.command(taken);
    world.run(100);
    let (before_2, before_3) = (
        world.client(2).count("camera"),
        world.client(3).count("camera"),
    );
    world.run(1000);
    assert_eq!(world.client(3).count("camera"), before_3);
    assert!(world.client(2).count("camera") > before_2 + 30);
}

#[test]
fn who_leaves_takes_their_tracks_along() {
    let mut world = World::with(3);
    world.publish(1, "camera", Kind::Video, &[]);
    world.prefer(2, "camera", "high");
    world.run(500);
    world.command(Command::Leave { peer: PeerKey(1) });
    world.run(200);
    let before = world.client(2).count("camera");
    world.run(1000);
    assert_eq!(world.client(2).count("camera"), before);
    world.command(Command::Subscriptions {
        peer: PeerKey(2),
        tracks: Vec::new(),
    });
    let id = world.client(2).prefer("camera", "high");
    world.run(200);
    assert_eq!(
        world.client(2).answer_to(&id).unwrap()["error"]["code"],
        json!(404)
    );
}

#[test]
fn limits_are_kept() {
    let mut world = World::with(3);
    for (number, track) in [
        (1, "a"),
        (1, "b"),
        (1, "c"),
        (1, "d"),
        (2, "e"),
        (2, "f"),
        (2, "g"),
    ] {
        world.publish(number, track, Kind::Audio, &[]);
        world.run(100);
    }
    let offer = world.client(1).offer("z", Kind::Audio, &[]);
    world.send_offer(1, offer);
    assert_eq!(
        world.refused,
        [SfuError::TooManyTracks {
            limit: 4,
            place: "by one peer"
        }]
    );
    world.publish(3, "h", Kind::Audio, &[]);
    let offer = world.client(2).offer("i", Kind::Audio, &[]);
    world.send_offer(2, offer);
    assert_eq!(world.refused.len(), 2);
    assert_eq!(
        world.refused[1],
        SfuError::TooManyTracks {
            limit: 8,
            place: "in one room"
        },
        "{:?}",
        world.refused
    );
}

#[test]
fn what_is_no_description_is_refused() {
    let mut world = World::with(1);
    let publish = |peer, offer: &str| Command::Publish {
        peer: PeerKey(peer),
        request: 9,
        offer: offer.to_owned(),
        tracks: Vec::new(),
    };
    world.command(publish(1, "nonsense"));
    world.command(publish(1, &"a".repeat(1_000_000)));
    world.command(publish(7, ""));
    assert_eq!(world.refused.len(), 3);
    assert!(matches!(world.refused[0], SfuError::Description(_)));
    assert!(matches!(world.refused[1], SfuError::Description(_)));
    assert_eq!(world.refused[2], SfuError::UnknownPeer);
}

#[test]
fn a_connection_that_is_cut_is_lost_and_comes_back() {
    let mut world = World::with(2);
    world.publish(1, "camera", Kind::Video, &[]);
    world.prefer(2, "camera", "high");
    world.run(500);
    world.loss = 100;
    world.until("it is lost", |world| {
        let lost = Event::Lost {
            peer: PeerKey(2),
            target: Target::Subscribe,
        };
        world.events.contains(&lost)
    });
    world.loss = 0;
    world.events.clear();
    world.command(Command::RestartIce { peer: PeerKey(2) });
    world.until("it is back", |world| {
        let back = Event::Connected {
            peer: PeerKey(2),
            target: Target::Subscribe,
        };
        world.events.contains(&back)
    });
    let before = world.client(2).count("camera");
    world.until("pictures come", |world| {
        world.client(2).count("camera") > before + 20
    });
}

#[test]
fn an_offer_that_got_lost_is_told_again_when_ice_restarts() {
    let mut world = World::with(2);
    world.holds_offers = true;
    world.publish(1, "camera", Kind::Video, &[]);
    world.run(200);
    let lost: Vec<_> = std::mem::take(&mut world.held);
    assert_eq!(lost.len(), 1);
    world.command(Command::RestartIce { peer: PeerKey(2) });
    assert_eq!(world.held, lost);
    world.holds_offers = false;
    world.answer_held();
    world.prefer(2, "camera", "high");
    world.until("pictures come", |world| {
        world.client(2).count("camera") > 20
    });
}

#[test]
fn a_publisher_whose_network_changes_goes_on_from_another_address() {
    let mut world = World::with(2);
    world.publish(1, "camera", Kind::Video, &[]);
    world.prefer(2, "camera", "high");
    world.run(500);
    let moved = "10.0.9.9:1".parse().unwrap();
    world.client(1).publish.move_to(moved);
    let offer = world.client(1).restart_ice();
    world.send_offer(1, offer);
    let before = world.client(2).count("camera");
    world.until("pictures come", |world| {
        world.client(2).count("camera") > before + 60
    });
    assert_continuous(&world.client(2).in_order("camera"));
}
