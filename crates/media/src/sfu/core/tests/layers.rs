//! Layers and keyframes.

use std::sync::atomic::Ordering::Relaxed;

use serde_json::json;

use super::world::World;
use crate::sfu::{Command, Kind, PeerKey};

fn simulcast() -> World {
    let mut world = World::with(2);
    world.publish(1, "camera", Kind::Video, &["f", "h", "q"]);
    world.until("it is known", |world| world.client(2).has_section("camera"));
    world.run(500);
    world
}

fn until_layer(world: &mut World, layer: char) {
    world.until(&format!("layer {layer}"), |world| {
        world.client(2).layer("camera") == Some(layer)
    });
}

#[test]
fn layers_change_at_keyframes_within_one_stream() {
    let mut world = simulcast();
    for (name, letter) in [("low", 'q'), ("high", 'f'), ("medium", 'h'), ("low", 'q')] {
        world.prefer(2, "camera", name);
        until_layer(&mut world, letter);
        world.run(1500);
        assert_eq!(world.client(2).layer("camera"), Some(letter));
    }
    let got = world.client(2).in_order("camera");
    let mut switches = 0;
    for pair in got.windows(2) {
        let [a, b] = pair else { continue };
        assert_eq!(b.sequence, a.sequence + 1, "{a:?}, {b:?}");
        let step = b.timestamp.wrapping_sub(a.timestamp);
        assert!(step <= 2 * 4500, "{a:?}, {b:?}");
        let pictures = b.picture_id.unwrap().wrapping_sub(a.picture_id.unwrap()) & 0x7fff;
        assert!(pictures <= 1, "{a:?}, {b:?}");
        assert_eq!(pictures == 1, step > 0, "a picture a time: {a:?}, {b:?}");
        if a.layer != b.layer {
            switches += 1;
            assert!(b.starts_keyframe, "{a:?}, {b:?}");
        }
    }
    assert_eq!(switches, 3);
    assert_eq!(world.counters.layer_switches.load(Relaxed), 3);
}

#[test]
fn nothing_comes_before_a_layer_is_asked_for_and_after_none() {
    let mut world = simulcast();
    world.run(1000);
    assert_eq!(world.client(2).count("camera"), 0);
    world.prefer(2, "camera", "low");
    until_layer(&mut world, 'q');
    world.prefer(2, "camera", "none");
    world.run(200);
    let before = world.client(2).count("camera");
    world.run(1000);
    assert_eq!(world.client(2).count("camera"), before);

    world.prefer(2, "camera", "low");
    world.until("it goes on", |world| {
        world.client(2).count("camera") > before
    });
    let got = world.client(2).in_order("camera");
    assert!(got[before].starts_keyframe, "{:?}", got[before]);
    assert_eq!(got[before].sequence, got[before - 1].sequence + 1);
}

#[test]
fn a_layer_that_does_not_arrive_is_replaced_by_the_nearest() {
    let mut world = simulcast();
    world.prefer(2, "camera", "high");
    until_layer(&mut world, 'f');
    world.client(1).pause("f", true);
    until_layer(&mut world, 'h');
    world.client(1).pause("h", true);
    until_layer(&mut world, 'q');
    world.client(1).pause("f", false);
    until_layer(&mut world, 'f');
}

#[test]
fn without_simulcast_every_layer_is_the_only_one() {
    let mut world = World::with(2);
    world.publish(1, "screen", Kind::Video, &[]);
    world.prefer(2, "screen", "low");
    world.until("pictures", |world| world.client(2).count("screen") > 20);
}

#[test]
fn requests_are_answered_at_once_and_unknown_tracks_with_404() {
    let mut world = simulcast();
    world.publish(1, "microphone", Kind::Audio, &[]);
    world.until("sound", |world| world.client(2).count("microphone") > 10);
    let known = world.client(2).prefer("camera", "low");
    let unknown = world.client(2).prefer("nothing", "low");
    let silent = world.client(2).ask(
        "prefer-audio-track-state",
        &json!({"track_id": "microphone", "subscribed": false}),
    );
    world.run(200);
    let client = world.client(2);
    assert!(client.answer_to(&known).unwrap()["result"].is_object());
    assert_eq!(client.answer_to(&unknown).unwrap()["error"]["code"], 404);
    assert!(client.answer_to(&silent).unwrap()["result"].is_object());
    let before = client.count("microphone");
    world.run(500);
    assert_eq!(world.client(2).count("microphone"), before);
}

#[test]
fn a_lost_receiver_gets_a_keyframe_however_many_ask() {
    let mut world = simulcast();
    world.prefer(2, "camera", "low");
    until_layer(&mut world, 'q');
    world.run(1000);
    world.client(1).asked.clear();
    for _ in 0..20 {
        world.client(2).lose_place("camera");
        world.run(50);
    }
    world.run(1000);
    let asked = world.client(1).asked.clone();
    assert!(
        (2..=4).contains(&asked.len()),
        "throttled, but not lost: {asked:?}"
    );
    assert!(asked.iter().all(|layer| *layer == 'q'), "{asked:?}");
}

#[test]
fn muted_tracks_are_not_asked_for_keyframes() {
    let mut world = simulcast();
    let mute = |mute| Command::Mute {
        peer: PeerKey(1),
        track_id: "camera".into(),
        mute,
    };
    world.command(mute(true));
    world.client(1).pause("q", true);
    world.client(1).asked.clear();
    world.prefer(2, "camera", "low");
    world.run(2000);
    assert_eq!(world.client(1).asked, []);
    world.command(mute(false));
    world.client(1).pause("q", false);
    until_layer(&mut world, 'q');
}

#[test]
fn what_is_asked_for_before_it_is_published_holds_when_it_is() {
    let mut world = World::with(2);
    world.until("the channel is open", |world| world.client(2).has_channel());
    let tracks = vec![(PeerKey(1), "camera".to_owned())];
    world.command(Command::Subscriptions {
        peer: PeerKey(2),
        tracks,
    });
    let id = world.client(2).prefer("camera", "low");
    world.run(200);
    assert!(world.client(2).answer_to(&id).unwrap()["result"].is_object());
    world.publish(1, "camera", Kind::Video, &["f", "h", "q"]);
    until_layer(&mut world, 'q');
}
