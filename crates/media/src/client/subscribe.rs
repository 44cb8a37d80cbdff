//! What I get: pictures, sound, and what the server says on the data channel.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::audio::Mixer;
use super::channel::{Message, parse};
use super::core::{Outbox, Output};
use super::interface::{Event, Layer, Picture};
use super::requests::{Preference, Requests};
use super::sync::Timeline;
use crate::rtc::participant::{Connection, Happening, Kind, Out, Section};

/// A keyframe that was asked for and does not come is asked for again.
const KEYFRAME_PATIENCE: Duration = Duration::from_millis(500);

/// At most so often one is asked for.
const BETWEEN_KEYFRAMES: Duration = Duration::from_millis(200);

/// Without a picture for longer a track counts as frozen.
const FROZEN: Duration = Duration::from_secs(2);

/// More tracks are not taken: the largest room has far fewer on stage.
const MOST_TRACKS: usize = 256;

struct Track {
    track_id: String,
    stream_id: String,
    video: Option<Video>,
}

struct Video {
    wanted: bool,
    timeline: Timeline,
    /// Whether the next picture can be decoded after the last one given.
    in_sync: bool,
    /// Pictures were left out since the last one given.
    gap: bool,
    key_asked: Option<Instant>,
    ask_key_at: Option<Instant>,
    /// The last picture, or since when they are wanted.
    last_picture: Instant,
    frozen: bool,
}

/// The subscribe connection.
pub(super) struct Subscriber {
    connection: Option<Connection>,
    epoch: Instant,
    mixer: Arc<Mutex<Mixer>>,
    tracks: HashMap<Section, Track>,
    layers: HashMap<String, Layer>,
    requests: Requests,
    channel_is_open: bool,
}

impl Subscriber {
    pub(super) fn new(epoch: Instant, mixer: Arc<Mutex<Mixer>>) -> Self {
        Self {
            connection: None,
            epoch,
            mixer,
            tracks: HashMap::new(),
            layers: HashMap::new(),
            requests: Requests::default(),
            channel_is_open: false,
        }
    }

    pub(super) fn connection(&mut self) -> Option<&mut Connection> {
        self.connection.as_mut()
    }

    pub(super) fn is_up(&self) -> bool {
        self.connection.as_ref().is_some_and(Connection::is_up)
    }

    /// Begins anew: all tracks are gone.
    pub(super) fn start(&mut self, addresses: &[SocketAddr], now: Instant, out: &mut Outbox) {
        self.stop(out);
        self.connection = Some(Connection::new(addresses, now));
    }

    pub(super) fn stop(&mut self, out: &mut Outbox) {
        self.connection = None;
        self.channel_is_open = false;
        let sections: Vec<_> = self.tracks.keys().copied().collect();
        for section in sections {
            self.close(section, out);
        }
    }

    /// The server's offer.
    pub(super) fn offered(&mut self, sdp: &str, addresses: &[SocketAddr], out: &mut Outbox) {
        let Some(connection) = &mut self.connection else { return };
        connection.add_addresses(addresses);
        match connection.accept_offer(sdp) {
            Ok(sdp) => out.push_back(Output::Event(Event::Answer { sdp })),
            Err(error) => tracing::warn!(%error, "the server's offer"),
        }
    }

    /// What is wanted from now on.
    pub(super) fn layers(&mut self, layers: Vec<(String, Layer)>, now: Instant, out: &mut Outbox) {
        self.layers = layers.into_iter().collect();
        let sections: Vec<_> = self.tracks.keys().copied().collect();
        for section in sections {
            self.apply_layer(section, now, out);
        }
    }

    /// The decoder of this track needs a keyframe.
    pub(super) fn keyframe(&mut self, track_id: &str, now: Instant) {
        let found = self.tracks.values_mut().find(|track| track.track_id == track_id);
        if let Some(video) = found.and_then(|track| track.video.as_mut()) {
            video.lose_place(now);
        }
    }

