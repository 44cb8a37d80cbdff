//! Live media: the join with an offer, what is published and seen, losses.

use kulti_media::client::interface::{Command, Event, Layer, LocalTrack, Source};
use kulti_protocol::signalling::{
    MuteStateRequest, OnTrackUpdateRequest, RpcError, ServerNotification as Told, code, method,
};

use super::world::World;
use crate::core::{
    Intent,
    io::{Input, ShownTile},
    view::{
        CameraView, EndReason, MediaSource, MediaView, MicrophoneView, Notice, PersonMediaView,
        SendingFailure, SendingView,
    },
};

fn world() -> World {
    let mut world = World::new();
    world.has_media = true;
    world
}

fn track(id: &str, source: Source) -> LocalTrack {
    LocalTrack {
        source,
        track_id: format!("{id}-{source:?}"),
        stream_id: format!("{id}-stream"),
    }
}

fn says(world: &mut World, id: &str, event: Event) {
    world.input(id, Input::Media(event));
    world.settle();
}

/// The engine offers these.
fn offers(world: &mut World, id: &str, sources: &[Source]) {
    let event = Event::Offer {
        sdp: "offer".into(),
        tracks: sources.iter().map(|source| track(id, *source)).collect(),
    };
    says(world, id, event);
}

fn join(world: &mut World, ids: &[&str]) {
    world.join(ids);
    for id in ids {
        offers(world, id, &[]);
        says(world, id, Event::Connected(true));
    }
    world.run(500);
}

fn publish(world: &mut World, id: &str, source: MediaSource, on: bool) {
    world.act(id, Intent::Publish { source, on });
}

fn shows(world: &mut World, id: &str, tiles: &[(&str, u32)]) {
    let tiles = tiles.iter().map(|&(track_id, height)| ShownTile {
        track_id: track_id.to_owned(),
        height,
    });
    world.input(id, Input::Shown(tiles.collect()));
    world.settle();
}

/// What the engine was told since the last time.
fn orders(world: &mut World, id: &str) -> Vec<Command> {
    std::mem::take(&mut world.client(id).orders)
}

fn layers(world: &mut World, id: &str) -> Option<Vec<(String, Layer)>> {
    let told = orders(world, id).into_iter().rev();
    let mut layers = told.filter_map(|order| match order {
        Command::Layers(layers) => Some(layers),
        _ => None,
    });
    layers.next()
}

fn media<'a>(world: &'a World, id: &str) -> &'a MediaView {
    world.shown(id).media.as_ref().unwrap()
}

fn person(world: &World, seen_by: &str, id: &str) -> PersonMediaView {
    let tiles = &world.shown(seen_by).grid.as_ref().unwrap().tiles;
    let tile = tiles.iter().find(|tile| tile.peer_id == id).unwrap();
    tile.media.clone()
}

fn on(id: &str, source: Source) -> SendingView {
    let track_id = track(id, source).track_id;
    SendingView::On { track_id }
}

#[test]
fn the_join_waits_for_the_engine_and_carries_its_offer() {
    let mut world = world();
    world.join(&["host-1"]);
    assert!(world.room.heard("host-1", method::JOIN).is_empty());
    assert!(orders(&mut world, "host-1").contains(&Command::Start));
    offers(&mut world, "host-1", &[]);
    let join = world.room.heard("host-1", method::JOIN)[0];
    assert_eq!(join["offer"]["type"], "offer");
    let sdp = "answer to the join".to_owned();
    assert!(orders(&mut world, "host-1").contains(&Command::Answered { sdp }));
    assert!(media(&world, "host-1").available);
}

#[test]
fn a_silent_engine_costs_the_media_and_not_the_session() {
    let mut world = world();
    world.join(&["host-1"]);
    world.run(5_000);
    let join = world.room.heard("host-1", method::JOIN)[0];
    assert!(join.get("offer").is_none_or(serde_json::Value::is_null));
    assert!(!media(&world, "host-1").available);
    assert!(orders(&mut world, "host-1").contains(&Command::Stop));
    offers(&mut world, "host-1", &[]);
    assert_eq!(
        world.room.heard("host-1", method::OFFER).len(),
        0,
        "too late"
    );
    publish(&mut world, "host-1", MediaSource::Camera, true);
    assert!(matches!(
        media(&world, "host-1").camera,
        SendingView::Failed {
            why: SendingFailure::NoMedia,
            ..
        }
    ));
}

