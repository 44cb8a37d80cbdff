//! Who is in the room.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use kulti_protocol::signalling::{BriefPeer, Peer as WirePeer, PeerInfo, Track};
use serde_json::value::RawValue;

use super::directory::Iterators;
use super::io::SocketId;
use super::media::PeerMedia;
use super::messages::{KeptMessages, RecentBroadcasts};
use super::roles::Invitation;
use super::roster::Roster;
use super::ui_state::Seen;

/// A peer's place in the order of joining. Never used twice in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct PeerNo(pub(super) u64);

/// A peer's connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// Here.
    Connected(SocketId),
    /// Lost at that time; in its grace.
    Lost {
        /// ms since the epoch.
        since_ms: u64,
    },
}

/// Someone who has joined.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) no: PeerNo,
    pub(super) id: Arc<str>,
    pub(super) user_id: String,
    pub(super) role: String,
    pub(super) name: String,
    pub(super) data: String,
    pub(super) groups: Vec<String>,
    pub(super) joined_at: u64,
    pub(super) tracks: BTreeMap<String, Track>,
    /// Whether the others were told of this peer one by one.
    pub(super) announced: bool,
    pub(super) link: Link,
    /// How many sockets this peer has had. Tells what was sent before a loss.
    pub(super) socket_count: u32,
    /// When the last loss was, ms since the epoch; 0 if there was none.
    pub(super) last_loss_ms: u64,
    /// The keys that it observes.
    pub(super) listening: BTreeSet<Arc<str>>,
    pub(super) stage_seen: Seen,
    pub(super) recent: RecentBroadcasts,
    pub(super) kept: KeptMessages,
    pub(super) iterators: Iterators,
    pub(super) invitation: Option<Invitation>,
    pub(super) media: PeerMedia,
    /// The whole peer as JSON, for lists and notices.
    pub(super) wire: Box<RawValue>,
}

impl Peer {
    /// The socket, if there is one.
    pub(super) fn socket(&self) -> Option<SocketId> {
        match self.link {
            Link::Connected(socket) => Some(socket),
            Link::Lost { .. } => None,
        }
    }

    fn info(&self) -> PeerInfo {
        PeerInfo {
            name: self.name.clone(),
            data: self.data.clone(),
            user_id: self.user_id.clone(),
            ..PeerInfo::default()
        }
    }

    /// Without tracks and times.
    pub(super) fn brief(&self) -> BriefPeer {
        BriefPeer {
            peer_id: self.id.to_string(),
            role: self.role.clone(),
            groups: self.groups.clone(),
            info: self.info(),
        }
    }

    /// Writes [`Peer::wire`] anew.
    fn rewrite(&mut self) {
        let whole = WirePeer {
            peer_id: self.id.to_string(),
            role: self.role.clone(),
            groups: self.groups.clone(),
            joined_at: self.joined_at,
            realtime: true,
            info: self.info(),
            tracks: self.tracks.clone(),
        };
        match serde_json::value::to_raw_value(&whole) {
            Ok(wire) => self.wire = wire,
            Err(error) => tracing::error!(%error, "a peer cannot be encoded"),
        }
    }
}

/// All who have joined, in the order of joining.
#[derive(Debug, Default)]
pub(super) struct Peers {
    by_no: BTreeMap<PeerNo, Peer>,
    by_id: HashMap<Arc<str>, PeerNo>,
    pub(super) roster: Roster,
    /// Connected peers of each user.
    connected: HashMap<String, u32>,
    last_no: u64,
    /// Sum of all peers' tracks.
    pub(super) track_count: u32,
}

impl Peers {
    pub(super) fn len(&self) -> usize {
        self.by_no.len()
    }

    /// How many people are connected, each on one device or several.
    pub(super) fn user_count(&self) -> usize {
        self.connected.len()
    }

    pub(super) fn next_no(&mut self) -> PeerNo {
        self.last_no += 1;
        PeerNo(self.last_no)
    }

    pub(super) fn insert(&mut self, mut peer: Peer) {
        peer.rewrite();
        self.last_no = self.last_no.max(peer.no.0);
        self.roster.changed(peer.no);
        self.by_id.insert(peer.id.clone(), peer.no);
        self.by_no.insert(peer.no, peer);
    }

    pub(super) fn remove(&mut self, no: PeerNo) -> Option<Peer> {
        let peer = self.by_no.remove(&no)?;
        self.by_id.remove(&peer.id);
        self.roster.changed(no);
        Some(peer)
    }

    pub(super) fn get(&self, no: PeerNo) -> Option<&Peer> {
        self.by_no.get(&no)
    }

    pub(super) fn get_mut(&mut self, no: PeerNo) -> Option<&mut Peer> {
        self.by_no.get_mut(&no)
    }

    /// What a peer's JSON shows has changed; due after every such change.
    pub(super) fn rewrite(&mut self, no: PeerNo) {
        if let Some(peer) = self.by_no.get_mut(&no) {
            peer.rewrite();
            self.roster.changed(no);
        }
    }

    /// Those with these numbers, in order.
    pub(super) fn range(&self, numbers: Range<u64>) -> impl Iterator<Item = &Peer> {
        let numbers = PeerNo(numbers.start)..PeerNo(numbers.end);
        self.by_no.range(numbers).map(|(_, peer)| peer)
    }

    pub(super) fn by_id(&self, id: &str) -> Option<&Peer> {
        self.by_id.get(id).and_then(|no| self.by_no.get(no))
    }

    pub(super) fn no_of(&self, id: &str) -> Option<PeerNo> {
        self.by_id.get(id).copied()
    }

    /// In the order of joining.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Peer> {
        self.by_no.values()
    }

    /// Those that joined after `no`, in order.
    pub(super) fn after(&self, no: PeerNo) -> impl Iterator<Item = &Peer> {
        use std::ops::Bound::{Excluded, Unbounded};
        self.by_no
            .range((Excluded(no), Unbounded))
            .map(|(_, peer)| peer)
    }

    pub(super) fn numbers(&self) -> Vec<PeerNo> {
        self.by_no.keys().copied().collect()
    }

    /// Sockets of all that are connected, but for one peer.
    pub(super) fn sockets_except(&self, except: Option<PeerNo>) -> Vec<SocketId> {
        self.iter()
            .filter(|peer| Some(peer.no) != except)
            .filter_map(Peer::socket)
            .collect()
    }

    /// Counts a connection of a user. True if it is the first.
    pub(super) fn user_came(&mut self, user_id: &str) -> bool {
        let count = self.connected.entry(user_id.to_owned()).or_default();
        *count += 1;
        *count == 1
    }

    /// Counts a connection of a user out. True if it was the last.
    pub(super) fn user_went(&mut self, user_id: &str) -> bool {
        match self.connected.get_mut(user_id) {
            Some(count) if *count > 1 => {
                *count -= 1;
                false
            }
            Some(_) => {
                self.connected.remove(user_id);
                true
            }
            None => false,
        }
    }
}
