//! The core against a plain WebRTC peer that acts as the server, on a network and a clock
//! that exist only here.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::channel::ChannelId;
use str0m::media::{Direction, Frequency, KeyframeRequestKind, MediaKind, MediaTime, Mid};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event as RtcEvent, Input as RtcInput, Output as RtcOutput, Rtc};

use super::super::audio::{FRAME, Mixer};
use super::super::interface::{Command, Event, Layer, Picture, Source};
use super::{Core, Input, Output};

/// Both of the server's ends have one address, as those of a real one.
const SERVER: &str = "10.0.0.2:1";

const STEP: Duration = Duration::from_millis(5);

fn client_addresses() -> [SocketAddr; 2] {
    [
        "10.0.0.1:1000".parse().unwrap(),
        "10.0.0.1:1001".parse().unwrap(),
    ]
}

/// One of the server's two ends.
struct Peer {
    rtc: Rtc,
    address: SocketAddr,
    pending: Option<SdpPendingOffer>,
    channel: Option<ChannelId>,
    events: Vec<RtcEvent>,
    out: VecDeque<(SocketAddr, Vec<u8>)>,
}

impl Peer {
    fn new(address: &str, now: Instant) -> Self {
        let mut rtc = Rtc::builder()
            .set_ice_lite(true)
            .clear_codecs()
            .enable_vp8(true)
            .enable_opus(true, false)
            .build(now);
        let address = address.parse().unwrap();
        rtc.add_local_candidate(Candidate::host(address, "udp").unwrap());
        rtc.handle_input(RtcInput::Timeout(now)).unwrap();
        Self {
            rtc,
            address,
            pending: None,
            channel: None,
            events: Vec::new(),
            out: VecDeque::new(),
        }
    }

    fn change<T>(&mut self, change: impl FnOnce(&mut Rtc) -> T) -> T {
        let value = change(&mut self.rtc);
        loop {
            match self.rtc.poll_output().unwrap() {
                RtcOutput::Timeout(_) => return value,
                RtcOutput::Transmit(t) => self.out.push_back((t.destination, t.contents.to_vec())),
                RtcOutput::Event(event) => {
                    if let RtcEvent::ChannelOpen(id, _) = &event {
                        self.channel = Some(*id);
                    }
                    self.events.push(event);
                }
            }
        }
    }

    fn answer(&mut self, offer: &str) -> String {
        let offer = SdpOffer::from_sdp_string(offer).unwrap();
        self.change(|rtc| rtc.sdp_api().accept_offer(offer).unwrap().to_sdp_string())
    }

    fn offer_channel(&mut self) -> String {
        let (offer, pending) = self.change(|rtc| {
            let mut api = rtc.sdp_api();
            api.add_channel("ion-sfu".into());
            api.apply().unwrap()
        });
        self.pending = Some(pending);
        offer.to_sdp_string()
    }

    fn offer_track(&mut self, kind: MediaKind, stream: &str, track: &str) -> (String, Mid) {
        let (mid, (offer, pending)) = self.change(|rtc| {
            let mut api = rtc.sdp_api();
            let mid = api.add_media(
                kind,
                Direction::SendOnly,
                Some(stream.into()),
                Some(track.into()),
                None,
            );
            (mid, api.apply().unwrap())
        });
        self.pending = Some(pending);
        (offer.to_sdp_string(), mid)
    }

    fn offer_change(&mut self, mid: Option<Mid>) -> String {
        let (offer, pending) = self.change(|rtc| {
            let mut api = rtc.sdp_api();
            match mid {
                Some(mid) => api.set_direction(mid, Direction::Inactive),
                None => drop(api.ice_restart(true)),
            }
            api.apply().unwrap()
        });
        self.pending = Some(pending);
        offer.to_sdp_string()
    }

    fn answered(&mut self, answer: &str) {
        let answer = SdpAnswer::from_sdp_string(answer).unwrap();
        let pending = self.pending.take().unwrap();
        self.change(|rtc| rtc.sdp_api().accept_answer(pending, answer).unwrap());
    }

