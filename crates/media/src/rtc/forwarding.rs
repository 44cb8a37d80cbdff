//! One WebRTC connection of the SFU, in RTP mode.
//!
//! The library panics on its own defects by policy. Each call into it is guarded, so that a
//! defect ends one connection ([`Happening::Failed`]) and not the thread that has hundreds.
//!
//! Its law: after each change [`Connection::poll`] must be called until it says
//! [`Polled::Wait`], before the next change.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::channel::ChannelId;
use str0m::config::{CryptoProvider, DtlsCert};
pub(crate) use str0m::media::Mid;
use str0m::media::{Direction, KeyframeRequestKind, MediaKind, Pt, Rid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{Extension, ExtensionValues, RtpPacket, RtpWrite, SeqNo, Ssrc, Vp8Descriptor};
use str0m::{Candidate, Event, IceConnectionState, Input, Output, Rtc, RtcConfig};

use super::mids::{MidNumbers, answers};
use crate::sfu::{Kind, Layer, SfuError};

/// The data channel of the protocol.
const CHANNEL: &str = "ion-sfu";
/// How often a connection that sends tells what its receiver reports.
const REPORT_INTERVAL: Duration = Duration::from_secs(2);
/// Candidates of the other side that are looked at. An ICE-lite agent needs none of them.
const MOST_CANDIDATES: u32 = 30;
/// What a data channel may hold back for a slow receiver before messages are dropped.
const CHANNEL_BUFFER: usize = 256 * 1024;
/// The longest message that is taken from a data channel.
const CHANNEL_MESSAGE: u32 = 16 * 1024;

/// Makes connections of one shard: they share its addresses and its certificate.
pub(crate) struct Factory {
    provider: Arc<CryptoProvider>,
    certificate: DtlsCert,
    candidates: Vec<SocketAddr>,
}

impl Factory {
    /// For connections that are reached at `candidates`. `None` if no certificate can be
    /// made.
    pub(crate) fn new(candidates: Vec<SocketAddr>) -> Option<Self> {
        let provider = Arc::new(str0m::crypto::from_feature_flags());
        let certificate = provider.dtls_provider.generate_certificate()?;
        Some(Self {
            provider,
            certificate,
            candidates,
        })
    }

    /// A connection by which a peer sends.
    pub(crate) fn publish(&self, now: Instant) -> Connection {
        self.build(self.config(), now)
    }

    /// A connection by which a peer receives. No mids in RTP (see [`MidNumbers`]: receivers
    /// go by the SSRCs of the description), and no transport-wide feedback, which nobody
    /// would read while there is no bandwidth estimation.
    pub(crate) fn subscribe(&self, now: Instant) -> Connection {
        let config = self
            .config()
            .clear_extension_map()
            .set_extension(1, Extension::AudioLevel)
            .set_extension(13, Extension::VideoOrientation)
            .set_stats_interval(Some(REPORT_INTERVAL));
        self.build(config, now)
    }

    fn config(&self) -> RtcConfig {
        Rtc::builder()
            .set_crypto_provider(Arc::clone(&self.provider))
            .set_dtls_cert(self.certificate.clone())
            .set_rtp_mode(true)
            .set_ice_lite(true)
            .set_sctp_max_buffered_amount(CHANNEL_BUFFER)
            .set_sctp_max_message_size(CHANNEL_MESSAGE)
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(true)
    }

    fn build(&self, config: RtcConfig, now: Instant) -> Connection {
        let rtc = catch_unwind(AssertUnwindSafe(|| {
            let mut rtc = config.build(now);
            for address in &self.candidates {
                if let Ok(candidate) = Candidate::host(*address, "udp") {
                    rtc.add_local_candidate(candidate);
                }
            }
            rtc
        }));
        Connection {
            rtc: rtc.ok(),
            local: self.candidates.clone(),
            numbers: MidNumbers::default(),
            pending: None,
            incoming: HashMap::new(),
            outgoing: HashMap::new(),
            channel: None,
            candidates: 0,
            failure_told: false,
            #[cfg(test)]
            defect: false,
        }
    }
}

/// A connection. All of it is sans-IO.
pub(crate) struct Connection {
    /// `None` once it has failed.
    rtc: Option<Rtc>,
    local: Vec<SocketAddr>,
    numbers: MidNumbers,
    pending: Option<Pending>,
    incoming: HashMap<Ssrc, Incoming>,
    outgoing: HashMap<Mid, (Ssrc, Pt)>,
    channel: Option<ChannelId>,
    candidates: u32,
    failure_told: bool,
    #[cfg(test)]
    defect: bool,
}

struct Pending {
    changes: SdpPendingOffer,
    /// As it was told.
    sdp: String,
}

#[derive(Clone, Copy)]
struct Incoming {
    mid: Mid,
    layer: Layer,
    kind: Kind,
}

/// What a connection has to say.
pub(crate) enum Polled {
    /// Send this.
    Send(SocketAddr, Vec<u8>),
    /// Take note of this.
    Happened(Happening),
    /// Nothing until then (or for good), unless something is done to it.
    Wait(Option<Instant>),
}

/// Something that happened in a connection.
pub(crate) enum Happening {
    /// ICE and DTLS are up, for the first time or again.
    Connected,
    /// Nothing is heard from the other side.
    Disconnected,
    /// It is of no use any more. The last thing that it says.
    Failed,
    /// The other side has added a section.
    Added(Mid),
    /// Media came.
    Packet(Packet),
    /// The receiver of this section cannot decode without a keyframe.
    KeyframeWanted(Mid),
    /// The data channel is open.
    ChannelOpen,
    /// A message came over the data channel.
    Message(Vec<u8>),
    /// What the receiver of one section reports.
    Report {
        /// Share of packets lost, 0 to 1.
        loss: f32,
        /// Round trip.
        rtt: Option<Duration>,
    },
}

/// A section that the other side has described.
pub(crate) struct Section {
    /// First word of its `a=msid`.
    pub(crate) stream_id: String,
    /// Second word of its `a=msid`.
    pub(crate) track_id: String,
    /// What it carries.
    pub(crate) kind: Kind,
}

/// A section to be offered.
pub(crate) struct NewSection {
    /// What it carries.
    pub(crate) kind: Kind,
    /// First word of its `a=msid`.
    pub(crate) stream_id: String,
    /// Second word of its `a=msid`.
    pub(crate) track_id: String,
}

/// A packet that came.
pub(crate) struct Packet {
    /// The stream that it belongs to; another one when a sender begins anew.
    pub(crate) ssrc: u32,
    /// Its section.
    pub(crate) mid: Mid,
    /// Its layer.
    pub(crate) layer: Layer,
    /// Extended sequence number.
    pub(crate) sequence: u64,
    /// RTP time.
    pub(crate) timestamp: u32,
    /// How loud it is: −127 (silence) to 0 dBov.
    pub(crate) audio_level: Option<i8>,
    /// What its VP8 descriptor says; `None` for audio.
    pub(crate) picture: Option<Picture>,
    /// When it came.
    pub(crate) at: Instant,
    kind: Kind,
    marker: bool,
    extensions: ExtensionValues,
    payload: Arc<[u8]>,
}

/// What a VP8 payload descriptor says.
#[derive(Clone, Copy)]
pub(crate) struct Picture {
    /// Whether a keyframe begins here.
    pub(crate) starts_keyframe: bool,
    /// Picture id.
    pub(crate) id: Option<u16>,
    /// Whether the picture id has 15 bits, or else 7.
    pub(crate) has_long_id: bool,
    /// TL0PICIDX.
    pub(crate) tl0: Option<u8>,
    descriptor: Vp8Descriptor,
}

/// The numbers that a packet is forwarded with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Numbers {
    /// Extended sequence number.
    pub(crate) sequence: u64,
    /// RTP time.
    pub(crate) timestamp: u32,
    /// Picture id.
    pub(crate) picture_id: Option<u16>,
    /// TL0PICIDX.
    pub(crate) tl0: Option<u8>,
}

