//! Notices about peers and the room: lists, joins, updates, counts.

use std::collections::BTreeMap;

use bytes::Bytes;
use kulti_protocol::signalling::{
    PolicyChange, Room as WireRoom, RoomInfo, RoomState, SessionInfo,
};

use super::io::{Class, SocketId};
use super::limits::LISTED_IN_LARGE_ROOM;
use super::peers::{Peer, PeerNo};
use super::roster::Listed;
use super::timers::Due;
use super::{Frame, Room};
use crate::policy::Policy;

/// When `session-info` is sent to everybody: soon after a change, and the more
/// rarely the more people there are, since each notice goes to all of them.
#[derive(Debug, Default)]
pub(super) struct SessionNotice {
    dirty: bool,
    next_at: u64,
    scheduled: bool,
}

impl SessionNotice {
    pub(super) fn mark(&mut self) {
        self.dirty = true;
    }

    pub(super) fn timer_fired(&mut self) {
        self.scheduled = false;
    }
}

/// How long to wait between notices that go to all of `peers` people: 0.2 ms of
/// pause for each, so that such notices take a small part of one core.
pub(super) fn notice_interval_ms(peers: usize) -> u64 {
    (peers as u64 / 5).clamp(250, 5_000)
}

/// `on-policy-change` for each role of a policy.
pub(super) fn policy_frames(policy: &Policy) -> BTreeMap<String, Frame> {
    let known_roles = policy.known_roles();
    known_roles
        .keys()
        .map(|name| {
            let change = PolicyChange {
                name: name.clone(),
                known_roles: known_roles.clone(),
                plugins: serde_json::Map::new(),
                template_id: String::new(),
                app_data: BTreeMap::new(),
            };
            (
                name.clone(),
                Frame::notification("on-policy-change", &change),
            )
        })
        .collect()
}

impl Room {
    fn wire_room(&self) -> WireRoom {
        WireRoom::new(
            &self.meta.title,
            &self.meta.session_id,
            self.meta.started_at_ms,
        )
    }

    /// The receiver's role and all roles. Due at every socket open.
    pub(super) fn send_policy(&mut self, socket: SocketId, role: &str) {
        if let Some(frame) = self.policy_frames.get(role) {
            let frame = frame.clone();
            self.send(socket, frame);
        }
    }

    /// For a socket that has not joined.
    pub(super) fn send_room_state(&mut self, socket: SocketId) {
        let state = RoomState {
            peer_count: count(self.peers.len()),
            room: self.wire_room(),
            peers: None,
        };
        self.send(socket, Frame::notification("room-state", &state));
    }

    fn is_large(&self) -> bool {
        self.peers.len() > self.limits.large_room_at
    }

    /// All announced peers but the receiver; of a large room not all.
    pub(super) fn send_peer_list(&mut self, socket: SocketId, receiver: PeerNo) {
        let listed = Listed {
            except: receiver,
            first: if self.is_large() {
                self.limits.large_room_at / LISTED_IN_LARGE_ROOM
            } else {
                usize::MAX
            },
        };
        let policy = self.policy.clone();
        let matters = |peer: &Peer| !peer.groups.is_empty() || policy.always_announced(&peer.role);
        let peers = self.peers.list(listed, matters);
        let mut end = b"},\"room\":".to_vec();
        if let Err(error) = serde_json::to_writer(&mut end, &self.wire_room()) {
            tracing::error!(%error, "a room cannot be encoded");
            return;
        }
        end.extend_from_slice(b"}}");
        let start = Bytes::from_static(br#"{"method":"peer-list","params":{"peers":{"#);
        let text = std::iter::once(start)
            .chain(peers)
            .chain(std::iter::once(end.into()));
        self.send(socket, Frame::of_parts(text));
    }

    pub(super) fn send_room_info(&mut self, socket: SocketId) {
        let info = RoomInfo {
            room_id: self.id.clone(),
            name: self.meta.title.clone(),
            description: String::new(),
            max_size: count(self.limits.peers),
            large_room_optimization: self.is_large(),
        };
        self.send(socket, Frame::notification("room-info", &info));
    }

    fn session_frame(&self) -> Frame {
        Frame::notification(
            "session-info",
            &SessionInfo {
                session_id: self.meta.session_id.clone(),
                room_id: self.id.clone(),
                peer_count: count(self.peers.len()),
                track_count: self.peers.track_count,
            },
        )
    }

    pub(super) fn send_session(&mut self, socket: SocketId) {
        let frame = self.session_frame();
        self.send(socket, frame);
    }

    /// Tells everybody the new counts, if they changed and it is time.
    pub(super) fn publish_session(&mut self) {
        if !self.session_notice.dirty {
            return;
        }
        if self.now < self.session_notice.next_at {
            if !self.session_notice.scheduled {
                self.session_notice.scheduled = true;
                self.timers.at(self.session_notice.next_at, Due::Session);
            }
            return;
        }
        self.session_notice.dirty = false;
        self.session_notice.next_at = self.now + notice_interval_ms(self.peers.len());
        let frame = self.session_frame();
        let sockets = self.peers.sockets_except(None);
        self.send_all(sockets, frame, Class::Presence);
    }

    /// `on-peer-join` to the others.
    pub(super) fn announce_join(&mut self, no: PeerNo) {
        let Some(peer) = self.peers.get(no) else {
            return;
        };
        let frame = Frame::notification("on-peer-join", &peer.wire);
        let sockets = self.peers.sockets_except(Some(no));
        self.send_all(sockets, frame, Class::Presence);
    }

    /// `on-peer-update` to all, the peer itself included, but for `except`.
    pub(super) fn announce_update(&mut self, no: PeerNo, except: Option<PeerNo>) {
        let Some(peer) = self.peers.get(no) else {
            return;
        };
        let frame = Frame::notification("on-peer-update", &peer.wire);
        if peer.announced {
            let sockets = self.peers.sockets_except(except);
            self.send_all(sockets, frame, Class::Ordinary);
        } else if let (Some(socket), true) = (peer.socket(), except != Some(no)) {
            self.send(socket, frame); // the others were never told of this peer
        }
    }

    /// `on-peer-update` of a peer to itself: the SDK learns its own groups in no
    /// other way, and they may have changed while it was away.
    pub(super) fn send_own_update(&mut self, socket: SocketId, no: PeerNo) {
        if let Some(peer) = self.peers.get(no) {
            let frame = Frame::notification("on-peer-update", &peer.wire);
            self.send(socket, frame);
        }
    }
}

pub(super) fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
