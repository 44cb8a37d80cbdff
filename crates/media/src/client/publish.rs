//! What I send: tracks, one offer after another, keyframes when asked, and bitrates.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::audio::{Encoder, FRAME, LevelMeter};
use super::bitrate::Bitrate;
use super::core::{Outbox, Output};
use super::interface::{Event, LocalTrack, Picture, Source};
use crate::rtc::participant::{
    Change, Connection, DescriptionError, Happening, Kind, Out, Section,
};

/// bits/s of a camera's 640x360 pictures.
const CAMERA_BITRATE: u32 = 500_000;

/// bits/s of a screen.
const SCREEN_BITRATE: u32 = 1_500_000;

/// Keyframes are asked for at most so often: several viewers may need one at once.
const BETWEEN_KEYFRAMES: Duration = Duration::from_millis(200);

/// Without a keyframe the encoder is asked again.
const KEYFRAME_PATIENCE: Duration = Duration::from_secs(1);

/// Larger pictures are not sent: str0m's queue is finite, and so are the viewers' lines.
const LARGEST_PICTURE: usize = 2 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Waits for its offer.
    Wanted,
    /// In the offer that has no answer yet.
    Offered,
    /// Can be sent.
    Live(Section),
}

struct Published {
    track_id: String,
    stage: Stage,
    muted: bool,
    bitrate: Option<Bitrate>,
    /// Until a keyframe comes the others are of no use to anyone.
    waits_for_key: bool,
    key_asked: Option<Instant>,
    /// A request that came too soon after the last.
    ask_key_at: Option<Instant>,
}

/// The publish connection.
pub(super) struct Publisher {
    connection: Option<Connection>,
    /// The first answer has come.
    is_joined: bool,
    sources: BTreeMap<Source, Published>,
    muted: BTreeMap<Source, bool>,
    /// What the offer that has no answer yet adds.
    offered: Option<(String, Section)>,
    removals: Vec<Section>,
    restart: bool,
    person_stream: String,
    screen_stream: String,
    encoder: Option<Encoder>,
    meter: LevelMeter,
}

impl Publisher {
    pub(super) fn new() -> Self {
        Self {
            connection: None,
            is_joined: false,
            sources: BTreeMap::new(),
            muted: BTreeMap::new(),
            offered: None,
            removals: Vec::new(),
            restart: false,
            person_stream: Uuid::new_v4().to_string(),
            screen_stream: Uuid::new_v4().to_string(),
            encoder: None,
            meter: LevelMeter::default(),
        }
    }

    pub(super) fn connection(&mut self) -> Option<&mut Connection> {
        self.connection.as_mut()
    }

    pub(super) fn is_up(&self) -> bool {
        self.connection.as_ref().is_some_and(Connection::is_up)
    }

    /// Begins anew; sources that are wanted are offered again after the first answer.
    pub(super) fn start(&mut self, addresses: &[SocketAddr], now: Instant, out: &mut Outbox) {
        self.connection = Some(Connection::new(addresses, now));
        self.is_joined = false;
        self.offered = None;
        self.removals.clear();
        self.restart = false;
        for published in self.sources.values_mut() {
            published.stage = Stage::Wanted;
        }
        self.offer(&[Change::Channel], out);
    }

    pub(super) fn stop(&mut self) {
        self.connection = None;
        self.sources.clear();
        self.is_joined = false;
    }

    /// The answer to the last offer.
    pub(super) fn answered(&mut self, sdp: &str, out: &mut Outbox) {
        let Some(connection) = &mut self.connection else {
            return;
        };
        match connection.accept_answer(sdp) {
            Ok(()) => {}
            Err(DescriptionError::NotAsked) => return,
            Err(error) => {
                tracing::warn!(%error, "the answer to an offer");
                return self.refused(out);
            }
        }
        self.is_joined = true;
        if let Some((track_id, section)) = self.offered.take() {
            let found = self
                .sources
                .iter_mut()
                .find(|(_, published)| published.track_id == track_id);
            match found {
                Some((&source, published)) => {
                    published.stage = Stage::Live(section);
                    published.waits_for_key = true;
                    if let Some(bitrate) = &published.bitrate {
                        let bitrate = bitrate.get();
                        out.push_back(Output::Event(Event::Encode { source, bitrate }));
                    }
                }
                // Unpublished meanwhile.
                None => self.removals.push(section),
            }
        }
        self.offer_next(out);
    }

