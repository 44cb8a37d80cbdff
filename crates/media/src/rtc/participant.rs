//! One of a participant's two connections, in whole pictures and opus packets.
//!
//! The library wants its output drained after every change, before the next one. Here each
//! method makes one change and drains; what came out waits in [`Connection::poll`].

mod drain;
mod told;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::channel::{ChannelConfig, ChannelId};
use str0m::format::{Codec, FormatParams};
use str0m::media::{Direction, Frequency, KeyframeRequestKind, MediaTime};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, IceConnectionState, Input, Rtc};

use drain::{Drained, drain};
pub(crate) use told::{Change, DescriptionError, Happening, Kind, Out, Section};

/// The payload type of opus, the one that browsers use.
const OPUS: u8 = 111;

/// How often counts of what was sent and lost are told.
const STATS_INTERVAL: Duration = Duration::from_secs(1);

/// More candidates than any server has; a flood of them would slow the checks down.
const MOST_REMOTE_CANDIDATES: usize = 32;

/// The label of the only data channel.
const CHANNEL: &str = "ion-sfu";

/// One connection.
pub(crate) struct Connection {
    /// `None` after a defect in the library: the connection is over.
    rtc: Option<Rtc>,
    /// Of its own sockets. A server has one for all, so only these tell connections apart.
    addresses: Vec<SocketAddr>,
    pending: Option<SdpPendingOffer>,
    channel: Option<ChannelId>,
    deadline: Instant,
    ice_is_up: bool,
    dtls_is_up: bool,
    was_up: bool,
    remote_candidates: usize,
    /// Candidates that came before a description.
    early: Vec<Candidate>,
    is_described: bool,
    out: VecDeque<Out>,
}

impl Connection {
    /// A connection that can be reached at these addresses, each that of a socket.
    pub(crate) fn new(addresses: &[SocketAddr], now: Instant) -> Self {
        // Nothing else can be chosen if a process-wide provider is set already.
        str0m::crypto::from_feature_flags().install_process_default();
        let mut config = Rtc::builder()
            .clear_codecs()
            .enable_vp8(true)
            // Own jitter buffer: packets come as they arrive.
            .set_reordering_size_audio(0)
            .set_stats_interval(Some(STATS_INTERVAL));
        config.codec_config().add_config(
            OPUS.into(),
            None,
            Codec::Opus,
            Frequency::FORTY_EIGHT_KHZ,
            Some(2),
            FormatParams {
                min_p_time: Some(10),
                use_inband_fec: Some(true),
                use_dtx: Some(true),
                ..FormatParams::default()
            },
        );
        let mut connection = Self {
            rtc: Some(config.build(now)),
            addresses: Vec::new(),
            pending: None,
            channel: None,
            deadline: now,
            ice_is_up: false,
            dtls_is_up: false,
            was_up: false,
            remote_candidates: 0,
            early: Vec::new(),
            is_described: false,
            out: VecDeque::new(),
        };
        // The library has no time before it is told one.
        connection.timeout(now);
        connection.add_addresses(addresses);
        connection
    }

    /// More addresses of sockets; those that are known already are left out.
    pub(crate) fn add_addresses(&mut self, addresses: &[SocketAddr]) {
        for &address in addresses {
            if self.addresses.contains(&address) {
                continue;
            }
            self.addresses.push(address);
            if let Ok(candidate) = Candidate::host(address, "udp") {
                self.change(|rtc| {
                    rtc.add_local_candidate(candidate);
                });
            }
        }
    }

    /// The offer of these changes; an earlier one that has no answer yet is dropped with its
    /// changes. The section that was added is returned too.
    pub(crate) fn offer(&mut self, changes: &[Change]) -> Option<(String, Option<Section>)> {
        let mut added = None;
        let (sdp, pending) = self
            .change(|rtc| {
                let mut api = rtc.sdp_api();
                for change in changes {
                    match change {
                        Change::Channel => {
                            api.add_channel_with_config(ChannelConfig {
                                label: CHANNEL.into(),
                                protocol: "SCTP".into(),
                                ..ChannelConfig::default()
                            });
                        }
                        Change::Add {
                            kind,
                            stream_id,
                            track_id,
                        } => {
                            added = Some(api.add_media(
                                (*kind).into(),
                                Direction::SendOnly,
                                Some(stream_id.clone()),
                                Some(track_id.clone()),
                                None,
                            ));
                        }
                        Change::Remove(section) => api.set_direction(*section, Direction::Inactive),
                        Change::RestartIce => {
                            api.ice_restart(true);
                        }
                    }
                }
                let (offer, pending) = api.apply()?;
                Some((offer.to_sdp_string(), pending))
            })
            .flatten()?;
        self.pending = Some(pending);
        Some((sdp, added))
    }

