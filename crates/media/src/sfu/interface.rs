//! What a room says to the SFU and what the SFU says to a room.

use std::net::{IpAddr, SocketAddr};

/// A peer of a room, for as long as it is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerKey(pub u64);

/// Which of a peer's two connections, as `trickle` numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// 0: what the peer sends.
    Publish,
    /// 1: what the peer gets.
    Subscribe,
}

/// What a track carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Sound.
    Audio,
    /// Pictures.
    Video,
}

/// A simulcast layer, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layer {
    /// Nothing is forwarded.
    None,
    /// `q`.
    Low,
    /// `h`.
    Medium,
    /// `f`, and the only one of tracks without simulcast.
    High,
}

/// A track that a peer publishes, as `offer`'s `tracks` describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedTrack {
    /// The publisher's track id: the second word of its `a=msid`.
    pub track_id: String,
    /// The publisher's stream id: the first word of its `a=msid`.
    pub stream_id: String,
    /// What it carries.
    pub kind: Kind,
}

/// How the SFU is reached and what it allows.
#[derive(Debug, Clone)]
pub struct SfuSettings {
    /// Where the shards' UDP sockets listen; with port 0 each takes a free one, otherwise
    /// shard `n` takes `port + n`.
    pub listen: SocketAddr,
    /// Addresses that are given to clients as candidates. Empty: those of this machine
    /// that belong to `listen`.
    pub announced: Vec<IpAddr>,
    /// Threads, each with a socket; a room lives in one of them.
    pub shards: usize,
    /// Most tracks that a peer may publish.
    pub tracks_per_peer: usize,
    /// Most tracks that are published in a room.
    pub tracks_per_room: usize,
}

/// Something that a room wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A peer is there. With `offer`: its publish connection. The SFU answers with
    /// [`Event::Answer`] (same `request`), and offers the subscribe connection, with the
    /// data channel `ion-sfu` and no tracks, by [`Event::Offer`]. A peer that is known
    /// already begins anew.
    Join {
        /// Who.
        peer: PeerKey,
        /// The peer's id in the room, for what the SFU itself says over the data channels.
        id: String,
        /// Whether video is forwarded before the peer has asked for a layer: the opposite
        /// of the join's `disableVidAutoSub`.
        auto_video: bool,
        /// Comes back with the answer.
        request: u64,
        /// SDP.
        offer: String,
    },
    /// A later offer of the publish connection (tracks added or removed, or ICE restarted).
    /// Tracks that are no longer in `tracks` are gone.
    Publish {
        /// Who.
        peer: PeerKey,
        /// Comes back with the answer.
        request: u64,
        /// SDP.
        offer: String,
        /// All that the peer publishes from now on.
        tracks: Vec<PublishedTrack>,
    },
    /// The answer to [`Event::Offer`].
    Answer {
        /// Who.
        peer: PeerKey,
        /// SDP.
        sdp: String,
    },
    /// A candidate of the peer's.
    Trickle {
        /// Who.
        peer: PeerKey,
        /// For which connection.
        target: Target,
        /// `candidate:…`; may be empty or of a kind that is not understood.
        candidate: String,
    },
    /// All that a peer gets, as (publisher, track id), published already or not: what is not
    /// named is taken away. Each time that costs a section of its descriptions, for good:
    /// for what is out of sight for a while there is [`Layer::None`].
    Subscriptions {
        /// Who.
        peer: PeerKey,
        /// What.
        tracks: Vec<(PeerKey, String)>,
    },
    /// Muted tracks are not asked for keyframes and have no speaker level.
    Mute {
        /// Whose.
        peer: PeerKey,
        /// Which.
        track_id: String,
        /// Whether it is muted now.
        mute: bool,
    },
    /// New credentials for the peer's subscribe connection: ICE starts again. If an offer
    /// is outstanding it is told once more first, as it or its answer may have been lost.
    RestartIce {
        /// Who.
        peer: PeerKey,
    },
    /// A peer is gone.
    Leave {
        /// Who.
        peer: PeerKey,
    },
}

/// One speaker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Speaker {
    /// Who.
    pub peer: PeerKey,
    /// Their audio track.
    pub track_id: String,
    /// 0 to 100.
    pub level: u8,
}

/// Something that a room should know.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The answer to [`Command::Join`] or [`Command::Publish`].
    Answer {
        /// Whose.
        peer: PeerKey,
        /// As in the command.
        request: u64,
        /// SDP, or why there is none.
        result: Result<String, SfuError>,
    },
    /// An offer for the subscribe connection. None follows before it is answered.
    Offer {
        /// For whom.
        peer: PeerKey,
        /// SDP.
        sdp: String,
    },
    /// Who speaks, loudest first; at most three times a second, and once empty when all
    /// have fallen silent. The SFU itself says it over the data channels as well.
    Speakers(Vec<Speaker>),
    /// How good a peer's subscribe connection is now, when that has changed. The SFU itself
    /// says it over the data channels as well.
    Quality {
        /// Whose.
        peer: PeerKey,
        /// 0 to 5.
        score: u8,
    },
    /// A connection is up.
    Connected {
        /// Whose.
        peer: PeerKey,
        /// Which.
        target: Target,
    },
    /// A connection is lost: nothing was heard from the other side for long. It may come
    /// back by itself; [`Command::RestartIce`] helps the subscribe connection, an offer of
    /// the client's the publish connection.
    Lost {
        /// Whose.
        peer: PeerKey,
        /// Which.
        target: Target,
    },
    /// A connection is gone for good: closed by the other side, or a defect in it. Only
    /// another [`Command::Join`] gives the peer a new one.
    Failed {
        /// Whose.
        peer: PeerKey,
        /// Which.
        target: Target,
    },
}

/// Why the SFU could not do something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SfuError {
    /// The description is not SDP, or not one that fits.
    #[error("the session description cannot be used: {0}")]
    Description(String),
    /// A limit is reached.
    #[error("no more than {limit} tracks may be published {place}")]
    TooManyTracks {
        /// How many are allowed.
        limit: usize,
        /// `by one peer` or `in one room`.
        place: &'static str,
    },
    /// The peer is not known here.
    #[error("this peer has no media connection here: join with an offer")]
    UnknownPeer,
    /// The socket of a shard cannot be opened.
    #[error("no UDP socket at {address}: {reason}")]
    Socket {
        /// Where.
        address: SocketAddr,
        /// The system's words.
        reason: String,
    },
    /// A defect in this connection; others go on.
    #[error("the media connection has failed")]
    Failed,
}
