//! The SFU with its real threads, sockets and clock, and clients that send and get whole
//! pictures.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::HashMap;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

use kulti_media::sfu::{
    Command, Event, Kind, PeerKey, PublishedTrack, Sfu, SfuRoom, SfuSettings, Target,
};
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::channel::ChannelId;
use str0m::media::{Direction, Frequency, MediaKind, MediaTime, Mid};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Input, Output, Rtc};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

const LIMIT: Duration = Duration::from_secs(60);

/// A connection with a socket of its own.
struct End {
    rtc: Rtc,
    socket: UdpSocket,
    pending: Option<SdpPendingOffer>,
    channel: Option<ChannelId>,
    keyframe_wanted: bool,
    pictures: Vec<Vec<u8>>,
}

impl End {
    fn new() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let mut rtc = Rtc::builder()
            .clear_codecs()
            .enable_vp8(true)
            .enable_opus(true, false)
            .build(Instant::now());
        rtc.add_local_candidate(Candidate::host(socket.local_addr().unwrap(), "udp").unwrap());
        Self {
            rtc,
            socket,
            pending: None,
            channel: None,
            keyframe_wanted: true,
            pictures: Vec::new(),
        }
    }

    fn drain(&mut self) {
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(_) => return,
                Output::Transmit(t) => {
                    self.socket.send_to(&t.contents, t.destination).unwrap();
                }
                Output::Event(str0m::Event::ChannelOpen(id, _)) => self.channel = Some(id),
                Output::Event(str0m::Event::KeyframeRequest(_)) => self.keyframe_wanted = true,
                Output::Event(str0m::Event::MediaData(data)) => {
                    self.pictures.push(data.data.to_vec());
                }
                Output::Event(_) => {}
            }
        }
    }

    fn turn(&mut self) {
        self.drain();
        let mut buffer = [0; 2000];
        while let Ok((length, source)) = self.socket.recv_from(&mut buffer) {
            let destination = self.socket.local_addr().unwrap();
            let receive =
                Receive::new(Protocol::Udp, source, destination, &buffer[..length]).unwrap();
            self.rtc
                .handle_input(Input::Receive(Instant::now(), receive))
                .unwrap();
            self.drain();
        }
        self.rtc
            .handle_input(Input::Timeout(Instant::now()))
            .unwrap();
        self.drain();
    }
}

struct Client {
    publish: End,
    subscribe: End,
}

struct Session {
    room: SfuRoom,
    events: UnboundedReceiver<Event>,
    clients: HashMap<PeerKey, Client>,
    seen: Vec<Event>,
}

impl Session {
    fn new(sfu: &Sfu) -> Self {
        let (sender, events) = unbounded_channel();
        let room = sfu.room("a room", sender);
        Self {
            room,
            events,
            clients: HashMap::new(),
            seen: Vec::new(),
        }
    }

    fn join(&mut self, peer: PeerKey) {
        let mut client = Client {
            publish: End::new(),
            subscribe: End::new(),
        };
        let mut api = client.publish.rtc.sdp_api();
        api.add_channel("ion-sfu".into());
        let (offer, pending) = api.apply().unwrap();
        client.publish.pending = Some(pending);
        self.clients.insert(peer, client);
        self.room.send(Command::Join {
            peer,
            id: format!("peer-{}", peer.0),
            auto_video: true,
            request: peer.0,
            offer: offer.to_sdp_string(),
        });
    }

    fn turn(&mut self) {
        while let Ok(event) = self.events.try_recv() {
            match &event {
                Event::Answer { peer, result, .. } => {
                    let end = &mut self.clients.get_mut(peer).unwrap().publish;
                    let answer = SdpAnswer::from_sdp_string(result.as_ref().unwrap()).unwrap();
                    let pending = end.pending.take().unwrap();
                    end.rtc.sdp_api().accept_answer(pending, answer).unwrap();
                }
                Event::Offer { peer, sdp } => {
                    let end = &mut self.clients.get_mut(peer).unwrap().subscribe;
                    let offer = SdpOffer::from_sdp_string(sdp).unwrap();
                    let answer = end.rtc.sdp_api().accept_offer(offer).unwrap();
                    self.room.send(Command::Answer {
                        peer: *peer,
                        sdp: answer.to_sdp_string(),
                    });
                }
                _ => {}
            }
            self.seen.push(event);
        }
        for client in self.clients.values_mut() {
            client.publish.turn();
            client.subscribe.turn();
        }
    }

    fn until(&mut self, what: &str, mut is_true: impl FnMut(&mut Self) -> bool) {
        let start = Instant::now();
        while !is_true(self) {
            assert!(
                start.elapsed() < LIMIT,
                "{what}: not within a minute; {:?}",
                self.seen
            );
            self.turn();
            std::thread::yield_now();
        }
    }