#[test]
fn servers_without_media_are_joined_as_ever() {
    let mut world = World::new();
    world.join(&["host-1"]);
    assert_eq!(world.room.heard("host-1", method::JOIN).len(), 1);
    assert!(orders(&mut world, "host-1").is_empty());
    assert!(!media(&world, "host-1").available);
}

#[test]
fn a_camera_is_offered_shown_and_muted() {
    let mut world = world();
    join(&mut world, &["host-1", "viewer-1"]);
    publish(&mut world, "host-1", MediaSource::Camera, true);
    assert_eq!(media(&world, "host-1").camera, SendingView::Starting);
    assert!(orders(&mut world, "host-1").contains(&Command::Publish(Source::Camera)));
    offers(&mut world, "host-1", &[Source::Camera]);
    assert_eq!(media(&world, "host-1").camera, on("host-1", Source::Camera));
    let sdp = "answer".to_owned();
    assert!(orders(&mut world, "host-1").contains(&Command::Answered { sdp }));

    let mut seen = CameraView {
        track_id: "host-1-Camera".into(),
        muted: false,
        frozen: false,
    };
    assert_eq!(
        person(&world, "viewer-1", "host-1").camera,
        Some(seen.clone())
    );

    publish(&mut world, "host-1", MediaSource::Camera, false);
    assert!(orders(&mut world, "host-1").contains(&Command::Mute(Source::Camera, true)));
    seen.muted = true;
    assert_eq!(person(&world, "viewer-1", "host-1").camera, Some(seen));
    assert!(matches!(
        media(&world, "host-1").camera,
        SendingView::Muted { .. }
    ));

    publish(&mut world, "host-1", MediaSource::Camera, true);
    assert!(orders(&mut world, "host-1").contains(&Command::Mute(Source::Camera, false)));
    assert!(!person(&world, "viewer-1", "host-1").camera.unwrap().muted);
}

#[test]
fn what_is_shown_is_wanted_and_as_large_as_it_is_shown() {
    let mut world = world();
    join(&mut world, &["host-1", "viewer-1"]);
    publish(&mut world, "host-1", MediaSource::Camera, true);
    offers(&mut world, "host-1", &[Source::Camera]);
    orders(&mut world, "viewer-1");

    let camera = "host-1-Camera".to_owned();
    for (height, layer) in [(180, Layer::Low), (400, Layer::Medium), (900, Layer::High)] {
        shows(
            &mut world,
            "viewer-1",
            &[(&camera, height), ("nobody's", 500)],
        );
        let told = layers(&mut world, "viewer-1");
        assert_eq!(told, Some(vec![(camera.clone(), layer)]));
    }
    shows(&mut world, "viewer-1", &[(&camera, 900)]);
    assert_eq!(layers(&mut world, "viewer-1"), None, "no news");

    publish(&mut world, "host-1", MediaSource::Camera, false);
    assert_eq!(
        layers(&mut world, "viewer-1"),
        Some(vec![]),
        "nothing to see"
    );
    publish(&mut world, "host-1", MediaSource::Camera, true);
    assert_eq!(layers(&mut world, "viewer-1").unwrap().len(), 1);

    // The window is hidden. Sound is not spoken of, and goes on.
    shows(&mut world, "viewer-1", &[]);
    assert_eq!(layers(&mut world, "viewer-1"), Some(vec![]));
}

#[test]
fn a_full_page_is_drawn_small() {
    let mut world = world();
    let hosts: Vec<String> = (1..=6).map(|n| format!("host-{n}")).collect();
    let ids: Vec<&str> = hosts.iter().map(String::as_str).collect();
    join(&mut world, &ids);
    for id in &ids {
        publish(&mut world, id, MediaSource::Camera, true);
        offers(&mut world, id, &[Source::Camera]);
    }
    let tracks: Vec<String> = ids.iter().map(|id| format!("{id}-Camera")).collect();
    let tiles: Vec<(&str, u32)> = tracks[1..].iter().map(|id| (id.as_str(), 400)).collect();
    shows(&mut world, "host-1", &tiles);
    let told = layers(&mut world, "host-1").unwrap();
    assert_eq!(told.len(), 5);
    assert!(
        told.iter().all(|(_, layer)| *layer == Layer::Low),
        "{told:?}"
    );
}