    fn send(&mut self, mid: Mid, time: MediaTime, data: Vec<u8>, now: Instant) {
        self.change(|rtc| {
            let writer = rtc.writer(mid).unwrap();
            let pt = writer.payload_params().next().unwrap().pt();
            writer.write(pt, now, time, data).unwrap();
        });
    }

    fn say(&mut self, text: &str) {
        let id = self.channel.unwrap();
        assert!(self.change(|rtc| {
            rtc.channel(id)
                .unwrap()
                .write(false, text.as_bytes())
                .unwrap()
        }));
    }

    fn heard(&mut self) -> Vec<serde_json::Value> {
        let mut heard = Vec::new();
        self.events.retain(|event| match event {
            RtcEvent::ChannelData(data) => {
                heard.push(serde_json::from_slice(&data.data).unwrap());
                false
            }
            _ => true,
        });
        heard
    }

    fn media(&mut self) -> Vec<(Mid, Vec<u8>)> {
        let mut media = Vec::new();
        self.events.retain(|event| match event {
            RtcEvent::MediaData(data) => {
                media.push((data.mid, data.data.to_vec()));
                false
            }
            _ => true,
        });
        media
    }
}

/// The core, and both ends of the server.
struct World {
    now: Instant,
    core: Core,
    mixer: Arc<Mutex<Mixer>>,
    publish: Peer,
    subscribe: Peer,
    events: Vec<Event>,
    pictures: Vec<(String, Picture, bool)>,
    opened: Vec<String>,
    closed: Vec<String>,
    recording: bool,
    /// Datagrams to the client that are lost while this is true.
    loses: bool,
    is_cut: bool,
}

impl World {
    fn new() -> Self {
        str0m::crypto::from_feature_flags().install_process_default();
        let now = Instant::now();
        let mixer = Arc::new(Mutex::new(Mixer::new(now)));
        let mut world = Self {
            now,
            core: Core::new(now, Arc::clone(&mixer)),
            mixer,
            publish: Peer::new(SERVER, now),
            subscribe: Peer::new(SERVER, now),
            events: Vec::new(),
            pictures: Vec::new(),
            opened: Vec::new(),
            closed: Vec::new(),
            recording: false,
            loses: false,
            is_cut: false,
        };
        let [publish, subscribe] = client_addresses().map(|address| vec![address]);
        world
            .core
            .handle(Input::Addresses { publish, subscribe }, now);
        world
    }

    /// Joined, with both connections up and the channel open.
    fn joined() -> Self {
        let mut world = Self::new();
        world.command(Command::Start);
        let (offer, tracks) = world.offer();
        assert!(tracks.is_empty());
        assert_eq!(
            offer.matches("m=").count(),
            1,
            "only the data channel: {offer}"
        );
        let answer = world.publish.answer(&offer);
        world.command(Command::Answered { sdp: answer });
        let offer = world.subscribe.offer_channel();
        world.take_offer(offer);
        world.until("connected", |world| {
            world.take_event(|e| *e == Event::Connected(true)).is_some()
        });
        world.until("channel", |world| world.subscribe.channel.is_some());
        world
    }

    fn command(&mut self, command: Command) {
        self.core.handle(Input::Command(command), self.now);
        self.collect();
    }

    fn take_event(&mut self, wanted: impl Fn(&Event) -> bool) -> Option<Event> {
        let index = self.events.iter().position(wanted)?;
        Some(self.events.remove(index))
    }

    fn offer(&mut self) -> (String, Vec<super::super::interface::LocalTrack>) {
        match self.take_event(|event| matches!(event, Event::Offer { .. })) {
            Some(Event::Offer { sdp, tracks }) => (sdp, tracks),
            _ => panic!("no offer in {:?}", self.events),
        }
    }

    fn take_offer(&mut self, sdp: String) {
        self.command(Command::Offered { sdp });
        let Some(Event::Answer { sdp }) =
            self.take_event(|event| matches!(event, Event::Answer { .. }))
        else {
            panic!("no answer in {:?}", self.events)
        };
        self.subscribe.answered(&sdp);
    }