/// What became of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answered {
    /// It holds now.
    Accepted,
    /// It answers no offer that is outstanding.
    Stale,
}

impl Connection {
    /// The other side's offer. Gives our answer.
    pub(crate) fn accept_offer(&mut self, sdp: &str) -> Result<String, SfuError> {
        guard(&mut self.rtc, |rtc| {
            let offer = SdpOffer::from_sdp_string(sdp).map_err(description)?;
            let answer = rtc.sdp_api().accept_offer(offer).map_err(description)?;
            Ok(answer.to_sdp_string())
        })
        .unwrap_or(Err(SfuError::Failed))
    }

    /// Offers changes; gives the description and the mids of the new sections. `None` if
    /// there is nothing to be agreed on, or an offer is outstanding already.
    pub(crate) fn offer(
        &mut self,
        with_channel: bool,
        add: &[NewSection],
        stop: &[Mid],
        restart_ice: bool,
    ) -> Option<(String, Vec<Mid>)> {
        if self.pending.is_some() {
            return None;
        }
        let (offer, changes, added) = guard(&mut self.rtc, |rtc| {
            let mut api = rtc.sdp_api();
            if with_channel {
                api.add_channel(CHANNEL.to_owned());
            }
            if restart_ice {
                api.ice_restart(true);
            }
            for mid in stop {
                api.stop_media(*mid);
            }
            let added = add
                .iter()
                .map(|section| {
                    let kind = match section.kind {
                        Kind::Audio => MediaKind::Audio,
                        Kind::Video => MediaKind::Video,
                    };
                    let stream = Some(section.stream_id.clone());
                    let track = Some(section.track_id.clone());
                    api.add_media(kind, Direction::SendOnly, stream, track, None)
                })
                .collect();
            let (offer, changes) = api.apply()?;
            Some((offer.to_sdp_string(), changes, added))
        })??;
        for mid in stop {
            self.outgoing.remove(mid);
        }
        let sdp = self.numbers.outgoing(&offer);
        self.pending = Some(Pending {
            changes,
            sdp: sdp.clone(),
        });
        Some((sdp, added))
    }