    /// Whether an offer has no answer yet.
    pub(crate) fn has_offer(&self) -> bool {
        self.pending.is_some()
    }

    /// Takes the last offer back.
    pub(crate) fn withdraw(&mut self) {
        self.pending = None;
    }

    /// The answer to the last offer.
    pub(crate) fn accept_answer(&mut self, sdp: &str) -> Result<(), DescriptionError> {
        let pending = self.pending.take().ok_or(DescriptionError::NotAsked)?;
        let answer = SdpAnswer::from_sdp_string(sdp).map_err(unusable)?;
        self.change(|rtc| rtc.sdp_api().accept_answer(pending, answer))
            .ok_or(DescriptionError::Failed)?
            .map_err(unusable)?;
        self.add_early();
        Ok(())
    }

    /// The other side's offer; gives the answer.
    pub(crate) fn accept_offer(&mut self, sdp: &str) -> Result<String, DescriptionError> {
        let offer = SdpOffer::from_sdp_string(sdp).map_err(unusable)?;
        let answer = self
            .change(|rtc| rtc.sdp_api().accept_offer(offer))
            .ok_or(DescriptionError::Failed)?
            .map_err(unusable)?;
        self.add_early();
        Ok(answer.to_sdp_string())
    }

    /// A candidate of the other side's. Those that are not understood (names of mDNS, the
    /// empty one at the end) are left out.
    pub(crate) fn add_remote_candidate(&mut self, candidate: &str) {
        if self.remote_candidates >= MOST_REMOTE_CANDIDATES {
            return;
        }
        if let Ok(candidate) = Candidate::from_sdp_string(candidate) {
            self.remote_candidates += 1;
            self.early.push(candidate);
            if self.is_described {
                self.add_early();
            }
        }
    }

    fn add_early(&mut self) {
        self.is_described = true;
        for candidate in std::mem::take(&mut self.early) {
            self.change(|rtc| rtc.add_remote_candidate(candidate));
        }
    }

    /// Takes a datagram if it came to a socket of this connection; says whether it did.
    pub(crate) fn receive(
        &mut self,
        source: SocketAddr,
        destination: SocketAddr,
        contents: &[u8],
        now: Instant,
    ) -> bool {
        if !self.addresses.contains(&destination) {
            return false;
        }
        if let Ok(receive) = Receive::new(Protocol::Udp, source, destination, contents) {
            let input = Input::Receive(now, receive);
            if self.rtc.as_ref().is_some_and(|rtc| rtc.accepts(&input)) {
                self.input(input);
            }
        }
        true
    }

    /// The time has come that [`Connection::deadline`] told.
    pub(crate) fn timeout(&mut self, now: Instant) {
        self.input(Input::Timeout(now));
    }

    /// When [`Connection::timeout`] must be called at the latest.
    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether media can be sent and received.
    pub(crate) fn is_up(&self) -> bool {
        self.ice_is_up && self.dtls_is_up
    }

    /// Sends a picture taken at `at_us`.
    pub(crate) fn send_picture(
        &mut self,
        section: Section,
        at_us: u64,
        data: Vec<u8>,
        now: Instant,
    ) {
        let time = MediaTime::from_micros(at_us).rebase(Frequency::NINETY_KHZ);
        self.change(|rtc| {
            let writer = rtc.writer(section)?;
            let pt = writer
                .payload_params()
                .find(|p| p.spec().codec == Codec::Vp8)?
                .pt();
            writer.write(pt, now, time, data).ok()
        });
    }

    /// Sends an opus packet whose first sample has this number. `level` is in dB below full
    /// scale (0 to 127); `begins` after a silence in which nothing was sent.
    pub(crate) fn send_sound(
        &mut self,
        section: Section,
        sample: u64,
        data: Vec<u8>,
        (level, begins): (u8, bool),
        now: Instant,
    ) {
        let time = MediaTime::new(sample, Frequency::FORTY_EIGHT_KHZ);
        let level = i8::try_from(level.min(127)).unwrap_or(127);
        self.change(|rtc| {
            let writer = rtc.writer(section)?;
            let pt = writer
                .payload_params()
                .find(|p| p.spec().codec == Codec::Opus)?
                .pt();
            writer
                .audio_level(-level, level < 60)
                .start_of_talkspurt(begins)
                .write(pt, now, time, data)
                .ok()
        });
    }

