//! What is said to a connection and what it says.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use str0m::media::{MediaKind, Mid};

/// A media section.
pub(crate) type Section = Mid;

/// What a section carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Opus.
    Audio,
    /// VP8.
    Video,
}

/// One change of what is sent, to be offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// The data channel: the first offer.
    Channel,
    /// A track more.
    Add {
        /// What it carries.
        kind: Kind,
        /// First word of the msid.
        stream_id: String,
        /// Second word of the msid.
        track_id: String,
    },
    /// The section carries nothing from now on.
    Remove(Section),
    /// New ICE credentials.
    RestartIce,
}

/// What a connection tells.
#[derive(Debug)]
pub(crate) enum Happening {
    /// DTLS and ICE are up.
    Up,
    /// ICE checks are not answered, or the connection has ended.
    Down,
    /// A section is received from now on.
    Opened {
        /// Which.
        section: Section,
        /// What it carries.
        kind: Kind,
        /// First word of the msid.
        stream_id: String,
        /// Second word of the msid.
        track_id: String,
    },
    /// A section is not received any more.
    Closed(Section),
    /// A whole picture, or an opus packet.
    Media {
        /// Of which section.
        section: Section,
        /// RTP time, extended to 64 bits.
        rtp_time: u64,
        /// RTP sequence number of its first packet, extended to 64 bits.
        sequence: u64,
        /// When its first packet came.
        arrived: Instant,
        /// Whether nothing is missing since the one before (pictures only).
        contiguous: bool,
        /// Whether it can be decoded on its own (pictures only).
        is_key: bool,
        /// Encoded.
        data: Arc<[u8]>,
    },
    /// The other side needs a keyframe.
    KeyframeWanted(Section),
    /// The share of packets that the other side has missed in the last second, 0 to 1.
    Loss(Section, f32),
    /// The data channel can be written to.
    ChannelOpen,
    /// The data channel is gone.
    ChannelClosed,
    /// A text message came.
    Text(Vec<u8>),
}

/// What came out of a connection.
#[derive(Debug)]
pub(crate) enum Out {
    /// A datagram to send.
    Transmit {
        /// From this socket.
        source: SocketAddr,
        /// To there.
        destination: SocketAddr,
        /// What.
        contents: Vec<u8>,
    },
    /// Something happened.
    Happening(Happening),
}

/// Why a description was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DescriptionError {
    /// Not SDP, or not one that fits.
    #[error("the session description cannot be used: {0}")]
    Unusable(String),
    /// An answer without an offer.
    #[error("no offer is waiting for this answer")]
    NotAsked,
    /// The library has failed in this connection.
    #[error("the media connection has failed")]
    Failed,
}

impl From<Kind> for MediaKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Audio => Self::Audio,
            Kind::Video => Self::Video,
        }
    }
}

impl From<MediaKind> for Kind {
    fn from(kind: MediaKind) -> Self {
        match kind {
            MediaKind::Audio => Self::Audio,
            MediaKind::Video => Self::Video,
        }
    }
}
