//! A client: two connections of the library, a source for each track that it sends, and a
//! record of what it gets.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::channel::ChannelId;
use str0m::media::{Direction, MediaKind, Mid, Rid, Simulcast, SimulcastLayer};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{ExtensionValues, RtpWrite, Vp8Descriptor};
use str0m::{Candidate, Event, Input, Output, Rtc};

use super::source::Source;
use crate::sfu::{Kind, PeerKey, PublishedTrack};

/// A packet that was got.
#[derive(Debug, Clone)]
pub(super) struct Got {
    pub(super) at: Instant,
    pub(super) sequence: u64,
    pub(super) timestamp: u32,
    pub(super) picture_id: Option<u16>,
    pub(super) starts_keyframe: bool,
    /// The letter of the layer, as the source writes it into its frames.
    pub(super) layer: char,
}

/// One side of a connection.
pub(super) struct End {
    pub(super) rtc: Rtc,
    pub(super) address: SocketAddr,
    pub(super) deadline: Instant,
    pub(super) is_connected: bool,
    pending: Option<SdpPendingOffer>,
    channel: Option<ChannelId>,
}

impl End {
    fn new(address: SocketAddr, now: Instant) -> Self {
        let mut rtc = Rtc::builder()
            .set_rtp_mode(true)
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(true)
            .build(now);
        rtc.add_local_candidate(Candidate::host(address, "udp").unwrap());
        rtc.handle_input(Input::Timeout(now)).unwrap();
        Self {
            rtc,
            address,
            deadline: now,
            is_connected: false,
            pending: None,
            channel: None,
        }
    }

    /// Has another address from now on.
    pub(super) fn move_to(&mut self, address: SocketAddr) {
        let old = Candidate::host(self.address, "udp").unwrap();
        self.rtc.direct_api().invalidate_candidate(&old);
        self.rtc
            .add_local_candidate(Candidate::host(address, "udp").unwrap());
        self.address = address;
    }

    pub(super) fn receive(&mut self, from: SocketAddr, datagram: &[u8], now: Instant) {
        let contents = Receive::new(Protocol::Udp, from, self.address, datagram).unwrap();
        self.rtc
            .handle_input(Input::Receive(now, contents))
            .unwrap();
    }

    /// Everything that the connection has to say.
    pub(super) fn drain(
        &mut self,
        sent: &mut Vec<(SocketAddr, SocketAddr, Vec<u8>)>,
    ) -> Vec<Event> {
        let mut events = Vec::new();
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(at) => {
                    self.deadline = at;
                    return events;
                }
                Output::Transmit(t) => {
                    sent.push((self.address, t.destination, t.contents.to_vec()));
                }
                Output::Event(event) => events.push(event),
            }
        }
    }
}

pub(super) struct Client {
    pub(super) key: PeerKey,
    pub(super) publish: End,
    pub(super) subscribe: End,
    pub(super) published: Vec<PublishedTrack>,
    /// By track id, of all sections that were ever got.
    pub(super) got: HashMap<String, Vec<Got>>,
    /// What came over the data channel.
    pub(super) messages: Vec<Value>,
    /// Keyframes that were asked for, by layer.
    pub(super) asked: Vec<char>,
    sections: HashMap<String, Mid>,
    sources: Vec<Source>,
    next_request: u32,
}

impl Client {
    pub(super) fn new(number: u8, now: Instant) -> Self {
        let address = |port| SocketAddr::from(([10, 0, 1, number], port));
        Self {
            key: PeerKey(number.into()),
            publish: End::new(address(1), now),
            subscribe: End::new(address(2), now),
            published: Vec::new(),
            got: HashMap::new(),
            messages: Vec::new(),
            asked: Vec::new(),
            sections: HashMap::new(),
            sources: Vec::new(),
            next_request: 0,
        }
    }

    /// The offer of a join: nothing but the data channel.
    pub(super) fn join(&mut self) -> String {
        let mut api = self.publish.rtc.sdp_api();
        api.add_channel("ion-sfu".into());
        let (offer, pending) = api.apply().unwrap();
        self.publish.pending = Some(pending);
        offer.to_sdp_string()
    }

