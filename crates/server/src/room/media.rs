//! Media: the two connections of each peer to the forwarding unit, and who gets what.
//!
//! The forwarding unit decides nothing. A room tells it which peers there are, what each
//! of them publishes, and what each of them gets; what it answers goes on to the clients.
//! A client names the *node* that it believes to serve it. When the connections of a peer
//! are lost for good (the server was restarted, or one of them has failed) its node gets
//! another name: that makes the client begin both anew.

mod connection;
mod subscriptions;

use std::collections::HashMap;

use kulti_media::sfu::{Command, Event, PeerKey, SfuError, Speaker, Target};
use kulti_protocol::signalling::{
    ActiveSpeaker, ActiveSpeakers, NodeInfo, RpcError, SessionDescription, code,
};

use super::dispatch::Call;
use super::io::{Class, Output, SocketId};
use super::peers::{Peer, PeerNo};
use super::tracks::Withdrawn;
use super::{Frame, Room};

pub(super) use connection::check_join_offer;

/// A peer whose connections fail again and again is not told to begin anew any more.
const LIVES: u32 = 50;

/// What a room knows of media besides what it knows of each peer.
#[derive(Debug)]
pub(super) struct MediaState {
    /// First part of the names of all nodes. A room that is restored has another one.
    node: String,
    last_request: u64,
    /// What the forwarding unit has not answered yet, by request.
    waiting: HashMap<u64, Waiting>,
    /// Whether somebody may get something else from now on.
    dirty: bool,
    /// Who spoke last, as it was told to those without media.
    speaking: Vec<PeerKey>,
}

/// A client's request that waits for the forwarding unit.
#[derive(Debug)]
struct Waiting {
    peer: PeerNo,
    call: Call,
    cause: Cause,
}

#[derive(Debug)]
enum Cause {
    /// A join: without an answer there is no peer.
    Join,
    /// The first offer of a peer that has joined already.
    Begin,
    /// A later offer, with all that is published by it.
    Publish(std::collections::BTreeMap<String, kulti_protocol::signalling::Track>),
}

/// A peer's media.
#[derive(Debug, Default)]
pub(super) struct PeerMedia {
    pub(super) withdrawn: Withdrawn,
    stage: Stage,
    /// Counts how often the connections were lost for good.
    life: u32,
    /// Whether the client still believes in connections that are no more.
    stale: bool,
    /// The offer of the subscribe connection that was not answered yet.
    offered: Option<String>,
    /// Whether nothing is heard from the subscribe connection.
    lost: bool,
    /// What the forwarding unit was told last.
    subscribed: Vec<(PeerKey, String)>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    /// The peer has no connections.
    #[default]
    None,
    /// They were asked for.
    Beginning,
    /// The forwarding unit knows the peer.
    Up,
}

impl PeerMedia {
    /// Of a peer that is restored: its connections, if it had any, are no more.
    pub(super) fn restored(had_media: bool) -> Self {
        Self {
            stale: had_media,
            ..Self::default()
        }
    }

    /// Whether the forwarding unit knows the peer, or soon will.
    pub(super) fn is_there(&self) -> bool {
        self.stage != Stage::None
    }

    /// Whether the client believes that it has connections.
    pub(super) fn is_believed(&self) -> bool {
        self.is_there() || self.stale
    }
}

impl MediaState {
    pub(super) fn new(node: String) -> Self {
        Self {
            node,
            last_request: 0,
            waiting: HashMap::new(),
            dirty: false,
            speaking: Vec::new(),
        }
    }

    /// Tracks or roles have changed: who gets what is to be found out again.
    pub(super) fn mark(&mut self) {
        self.dirty = true;
    }
}

impl Room {
    /// How many peers have media connections, and how many tracks are published.
    #[must_use]
    pub fn media_figures(&self) -> (usize, u32) {
        let with_media = self.peers.iter().filter(|peer| peer.media.is_there());
        (with_media.count(), self.peers.track_count)
    }

    /// The forwarding unit says something.
    pub(super) fn media_event(&mut self, event: Event) {
        match event {
            Event::Answer {
                request, result, ..
            } => self.media_answered(request, result),
            Event::Offer { peer, sdp } => self.offered(PeerNo(peer.0), sdp),
            Event::Speakers(speakers) => self.speakers(&speakers),
            // Told over the data channels, to those whose connections they are about.
            Event::Quality { .. } => {}
            Event::Connected { peer, target } => {
                if let (Some(peer), Target::Subscribe) =
                    (self.peers.get_mut(PeerNo(peer.0)), target)
                {
                    peer.media.lost = false;
                }
            }
            Event::Lost { peer, target } => {
                if target == Target::Subscribe {
                    self.subscribe_lost(PeerNo(peer.0));
                }
            }
            Event::Failed { peer, target } => {
                tracing::debug!(
                    room = self.id,
                    ?peer,
                    ?target,
                    "a media connection has failed"
                );
                self.media_failed(PeerNo(peer.0));
            }
        }
    }

    fn media_answered(&mut self, request: u64, result: Result<String, SfuError>) {
        let Some(waiting) = self.media.waiting.remove(&request) else {
            return; // the peer has left, or began anew
        };
        let no = waiting.peer;
        let sdp = match result {
            Ok(sdp) => sdp,
            Err(error) => return self.media_refused(waiting, &error),
        };
        if let Some(peer) = self.peers.get_mut(no)
            && peer.media.stage == Stage::Beginning
        {
            peer.media.stage = Stage::Up;
            self.media.mark();
        }
        // A request whose socket was lost is asked again over the next one.
        if self.speaks_for(waiting.call.socket, no) {
            let answer = SessionDescription {
                kind: "answer".to_owned(),
                sdp,
                sfu_node_id: Some(self.node_of(no)),
            };
            self.answer(&waiting.call, &answer);
            if let Cause::Join = waiting.cause {
                self.welcome(waiting.call.socket, no);
            }
        }
        if let Cause::Publish(tracks) = waiting.cause {
            self.publish_late(no, tracks);
        }
    }