    /// The offer that waits for its answer.
    pub(crate) fn outstanding_offer(&self) -> Option<&str> {
        self.pending.as_ref().map(|pending| pending.sdp.as_str())
    }

    /// The answer to the outstanding offer.
    pub(crate) fn accept_answer(&mut self, sdp: &str) -> Result<Answered, SfuError> {
        let Some(pending) = &self.pending else {
            return Ok(Answered::Stale);
        };
        // One that was meant for an earlier offer and came twice.
        if !answers(&pending.sdp, sdp) {
            return Ok(Answered::Stale);
        }
        let sdp = self.numbers.incoming(sdp);
        let Some(pending) = self.pending.take() else {
            return Ok(Answered::Stale);
        };
        guard(&mut self.rtc, |rtc| {
            let answer = SdpAnswer::from_sdp_string(&sdp).map_err(description)?;
            rtc.sdp_api()
                .accept_answer(pending.changes, answer)
                .map_err(description)
        })
        .unwrap_or(Err(SfuError::Failed))?;
        Ok(Answered::Accepted)
    }

    /// A candidate of the other side's. One that cannot be understood is no harm: the other
    /// side is learned from its checks.
    pub(crate) fn add_candidate(&mut self, candidate: &str) {
        if self.candidates >= MOST_CANDIDATES {
            return;
        }
        self.candidates += 1;
        guard(&mut self.rtc, |rtc| {
            if let Ok(candidate) = Candidate::from_sdp_string(candidate) {
                rtc.add_remote_candidate(candidate);
            }
        });
    }

    /// Our ICE user name fragment, which changes when ICE starts again.
    pub(crate) fn local_user(&mut self) -> Option<String> {
        guard(&mut self.rtc, |rtc| {
            rtc.direct_api().local_ice_credentials().ufrag
        })
    }

    /// A section of the other side's.
    pub(crate) fn section(&self, mid: Mid) -> Option<Section> {
        let media = self.rtc.as_ref()?.media(mid)?;
        Some(Section {
            stream_id: media.stream_id().to_owned(),
            track_id: media.track_id().to_owned(),
            kind: kind(media.kind()),
        })
    }

    /// Whether this datagram is for this connection.
    pub(crate) fn accepts(&self, source: SocketAddr, datagram: &[u8], now: Instant) -> bool {
        let (Some(rtc), Some(input)) = (&self.rtc, receive(&self.local, source, datagram, now))
        else {
            return false;
        };
        catch_unwind(AssertUnwindSafe(|| rtc.accepts(&input))).unwrap_or(false)
    }

    /// A datagram that it [accepts](Self::accepts).
    pub(crate) fn receive(&mut self, source: SocketAddr, datagram: &[u8], now: Instant) {
        let Some(input) = receive(&self.local, source, datagram, now) else {
            return;
        };
        // Anybody can send a bad packet with a forged address: it ends nothing.
        if let Some(Err(error)) = guard(&mut self.rtc, |rtc| rtc.handle_input(input)) {
            tracing::debug!(%error, "a datagram was refused");
        }
    }

