//! A room of the SFU and engines that are joined to it: what the session server and the
//! session core do, as far as media needs it.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use kulti_media::client::audio::driver::AudioDriver;
use kulti_media::client::interface::{
    AudioDevices, Command, Event, Picture, Source, VideoSink,
};
use kulti_media::client::{Engine, MakeDriver};
use kulti_media::sfu::{self, Kind, PeerKey, PublishedTrack, Sfu, SfuRoom, SfuSettings};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::sound::Heard;

/// Long enough for a machine that does other things too.
const LIMIT: Duration = Duration::from_secs(90);

/// What is seen of a meeting.
pub(crate) enum Seen {
    /// An engine told something.
    Event(usize, Event),
    /// The SFU told something.
    Sfu(sfu::Event),
    /// An engine's offer with so many tracks was answered.
    Published(usize, usize),
    /// An engine gets pictures of this track.
    Opened(usize, String),
    /// A picture came.
    Picture(usize, Picture),
    /// A tone of so many Hz is played.
    Heard(usize, u32),
}

struct Guest {
    engine: Engine,
    tracks: Vec<PublishedTrack>,
    has_joined: bool,
}

pub(crate) struct Meeting {
    guests: Vec<Guest>,
    names: Vec<String>,
    requests: HashMap<u64, (usize, usize)>,
    next_request: u64,
    room: SfuRoom,
    _sfu: Sfu,
    seen: Receiver<Seen>,
    see: Sender<Seen>,
    deadline: Instant,
}

struct Sink {
    who: usize,
    see: Sender<Seen>,
}

impl VideoSink for Sink {
    fn opened(&mut self, track_id: &str) {
        let _ = self.see.send(Seen::Opened(self.who, track_id.to_owned()));
    }

    fn picture(&mut self, _: &str, picture: Picture, _: bool) {
        let _ = self.see.send(Seen::Picture(self.who, picture));
    }

    fn closed(&mut self, _: &str) {}
}

impl Meeting {
    pub(crate) fn new() -> Self {
        let sfu = Sfu::start(SfuSettings {
            listen: "127.0.0.1:0".parse().unwrap(),
            announced: Vec::new(),
            shards: 1,
            tracks_per_peer: 8,
            tracks_per_room: 64,
        })
        .unwrap();
        let (see, seen) = channel();
        let (events, told) = unbounded_channel();
        let room = sfu.room("meeting", events);
        forward(told, see.clone(), Seen::Sfu);
        Self {
            guests: Vec::new(),
            names: Vec::new(),
            requests: HashMap::new(),
            next_request: 0,
            room,
            _sfu: sfu,
            seen,
            see,
            deadline: Instant::now() + LIMIT,
        }
    }

    /// What is left of the time that a test may take.
    pub(crate) fn limit(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// A guest more; `driver` makes its sound devices.
    pub(crate) fn join<D: AudioDriver + 'static>(
        &mut self,
        name: &str,
        driver: impl FnOnce(Heard) -> D + Send + 'static,
    ) -> usize {
        let who = self.guests.len();
        let see = self.see.clone();
        let heard: Heard = Box::new(move |pitch| drop(see.send(Seen::Heard(who, pitch))));
        let make: MakeDriver = Box::new(move || Box::new(driver(heard)));
        let sink = Box::new(Sink { who, see: self.see.clone() });
        let (events, told) = unbounded_channel();
        let engine = Engine::start(AudioDevices::default(), sink, make, events).unwrap();
        forward(told, self.see.clone(), move |event| Seen::Event(who, event));
        engine.send(Command::Start);
        self.guests.push(Guest { engine, tracks: Vec::new(), has_joined: false });
        self.names.push(name.to_owned());
        who
    }

    pub(crate) fn send(&self, who: usize, command: Command) {
        self.guests[who].engine.send(command);
    }

    pub(crate) fn connected(&mut self, who: usize) {
        self.until("connected", |_, seen| matches!(seen, Seen::Event(w, Event::Connected(true)) if *w == who));
    }

    pub(crate) fn until(&mut self, what: &str, wanted: impl Fn(&Self, &Seen) -> bool) {
        loop {
            let seen = self.next(what);
            if wanted(self, &seen) {
                return;
            }
        }
    }

    pub(crate) fn find<T>(&mut self, what: &str, wanted: impl Fn(&Seen) -> Option<T>) -> T {
        loop {
            if let Some(found) = wanted(&self.next(what)) {
                return found;
            }
        }
    }

    fn next(&mut self, what: &str) -> Seen {
        let Ok(seen) = self.seen.recv_timeout(self.limit()) else { panic!("never: {what}") };
        match &seen {
            Seen::Event(_, Event::AudioFailed { input, failure }) => {
                panic!("sound failed (input: {input}): {failure:?}")
            }
            Seen::Event(who, Event::Offer { sdp, tracks }) => {
                let tracks: Vec<_> = tracks
                    .iter()
                    .map(|track| PublishedTrack {
                        track_id: track.track_id.clone(),
                        stream_id: track.stream_id.clone(),
                        kind: match track.source {
                            Source::Microphone => Kind::Audio,
                            Source::Camera | Source::Screen => Kind::Video,
                        },
                    })
                    .collect();
                self.offer(*who, sdp.clone(), tracks);
            }
            Seen::Event(who, Event::Answer { sdp }) => {
                self.room.send(sfu::Command::Answer { peer: key(*who), sdp: sdp.clone() });
            }
            Seen::Sfu(sfu::Event::Offer { peer, sdp }) => {
                self.send(index(*peer), Command::Offered { sdp: sdp.clone() });
            }
            Seen::Sfu(sfu::Event::Answer { peer, request, result }) => {
                let who = index(*peer);
                let sdp = result.clone().unwrap();
                self.send(who, Command::Answered { sdp });
                let (_, tracks) = self.requests[request];
                let _ = self.see.send(Seen::Published(who, tracks));
                self.subscribe_all();
            }
            _ => {}
        }
        seen
    }

    fn offer(&mut self, who: usize, offer: String, tracks: Vec<PublishedTrack>) {
        self.next_request += 1;
        let (peer, request) = (key(who), self.next_request);
        self.requests.insert(request, (who, tracks.len()));
        self.guests[who].tracks.clone_from(&tracks);
        let command = if std::mem::replace(&mut self.guests[who].has_joined, true) {
            sfu::Command::Publish { peer, request, offer, tracks }
        } else {
            let id = self.names[who].clone();
            sfu::Command::Join { peer, id, auto_video: false, request, offer }
        };
        self.room.send(command);
    }

    /// Everybody gets all that the others publish.
    fn subscribe_all(&self) {
        for who in 0..self.guests.len() {
            let others = self.guests.iter().enumerate().filter(|(other, _)| *other != who);
            let tracks = others
                .flat_map(|(other, guest)| guest.tracks.iter().map(move |t| (key(other), t.track_id.clone())))
                .collect();
            self.room.send(sfu::Command::Subscriptions { peer: key(who), tracks });
        }
    }
}

fn key(who: usize) -> PeerKey {
    PeerKey(who as u64)
}

fn index(peer: PeerKey) -> usize {
    usize::try_from(peer.0).unwrap()
}

fn forward<T: Send + 'static>(
    mut from: UnboundedReceiver<T>,
    to: Sender<Seen>,
    wrap: impl Fn(T) -> Seen + Send + 'static,
) {
    std::thread::spawn(move || {
        while let Some(told) = from.blocking_recv() {
            if to.send(wrap(told)).is_err() {
                return;
            }
        }
    });
}
