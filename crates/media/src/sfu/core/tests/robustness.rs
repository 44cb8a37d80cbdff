//! Loss, defects and noise.

use std::sync::atomic::Ordering::Relaxed;

use super::world::{World, sfu};
use crate::sfu::{Command, Event, Kind, PeerKey, Target};

#[test]
fn two_percent_of_loss_are_made_good() {
    let mut world = World::with(3);
    world.publish(1, "camera", Kind::Video, &[]);
    for number in [2, 3] {
        world.prefer(number, "camera", "high");
        world.until("pictures", |world| {
            world.client(number).count("camera") > 10
        });
    }
    world.loss = 2;
    world.run(20_000);
    world.loss = 0;
    world.run(1000);
    for number in [2, 3] {
        let got = world.client(number).in_order("camera");
        let span = got.last().unwrap().sequence - got[0].sequence + 1;
        let missing = span - got.len() as u64;
        // Of some 800 packets 4 % would be lost on the two hops.
        assert!(span > 700, "{span}");
        assert!(missing <= 1, "{missing} of {span} are missing");
    }
}

#[test]
fn a_defect_ends_one_connection_and_no_other() {
    let mut world = World::with(3);
    world.publish(1, "camera", Kind::Video, &[]);
    for number in [2, 3] {
        world.prefer(number, "camera", "high");
        world.until("pictures", |world| {
            world.client(number).count("camera") > 10
        });
    }
    let now = world.now;
    world
        .core
        .plant_defect(World::place(2, Target::Subscribe), now);
    world.run(200);
    let failed = Event::Failed {
        peer: PeerKey(2),
        target: Target::Subscribe,
    };
    assert!(world.events.contains(&failed), "{:?}", world.events);
    let (before_2, before_3) = (
        world.client(2).count("camera"),
        world.client(3).count("camera"),
    );
    world.run(2000);
    assert_eq!(world.client(2).count("camera"), before_2);
    assert!(world.client(3).count("camera") > before_3 + 60);
    assert_eq!(world.counters.failures.load(Relaxed), 1);

    // Who begins anew is well again.
    world.join(2);
    world.give_all();
    world.prefer(2, "camera", "high");
    world.until("pictures", |world| world.client(2).count("camera") > 10);
}

#[test]
fn a_defect_of_a_publisher_leaves_receivers_connected() {
    let mut world = World::with(3);
    world.publish(1, "camera", Kind::Video, &[]);
    world.publish(2, "other", Kind::Video, &[]);
    world.prefer(3, "camera", "high");
    world.prefer(3, "other", "high");
    world.run(1000);
    let now = world.now;
    world
        .core
        .plant_defect(World::place(1, Target::Publish), now);
    let before = world.client(3).count("other");
    world.run(1000);
    assert!(world.client(3).count("other") > before + 30);
}

#[test]
fn noise_and_strangers_do_no_harm() {
    let mut world = World::with(2);
    world.publish(1, "camera", Kind::Video, &[]);
    world.prefer(2, "camera", "high");
    world.run(500);
    let stranger = "192.0.2.1:9".parse().unwrap();
    let friend = world.client(2).subscribe.address;
    let mut random = 7u64;
    for length in 0..600usize {
        let noise: Vec<u8> = (0..length % 200)
            .map(|_| {
                random = random
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(99);
                (random >> 40) as u8
            })
            .collect();
        let now = world.now;
        world.core.datagram(stranger, &noise, now);
        world.core.datagram(friend, &noise, now);
    }
    let before = world.client(2).count("camera");
    world.run(1000);
    assert!(world.client(2).count("camera") > before + 30);
    assert_ne!(sfu(), stranger);
}

#[test]
fn an_answer_that_cannot_be_used_ends_that_connection() {
    let mut world = World::with(2);
    world.holds_offers = true;
    world.publish(1, "camera", Kind::Video, &[]);
    world.run(200);
    let (peer, offer) = world.held.pop().unwrap();
    let sdp = offer.replace("a=ice-ufrag", "a=nothing");
    world.command(Command::Answer { peer, sdp });
    let failed = Event::Failed {
        peer,
        target: Target::Subscribe,
    };
    assert!(world.events.contains(&failed), "{:?}", world.events);
}