    /// What the connection has to tell.
    pub(super) fn poll(&mut self, now: Instant, out: &mut Outbox) {
        loop {
            while let Some(came_out) = self.connection.as_mut().and_then(Connection::poll) {
                match came_out {
                    Out::Transmit { source, destination, contents } => {
                        out.push_back(Output::Transmit { source, destination, contents });
                    }
                    Out::Happening(happening) => self.take(happening, now, out),
                }
            }
            if !self.ask(now) {
                return;
            }
        }
    }

    /// What is due.
    pub(super) fn timeout(&mut self, now: Instant, out: &mut Outbox) {
        if let Some(connection) = &mut self.connection
            && now >= connection.deadline()
        {
            connection.timeout(now);
        }
        for track in self.tracks.values_mut() {
            if let Some(video) = &mut track.video
                && video.wanted
                && !video.frozen
                && now >= video.last_picture + FROZEN
            {
                video.frozen = true;
                out.push_back(frozen(&track.track_id, true));
            }
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let of_tracks = self.tracks.values().filter_map(|track| {
            let video = track.video.as_ref()?;
            let freezes = (video.wanted && !video.frozen).then(|| video.last_picture + FROZEN);
            video.ask_key_at.into_iter().chain(freezes).min()
        });
        let of_requests = self.requests.deadline().filter(|_| self.channel_is_open);
        of_tracks.chain(of_requests).chain(self.connection.as_ref().map(Connection::deadline)).min()
    }

    /// Sends what is to be asked for now; says whether something was.
    fn ask(&mut self, now: Instant) -> bool {
        let Some(connection) = &mut self.connection else { return false };
        let mut asked = false;
        for (&section, track) in &mut self.tracks {
            if let Some(video) = &mut track.video
                && video.ask_key_at.is_some_and(|at| now >= at)
            {
                connection.request_keyframe(section);
                asked = true;
                video.key_asked = Some(now);
                video.ask_key_at = video.wanted.then(|| now + KEYFRAME_PATIENCE);
            }
        }
        while self.channel_is_open
            && let Some(text) = self.requests.poll(now)
        {
            // What the channel cannot take is sent again when no answer comes.
            connection.send_text(&text);
            asked = true;
        }
        asked
    }

    fn take(&mut self, happening: Happening, now: Instant, out: &mut Outbox) {
        match happening {
            Happening::Up => out.push_back(Output::State),
            Happening::Down => out.push_back(Output::Lost),
            Happening::Opened { section, kind, stream_id, track_id } => {
                let track = Track { track_id, stream_id, video: None };
                self.open(section, kind, track, now, out);
            }
            Happening::Closed(section) => self.close(section, out),
            Happening::Media { section, rtp_time, sequence, arrived, contiguous, is_key, data } => {
                let Some(track) = self.tracks.get_mut(&section) else { return };
                let Some(video) = &mut track.video else {
                    return self.mixer.lock().push(&track.track_id, sequence, rtp_time, &data, arrived);
                };
                video.last_picture = now;
                if std::mem::take(&mut video.frozen) {
                    out.push_back(frozen(&track.track_id, false));
                }
                let Some(follows) = video.accept(is_key, contiguous, now) else { return };
                let stream_id = track.stream_id.clone();
                let delay = self.sound_delay(&stream_id);
                let Some(track) = self.tracks.get_mut(&section) else { return };
                let Some(video) = &mut track.video else { return };
                let at_us = video.timeline.show_at(rtp_time, arrived, delay);
                let picture = Picture { is_key, at_us, data: data.to_vec() };
                out.push_back(Output::Picture { track_id: track.track_id.clone(), picture, follows });
            }
            Happening::ChannelOpen => {
                self.channel_is_open = true;
                self.requests.reset();
            }
            Happening::ChannelClosed => self.channel_is_open = false,
            Happening::Text(text) => match parse(&text) {
                Some(Message::Answer(answer)) => self.requests.answered(&answer, now),
                Some(Message::Event(event)) => out.push_back(Output::Event(event)),
                None => {}
            },
            Happening::KeyframeWanted(_) | Happening::Loss(..) => {}
        }
    }

    /// How long the sound of this person waits.
    fn sound_delay(&self, stream_id: &str) -> Duration {
        let sound =
            self.tracks.values().find(|track| track.video.is_none() && track.stream_id == stream_id);
        sound.and_then(|track| self.mixer.lock().delay(&track.track_id)).unwrap_or_default()
    }

    fn open(&mut self, section: Section, kind: Kind, mut track: Track, now: Instant, out: &mut Outbox) {
        if self.tracks.get(&section).is_some_and(|known| known.track_id == track.track_id) {
            return;
        }
        self.close(section, out);
        let same_id = self.tracks.iter().find(|(_, known)| known.track_id == track.track_id);
        if let Some((&older, _)) = same_id {
            self.close(older, out);
        }
        if self.tracks.len() >= MOST_TRACKS {
            return;
        }
        let track_id = track.track_id.clone();
        match kind {
            Kind::Audio => {
                self.mixer.lock().open(&track_id);
                self.requests.add(&track_id, Preference::Audio(true), Preference::Audio(true));
            }
            Kind::Video => {
                track.video = Some(Video {
                    wanted: false,
                    timeline: Timeline::new(self.epoch),
                    in_sync: false,
                    gap: false,
                    key_asked: None,
                    ask_key_at: Some(now),
                    last_picture: now,
                    frozen: false,
                });
                let none = Preference::Video(Layer::None);
                self.requests.add(&track_id, none, none);
                out.push_back(Output::Opened(track_id));
            }
        }
        self.tracks.insert(section, track);
        self.apply_layer(section, now, out);
    }

    fn close(&mut self, section: Section, out: &mut Outbox) {
        let Some(track) = self.tracks.remove(&section) else { return };
        self.requests.remove(&track.track_id);
        if track.video.is_some() {
            out.push_back(Output::Closed(track.track_id));
        } else {
            self.mixer.lock().close(&track.track_id);
        }
    }

    fn apply_layer(&mut self, section: Section, now: Instant, out: &mut Outbox) {
        let Some(track) = self.tracks.get_mut(&section) else { return };
        let layer = self.layers.get(&track.track_id).copied();
        let Some(video) = &mut track.video else {
            let wanted = layer != Some(Layer::None);
            return self.requests.want(&track.track_id, Preference::Audio(wanted));
        };
        let layer = layer.unwrap_or(Layer::None);
        self.requests.want(&track.track_id, Preference::Video(layer));
        let was_wanted = std::mem::replace(&mut video.wanted, layer != Layer::None);
        if video.wanted && !was_wanted {
            video.last_picture = now;
            video.lose_place(now);
        } else if !video.wanted {
            video.ask_key_at = video.ask_key_at.filter(|_| !was_wanted);
            if std::mem::take(&mut video.frozen) {
                out.push_back(frozen(&track.track_id, false));
            }
        }
    }
}

impl Video {
    /// The next picture is of use only if it is a keyframe: ask for one.
    fn lose_place(&mut self, now: Instant) {
        self.in_sync = false;
        self.gap = true;
        let soonest = self.key_asked.map_or(now, |asked| now.max(asked + BETWEEN_KEYFRAMES));
        self.ask_key_at = Some(self.ask_key_at.map_or(soonest, |at| at.min(soonest)));
    }

    /// Whether a picture can be decoded; if so, whether it follows the last one given.
    fn accept(&mut self, is_key: bool, contiguous: bool, now: Instant) -> Option<bool> {
        if is_key {
            self.in_sync = true;
            self.ask_key_at = None;
            return Some(!std::mem::take(&mut self.gap) && contiguous);
        }
        if self.in_sync && contiguous {
            return Some(true);
        }
        if self.in_sync || self.ask_key_at.is_none() {
            self.lose_place(now);
        }
        self.gap = true;
        None
    }
}

fn frozen(track_id: &str, frozen: bool) -> Output {
    Output::Event(Event::Frozen { track_id: track_id.to_owned(), frozen })
}