    /// The time that [`Polled::Wait`] gave has come.
    pub(crate) fn time(&mut self, now: Instant) {
        if let Some(Err(error)) = guard(&mut self.rtc, |rtc| rtc.handle_input(Input::Timeout(now)))
        {
            tracing::debug!(%error, "a media connection has failed");
            self.rtc = None;
        }
    }

    /// Sends a packet on. False if the section is not ready for it.
    pub(crate) fn write(&mut self, mid: Mid, packet: &Packet, numbers: Numbers) -> bool {
        let outgoing = &mut self.outgoing;
        guard(&mut self.rtc, |rtc| {
            let (ssrc, payload_type) = match outgoing.get(&mid) {
                Some(known) => *known,
                None => {
                    let payload_type = *rtc.media(mid)?.remote_pts().first()?;
                    let ssrc = rtc.direct_api().stream_tx_by_mid(mid, None)?.ssrc();
                    *outgoing.entry(mid).or_insert((ssrc, payload_type))
                }
            };
            let mut write = RtpWrite::new(
                payload_type,
                SeqNo::from(numbers.sequence),
                numbers.timestamp,
                packet.at,
                Arc::clone(&packet.payload),
            )
            .marker(packet.marker)
            .nackable(packet.kind == Kind::Video)
            .ext_vals(packet.extensions.clone());
            if let Some(picture) = &packet.picture {
                let mut patch = picture.descriptor.patch();
                if let Some(id) = numbers.picture_id {
                    patch = patch.picture_id(id);
                }
                if let Some(tl0) = numbers.tl0 {
                    patch = patch.tl0_pic_idx(tl0);
                }
                if let Ok(patch) = patch.build() {
                    write = write.vp8_patch(patch);
                }
            }
            rtc.direct_api().stream_tx(&ssrc)?.write_rtp(write);
            Some(())
        })
        .flatten()
        .is_some()
    }

    /// Asks the other side for a keyframe. False if it sends nothing there yet.
    pub(crate) fn request_keyframe(&mut self, mid: Mid, layer: Layer) -> bool {
        guard(&mut self.rtc, |rtc| {
            let mut api = rtc.direct_api();
            for rid in [rid_of(layer), None] {
                if let Some(stream) = api.stream_rx_by_mid(mid, rid) {
                    stream.request_keyframe(KeyframeRequestKind::Pli);
                    return true;
                }
            }
            false
        })
        .unwrap_or(false)
    }

    /// Sends a text over the data channel. False if it is not open, or its receiver too slow.
    pub(crate) fn say(&mut self, text: &str) -> bool {
        let Some(id) = self.channel else { return false };
        guard(&mut self.rtc, |rtc| {
            rtc.channel(id)
                .is_some_and(|mut channel| channel.write(false, text.as_bytes()).unwrap_or(false))
        })
        .unwrap_or(false)
    }

    /// What it has to say next.
    pub(crate) fn poll(&mut self) -> Polled {
        loop {
            #[cfg(test)]
            let defect = std::mem::take(&mut self.defect);
            let output = guard(&mut self.rtc, |rtc| {
                #[cfg(test)]
                assert!(!defect, "a defect, for a test");
                rtc.is_alive().then(|| rtc.poll_output())
            });
            match output.flatten() {
                Some(Ok(Output::Timeout(at))) => return Polled::Wait(Some(at)),
                Some(Ok(Output::Transmit(transmit))) => {
                    return Polled::Send(transmit.destination, transmit.contents.into());
                }
                Some(Ok(Output::Event(event))) => {
                    if let Some(happening) = self.happening(event) {
                        return Polled::Happened(happening);
                    }
                }
                Some(Err(error)) => {
                    tracing::debug!(%error, "a media connection has failed");
                    self.rtc = None;
                }
                None if self.failure_told => return Polled::Wait(None),
                None => {
                    self.rtc = None;
                    self.failure_told = true;
                    return Polled::Happened(Happening::Failed);
                }
            }
        }
    }

