//! Live media of this stay: what others publish, what I send, what is to be seen, and how
//! far the two connections are. What is sent to server and engine is `session`'s doing.

mod link;
mod sending;
mod sight;
mod sound;
mod tracks;

use std::collections::{HashMap, HashSet};

use kulti_media::client::interface::{AudioDevices, Source};

pub(super) use self::{
    link::{Link, OfferFor},
    sending::{Sending, allows},
    sight::Sight,
    sound::Sound,
    tracks::{Kind, Tracks},
};
use super::view::{CameraView, MicrophoneView, PersonMediaView, SendingView, SpeakerView};

/// Of how many people the quality is kept.
const QUALITIES: usize = 20_000;
/// How many people are shown to speak at once.
const SPEAKERS: usize = 16;
/// The best quality there is.
const BEST: u8 = 5;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Media {
    pub(super) link: Link,
    pub(super) tracks: Tracks,
    pub(super) sending: Sending,
    pub(super) sight: Sight,
    pub(super) sound: Sound,
    /// Tracks whose pictures do not come.
    frozen: HashSet<String>,
    qualities: HashMap<String, u8>,
    /// By peer id, loudest first.
    speakers: Vec<(String, u8)>,
    /// Why the server refused the last offer.
    pub(super) refusal: Option<String>,
    /// My microphone's level.
    pub(super) level: Option<u8>,
}

impl Media {
    pub(super) fn new(devices: Option<&AudioDevices>) -> Self {
        Self {
            sound: Sound::new(devices.cloned().unwrap_or_default()),
            ..Self::default()
        }
    }

    /// Somebody left.
    pub(super) fn left(&mut self, peer_id: &str) {
        self.tracks.left(peer_id);
        self.qualities.remove(peer_id);
        self.speakers.retain(|(speaker, _)| speaker != peer_id);
    }

    /// A track stands still, or goes on.
    pub(super) fn froze(&mut self, track_id: &str, frozen: bool) {
        if !frozen {
            self.frozen.remove(track_id);
        } else if self.tracks.get(track_id).is_some() {
            self.frozen.insert(track_id.to_owned());
        }
    }

    pub(super) fn is_frozen(&self, track_id: &str) -> bool {
        self.frozen.contains(track_id)
    }

    /// What is not there any more does not stand still.
    pub(super) fn forget_gone(&mut self) {
        let tracks = &self.tracks;
        self.frozen.retain(|id| tracks.get(id).is_some());
    }

    /// How good connections are. True if that is news.
    pub(super) fn qualities(&mut self, told: impl IntoIterator<Item = (String, u8)>) -> bool {
        let mut news = false;
        for (peer_id, score) in told {
            if self.qualities.len() >= QUALITIES && !self.qualities.contains_key(&peer_id) {
                continue;
            }
            let score = score.min(BEST);
            news |= self.qualities.insert(peer_id, score) != Some(score);
        }
        news
    }

    /// Who speaks, by peer id, loudest first.
    pub(super) fn speak(&mut self, speakers: impl IntoIterator<Item = (String, u8)>) {
        self.speakers.clear();
        for (peer_id, level) in speakers {
            if self.speakers.len() < SPEAKERS
                && !self.speakers.iter().any(|(known, _)| *known == peer_id)
            {
                self.speakers.push((peer_id, level.min(100)));
            }
        }
    }

    pub(super) fn speakers(&self) -> Vec<SpeakerView> {
        let view = |(peer_id, level): &(String, u8)| SpeakerView {
            peer_id: peer_id.clone(),
            level: *level,
        };
        self.speakers.iter().map(view).collect()
    }

    /// What somebody else publishes.
    pub(super) fn person(&self, peer_id: &str) -> PersonMediaView {
        let camera = self.tracks.of(peer_id, Kind::Camera);
        let microphone = self.tracks.of(peer_id, Kind::Microphone);
        let screen = self.tracks.of(peer_id, Kind::Screen);
        PersonMediaView {
            camera: camera.map(|(id, track)| CameraView {
                track_id: id.to_owned(),
                muted: track.muted,
                frozen: self.is_frozen(id) && !track.muted,
            }),
            microphone: microphone.map(|(_, track)| MicrophoneView { muted: track.muted }),
            screen: screen.map(|(id, _)| id.to_owned()),
            quality: self.qualities.get(peer_id).copied(),
        }
    }

    /// What I publish myself.
    pub(super) fn myself(&self, peer_id: &str) -> PersonMediaView {
        let published = |source| match self.sending.view(source) {
            SendingView::On { track_id } => Some((track_id, false)),
            SendingView::Muted { track_id } => Some((track_id, true)),
            _ => None,
        };
        PersonMediaView {
            camera: published(Source::Camera).map(|(track_id, muted)| CameraView {
                track_id,
                muted,
                frozen: false,
            }),
            microphone: published(Source::Microphone).map(|(_, muted)| MicrophoneView { muted }),
            screen: published(Source::Screen).map(|(track_id, _)| track_id),
            quality: self.qualities.get(peer_id).copied(),
        }
    }
}