    /// The offer of another track. `rids` are its layers; none: no simulcast.
    pub(super) fn offer(&mut self, track_id: &str, kind: Kind, rids: &[&str]) -> String {
        let mut api = self.publish.rtc.sdp_api();
        let media_kind = match kind {
            Kind::Audio => MediaKind::Audio,
            Kind::Video => MediaKind::Video,
        };
        let layers = |rid: &&str| SimulcastLayer::new(rid);
        let simulcast = (!rids.is_empty()).then(|| Simulcast {
            send: rids.iter().map(layers).collect(),
            recv: Vec::new(),
        });
        let stream_id = format!("stream-{}", self.key.0);
        let mid = api.add_media(
            media_kind,
            Direction::SendOnly,
            Some(stream_id.clone()),
            Some(track_id.to_owned()),
            simulcast,
        );
        let (offer, pending) = api.apply().unwrap();
        self.publish.pending = Some(pending);
        self.sections.insert(track_id.to_owned(), mid);
        self.published.push(PublishedTrack {
            track_id: track_id.to_owned(),
            stream_id,
            kind,
        });
        let rids = if rids.is_empty() {
            vec![None]
        } else {
            rids.iter().map(|rid| Some(Rid::from(*rid))).collect()
        };
        for rid in rids {
            // Its numbers roll over within seconds.
            self.sources.push(Source {
                mid,
                rid,
                kind,
                sequence: 65_400,
                frame: 0,
                next: self.publish.deadline,
                wants_keyframe: true,
                is_paused: false,
                level: -127,
            });
        }
        offer.to_sdp_string()
    }

    /// The offer without a track.
    pub(super) fn withdraw(&mut self, track_id: &str) -> String {
        let mid = self.sections[track_id];
        let mut api = self.publish.rtc.sdp_api();
        api.set_direction(mid, Direction::Inactive);
        let (offer, pending) = api.apply().unwrap();
        self.publish.pending = Some(pending);
        self.published.retain(|track| track.track_id != track_id);
        self.sources.retain(|source| source.mid != mid);
        offer.to_sdp_string()
    }

    /// The offer of a client whose network has changed.
    pub(super) fn restart_ice(&mut self) -> String {
        let mut api = self.publish.rtc.sdp_api();
        api.ice_restart(true);
        let (offer, pending) = api.apply().unwrap();
        self.publish.pending = Some(pending);
        offer.to_sdp_string()
    }

    pub(super) fn answered(&mut self, sdp: &str) {
        let pending = self.publish.pending.take().expect("an offer");
        let answer = SdpAnswer::from_sdp_string(sdp).unwrap();
        self.publish
            .rtc
            .sdp_api()
            .accept_answer(pending, answer)
            .unwrap();
    }

    /// The answer to the SFU's offer.
    pub(super) fn answer(&mut self, sdp: &str) -> String {
        let offer = SdpOffer::from_sdp_string(sdp).unwrap();
        self.subscribe
            .rtc
            .sdp_api()
            .accept_offer(offer)
            .unwrap()
            .to_sdp_string()
    }

    pub(super) fn has_channel(&self) -> bool {
        self.subscribe.channel.is_some()
    }

    /// Whether a track was offered to it.
    pub(super) fn has_section(&self, track_id: &str) -> bool {
        self.sections.contains_key(track_id)
    }

    pub(super) fn pause(&mut self, rid: &str, is_paused: bool) {
        for source in self
            .sources
            .iter_mut()
            .filter(|s| s.rid.as_deref() == Some(rid))
        {
            source.is_paused = is_paused;
            source.wants_keyframe = true;
        }
    }

    pub(super) fn speak(&mut self, level: i8) {
        for source in self.sources.iter_mut().filter(|s| s.kind == Kind::Audio) {
            source.level = level;
        }
    }