#[test]
fn a_screen_is_shared_and_gone() {
    let mut world = world();
    join(&mut world, &["host-1", "viewer-1"]);
    publish(&mut world, "host-1", MediaSource::Screen, true);
    offers(&mut world, "host-1", &[Source::Screen]);
    let share = media(&world, "viewer-1").share.clone().unwrap();
    assert_eq!((share.peer_id.as_str(), share.is_local), ("host-1", false));
    assert!(media(&world, "host-1").share.as_ref().unwrap().is_local);
    let page_size =
        |world: &World, id: &str| world.shown(id).grid.as_ref().map(|grid| grid.page_size);
    for id in ["host-1", "viewer-1"] {
        assert_eq!(page_size(&world, id), Some(4), "a strip beside it");
    }
    publish(&mut world, "host-1", MediaSource::Screen, false);
    assert!(orders(&mut world, "host-1").contains(&Command::Unpublish(Source::Screen)));
    offers(&mut world, "host-1", &[]);
    assert_eq!(media(&world, "viewer-1").share, None);
    assert_eq!(media(&world, "host-1").screen, SendingView::Off);
    for id in ["host-1", "viewer-1"] {
        assert_eq!(page_size(&world, id), Some(9));
    }
}

#[test]
fn a_role_that_may_not_send_sends_nothing() {
    let mut world = world();
    join(&mut world, &["host-1", "viewer-1"]);
    orders(&mut world, "viewer-1");
    publish(&mut world, "viewer-1", MediaSource::Microphone, true);
    assert_eq!(orders(&mut world, "viewer-1"), []);
    assert!(
        world
            .client("viewer-1")
            .notices
            .iter()
            .any(|notice| matches!(
                notice,
                Notice::Refused {
                    code: code::FORBIDDEN,
                    ..
                }
            ))
    );
    assert!(!media(&world, "viewer-1").may.microphone);

    let sources = [Source::Microphone, Source::Camera];
    publish(&mut world, "host-1", MediaSource::Microphone, true);
    publish(&mut world, "host-1", MediaSource::Camera, true);
    offers(&mut world, "host-1", &sources);
    orders(&mut world, "host-1");
    world.room.set_role("host-1", "presenter");
    world.settle();
    let told = orders(&mut world, "host-1");
    assert!(
        told.contains(&Command::Unpublish(Source::Camera)),
        "{told:?}"
    );
    assert!(!told.contains(&Command::Unpublish(Source::Microphone)));
    assert_eq!(media(&world, "host-1").camera, SendingView::Off);
    let microphone = on("host-1", Source::Microphone);
    assert_eq!(media(&world, "host-1").microphone, microphone);
}

#[test]
fn a_held_key_is_heard_as_long_as_it_is_held() {
    let mut world = world();
    join(&mut world, &["host-1", "viewer-1"]);
    world.act("host-1", Intent::Talk { held: true });
    offers(&mut world, "host-1", &[Source::Microphone]);
    let heard = |muted| Some(MicrophoneView { muted });
    assert!(media(&world, "host-1").talking);
    assert_eq!(
        person(&world, "viewer-1", "host-1").microphone,
        heard(false)
    );
    world.act("host-1", Intent::Talk { held: false });
    assert!(!media(&world, "host-1").talking);
    assert_eq!(person(&world, "viewer-1", "host-1").microphone, heard(true));

    publish(&mut world, "host-1", MediaSource::Microphone, true);
    world.act("host-1", Intent::Talk { held: true });
    world.act("host-1", Intent::Talk { held: false });
    let microphone = on("host-1", Source::Microphone);
    assert_eq!(
        media(&world, "host-1").microphone,
        microphone,
        "it was on already"
    );
}