    fn happening(&mut self, event: Event) -> Option<Happening> {
        Some(match event {
            Event::Connected => Happening::Connected,
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) => {
                Happening::Disconnected
            }
            Event::IceConnectionStateChange(state) if state.is_connected() => {
                // The first time DTLS is still to come.
                if !self.rtc.as_ref().is_some_and(Rtc::is_connected) {
                    return None;
                }
                Happening::Connected
            }
            Event::MediaAdded(added) => Happening::Added(added.mid),
            Event::RtpPacket(packet) => Happening::Packet(self.packet(packet)?),
            Event::KeyframeRequest(request) => Happening::KeyframeWanted(request.mid),
            Event::ChannelOpen(id, label) if label == CHANNEL => {
                self.channel = Some(id);
                Happening::ChannelOpen
            }
            Event::ChannelData(data) if Some(data.id) == self.channel => {
                Happening::Message(data.data)
            }
            Event::MediaEgressStats(stats) => Happening::Report {
                loss: stats.loss?,
                rtt: stats.rtt,
            },
            _ => return None,
        })
    }

    fn packet(&mut self, packet: RtpPacket) -> Option<Packet> {
        let ssrc = packet.header.ssrc;
        let stream = match self.incoming.get(&ssrc) {
            Some(known) => *known,
            None => {
                let found = guard(&mut self.rtc, |rtc| {
                    let mut api = rtc.direct_api();
                    let stream = api.stream_rx(&ssrc)?;
                    let (mid, rid) = (stream.mid(), stream.rid());
                    let kind = kind(rtc.media(mid)?.kind());
                    Some(Incoming {
                        mid,
                        layer: layer_of(rid),
                        kind,
                    })
                })??;
                self.incoming.insert(ssrc, found);
                found
            }
        };
        let picture = match stream.kind {
            Kind::Audio => None,
            Kind::Video => Vp8Descriptor::parse(&packet.payload)
                .ok()
                .map(|descriptor| Picture {
                    starts_keyframe: descriptor.starts_keyframe(&packet.payload),
                    id: descriptor.picture_id(),
                    has_long_id: packet.payload.get(2).is_some_and(|byte| byte & 0x80 != 0),
                    tl0: descriptor.tl0_pic_idx(),
                    descriptor,
                }),
        };
        let received = &packet.header.ext_vals;
        let extensions = ExtensionValues {
            audio_level: received.audio_level,
            voice_activity: received.voice_activity,
            video_orientation: received.video_orientation,
            ..ExtensionValues::default()
        };
        Some(Packet {
            ssrc: *ssrc,
            mid: stream.mid,
            layer: stream.layer,
            sequence: *packet.seq_no,
            timestamp: packet.header.timestamp,
            audio_level: received.audio_level,
            picture,
            at: packet.timestamp,
            kind: stream.kind,
            marker: packet.header.marker,
            extensions,
            payload: packet.payload,
        })
    }

    /// Lets the next call into the library meet a defect.
    #[cfg(test)]
    pub(crate) fn plant_defect(&mut self) {
        self.defect = true;
    }
}

fn guard<T>(rtc: &mut Option<Rtc>, work: impl FnOnce(&mut Rtc) -> T) -> Option<T> {
    let alive = rtc.as_mut()?;
    if let Ok(value) = catch_unwind(AssertUnwindSafe(|| work(alive))) {
        return Some(value);
    }
    tracing::error!("a defect in the WebRTC library has ended a connection");
    // Its state may be anything: that it can be dropped is not sure either.
    if let Some(broken) = rtc.take() {
        let _ = catch_unwind(AssertUnwindSafe(|| drop(broken)));
    }
    None
}

fn receive<'a>(
    local: &[SocketAddr],
    source: SocketAddr,
    datagram: &'a [u8],
    now: Instant,
) -> Option<Input<'a>> {
    // A socket does not say by which of its addresses it was reached. For ICE it must be
    // one that was announced, and of the same family.
    let destination = local
        .iter()
        .find(|address| address.is_ipv4() == source.is_ipv4())?;
    let receive = catch_unwind(|| Receive::new(Protocol::Udp, source, *destination, datagram).ok());
    Some(Input::Receive(now, receive.ok()??))
}

fn description(error: impl std::fmt::Display) -> SfuError {
    let mut reason = error.to_string();
    if let Some((end, _)) = reason.char_indices().nth(200) {
        reason.truncate(end);
    }
    SfuError::Description(reason)
}

fn kind(kind: MediaKind) -> Kind {
    match kind {
        MediaKind::Audio => Kind::Audio,
        MediaKind::Video => Kind::Video,
    }
}

fn layer_of(rid: Option<Rid>) -> Layer {
    match rid.as_deref() {
        None | Some("f") => Layer::High,
        Some("h") => Layer::Medium,
        Some("q") => Layer::Low,
        Some(_) => Layer::None,
    }
}

fn rid_of(layer: Layer) -> Option<Rid> {
    match layer {
        Layer::High => Some("f".into()),
        Layer::Medium => Some("h".into()),
        Layer::Low => Some("q".into()),
        Layer::None => None,
    }
}
