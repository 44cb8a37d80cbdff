//! Packets as they come and as they go on.

use std::sync::Arc;
use std::time::Instant;

use str0m::media::{KeyframeRequestKind, MediaKind, Mid, Rid};
use str0m::rtp::{ExtensionValues, RtpPacket, RtpWrite, SeqNo, Vp8Descriptor};

use super::{Connection, guard};
use crate::sfu::{Kind, Layer};

/// The stream of an SSRC.
#[derive(Clone, Copy)]
pub(super) struct Incoming {
    mid: Mid,
    layer: Layer,
    kind: Kind,
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

impl Connection {
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

    pub(super) fn packet(&mut self, packet: RtpPacket) -> Option<Packet> {
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
}

pub(super) fn kind(kind: MediaKind) -> Kind {
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