    /// The server does not take the last offer.
    pub(super) fn refused(&mut self, out: &mut Outbox) {
        if let Some(connection) = &mut self.connection {
            connection.withdraw();
        }
        if let Some((track_id, _)) = self.offered.take() {
            let found = self
                .sources
                .iter()
                .find(|(_, published)| published.track_id == track_id);
            if let Some((&source, _)) = found {
                self.sources.remove(&source);
                out.push_back(Output::Event(Event::NotPublished(source)));
            }
        }
        self.offer_next(out);
    }

    /// New ICE credentials; replaces an offer that has no answer yet.
    pub(super) fn restart_ice(&mut self, addresses: &[SocketAddr], out: &mut Outbox) {
        let Some(connection) = &mut self.connection else {
            return;
        };
        if !self.is_joined {
            return;
        }
        connection.add_addresses(addresses);
        connection.withdraw();
        if let Some((track_id, _)) = self.offered.take()
            && let Some(published) = self.sources.values_mut().find(|p| p.track_id == track_id)
        {
            published.stage = Stage::Wanted;
        }
        self.restart = true;
        self.offer_next(out);
    }

    /// This source is wanted; nothing changes if it is already.
    pub(super) fn publish(&mut self, source: Source, out: &mut Outbox) {
        let bitrate = match source {
            Source::Microphone => {
                self.encoder = self.encoder.take().or_else(Encoder::new);
                None
            }
            Source::Camera => Some(Bitrate::new(CAMERA_BITRATE)),
            Source::Screen => Some(Bitrate::new(SCREEN_BITRATE)),
        };
        let muted = self.muted.get(&source).copied().unwrap_or(false);
        self.sources.entry(source).or_insert_with(|| Published {
            track_id: Uuid::new_v4().to_string(),
            stage: Stage::Wanted,
            muted,
            bitrate,
            waits_for_key: true,
            key_asked: None,
            ask_key_at: None,
        });
        self.offer_next(out);
    }

    /// Not wanted any more.
    pub(super) fn unpublish(&mut self, source: Source, out: &mut Outbox) {
        if let Some(Published {
            stage: Stage::Live(section),
            ..
        }) = self.sources.remove(&source)
        {
            self.removals.push(section);
        }
        self.offer_next(out);
    }

    /// Whether a source is wanted.
    pub(super) fn has(&self, source: Source) -> bool {
        self.sources.contains_key(&source)
    }

    pub(super) fn mute(&mut self, source: Source, muted: bool, now: Instant, out: &mut Outbox) {
        self.muted.insert(source, muted);
        let Some(published) = self.sources.get_mut(&source) else {
            return;
        };
        let was_muted = std::mem::replace(&mut published.muted, muted);
        if was_muted && !muted {
            published.waits_for_key = true;
            published.ask_key(source, now, out);
        }
    }

    /// A picture to be sent.
    pub(super) fn send(
        &mut self,
        source: Source,
        picture: Picture,
        now: Instant,
        out: &mut Outbox,
    ) {
        let Some(connection) = self
            .connection
            .as_mut()
            .filter(|connection| connection.is_up())
        else {
            return;
        };
        let Some(published) = self.sources.get_mut(&source) else {
            return;
        };
        let Stage::Live(section) = published.stage else {
            return;
        };
        if published.muted || picture.data.is_empty() || picture.data.len() > LARGEST_PICTURE {
            return;
        }
        if picture.is_key {
            published.waits_for_key = false;
            published.ask_key_at = None;
        } else if published.waits_for_key {
            if published
                .key_asked
                .is_none_or(|asked| now >= asked + KEYFRAME_PATIENCE)
            {
                published.ask_key(source, now, out);
            }
            return;
        }
        connection.send_picture(section, picture.at_us, picture.data, now);
    }

    /// 20 ms of the microphone.
    pub(super) fn record(&mut self, frame: &[f32; FRAME], now: Instant, out: &mut Outbox) {
        let (Some(published), Some(encoder)) =
            (self.sources.get(&Source::Microphone), self.encoder.as_mut())
        else {
            return;
        };
        if !published.muted
            && let Some(level) = self.meter.push(frame)
        {
            out.push_back(Output::Event(Event::MicrophoneLevel(level)));
        }
        let connection = self
            .connection
            .as_mut()
            .filter(|connection| connection.is_up());
        let (Some(connection), Stage::Live(section)) = (connection, published.stage) else {
            return encoder.skip();
        };
        let silence = [0.0; FRAME];
        if let Some(packet) = encoder.encode(if published.muted { &silence } else { frame }) {
            let about = (packet.level, packet.begins);
            connection.send_sound(section, packet.sample, packet.data, about, now);
        }
    }

