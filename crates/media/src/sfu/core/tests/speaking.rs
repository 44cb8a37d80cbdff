//! Speakers and the quality of connections.

use serde_json::json;

use super::world::World;
use crate::sfu::{Command, Event, Kind, PeerKey, Speaker};

fn told(world: &World) -> Vec<Vec<Speaker>> {
    let speakers = world.events.iter().filter_map(|event| match event {
        Event::Speakers(speakers) => Some(speakers.clone()),
        _ => None,
    });
    speakers.collect()
}

fn two_microphones() -> World {
    let mut world = World::with(3);
    world.publish(1, "a", Kind::Audio, &[]);
    world.publish(2, "b", Kind::Audio, &[]);
    world.until("sound", |world| {
        world.client(3).count("a") > 10 && world.client(3).count("b") > 10
    });
    world.until("the channel is open", |world| world.client(3).has_channel());
    world
}

#[test]
fn speakers_are_told_loudest_first_and_silence_once() {
    let mut world = two_microphones();
    assert_eq!(told(&world), Vec::<Vec<Speaker>>::new());
    world.client(1).speak(-45);
    world.client(2).speak(-25);
    world.run(3000);
    let speakers = told(&world).pop().unwrap();
    let peers: Vec<_> = speakers.iter().map(|speaker| speaker.peer).collect();
    assert_eq!(peers, [PeerKey(2), PeerKey(1)]);
    assert_eq!(speakers[0].track_id, "b");
    assert!(
        told(&world).len() <= 9,
        "at most three a second: {:?}",
        told(&world)
    );

    let last = world
        .client(3)
        .messages
        .iter()
        .rfind(|m| m["method"] == "active-speakers")
        .unwrap();
    let expected = json!({"method": "active-speakers", "params": {"speaker-list": [
        {"peer_id": "peer-2", "track_id": "b", "level": speakers[0].level},
        {"peer_id": "peer-1", "track_id": "a", "level": speakers[1].level},
    ]}});
    assert_eq!(*last, expected);

    world.client(1).speak(-127);
    world.client(2).speak(-127);
    world.run(4000);
    let all = told(&world);
    assert_eq!(all.iter().filter(|speakers| speakers.is_empty()).count(), 1);
    assert_eq!(all.last(), Some(&Vec::new()));
}

#[test]
fn a_muted_microphone_is_no_speaker() {
    let mut world = two_microphones();
    world.command(Command::Mute {
        peer: PeerKey(2),
        track_id: "b".into(),
        mute: true,
    });
    world.client(2).speak(-20);
    world.run(2000);
    assert_eq!(told(&world), Vec::<Vec<Speaker>>::new());
}

#[test]
fn loss_lowers_the_score_and_everybody_learns_of_it() {
    let mut world = World::with(3);
    world.publish(1, "camera", Kind::Video, &[]);
    world.prefer(2, "camera", "high");
    world.until("a score", |world| {
        world.events.contains(&Event::Quality {
            peer: PeerKey(2),
            score: 5,
        })
    });
    world.loss = 10;
    world.until("a lower score", |world| {
        world
            .events
            .iter()
            .any(|event| matches!(event, Event::Quality { peer: PeerKey(2), score } if *score <= 3))
    });
    world.loss = 0;
    world.run(1000);
    let heard = world.client(3).messages.iter().any(|message| {
        message["method"] == "on-connection-quality-update"
            && message["params"]["peers"][0]["peer_id"] == "peer-2"
    });
    assert!(heard, "{:?}", world.client(3).messages);
}