    fn media_refused(&mut self, waiting: Waiting, error: &SfuError) {
        let no = waiting.peer;
        tracing::debug!(room = self.id, peer = no.0, %error, "an offer was refused");
        let code = match error {
            SfuError::Description(_) => code::BAD_REQUEST,
            SfuError::TooManyTracks { .. } => code::FORBIDDEN,
            SfuError::UnknownPeer | SfuError::Failed => code::MISDIRECTED,
            SfuError::Socket { .. } => code::FAULT,
        };
        let refusal = RpcError::new(code, error.to_string());
        let present = self.speaks_for(waiting.call.socket, no);
        if present {
            self.refuse(&waiting.call, &refusal);
        }
        match waiting.cause {
            Cause::Join if present => self.undo_join(waiting.call.socket, no),
            Cause::Join | Cause::Begin => self.forget_media(no),
            Cause::Publish(_) if code == code::MISDIRECTED => self.media_failed(no),
            Cause::Publish(_) => {} // nothing has changed
        }
    }

    /// Whether this socket is the peer's own, now.
    fn speaks_for(&self, socket: SocketId, no: PeerNo) -> bool {
        self.peers.get(no).and_then(Peer::socket) == Some(socket)
    }

    /// The peer's connections are no more, and its client does not know it.
    fn media_failed(&mut self, no: PeerNo) {
        if !self.peers.get(no).is_some_and(|peer| peer.media.is_there()) {
            return;
        }
        self.forget_media(no);
        if let Some(peer) = self.peers.get_mut(no) {
            peer.media.life += 1;
            peer.media.stale = true;
            if let Some(socket) = peer.socket() {
                self.send_node(socket, no);
            }
        }
    }

    /// All connections are no more: there is another forwarding unit.
    pub(super) fn media_moved(&mut self) {
        for no in self.peers.numbers() {
            self.media_failed(no);
        }
    }

    /// Takes the peer out of the forwarding unit; it stays in the room.
    fn forget_media(&mut self, no: PeerNo) {
        self.publish_tracks(no, std::collections::BTreeMap::new());
        self.leave_media(no);
        if let Some(peer) = self.peers.get_mut(no) {
            peer.media = PeerMedia {
                life: peer.media.life,
                ..PeerMedia::default()
            };
        }
    }

    /// Tells the forwarding unit that the peer is gone, and refuses what still waits.
    fn leave_media(&mut self, no: PeerNo) {
        let there = self.peers.get(no).is_some_and(|peer| peer.media.is_there());
        self.end_media(no, there);
    }

    /// As [`Room::leave_media`], of a peer that may be gone from the room.
    pub(super) fn end_media(&mut self, no: PeerNo, there: bool) {
        if !there {
            return;
        }
        self.outputs.push(Output::Media(Command::Leave {
            peer: PeerKey(no.0),
        }));
        self.media.mark();
        let mut requests: Vec<u64> = self
            .media
            .waiting
            .iter()
            .filter(|(_, waiting)| waiting.peer == no)
            .map(|(request, _)| *request)
            .collect();
        requests.sort_unstable();
        for request in requests {
            if let Some(waiting) = self.media.waiting.remove(&request)
                && self.sockets.contains_key(&waiting.call.socket)
            {
                let gone = RpcError::new(code::MISDIRECTED, "this media connection is no more");
                self.refuse(&waiting.call, &gone);
            }
        }
    }

    /// The name of the node that serves the peer.
    fn node_of(&self, no: PeerNo) -> String {
        let life = self.peers.get(no).map_or(0, |peer| peer.media.life);
        format!("{}-{life}", self.media.node)
    }

    /// The client begins its connections anew if it knew another name.
    fn send_node(&mut self, socket: SocketId, no: PeerNo) {
        if self
            .peers
            .get(no)
            .is_none_or(|peer| peer.media.life > LIVES)
        {
            return;
        }
        let info = NodeInfo {
            sfu_node_id: self.node_of(no),
        };
        self.send(socket, Frame::notification("node-info", &info));
    }

    /// Those without media have no data channel, so they are told here; and only when
    /// others speak than before, not how loud.
    fn speakers(&mut self, speakers: &[Speaker]) {
        let speaking: Vec<PeerKey> = speakers.iter().map(|speaker| speaker.peer).collect();
        if speaking == self.media.speaking {
            return;
        }
        self.media.speaking = speaking;
        let sockets: Vec<SocketId> = self
            .peers
            .iter()
            .filter(|peer| !peer.media.is_there())
            .filter_map(Peer::socket)
            .collect();
        if sockets.is_empty() {
            return;
        }
        let speakers = speakers
            .iter()
            .filter_map(|speaker| {
                Some(ActiveSpeaker {
                    peer_id: self.peers.get(PeerNo(speaker.peer.0))?.id.to_string(),
                    track_id: speaker.track_id.clone(),
                    level: speaker.level,
                })
            })
            .collect();
        let frame = Frame::notification("active-speakers", &ActiveSpeakers { speakers });
        self.send_all(sockets, frame, Class::Presence);
    }
}