    /// Publishes and answers; gives the server's section of the track.
    fn publish(&mut self, source: Source) -> Mid {
        self.command(Command::Publish(source));
        let (offer, tracks) = self.offer();
        let track = tracks.iter().find(|track| track.source == source).unwrap();
        let msid = format!("a=msid:{} {}", track.stream_id, track.track_id);
        assert!(offer.contains(&msid), "{msid} in {offer}");
        self.answer_publish(&offer);
        let added = self
            .publish
            .events
            .iter()
            .rev()
            .find_map(|event| match event {
                RtcEvent::MediaAdded(added) => Some(added.mid),
                _ => None,
            });
        added.unwrap()
    }

    fn answer_publish(&mut self, offer: &str) {
        let answer = self.publish.answer(offer);
        self.command(Command::Answered { sdp: answer });
    }

    fn collect(&mut self) {
        while let Some(output) = self.core.poll() {
            match output {
                Output::Transmit {
                    source,
                    destination,
                    contents,
                } => {
                    if self.is_cut {
                        continue;
                    }
                    let [publish, subscribe] = client_addresses();
                    let peer = match source {
                        _ if source == publish => &mut self.publish,
                        _ if source == subscribe => &mut self.subscribe,
                        _ => panic!("no socket has {source}"),
                    };
                    assert_eq!(destination, peer.address);
                    let receive =
                        Receive::new(Protocol::Udp, source, destination, &contents).unwrap();
                    let input = RtcInput::Receive(self.now, receive);
                    peer.change(|rtc| rtc.handle_input(input).unwrap());
                }
                Output::Event(event) => self.events.push(event),
                Output::Opened(track_id) => self.opened.push(track_id),
                Output::Closed(track_id) => self.closed.push(track_id),
                Output::Picture {
                    track_id,
                    picture,
                    follows,
                } => {
                    self.pictures.push((track_id, picture, follows));
                }
                Output::Record(recording) => self.recording = recording,
                _ => {}
            }
        }
    }

    /// 5 ms pass.
    fn step(&mut self) {
        self.now += STEP;
        let now = self.now;
        let mut datagrams = Vec::new();
        for peer in [&mut self.publish, &mut self.subscribe] {
            peer.change(|rtc| rtc.handle_input(RtcInput::Timeout(now)).unwrap());
            let source = peer.address;
            datagrams.extend(
                peer.out
                    .drain(..)
                    .map(|(to, contents)| (source, to, contents)),
            );
        }
        for (source, destination, contents) in datagrams {
            if !self.loses && !self.is_cut {
                self.core.handle(
                    Input::Packet {
                        source,
                        destination,
                        contents: &contents,
                    },
                    now,
                );
                self.collect();
            }
        }
        self.core.handle(Input::Timeout, now);
        self.collect();
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.step();
        }
    }

    fn until(&mut self, what: &str, mut condition: impl FnMut(&mut Self) -> bool) {
        for _ in 0..20_000 {
            if condition(self) {
                return;
            }
            self.step();
        }
        panic!("never: {what}; events {:?}", self.events);
    }

    fn camera(&mut self) -> (String, Mid) {
        let (offer, mid) = self
            .subscribe
            .offer_track(MediaKind::Video, "stream", "camera");
        self.take_offer(offer);
        self.pass(Duration::from_millis(20));
        ("camera".into(), mid)
    }
}

/// A VP8 picture as far as transport looks into it: the first bit tells keyframes.
fn vp8(is_key: bool, number: u8, length: usize) -> Vec<u8> {
    let mut data = vec![number; length];
    data[0] = u8::from(!is_key);
    data[3..6].copy_from_slice(&[0x9d, 0x01, 0x2a]);
    data
}

fn picture(is_key: bool, number: u8, at_us: u64) -> Picture {
    Picture {
        is_key,
        at_us,
        data: vp8(is_key, number, 3000),
    }
}

fn rtp(number: u64) -> MediaTime {
    MediaTime::new(number * 3600, Frequency::NINETY_KHZ)
}

#[test]
fn joins_with_a_data_channel_alone_and_both_connections_come_up() {
    World::joined();
}

