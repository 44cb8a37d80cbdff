//! A client of the SFU: two connections, and a camera that sends packets of nothing.

use std::{
    net::UdpSocket,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use str0m::{
    Candidate, Event, Input, Output, Rtc,
    change::{SdpAnswer, SdpOffer, SdpPendingOffer},
    media::{Direction, MediaKind, Mid},
    net::{Protocol, Receive},
    rtp::RtpWrite,
};

/// 30 frames a second of two packets each make some 500 kbit/s.
pub(super) const FRAME_INTERVAL: Duration = Duration::from_micros(33_333);
/// Packets a frame.
pub(super) const PACKETS: usize = 2;
/// Bytes of payload.
pub(super) const PACKET: usize = 1_040;
/// Of the RTP clock, a frame.
const TICKS: u32 = 3_000;

struct End {
    rtc: Rtc,
    socket: UdpSocket,
    deadline: Instant,
}

/// A source of pictures.
#[derive(Default)]
pub(super) struct Camera {
    mid: Option<Mid>,
    next: Option<Instant>,
    frame: u32,
    sequence: u64,
    keyframe_wanted: bool,
}

/// Somebody in the room.
pub(super) struct Participant {
    publish: End,
    subscribe: End,
    pending: Option<SdpPendingOffer>,
    is_connected: bool,
    keyframe_wanted: bool,
    /// Packets got.
    pub(super) received: usize,
}

impl End {
    fn new() -> anyhow::Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.set_nonblocking(true)?;
        let now = Instant::now();
        let mut rtc = Rtc::builder()
            .set_rtp_mode(true)
            .clear_codecs()
            .enable_vp8(true)
            .build(now);
        rtc.add_local_candidate(Candidate::host(socket.local_addr()?, "udp")?);
        rtc.handle_input(Input::Timeout(now))?;
        Ok(Self {
            rtc,
            socket,
            deadline: now,
        })
    }

    fn drain(&mut self, mut on_event: impl FnMut(Event)) -> anyhow::Result<()> {
        loop {
            match self.rtc.poll_output()? {
                Output::Timeout(at) => {
                    self.deadline = at;
                    return Ok(());
                }
                Output::Transmit(transmit) => {
                    self.socket
                        .send_to(&transmit.contents, transmit.destination)?;
                }
                Output::Event(event) => on_event(event),
            }
        }
    }

    fn receive(&mut self, mut on_event: impl FnMut(Event)) -> anyhow::Result<()> {
        self.drain(&mut on_event)?;
        let mut buffer = [0; 2_000];
        while let Ok((length, source)) = self.socket.recv_from(&mut buffer) {
            let now = Instant::now();
            let datagram = buffer.get(..length).unwrap_or_default();
            let destination = self.socket.local_addr()?;
            let receive = Receive::new(Protocol::Udp, source, destination, datagram)?;
            self.rtc.handle_input(Input::Receive(now, receive))?;
            self.drain(&mut on_event)?;
        }
        let now = Instant::now();
        if self.deadline <= now {
            self.rtc.handle_input(Input::Timeout(now))?;
            self.drain(&mut on_event)?;
        }
        Ok(())
    }
}

impl Participant {
    pub(super) fn new() -> anyhow::Result<Self> {
        Ok(Self {
            publish: End::new()?,
            subscribe: End::new()?,
            pending: None,
            is_connected: false,
            keyframe_wanted: false,
            received: 0,
        })
    }

    /// The offer of a join.
    pub(super) fn join(&mut self) -> anyhow::Result<String> {
        let mut api = self.publish.rtc.sdp_api();
        api.add_channel("ion-sfu".to_owned());
        let (offer, pending) = api.apply().context("nothing to offer")?;
        self.pending = Some(pending);
        Ok(offer.to_sdp_string())
    }

    /// The offer of a camera.
    pub(super) fn offer_camera(
        &mut self,
        camera: &mut Camera,
        stream: &str,
        track: &str,
    ) -> anyhow::Result<String> {
        let mut api = self.publish.rtc.sdp_api();
        let (stream, track) = (Some(stream.to_owned()), Some(track.to_owned()));
        camera.mid =
            Some(api.add_media(MediaKind::Video, Direction::SendOnly, stream, track, None));
        let (offer, pending) = api.apply().context("nothing to offer")?;
        self.pending = Some(pending);
        Ok(offer.to_sdp_string())
    }

    /// Whether no answer is waited for.
    pub(super) fn is_answered(&self) -> bool {
        self.pending.is_none()
    }

    /// The answer to the last offer.
    pub(super) fn answered(&mut self, sdp: &str) -> anyhow::Result<()> {
        let pending = self.pending.take().context("an answer without an offer")?;
        let answer = SdpAnswer::from_sdp_string(sdp)?;
        Ok(self.publish.rtc.sdp_api().accept_answer(pending, answer)?)
    }

    /// Answers the SFU's offer.
    pub(super) fn answer(&mut self, sdp: &str) -> anyhow::Result<String> {
        let offer = SdpOffer::from_sdp_string(sdp)?;
        Ok(self
            .subscribe
            .rtc
            .sdp_api()
            .accept_offer(offer)?
            .to_sdp_string())
    }

    /// Takes what has come.
    pub(super) fn receive(&mut self) -> anyhow::Result<()> {
        let (is_connected, wanted) = (&mut self.is_connected, &mut self.keyframe_wanted);
        self.publish.receive(|event| match event {
            Event::Connected => *is_connected = true,
            Event::KeyframeRequest(_) => *wanted = true,
            _ => {}
        })?;
        let received = &mut self.received;
        self.subscribe.receive(|event| {
            if matches!(event, Event::RtpPacket(_)) {
                *received += 1;
            }
        })
    }

    /// Sends the camera's next frame if its time has come; gives how many packets that is.
    pub(super) fn send(&mut self, camera: &mut Camera) -> anyhow::Result<usize> {
        let now = Instant::now();
        camera.keyframe_wanted |= std::mem::take(&mut self.keyframe_wanted);
        let (Some(mid), true) = (camera.mid, self.is_connected && self.is_answered()) else {
            return Ok(0);
        };
        let next = camera.next.unwrap_or(now);
        if now < next {
            return Ok(0);
        }
        camera.next = Some(next + FRAME_INTERVAL);
        camera.frame += 1;
        let end = &mut self.publish;
        let wanted = &mut self.keyframe_wanted;
        let types = end.rtc.media(mid).map(|media| media.remote_pts().to_vec());
        let payload_type = types.and_then(|types| types.first().copied());
        let payload_type = payload_type.context("the camera has no payload type")?;
        for index in 0..PACKETS {
            let is_first = index == 0;
            let mut payload = vec![0; PACKET];
            let head = if is_first {
                [0x10, u8::from(!std::mem::take(&mut camera.keyframe_wanted))]
            } else {
                [0, 0]
            };
            payload.splice(..2, head);
            camera.sequence += 1;
            let write = RtpWrite::new(
                payload_type,
                camera.sequence.into(),
                camera.frame.wrapping_mul(TICKS),
                now,
                payload,
            )
            .marker(index + 1 == PACKETS)
            .nackable(true);
            let mut api = end.rtc.direct_api();
            api.stream_tx_by_mid(mid, None)
                .context("the camera has no stream")?
                .write_rtp(write);
            let mut note = |event| {
                if matches!(event, Event::KeyframeRequest(_)) {
                    *wanted = true;
                }
            };
            end.drain(&mut note)?;
            end.rtc.handle_input(Input::Timeout(now))?;
            end.drain(&mut note)?;
        }
        Ok(PACKETS)
    }
}