    /// Asks the other side for a keyframe; says whether that could be done.
    pub(crate) fn request_keyframe(&mut self, section: Section) -> bool {
        self.change(|rtc| {
            rtc.writer(section)
                .and_then(|mut writer| writer.request_keyframe(None, KeyframeRequestKind::Pli).ok())
        })
        .flatten()
        .is_some()
    }

    /// Sends a text message; says whether it was taken.
    pub(crate) fn send_text(&mut self, text: &str) -> bool {
        let Some(id) = self.channel else { return false };
        self.change(|rtc| {
            rtc.channel(id)
                .and_then(|mut channel| channel.write(false, text.as_bytes()).ok())
                .unwrap_or(false)
        })
        .unwrap_or(false)
    }

    /// The next thing that came out.
    pub(crate) fn poll(&mut self) -> Option<Out> {
        self.out.pop_front()
    }

    fn input(&mut self, input: Input<'_>) {
        // An error in what came in ends the connection only if the library says so.
        self.change(|rtc| {
            if let Err(error) = rtc.handle_input(input) {
                tracing::debug!(%error, "media input");
            }
        });
    }

    /// One change, and the draining after it. The library panics on defects of its own:
    /// then this connection is over, and the program goes on.
    fn change<T>(&mut self, change: impl FnOnce(&mut Rtc) -> T) -> Option<T> {
        let rtc = self.rtc.as_mut()?;
        let mut drained = Vec::new();
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let value = change(rtc);
            let deadline = drain(rtc, &mut drained);
            (value, deadline, rtc.is_alive())
        }));
        for event in drained {
            self.take(event);
        }
        match outcome {
            Ok((value, Some(deadline), true)) => {
                self.deadline = deadline;
                Some(value)
            }
            Ok((value, ..)) => {
                self.end();
                Some(value)
            }
            Err(_) => {
                tracing::error!("the WebRTC library has failed");
                self.end();
                None
            }
        }
    }

    fn end(&mut self) {
        self.rtc = None;
        self.deadline += Duration::from_secs(3600);
        self.dtls_is_up = false;
        self.tell_state();
        self.out.push_back(Out::Happening(Happening::Down));
    }

    fn take(&mut self, drained: Drained) {
        let happening = match drained {
            Drained::Transmit(out) => return self.out.push_back(out),
            Drained::Opened(happening) => happening,
            Drained::Event(event) => match event {
                Event::Connected => {
                    self.dtls_is_up = true;
                    return self.tell_state();
                }
                Event::IceConnectionStateChange(state) => {
                    match state {
                        IceConnectionState::Connected | IceConnectionState::Completed => {
                            self.ice_is_up = true;
                        }
                        IceConnectionState::Disconnected => {
                            self.ice_is_up = false;
                            if !self.was_up {
                                self.out.push_back(Out::Happening(Happening::Down));
                            }
                        }
                        // While ICE starts again media goes on as it can.
                        _ => {}
                    }
                    return self.tell_state();
                }
                Event::MediaData(data) => Happening::Media {
                    section: data.mid,
                    rtp_time: data.time.numer(),
                    sequence: **data.seq_range.start(),
                    arrived: data.network_time,
                    contiguous: data.contiguous,
                    is_key: data.is_keyframe(),
                    data: data.data,
                },
                Event::KeyframeRequest(request) => Happening::KeyframeWanted(request.mid),
                Event::MediaEgressStats(stats) => match stats.loss {
                    Some(loss) => Happening::Loss(stats.mid, loss),
                    None => return,
                },
                Event::ChannelOpen(id, label) if label == CHANNEL => {
                    self.channel = Some(id);
                    Happening::ChannelOpen
                }
                Event::ChannelClose(id) if Some(id) == self.channel => {
                    self.channel = None;
                    Happening::ChannelClosed
                }
                Event::ChannelData(data) if Some(data.id) == self.channel && !data.binary => {
                    Happening::Text(data.data)
                }
                _ => return,
            },
        };
        self.out.push_back(Out::Happening(happening));
    }

    fn tell_state(&mut self) {
        let up = self.is_up();
        if up != self.was_up {
            self.was_up = up;
            let happening = if up { Happening::Up } else { Happening::Down };
            self.out.push_back(Out::Happening(happening));
        }
    }
}

fn unusable(error: impl std::fmt::Display) -> DescriptionError {
    DescriptionError::Unusable(error.to_string())
}
