//! Live media: between the room, the engine, the page and the person.

use kulti_media::client::interface::{AudioDevices, Command, Event, LocalTrack, Source, Target};
use kulti_protocol::signalling::{
    self, ActiveSpeakers, ConnectionQualityUpdate, MuteStateRequest, NodeInfo, Offer,
    OnTrackUpdateRequest, RpcError, SessionDescription, TrackNotice, TrackUpdate, Trickle, code,
    method,
};
use serde_json::Value;

use super::{Purpose, SessionCore};
use crate::core::{
    io::{Output, ShownTile},
    media::{OfferFor, allows},
    requests::{AfterLoss, CODE_CONNECTION_LOST},
    view::{MediaView, PersonMediaView, SendingFailure, SendingView, ShareView, VoicesView},
};

/// A longer description is none: one of a large room has some hundred thousand bytes.
const SDP_LIMIT: usize = 1 << 20;
/// The answer to an offer for connections that the server does not have.
const OTHER_NODE: u16 = 421;
/// A longer candidate is none.
const CANDIDATE_LIMIT: usize = 1_024;

impl SessionCore {
    fn order(&mut self, command: Command) {
        if self.config.media.is_some() {
            self.emit(Output::Media(command));
        }
    }

    fn order_all(&mut self, commands: impl IntoIterator<Item = Command>) {
        for command in commands {
            self.order(command);
        }
    }

    /// Whether the join is to carry an offer of the engine's.
    pub(super) fn joins_with_media(&self) -> bool {
        self.config.media.is_some() && self.media.link.joins()
    }

    /// The engine is to make the offer for the join.
    pub(super) fn start_media(&mut self) {
        self.media.link.start(self.now.boot_ms);
        self.media.sending.forgotten();
        self.media.sight.forget();
        self.order(Command::Start);
        self.order(Command::ListDevices);
        self.screen.dirty.media();
    }

    /// The stay is over, or goes on without media.
    pub(super) fn stop_media(&mut self) {
        if self.media.link.stop() {
            self.order(Command::Stop);
        }
        self.screen.dirty.media();
    }

    /// The join was answered.
    pub(super) fn media_joined(&mut self, answer: &Value) {
        let node = answer.get("sfu_node_id").and_then(Value::as_str);
        self.media.link.is_other_node(node.unwrap_or_default());
        let answer = description(answer, "answer");
        let now = self.boot();
        self.media.link.answered(answer.is_some(), now);
        match answer {
            Some(sdp) => {
                self.media.sending.accepted();
                self.order(Command::Answered { sdp });
            }
            None => self.stop_media(),
        }
        self.screen.dirty.media();
    }

    /// The socket was lost. Sound and pictures go on for now.
    pub(super) fn media_lost(&mut self) {
        self.media.link.lost();
        self.screen.dirty.media();
    }

    /// In the room again, which has gone on meanwhile.
    pub(super) fn media_resumed(&mut self) {
        if self.media.link.resumes_anew(self.now.boot_ms) {
            self.order(Command::RestartIce);
        }
    }

    /// The server serves this stay from another node, which knows nothing of it.
    pub(super) fn media_node(&mut self, info: &NodeInfo) {
        if self.media.link.is_other_node(&info.sfu_node_id) && self.media.link.is_there() {
            self.begin_media_anew();
        }
    }

    fn begin_media_anew(&mut self) {
        tracing::info!("the media connections are begun anew");
        let now = self.boot();
        self.media.link.start_anew(now);
        self.media.sending.forgotten();
        self.media.sight.forget();
        self.order(Command::Start);
        self.screen.dirty.media();
        self.screen.dirty.people();
    }

    /// All that I publish, for a room that was not heard for a while.
    pub(super) fn media_track_update(&self) -> TrackUpdate {
        TrackUpdate {
            tracks: self.media.sending.tracks(),
        }
    }

