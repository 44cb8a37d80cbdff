//! What I send.

use std::collections::BTreeMap;

use kulti_media::client::interface::{Command, LocalTrack, Source};
use kulti_protocol::signalling::Track;

use crate::core::view::{MaySendView, MediaSource, SendingFailure, SendingView};

const ALL: [Source; 3] = [Source::Microphone, Source::Camera, Source::Screen];

/// One source.
#[derive(Debug, Default)]
struct Sent {
    /// The engine was told to publish it.
    published: bool,
    muted: bool,
    /// What it is offered as.
    track: Option<LocalTrack>,
    /// The server has taken that.
    accepted: bool,
    failure: Option<(SendingFailure, String)>,
}

/// Microphone, camera and screen.
#[derive(Debug, Default)]
pub(in crate::core) struct Sending {
    microphone: Sent,
    camera: Sent,
    screen: Sent,
    /// The microphone is on while a key is held.
    pub(in crate::core) talking: bool,
}

impl Sending {
    fn get(&self, source: Source) -> &Sent {
        match source {
            Source::Microphone => &self.microphone,
            Source::Camera => &self.camera,
            Source::Screen => &self.screen,
        }
    }

    fn get_mut(&mut self, source: Source) -> &mut Sent {
        match source {
            Source::Microphone => &mut self.microphone,
            Source::Camera => &mut self.camera,
            Source::Screen => &mut self.screen,
        }
    }

    /// Sends it from now on. What the engine is to be told, if anything.
    pub(in crate::core) fn begin(&mut self, source: Source) -> Option<Command> {
        let sent = self.get_mut(source);
        sent.failure = None;
        let was_muted = std::mem::take(&mut sent.muted);
        if !std::mem::replace(&mut sent.published, true) {
            return Some(Command::Publish(source));
        }
        was_muted.then_some(Command::Mute(source, false))
    }

    /// Sends it no more: a screen is gone, the others are muted and stay published, so
    /// that they are there again at once.
    pub(in crate::core) fn end(&mut self, source: Source) -> Option<Command> {
        let sent = self.get_mut(source);
        sent.failure = None;
        if !sent.published {
            return None;
        }
        if source == Source::Screen {
            return self.withdraw(source);
        }
        let was_muted = std::mem::replace(&mut sent.muted, true);
        (!was_muted).then_some(Command::Mute(source, true))
    }

    /// Takes it back altogether.
    fn withdraw(&mut self, source: Source) -> Option<Command> {
        let sent = self.get_mut(source);
        let was_published = sent.published;
        *sent = Sent::default();
        was_published.then_some(Command::Unpublish(source))
    }

    /// Takes back what a role may not send.
    pub(in crate::core) fn allow(&mut self, may: MaySendView) -> Vec<Command> {
        let forbidden = ALL.into_iter().filter(|source| !allows(may, *source));
        let commands = forbidden.filter_map(|source| self.withdraw(source));
        let commands = commands.collect();
        self.talking &= may.microphone;
        commands
    }

    /// It cannot be sent.
    pub(in crate::core) fn failed(&mut self, source: Source, why: SendingFailure, message: &str) {
        let failure = Some((why, message.to_owned()));
        *self.get_mut(source) = Sent {
            failure,
            ..Sent::default()
        };
        if source == Source::Microphone {
            self.talking = false;
        }
    }

    /// These are offered; what is not among them is not published (any more).
    pub(in crate::core) fn offered(&mut self, tracks: Vec<LocalTrack>) {
        for source in ALL {
            let sent = self.get_mut(source);
            sent.track = None;
        }
        for track in tracks {
            let sent = self.get_mut(track.source);
            sent.track = Some(track);
        }
        for source in ALL {
            let sent = self.get_mut(source);
            sent.accepted &= sent.track.is_some();
        }
    }

    /// The server has taken what was offered.
    pub(in crate::core) fn accepted(&mut self) {
        for source in ALL {
            let sent = self.get_mut(source);
            sent.accepted = sent.track.is_some();
        }
    }

    /// The server knows nothing of me (any more).
    pub(in crate::core) fn forgotten(&mut self) {
        for source in ALL {
            self.get_mut(source).accepted = false;
        }
    }

    /// All that is offered, as the room is told.
    pub(in crate::core) fn tracks(&self) -> BTreeMap<String, Track> {
        let offered = ALL.into_iter().filter_map(|source| self.track(source));
        offered
            .map(|track| (track.track_id.clone(), track))
            .collect()
    }

    /// One of those.
    pub(in crate::core) fn track(&self, source: Source) -> Option<Track> {
        let sent = self.get(source);
        let track = sent.track.as_ref()?;
        let (kind, of) = match source {
            Source::Microphone => ("audio", "regular"),
            Source::Camera => ("video", "regular"),
            Source::Screen => ("video", "screen"),
        };
        Some(Track {
            track_id: track.track_id.clone(),
            stream_id: track.stream_id.clone(),
            kind: kind.to_owned(),
            source: of.to_owned(),
            mute: sent.muted,
            description: String::new(),
        })
    }

    /// Whether the room knows it, so that it has to be told of a change.
    pub(in crate::core) fn is_known(&self, source: Source) -> bool {
        self.get(source).accepted
    }

    /// Whether it is sent, or about to be.
    pub(in crate::core) fn is_on(&self, source: Source) -> bool {
        let sent = self.get(source);
        sent.published && !sent.muted
    }

    /// What a track of mine is of.
    pub(in crate::core) fn source_of(&self, track_id: &str) -> Option<Source> {
        ALL.into_iter().find(|source| {
            let track = self.get(*source).track.as_ref();
            track.is_some_and(|track| track.track_id == track_id)
        })
    }

    /// How it is shown.
    pub(in crate::core) fn view(&self, source: Source) -> SendingView {
        let sent = self.get(source);
        if let Some((why, message)) = &sent.failure {
            return SendingView::Failed {
                why: *why,
                message: message.clone(),
            };
        }
        match &sent.track {
            _ if !sent.published => SendingView::Off,
            Some(track) if sent.accepted => {
                let track_id = track.track_id.clone();
                if sent.muted {
                    SendingView::Muted { track_id }
                } else {
                    SendingView::On { track_id }
                }
            }
            _ if sent.muted => SendingView::Off,
            _ => SendingView::Starting,
        }
    }
}

/// Whether a role may send this.
pub(in crate::core) fn allows(may: MaySendView, source: Source) -> bool {
    match source {
        Source::Microphone => may.microphone,
        Source::Camera => may.camera,
        Source::Screen => may.screen,
    }
}

impl From<MediaSource> for Source {
    fn from(source: MediaSource) -> Self {
        match source {
            MediaSource::Microphone => Self::Microphone,
            MediaSource::Camera => Self::Camera,
            MediaSource::Screen => Self::Screen,
        }
    }
}