    /// What the connection has to tell.
    pub(super) fn poll(&mut self, now: Instant, out: &mut Outbox) {
        while let Some(came_out) = self.connection.as_mut().and_then(Connection::poll) {
            match came_out {
                Out::Transmit {
                    source,
                    destination,
                    contents,
                } => {
                    out.push_back(Output::Transmit {
                        source,
                        destination,
                        contents,
                    });
                }
                Out::Happening(happening) => self.take(happening, now, out),
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
        for (&source, published) in &mut self.sources {
            if published.ask_key_at.is_some_and(|at| now >= at) {
                published.ask_key(source, now, out);
            }
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let keys = self
            .sources
            .values()
            .filter_map(|published| published.ask_key_at);
        keys.chain(self.connection.as_ref().map(Connection::deadline))
            .min()
    }

    fn take(&mut self, happening: Happening, now: Instant, out: &mut Outbox) {
        match happening {
            Happening::Up => {
                for (&source, published) in &mut self.sources {
                    published.waits_for_key = true;
                    published.ask_key(source, now, out);
                }
                out.push_back(Output::State);
            }
            Happening::Down => out.push_back(Output::Lost),
            Happening::KeyframeWanted(section) => {
                if let Some((source, published)) = self.by_section(section) {
                    published.ask_key(source, now, out);
                }
            }
            Happening::Loss(section, loss) => {
                if let Some((source, published)) = self.by_section(section)
                    && let Some(bitrate) = published.bitrate.as_mut().and_then(|b| b.report(loss))
                {
                    out.push_back(Output::Event(Event::Encode { source, bitrate }));
                }
            }
            _ => {}
        }
    }

    fn by_section(&mut self, section: Section) -> Option<(Source, &mut Published)> {
        let found = self
            .sources
            .iter_mut()
            .find(|(_, p)| p.stage == Stage::Live(section));
        found.map(|(&source, published)| (source, published))
    }

    /// The next change, unless an offer is out already.
    fn offer_next(&mut self, out: &mut Outbox) {
        let Some(connection) = &self.connection else {
            return;
        };
        if !self.is_joined || connection.has_offer() {
            return;
        }
        if std::mem::take(&mut self.restart) {
            return self.offer(&[Change::RestartIce], out);
        }
        if !self.removals.is_empty() {
            let removals: Vec<_> = self.removals.drain(..).map(Change::Remove).collect();
            return self.offer(&removals, out);
        }
        // In the order of sources: the microphone first.
        let wanted = self
            .sources
            .iter_mut()
            .find(|(_, published)| published.stage == Stage::Wanted);
        let Some((&source, published)) = wanted else {
            return;
        };
        published.stage = Stage::Offered;
        let kind = if source == Source::Microphone {
            Kind::Audio
        } else {
            Kind::Video
        };
        let track_id = published.track_id.clone();
        let stream_id = self.stream_id(source).to_owned();
        self.offer(
            &[Change::Add {
                kind,
                stream_id,
                track_id,
            }],
            out,
        );
    }

    fn offer(&mut self, changes: &[Change], out: &mut Outbox) {
        let Some(connection) = &mut self.connection else {
            return;
        };
        let Some((sdp, added)) = connection.offer(changes) else {
            return;
        };
        self.offered = match (changes.first(), added) {
            (Some(Change::Add { track_id, .. }), Some(section)) => {
                Some((track_id.clone(), section))
            }
            _ => None,
        };
        let tracks = self
            .sources
            .iter()
            .filter(|(_, published)| published.stage != Stage::Wanted)
            .map(|(&source, published)| LocalTrack {
                source,
                track_id: published.track_id.clone(),
                stream_id: self.stream_id(source).to_owned(),
            })
            .collect();
        out.push_back(Output::Event(Event::Offer { sdp, tracks }));
    }

    fn stream_id(&self, source: Source) -> &str {
        if source == Source::Screen {
            &self.screen_stream
        } else {
            &self.person_stream
        }
    }
}

impl Published {
    /// Asks for a keyframe now, or as soon as the last request is long enough ago.
    fn ask_key(&mut self, source: Source, now: Instant, out: &mut Outbox) {
        self.ask_key_at = None;
        if source == Source::Microphone || self.muted || !matches!(self.stage, Stage::Live(_)) {
            return;
        }
        match self.key_asked {
            Some(asked) if now < asked + BETWEEN_KEYFRAMES => {
                self.ask_key_at = Some(asked + BETWEEN_KEYFRAMES);
            }
            _ => {
                self.key_asked = Some(now);
                out.push_back(Output::Event(Event::KeyframeWanted(source)));
            }
        }
    }
}