#[test]
fn a_refused_offer_is_told_to_engine_and_person() {
    let mut world = world();
    join(&mut world, &["host-1"]);
    let refusal = RpcError::new(code::FORBIDDEN, "no more cameras");
    world.room.faults.insert(method::OFFER, vec![refusal]);
    publish(&mut world, "host-1", MediaSource::Camera, true);
    offers(&mut world, "host-1", &[Source::Camera]);
    assert!(orders(&mut world, "host-1").contains(&Command::Refused));
    says(&mut world, "host-1", Event::NotPublished(Source::Camera));
    let failed = SendingView::Failed {
        why: SendingFailure::NotAccepted,
        message: "no more cameras".into(),
    };
    assert_eq!(media(&world, "host-1").camera, failed);
}

#[test]
fn a_lost_socket_stops_no_media() {
    let mut world = world();
    join(&mut world, &["host-1", "viewer-1"]);
    publish(&mut world, "host-1", MediaSource::Camera, true);
    offers(&mut world, "host-1", &[Source::Camera]);
    orders(&mut world, "host-1");
    world.offline("host-1");
    world.run(3_000);
    assert_eq!(orders(&mut world, "host-1"), []);
    // Muted meanwhile: the room is told when it is there again.
    publish(&mut world, "host-1", MediaSource::Camera, false);
    world.back("host-1");
    world.run(20_000);
    let told = orders(&mut world, "host-1");
    assert!(!told.contains(&Command::Start), "{told:?}");
    assert!(!told.contains(&Command::RestartIce), "{told:?}");
    assert_eq!(world.room.heard("host-1", method::JOIN).len(), 1);
    assert!(person(&world, "viewer-1", "host-1").camera.unwrap().muted);
}

#[test]
fn an_answer_that_was_lost_makes_the_connections_anew() {
    let mut world = world();
    join(&mut world, &["host-1"]);
    world.room.swallow.insert(method::OFFER);
    publish(&mut world, "host-1", MediaSource::Camera, true);
    offers(&mut world, "host-1", &[Source::Camera]);
    assert_eq!(media(&world, "host-1").camera, SendingView::Starting);
    world.cut("host-1");
    orders(&mut world, "host-1");
    world.run(20_000);
    assert!(orders(&mut world, "host-1").contains(&Command::RestartIce));
    offers(&mut world, "host-1", &[Source::Camera]);
    assert_eq!(media(&world, "host-1").camera, on("host-1", Source::Camera));
}

#[test]
fn connections_that_stay_down_are_made_anew_ever_more_rarely() {
    let mut world = world();
    join(&mut world, &["host-1"]);
    orders(&mut world, "host-1");
    says(&mut world, "host-1", Event::Connected(false));
    let mut restarts = 0;
    for _ in 0..600 {
        world.run(1_000);
        let told = orders(&mut world, "host-1");
        let anew = told.iter().filter(|order| **order == Command::RestartIce);
        restarts += anew.count();
    }
    assert!((5..=12).contains(&restarts), "{restarts} in ten minutes");
    says(&mut world, "host-1", Event::Connected(true));
    world.run(300_000);
    assert_eq!(orders(&mut world, "host-1"), []);
}

#[test]
fn a_server_that_has_forgotten_all_is_joined_with_a_new_offer() {
    let mut world = world();
    join(&mut world, &["host-1"]);
    publish(&mut world, "host-1", MediaSource::Camera, true);
    offers(&mut world, "host-1", &[Source::Camera]);
    world.room.restart();
    world.cut("host-1");
    orders(&mut world, "host-1");
    world.run(3_000);
    assert!(orders(&mut world, "host-1").contains(&Command::Start));
    offers(&mut world, "host-1", &[]);
    assert_eq!(world.room.heard("host-1", method::JOIN).len(), 2);
    // The engine offers again what it was told to publish.
    offers(&mut world, "host-1", &[Source::Camera]);
    assert_eq!(media(&world, "host-1").camera, on("host-1", Source::Camera));
    assert_eq!(world.room.peers["host-1"].tracks.len(), 1);
}