#[test]
fn sources_are_offered_one_after_another_microphone_first() {
    let mut world = World::joined();
    world.command(Command::Publish(Source::Screen));
    world.command(Command::Publish(Source::Camera));
    world.command(Command::Publish(Source::Microphone));
    let mut order = Vec::new();
    for _ in 0..3 {
        let (offer, tracks) = world.offer();
        assert!(
            world
                .take_event(|event| matches!(event, Event::Offer { .. }))
                .is_none(),
            "one at a time"
        );
        order.push(tracks.iter().map(|track| track.source).collect::<Vec<_>>());
        if tracks.len() == 3 {
            assert_eq!(
                tracks[0].stream_id, tracks[1].stream_id,
                "a person's stream"
            );
            assert_ne!(
                tracks[0].stream_id, tracks[2].stream_id,
                "the screen's stream"
            );
            assert!(
                offer.contains("usedtx=1") && offer.contains("useinbandfec=1"),
                "{offer}"
            );
        }
        world.answer_publish(&offer);
    }
    use Source::{Camera, Microphone, Screen};
    // The screen was first to be wanted, while nothing else was.
    assert_eq!(
        order,
        [
            vec![Screen],
            vec![Microphone, Screen],
            vec![Microphone, Camera, Screen]
        ]
    );
    let rates: Vec<_> = world
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Encode { source, bitrate } => Some((*source, *bitrate)),
            _ => None,
        })
        .collect();
    assert_eq!(rates, [(Screen, 1_500_000), (Camera, 500_000)]);
}

#[test]
fn pictures_reach_the_server_whole_from_a_keyframe_on_and_it_can_ask_for_more() {
    let mut world = World::joined();
    let mid = world.publish(Source::Camera);
    world.command(Command::Send(Source::Camera, picture(false, 1, 0)));
    assert!(
        world
            .take_event(|event| *event == Event::KeyframeWanted(Source::Camera))
            .is_some(),
        "a picture that nobody can decode is not sent"
    );
    for number in 2..20u8 {
        let picture = picture(number == 2, number, u64::from(number) * 40_000);
        world.command(Command::Send(Source::Camera, picture));
        world.pass(Duration::from_millis(40));
    }
    world.pass(Duration::from_millis(200));
    let expected: Vec<_> = (2..20u8)
        .map(|number| (mid, vp8(number == 2, number, 3000)))
        .collect();
    assert_eq!(world.publish.media(), expected);

    world.pass(Duration::from_secs(1));
    world.events.clear();
    world.publish.change(|rtc| {
        rtc.writer(mid)
            .unwrap()
            .request_keyframe(None, KeyframeRequestKind::Pli)
            .unwrap();
    });
    world.until("keyframe", |w| {
        w.take_event(|e| *e == Event::KeyframeWanted(Source::Camera))
            .is_some()
    });
    world.command(Command::Mute(Source::Camera, true));
    world.command(Command::Send(Source::Camera, picture(true, 30, 2_000_000)));
    world.pass(Duration::from_millis(200));
    assert_eq!(world.publish.media(), [], "a muted camera sends nothing");
}

#[test]
fn what_is_unpublished_is_offered_as_inactive_and_gets_a_new_id_next_time() {
    let mut world = World::joined();
    let mid = world.publish(Source::Camera);
    let (_, mut ids) = (0, Vec::new());
    world.command(Command::Unpublish(Source::Camera));
    let (offer, tracks) = world.offer();
    assert!(tracks.is_empty() && offer.contains("a=inactive"), "{offer}");
    world.answer_publish(&offer);
    assert!(
        !world
            .publish
            .rtc
            .media(mid)
            .unwrap()
            .direction()
            .is_receiving()
    );
    for _ in 0..2 {
        // Changed my mind before the answer came: added, then taken away again.
        world.command(Command::Publish(Source::Camera));
        let (offer, tracks) = world.offer();
        ids.push(tracks[0].track_id.clone());
        world.command(Command::Unpublish(Source::Camera));
        world.answer_publish(&offer);
        let (offer, tracks) = world.offer();
        assert!(tracks.is_empty());
        world.answer_publish(&offer);
    }
    assert_ne!(ids[0], ids[1]);
    assert!(
        world
            .take_event(|event| matches!(event, Event::Offer { .. }))
            .is_none()
    );
}