    pub(super) fn media_upkeep(&mut self) {
        let now = self.boot();
        if self.media.link.gives_up(now) {
            tracing::warn!("the media engine makes no offer: joining without media");
            self.stop_media();
            self.enter();
        }
        if self.connection.is_up() && self.media.link.restarts(now) {
            tracing::info!("the media connections are made anew");
            self.order(Command::RestartIce);
        }
        if self.media.link.is_there()
            && let Some(layers) = self.media.sight.wanted(&self.media.tracks)
        {
            self.order(Command::Layers(layers));
        }
    }

    pub(super) fn media_deadline(&self) -> Option<u64> {
        self.media.link.deadline(self.connection.is_up())
    }

    /// My role may send other things.
    pub(super) fn media_role(&mut self) {
        let commands = self.media.sending.allow(self.roles.may_send());
        self.order_all(commands);
        self.screen.dirty.media();
    }

    /// What the page shows.
    pub(super) fn shown(&mut self, tiles: Vec<ShownTile>) {
        self.media.sight.shown(tiles);
    }

    // What the person wants.

    pub(super) fn publish(&mut self, source: Source, on: bool) {
        if on {
            if !allows(self.roles.may_send(), source) {
                self.refused("publish", code::FORBIDDEN, "Your role does not send this.");
                return;
            }
            if !self.media.link.is_there() {
                self.media
                    .sending
                    .failed(source, SendingFailure::NoMedia, "");
                self.screen.dirty.media();
                return;
            }
        }
        if source == Source::Microphone {
            self.media.sending.talking = false;
        }
        self.send_source(source, on);
    }

    /// The microphone is sent while a key is held.
    pub(super) fn talk(&mut self, held: bool) {
        if held == self.media.sending.talking
            || (held && self.media.sending.is_on(Source::Microphone))
        {
            return;
        }
        self.publish(Source::Microphone, held);
        self.media.sending.talking = held && self.media.sending.is_on(Source::Microphone);
    }

    fn send_source(&mut self, source: Source, on: bool) {
        let command = if on {
            self.media.sending.begin(source)
        } else {
            self.media.sending.end(source)
        };
        let muted = matches!(command, Some(Command::Mute(..)));
        self.order_all(command);
        if muted {
            self.tell_mute(source);
        }
        if source == Source::Microphone && !on {
            self.media.level = None;
        }
        self.screen.dirty.media();
        self.screen.dirty.people();
    }

    fn tell_mute(&mut self, source: Source) {
        // Else the offer says it, or the track-update after a loss.
        if self.media.sending.is_known(source)
            && self.connection.is_up()
            && let Some(track) = self.media.sending.track(source)
        {
            let tracks = [(track.track_id.clone(), track)].into();
            self.tell(method::TRACK_UPDATE, TrackUpdate { tracks });
        }
    }

    pub(super) fn choose_sound(&mut self, chosen: AudioDevices) {
        self.media.sound.choose(chosen.clone());
        self.order(Command::Devices(chosen));
        self.screen.dirty.media();
    }

    pub(super) fn list_sound_devices(&mut self) {
        self.order(Command::ListDevices);
    }

    // What the engine says.