#[test]
fn offers_of_the_server_go_to_the_engine_and_its_answers_back() {
    let mut world = world();
    join(&mut world, &["host-1"]);
    world.room.offers("host-1", "what the others send");
    world.settle();
    let sdp = "what the others send".to_owned();
    assert!(orders(&mut world, "host-1").contains(&Command::Offered { sdp }));
    says(&mut world, "host-1", Event::Answer { sdp: "mine".into() });
    let answers = world.room.heard("host-1", method::ANSWER);
    assert_eq!(answers[0]["desc"]["sdp"], "mine");
}

#[test]
fn others_mute_me_and_nobody_unmutes_me() {
    let mut world = world();
    join(&mut world, &["host-1", "host-2"]);
    publish(&mut world, "host-1", MediaSource::Microphone, true);
    offers(&mut world, "host-1", &[Source::Microphone]);
    let request = |mute| {
        Told::TrackUpdateRequest(OnTrackUpdateRequest {
            requested_by: "host-2".into(),
            track_id: "host-1-Microphone".into(),
            stream_id: "host-1-stream".into(),
            mute,
        })
    };
    world.room.tell("host-1", &request(true));
    world.settle();
    let muted =
        |world: &World| matches!(media(world, "host-1").microphone, SendingView::Muted { .. });
    assert!(muted(&world));
    world.room.tell("host-1", &request(false));
    world.settle();
    assert!(muted(&world));

    publish(&mut world, "host-1", MediaSource::Microphone, true);
    let everybody = |roles| {
        Told::MuteStateRequest(MuteStateRequest {
            value: true,
            kind: Some("audio".into()),
            roles,
            ..MuteStateRequest::default()
        })
    };
    world
        .room
        .tell("host-1", &everybody(Some(vec!["viewer".into()])));
    world.settle();
    assert!(!muted(&world), "not my role");
    world.room.tell("host-1", &everybody(None));
    world.settle();
    assert!(muted(&world));
}

#[test]
fn speakers_are_told_by_person_and_those_who_leave_fall_silent() {
    let mut world = world();
    join(&mut world, &["host-1", "host-2"]);
    publish(&mut world, "host-1", MediaSource::Microphone, true);
    offers(&mut world, "host-1", &[Source::Microphone]);
    let order = |world: &World| -> Vec<String> {
        let tiles = &world.shown("host-2").grid.as_ref().unwrap().tiles;
        tiles.iter().map(|tile| tile.peer_id.clone()).collect()
    };
    let before = order(&world);
    let speakers = vec![
        ("host-1-Microphone".to_owned(), 80),
        ("nobody's".to_owned(), 90),
    ];
    says(&mut world, "host-2", Event::Speakers(speakers));
    let heard = world.shown("host-2").voices.clone().unwrap().speakers;
    assert_eq!(heard.len(), 1);
    assert_eq!((heard[0].peer_id.as_str(), heard[0].level), ("host-1", 80));
    assert_eq!(order(&world), before, "tiles keep their places");
    world.act("host-1", Intent::Leave);
    assert!(
        world
            .shown("host-2")
            .voices
            .clone()
            .unwrap()
            .speakers
            .is_empty()
    );
    assert_eq!(world.client("host-1").ended, Some(EndReason::Left));
    assert!(orders(&mut world, "host-1").contains(&Command::Stop));
}

#[test]
fn pictures_that_stand_still_and_weak_lines_are_shown() {
    let mut world = world();
    join(&mut world, &["host-1", "viewer-1"]);
    publish(&mut world, "host-1", MediaSource::Camera, true);
    offers(&mut world, "host-1", &[Source::Camera]);
    let frozen = |frozen| Event::Frozen {
        track_id: "host-1-Camera".into(),
        frozen,
    };
    says(&mut world, "viewer-1", frozen(true));
    says(
        &mut world,
        "viewer-1",
        Event::Quality(vec![("host-1".into(), 1)]),
    );
    let seen = person(&world, "viewer-1", "host-1");
    assert!(seen.camera.unwrap().frozen);
    assert_eq!(seen.quality, Some(1));
    says(&mut world, "viewer-1", frozen(false));
    assert!(!person(&world, "viewer-1", "host-1").camera.unwrap().frozen);
}