#[test]
fn a_refused_source_is_told_and_others_go_on() {
    let mut world = World::joined();
    world.command(Command::Publish(Source::Camera));
    let _ = world.offer();
    world.command(Command::Publish(Source::Microphone));
    assert!(world.recording);
    world.command(Command::Refused);
    assert!(
        world
            .take_event(|event| *event == Event::NotPublished(Source::Camera))
            .is_some()
    );
    let (offer, tracks) = world.offer();
    assert_eq!(
        tracks.iter().map(|track| track.source).collect::<Vec<_>>(),
        [Source::Microphone]
    );
    world.answer_publish(&offer);
    world.command(Command::Unpublish(Source::Microphone));
    assert!(!world.recording);
}

#[test]
fn a_tone_reaches_the_server_and_silence_costs_next_to_nothing() {
    let mut world = World::joined();
    world.publish(Source::Microphone);
    let tone = tone_frames(50);
    for frame in &tone {
        world.core.handle(Input::Microphone(frame), world.now);
        world.collect();
        world.pass(Duration::from_millis(20));
    }
    assert_eq!(world.publish.media().len(), 50);
    let levels: Vec<_> = world
        .events
        .iter()
        .filter_map(|event| match event {
            Event::MicrophoneLevel(level) => Some(*level),
            _ => None,
        })
        .collect();
    assert_eq!(levels.len(), 10);
    assert!(levels.iter().all(|level| *level > 70), "{levels:?}");
    world.events.clear();
    world.command(Command::Mute(Source::Microphone, true));
    for frame in tone.iter().cycle().take(150) {
        world.core.handle(Input::Microphone(frame), world.now);
        world.collect();
        world.pass(Duration::from_millis(20));
    }
    let silent: usize = world.publish.media().len();
    assert!(silent < 50, "{silent} packets in 3 s of a muted microphone");
    assert!(
        !world
            .events
            .iter()
            .any(|event| matches!(event, Event::MicrophoneLevel(_)))
    );
}