    fn end(&mut self, peer: u64) -> &mut End {
        &mut self.clients.get_mut(&PeerKey(peer)).unwrap().publish
    }

    /// Publishes a camera by the first peer, for the second.
    fn publish(&mut self) -> Mid {
        let end = self.end(1);
        let mut api = end.rtc.sdp_api();
        let (stream, track) = (Some("stream".to_owned()), Some("camera".to_owned()));
        let mid = api.add_media(MediaKind::Video, Direction::SendOnly, stream, track, None);
        let (offer, pending) = api.apply().unwrap();
        end.pending = Some(pending);
        let published = PublishedTrack {
            track_id: "camera".into(),
            stream_id: "stream".into(),
            kind: Kind::Video,
        };
        self.room.send(Command::Publish {
            peer: PeerKey(1),
            request: 9,
            offer: offer.to_sdp_string(),
            tracks: vec![published],
        });
        let tracks = vec![(PeerKey(1), "camera".to_owned())];
        self.room.send(Command::Subscriptions {
            peer: PeerKey(2),
            tracks,
        });
        mid
    }

    /// A picture of several packets.
    fn send(&mut self, mid: Mid, number: u32) {
        let end = self.end(1);
        let mut picture = vec![7; 5000];
        picture[0] = u8::from(!std::mem::take(&mut end.keyframe_wanted));
        picture[1..5].copy_from_slice(&number.to_be_bytes());
        let time = MediaTime::new(u64::from(number) * 3000, Frequency::NINETY_KHZ);
        let Some(pt) = end
            .rtc
            .media(mid)
            .and_then(|m| m.remote_pts().first().copied())
        else {
            return;
        };
        if let Some(writer) = end.rtc.writer(mid) {
            writer.write(pt, Instant::now(), time, picture).unwrap();
            end.drain();
        }
    }
}

fn is_connected(session: &Session, peer: u64, target: Target) -> bool {
    session.seen.contains(&Event::Connected {
        peer: PeerKey(peer),
        target,
    })
}

#[test]
fn pictures_go_from_one_to_another_and_all_ends_when_it_is_dropped() {
    let sfu = Sfu::start(SfuSettings {
        listen: "127.0.0.1:0".parse().unwrap(),
        announced: Vec::new(),
        shards: 2,
        tracks_per_peer: 4,
        tracks_per_room: 16,
    })
    .unwrap();
    assert_eq!(sfu.addresses().len(), 2);
    let mut session = Session::new(&sfu);
    session.join(PeerKey(1));
    session.join(PeerKey(2));
    session.until("all are connected", |session| {
        [1, 2].into_iter().all(|peer| {
            is_connected(session, peer, Target::Publish)
                && is_connected(session, peer, Target::Subscribe)
        })
    });

    let mid = session.publish();
    let mut number = 0;
    let mut next = Instant::now();
    session.until("fifty pictures", |session| {
        if Instant::now() >= next {
            next = Instant::now() + Duration::from_millis(20);
            number += 1;
            session.send(mid, number);
        }
        session.clients[&PeerKey(2)].subscribe.pictures.len() >= 50
    });
    let pictures = &session.clients[&PeerKey(2)].subscribe.pictures;
    assert_eq!(pictures[0][0], 0, "the first is a keyframe");
    let numbers: Vec<_> = pictures
        .iter()
        .map(|p| u32::from_be_bytes([p[1], p[2], p[3], p[4]]))
        .collect();
    assert!(
        numbers.windows(2).all(|pair| pair[0] < pair[1]),
        "{numbers:?}"
    );
    assert!(
        pictures
            .iter()
            .all(|picture| picture.len() == 5000 && picture[4999] == 7)
    );

    let figures = sfu.figures();
    let busy: Vec<_> = figures
        .iter()
        .filter(|figures| figures.rooms == 1)
        .collect();
    assert_eq!(busy.len(), 1, "{figures:?}");
    assert_eq!((busy[0].peers, busy[0].tracks), (2, 1));
    assert!(
        busy[0].packets_out > 200 && busy[0].packets_in > 200,
        "{:?}",
        busy[0]
    );

    // Rooms go where few people are.
    let (sender, _events) = unbounded_channel();
    let second = sfu.room("another room", sender);
    session.until("the other shard has a room", |_| {
        sfu.figures().iter().all(|figures| figures.rooms == 1)
    });
    drop(second);
    session.until("the room is closed", |_| {
        sfu.figures()
            .iter()
            .map(|figures| figures.rooms)
            .sum::<u64>()
            == 1
    });

    drop(sfu);
    assert!(
        session.events.is_closed(),
        "nobody is left to tell anything"
    );
}