    pub(super) fn engine(&mut self, event: Event) {
        match event {
            Event::Offer { sdp, tracks } => self.engine_offers(sdp, tracks),
            Event::Answer { sdp } => {
                if self.connection.is_up() {
                    let desc = SessionDescription {
                        kind: "answer".to_owned(),
                        sdp,
                        sfu_node_id: None,
                    };
                    let answer = signalling::Answer {
                        desc,
                        sfu_node_id: None,
                    };
                    self.tell(method::ANSWER, answer);
                }
            }
            Event::NotPublished(source) => {
                let why = SendingFailure::NotAccepted;
                let message = self.media.refusal.take().unwrap_or_default();
                self.media.sending.failed(source, why, &message);
                self.screen.dirty.people();
            }
            // Those are between the engine and whoever encodes.
            Event::Encode { .. } | Event::KeyframeWanted(_) => return,
            Event::Speakers(speakers) => {
                let named = speakers.into_iter().filter_map(|(track_id, level)| {
                    let owner = match self.media.tracks.get(&track_id) {
                        Some((owner, _)) => owner.to_owned(),
                        None => {
                            self.media.sending.source_of(&track_id)?;
                            self.config.peer_id.clone()
                        }
                    };
                    Some((owner, level))
                });
                let named: Vec<_> = named.collect();
                self.media.speak(named);
                self.screen.dirty.voices = true;
                return;
            }
            Event::MicrophoneLevel(level) => {
                let is_on = self.media.sending.is_on(Source::Microphone);
                self.media.level = is_on.then_some(level.min(100));
                self.screen.dirty.voices = true;
                return;
            }
            Event::Quality(scores) => {
                if self.media.qualities(scores) {
                    self.screen.dirty.people();
                }
                return;
            }
            Event::Devices { inputs, outputs } => self.media.sound.found(inputs, outputs),
            Event::AudioFailed { input, failure } => {
                tracing::warn!(input, ?failure, "a sound device cannot be used");
                self.media.sound.failed(input, Some(&failure));
            }
            Event::AudioRestored { input } => self.media.sound.failed(input, None),
            Event::Connected(connected) => {
                tracing::info!(connected, "the media connections");
                let now = self.boot();
                self.media.link.connected(connected, now);
            }
            Event::Frozen { track_id, frozen } => {
                self.media.froze(&track_id, frozen);
                self.screen.dirty.people();
            }
        }
        self.screen.dirty.media();
    }

    fn engine_offers(&mut self, sdp: String, tracks: Vec<LocalTrack>) {
        let purpose = self.media.link.offered();
        if purpose == OfferFor::Nothing {
            tracing::debug!("an offer of the media engine came too late");
            return;
        }
        self.media.sending.offered(tracks);
        self.screen.dirty.people();
        let desc = SessionDescription {
            kind: "offer".to_owned(),
            sdp,
            sfu_node_id: None,
        };
        if purpose == OfferFor::Join {
            self.join(Some(desc));
            return;
        }
        let params = Offer {
            desc,
            tracks: self.media.sending.tracks(),
            sfu_node_id: None,
        };
        self.request(Purpose::MediaOffer, method::OFFER, params, AfterLoss::Fail);
    }

    /// The server has answered an offer.
    pub(super) fn media_offer_answered(&mut self, result: Result<Value, RpcError>) {
        match result {
            Ok(answer) => match description(&answer, "answer") {
                Some(sdp) => {
                    self.media.sending.accepted();
                    self.order(Command::Answered { sdp });
                }
                None => self.order(Command::Refused),
            },
            Err(error) if error.code == CODE_CONNECTION_LOST => self.media.link.unsure(),
            Err(error) if error.code == OTHER_NODE => self.begin_media_anew(),
            Err(error) => {
                tracing::warn!(code = error.code, message = %error.message, "an offer was refused");
                self.media.refusal = Some(error.message);
                self.order(Command::Refused);
            }
        }
        self.screen.dirty.media();
        self.screen.dirty.people();
    }

    // What the server says.

    pub(super) fn media_offered(&mut self, offer: SessionDescription) {
        if self.config.media.is_some() && offer.sdp.len() <= SDP_LIMIT {
            self.order(Command::Offered { sdp: offer.sdp });
        }
    }

    pub(super) fn media_trickled(&mut self, trickle: Trickle) {
        let candidate = trickle.candidate.candidate;
        // An empty one ends the list: nothing waits for that.
        if self.config.media.is_none() || candidate.is_empty() || candidate.len() > CANDIDATE_LIMIT
        {
            return;
        }
        let target = if trickle.target == signalling::PUBLISH {
            Target::Publish
        } else {
            Target::Subscribe
        };
        self.order(Command::Trickle { target, candidate });
    }

    /// Tracks came or have changed (or, if `gone`, went).
    pub(super) fn tracks_changed(&mut self, notice: &TrackNotice, gone: bool) {
        let peer_id = &notice.peer.peer_id;
        if *peer_id == self.config.peer_id {
            return;
        }
        if gone {
            self.media.tracks.remove(peer_id, notice.tracks.keys());
            self.media.forget_gone();
        } else {
            self.media.tracks.add(peer_id, &notice.tracks);
        }
        self.screen.dirty.media();
        self.screen.dirty.people();
    }