#[test]
fn a_layer_is_asked_for_until_it_is_granted_and_pictures_come() {
    let mut world = World::joined();
    let (track, mid) = world.camera();
    assert_eq!(world.opened, ["camera"]);
    world.command(Command::Layers(vec![(track.clone(), Layer::Medium)]));
    world.pass(Duration::from_millis(100));
    let heard = world.subscribe.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert_eq!(heard[0]["method"], "prefer-video-track-state");
    assert_eq!(heard[0]["params"]["track_id"], "camera");
    assert_eq!(heard[0]["params"]["max_spatial_layer"], "medium");
    world.pass(Duration::from_millis(600));
    let again = world.subscribe.heard();
    assert_eq!(again.len(), 1, "asked again without an answer");
    world
        .subscribe
        .say(&format!(r#"{{"id":{},"result":{{}}}}"#, again[0]["id"]));
    world.pass(Duration::from_secs(12));
    assert_eq!(
        world.subscribe.heard(),
        Vec::<serde_json::Value>::new(),
        "answered"
    );

    let data: Vec<_> = (0..10u8)
        .map(|number| vp8(number == 0, number, 3000))
        .collect();
    for (number, data) in data.iter().enumerate() {
        let now = world.now;
        world
            .subscribe
            .send(mid, rtp(number as u64), data.clone(), now);
        world.pass(Duration::from_millis(40));
    }
    let got: Vec<_> = world
        .pictures
        .iter()
        .map(|(_, picture, _)| picture.data.clone())
        .collect();
    assert_eq!(got, data);
    assert!(
        world
            .pictures
            .iter()
            .all(|(id, picture, _)| *id == track && picture.at_us > 0)
    );

    let offer = world.subscribe.offer_change(Some(mid));
    world.take_offer(offer);
    world.pass(Duration::from_millis(20));
    assert_eq!(world.closed, [track]);
}

#[test]
fn after_a_loss_a_keyframe_is_asked_for_and_nothing_undecodable_is_given() {
    let mut world = World::joined();
    let (track, mid) = world.camera();
    world.command(Command::Layers(vec![(track, Layer::High)]));
    let mut number = 0u8;
    let mut send = |world: &mut World, is_key: bool| {
        let now = world.now;
        let data = vp8(is_key, number, 500);
        world.subscribe.send(mid, rtp(u64::from(number)), data, now);
        number += 1;
        world.pass(Duration::from_millis(40));
    };
    send(&mut world, true);
    send(&mut world, false);
    assert_eq!(world.pictures.len(), 2);
    world.pass(Duration::from_secs(1));
    world.subscribe.events.clear();
    // Nothing comes for long: no retransmission either.
    world.loses = true;
    for _ in 0..60 {
        send(&mut world, false);
    }
    world.pass(Duration::from_secs(4));
    world.loses = false;
    for _ in 0..40 {
        send(&mut world, false);
    }
    let asked = |world: &World| {
        world
            .subscribe
            .events
            .iter()
            .filter(|event| matches!(event, RtcEvent::KeyframeRequest(_)))
            .count()
    };
    assert!(asked(&world) > 0, "no keyframe was asked for");
    assert_eq!(world.pictures.len(), 2, "deltas after a gap are of no use");
    send(&mut world, true);
    send(&mut world, false);
    let last: Vec<_> = world.pictures[2..]
        .iter()
        .map(|(_, picture, follows)| (picture.is_key, *follows))
        .collect();
    assert_eq!(last, [(true, false), (false, true)]);
}

#[test]
fn a_track_that_is_wanted_and_stands_still_is_told_once_and_again_when_it_moves() {
    let mut world = World::joined();
    let (track, mid) = world.camera();
    world.pass(Duration::from_secs(5));
    let is_frozen = |frozen| move |event: &Event| matches!(event, Event::Frozen { frozen: f, .. } if *f == frozen);
    assert!(
        world.take_event(is_frozen(true)).is_none(),
        "nobody wants it"
    );
    world.command(Command::Layers(vec![(track, Layer::Low)]));
    world.pass(Duration::from_millis(1900));
    assert!(world.take_event(is_frozen(true)).is_none());
    world.pass(Duration::from_secs(10));
    assert!(world.take_event(is_frozen(true)).is_some());
    assert!(world.take_event(is_frozen(true)).is_none(), "once");
    let now = world.now;
    world.subscribe.send(mid, rtp(0), vp8(true, 0, 500), now);
    world.pass(Duration::from_millis(50));
    assert!(world.take_event(is_frozen(false)).is_some());
}

#[test]
fn what_the_server_says_on_the_channel_is_told_and_sound_is_heard() {
    let mut world = World::joined();
    world.subscribe.say(r#"{"method":"active-speakers","params":{"speaker-list":[{"peer_id":"p","track_id":"t","level":40}]}}"#);
    world.until("speakers", |w| {
        w.take_event(|e| *e == Event::Speakers(vec![("t".into(), 40)]))
            .is_some()
    });
    let (offer, mid) = world
        .subscribe
        .offer_track(MediaKind::Audio, "stream", "voice");
    world.take_offer(offer);
    world.pass(Duration::from_millis(20));
    let mut encoder = super::super::audio::Encoder::new().unwrap();
    let mut heard = Vec::new();
    for frame in tone_frames(100) {
        let packet = encoder.encode(&frame).unwrap();
        let now = world.now;
        let time = MediaTime::new(packet.sample, Frequency::FORTY_EIGHT_KHZ);
        world.subscribe.send(mid, time, packet.data, now);
        for _ in 0..2 {
            world.pass(Duration::from_millis(10));
            let mut piece = [0.0; 480];
            world
                .mixer
                .lock()
                .fill(&mut piece, world.now, Duration::ZERO);
            heard.extend(piece);
        }
    }
    let begins = heard.iter().position(|sample| sample.abs() > 0.1).unwrap();
    assert!(
        (1000..8000).contains(&begins),
        "heard after {begins} samples"
    );
    let loud = heard[begins + 9600..]
        .chunks(480)
        .all(|piece| piece.iter().any(|s| s.abs() > 0.1));
    assert!(loud, "without a break");
    let delay = world.mixer.lock().delay("voice").unwrap();
    assert!(
        delay >= Duration::from_millis(30) && delay <= Duration::from_millis(110),
        "{delay:?}"
    );

    world.command(Command::Layers(vec![("voice".into(), Layer::None)]));
    world.pass(Duration::from_millis(50));
    let asked = world.subscribe.heard();
    assert_eq!(asked[0]["method"], "prefer-audio-track-state");
    assert_eq!(asked[0]["params"]["subscribed"], false);
}

#[test]
fn a_lost_network_is_told_and_both_connections_come_back_by_new_ice() {
    let mut world = World::joined();
    let mid = world.publish(Source::Camera);
    world.is_cut = true;
    world.until("lost", |world| {
        world
            .take_event(|e| *e == Event::Connected(false))
            .is_some()
    });
    world.pass(Duration::from_secs(5));
    world.is_cut = false;
    world.command(Command::RestartIce);
    let (offer, tracks) = world.offer();
    assert_eq!(tracks.len(), 1, "it stays published");
    world.answer_publish(&offer);
    let offer = world.subscribe.offer_change(None);
    world.take_offer(offer);
    world.until("connected", |world| {
        world.take_event(|e| *e == Event::Connected(true)).is_some()
    });
    world.publish.events.clear();
    world.command(Command::Send(Source::Camera, picture(true, 7, 9_000_000)));
    world.pass(Duration::from_millis(300));
    assert_eq!(world.publish.media(), [(mid, vp8(true, 7, 3000))]);
}

#[test]
fn an_ice_restart_replaces_an_offer_without_an_answer_and_its_track_follows() {
    let mut world = World::joined();
    world.command(Command::Publish(Source::Camera));
    let _ = world.offer();
    world.command(Command::RestartIce);
    let (offer, tracks) = world.offer();
    assert!(tracks.is_empty());
    world.answer_publish(&offer);
    let (offer, tracks) = world.offer();
    assert_eq!(tracks.len(), 1);
    world.answer_publish(&offer);
    assert!(
        world
            .take_event(|event| matches!(event, Event::Encode { .. }))
            .is_some()
    );
}

#[test]
fn beginning_anew_offers_the_same_tracks_again() {
    let mut world = World::joined();
    world.command(Command::Publish(Source::Camera));
    let (offer, tracks) = world.offer();
    let before: Vec<_> = tracks.into_iter().map(|track| track.track_id).collect();
    world.answer_publish(&offer);
    world.publish = Peer::new(SERVER, world.now);
    world.subscribe = Peer::new(SERVER, world.now);
    world.command(Command::Start);
    let (offer, tracks) = world.offer();
    assert!(tracks.is_empty());
    world.answer_publish(&offer);
    let (_, tracks) = world.offer();
    assert_eq!(
        tracks
            .iter()
            .map(|t| t.track_id.clone())
            .collect::<Vec<_>>(),
        before
    );
}

#[test]
fn nonsense_from_outside_harms_nothing() {
    let mut world = World::joined();
    for text in ["", "v=0", "candidate:x", "\u{0}"] {
        world.command(Command::Offered { sdp: text.into() });
        world.command(Command::Answered { sdp: text.into() });
        for target in [
            super::super::interface::Target::Publish,
            super::super::interface::Target::Subscribe,
        ] {
            world.command(Command::Trickle {
                target,
                candidate: text.into(),
            });
        }
        let (source, destination) = (world.publish.address, client_addresses()[0]);
        for length in [0, 1, 20, 1200] {
            let contents = vec![0x80 | length as u8; length];
            world.core.handle(
                Input::Packet {
                    source,
                    destination,
                    contents: &contents,
                },
                world.now,
            );
        }
    }
    world.publish(Source::Camera);
}

fn tone_frames(count: usize) -> Vec<[f32; FRAME]> {
    (0..count)
        .map(|frame| {
            std::array::from_fn(|n| {
                let time = (frame * FRAME + n) as f32 / 48_000.0;
                (time * 440.0 * std::f32::consts::TAU).sin() * 0.5
            })
        })
        .collect()
}