    /// Asks for something over the data channel; gives the request's id.
    pub(super) fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.next_request += 1;
        let id = json!(self.next_request.to_string());
        let text = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        let channel = self.subscribe.channel.expect("an open channel");
        let mut channel = self.subscribe.rtc.channel(channel).unwrap();
        assert!(channel.write(false, text.to_string().as_bytes()).unwrap());
        id
    }

    pub(super) fn prefer(&mut self, track_id: &str, layer: &str) -> Value {
        let params = json!({"track_id": track_id, "max_spatial_layer": layer});
        self.ask("prefer-video-track-state", &params)
    }

    /// A receiver that lost its place.
    pub(super) fn lose_place(&mut self, track_id: &str) {
        let rtc = &mut self.subscribe.rtc;
        let mid = self
            .sections
            .values()
            .copied()
            .find(|mid| rtc.media(*mid).is_some_and(|m| m.track_id() == track_id))
            .expect("a section");
        let mut api = rtc.direct_api();
        let stream = api.stream_rx_by_mid(mid, None).unwrap();
        stream.request_keyframe(str0m::media::KeyframeRequestKind::Pli);
    }

    /// The streams that have something to send now, as the writes of one packet each.
    pub(super) fn send(&mut self, now: Instant, sent: &mut Vec<(SocketAddr, SocketAddr, Vec<u8>)>) {
        if !self.publish.is_connected {
            return;
        }
        let mut events = Vec::new();
        for source in self.sources.iter_mut().filter(|source| source.next <= now) {
            let interval = if source.kind == Kind::Audio { 20 } else { 50 };
            source.next = now + Duration::from_millis(interval);
            if source.is_paused {
                continue;
            }
            let end = &mut self.publish;
            for (payload, marker) in source.frame() {
                let Some(pt) = end
                    .rtc
                    .media(source.mid)
                    .and_then(|m| m.remote_pts().first().copied())
                else {
                    continue;
                };
                let clock = if source.kind == Kind::Audio {
                    960
                } else {
                    4500
                };
                let extensions = ExtensionValues {
                    audio_level: (source.kind == Kind::Audio).then_some(source.level),
                    voice_activity: Some(source.level > -60),
                    ..ExtensionValues::default()
                };
                let write = RtpWrite::new(
                    pt,
                    source.sequence.into(),
                    source.frame * clock,
                    now,
                    payload,
                )
                .marker(marker)
                .nackable(source.kind == Kind::Video)
                .ext_vals(extensions);
                let mut api = end.rtc.direct_api();
                let Some(stream) = api.stream_tx_by_mid(source.mid, source.rid) else {
                    continue;
                };
                stream.write_rtp(write);
                source.sequence += 1;
                events.extend(end.drain(sent));
                end.rtc.handle_input(Input::Timeout(now)).unwrap();
                events.extend(end.drain(sent));
            }
        }
        for event in events {
            self.published_event(event);
        }
    }

    pub(super) fn published_event(&mut self, event: Event) {
        match event {
            Event::Connected => self.publish.is_connected = true,
            Event::KeyframeRequest(request) => {
                for source in self
                    .sources
                    .iter_mut()
                    .filter(|s| s.mid == request.mid && s.rid == request.rid)
                {
                    source.wants_keyframe = true;
                    self.asked.push(source.letter());
                }
            }
            _ => {}
        }
    }

    pub(super) fn subscribed_event(&mut self, event: Event, now: Instant) {
        match event {
            Event::Connected => self.subscribe.is_connected = true,
            Event::ChannelOpen(id, label) => {
                assert_eq!(label, "ion-sfu");
                self.subscribe.channel = Some(id);
            }
            Event::ChannelData(data) => {
                self.messages
                    .push(serde_json::from_slice(&data.data).unwrap());
            }
            Event::MediaAdded(added) => {
                let track_id = self
                    .subscribe
                    .rtc
                    .media(added.mid)
                    .unwrap()
                    .track_id()
                    .to_owned();
                self.sections.insert(track_id, added.mid);
            }
            Event::RtpPacket(packet) => {
                let mut api = self.subscribe.rtc.direct_api();
                let mid = api.stream_rx(&packet.header.ssrc).unwrap().mid();
                let media = self.subscribe.rtc.media(mid).unwrap();
                let is_video = media.kind() == MediaKind::Video;
                let descriptor = is_video.then(|| Vp8Descriptor::parse(&packet.payload).unwrap());
                let got = Got {
                    at: now,
                    sequence: *packet.seq_no,
                    timestamp: packet.header.timestamp,
                    picture_id: descriptor.and_then(|d| d.picture_id()),
                    starts_keyframe: descriptor.is_some_and(|d| d.starts_keyframe(&packet.payload)),
                    layer: char::from(*packet.payload.last().unwrap()),
                };
                self.got
                    .entry(media.track_id().to_owned())
                    .or_default()
                    .push(got);
            }
            _ => {}
        }
    }

    /// What was got of a track, in the order of its numbers.
    pub(super) fn in_order(&self, track_id: &str) -> Vec<Got> {
        let mut got = self.got.get(track_id).cloned().unwrap_or_default();
        got.sort_by_key(|got| got.sequence);
        got
    }

    pub(super) fn count(&self, track_id: &str) -> usize {
        self.got.get(track_id).map_or(0, Vec::len)
    }

    /// The last layer that was got of a track.
    pub(super) fn layer(&self, track_id: &str) -> Option<char> {
        self.got.get(track_id)?.last().map(|got| got.layer)
    }

    pub(super) fn answer_to(&self, id: &Value) -> Option<&Value> {
        self.messages.iter().find(|message| message["id"] == *id)
    }
}