    pub(super) fn speakers_told(&mut self, told: ActiveSpeakers) {
        let speakers = told.speakers.into_iter();
        let roster = &self.roster;
        let known = speakers.filter(|speaker| roster.get(&speaker.peer_id).is_some());
        let known: Vec<_> = known
            .map(|speaker| (speaker.peer_id, speaker.level))
            .collect();
        self.media.speak(known);
        self.screen.dirty.voices = true;
    }

    pub(super) fn qualities_told(&mut self, told: ConnectionQualityUpdate) {
        let scores = told.peers.into_iter();
        let scores = scores.map(|quality| (quality.peer_id, quality.downlink_score));
        if self.media.qualities(scores) {
            self.screen.dirty.people();
        }
    }

    /// Somebody who may wants a track of mine muted. Nobody but me unmutes one.
    pub(super) fn told_to_mute(&mut self, request: &OnTrackUpdateRequest) {
        if let Some(source) = self.media.sending.source_of(&request.track_id)
            && request.mute
        {
            self.publish(source, false);
        }
    }

    /// Somebody who may wants many tracks muted.
    pub(super) fn told_to_mute_all(&mut self, request: &MuteStateRequest) {
        let my_role = self.roles.mine();
        let mine = request.roles.as_ref();
        let is_meant = mine.is_none_or(|roles| roles.iter().any(|role| role == my_role));
        if !request.value || !is_meant {
            return;
        }
        for source in [Source::Microphone, Source::Camera, Source::Screen] {
            let track = self.media.sending.track(source);
            let fits =
                |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|w| w == is);
            if track.is_some_and(|track| {
                fits(&request.kind, &track.kind) && fits(&request.source, &track.source)
            }) {
                self.publish(source, false);
            }
        }
    }

    // What is shown.

    pub(super) fn person_media(&self, peer_id: &str) -> PersonMediaView {
        if peer_id == self.config.peer_id {
            self.media.myself(peer_id)
        } else {
            self.media.person(peer_id)
        }
    }

    pub(super) fn voices_view(&self) -> VoicesView {
        VoicesView {
            speakers: self.media.speakers(),
            mine: self.media.level,
        }
    }

    pub(super) fn media_view(&self) -> MediaView {
        let sending = &self.media.sending;
        MediaView {
            available: self.media.link.is_there(),
            connected: self.media.link.is_connected(),
            may: self.roles.may_send(),
            microphone: sending.view(Source::Microphone),
            camera: sending.view(Source::Camera),
            screen: sending.view(Source::Screen),
            talking: sending.talking,
            share: self.share_view(),
            sound: self.media.sound.view(),
        }
    }

    /// Somebody else's screen before mine, which I see anyway.
    pub(super) fn share_view(&self) -> Option<ShareView> {
        let name = |peer_id: &str| self.roster.get(peer_id).map(|person| person.name.clone());
        if let Some((peer_id, track_id)) = self.media.tracks.share() {
            return Some(ShareView {
                track_id: track_id.to_owned(),
                peer_id: peer_id.to_owned(),
                name: name(peer_id).unwrap_or_default(),
                is_local: false,
                frozen: self.media.is_frozen(track_id),
            });
        }
        let SendingView::On { track_id } = self.media.sending.view(Source::Screen) else {
            return None;
        };
        Some(ShareView {
            track_id,
            peer_id: self.config.peer_id.clone(),
            name: self.my_name(),
            is_local: true,
            frozen: false,
        })
    }
}

/// The description of an answer, if it is one of this kind.
fn description(value: &Value, kind: &str) -> Option<String> {
    let read: SessionDescription = serde_json::from_value(value.clone()).ok()?;
    (read.kind == kind && !read.sdp.is_empty() && read.sdp.len() <= SDP_LIMIT).then_some(read.sdp)
}
