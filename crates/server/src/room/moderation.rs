//! Removing a peer, muting, ending the room.

use kulti_protocol::signalling::{
    Empty, EndRoom, MuteStateRequest, OnPeerLeaveRequest, OnTrackUpdateRequest, PeerLeaveRequest,
    TrackUpdateRequest,
};

use super::dispatch::{Answer, Call};
use super::io::{Class, Output, SocketId};
use super::limits::REMOVED;
use super::peers::{Peer, PeerNo};
use super::{Frame, Room};
use crate::policy::Action;

impl Room {
    pub(super) fn remove_other(
        &mut self,
        call: &Call,
        no: PeerNo,
        params: PeerLeaveRequest,
    ) -> Answer {
        self.require(no, Action::RemoveOthers)?;
        let target = self.require_peer(&params.requested_for)?;
        self.answer(call, &Empty::default());
        let notice = OnPeerLeaveRequest {
            requested_by: self.id_of(no),
            reason: params.reason,
            room_end: false,
        };
        let frame = Frame::notification("on-peer-leave-request", &notice);
        for target in self.all_of_removed(target) {
            if let Some(socket) = self.peers.get(target).and_then(Peer::socket) {
                self.send(socket, frame.clone());
                self.expel(socket);
            }
            self.remove_peer(target, self.now);
        }
        Ok(())
    }

    /// Locks the user of this peer out, and gives all of the user's peers. One who may
    /// remove others goes as this one peer, and may come back.
    fn all_of_removed(&mut self, target: PeerNo) -> Vec<PeerNo> {
        let Some(peer) = self.peers.get(target) else {
            return Vec::new();
        };
        if self.policy.may(&peer.role, Action::RemoveOthers) {
            return vec![target];
        }
        let user_id = peer.user_id.clone();
        let peers = self
            .peers
            .iter()
            .filter(|peer| peer.user_id == user_id)
            .map(|peer| peer.no)
            .collect();
        if self.removed.len() < REMOVED {
            self.removed.insert(user_id);
            self.changed = true;
        }
        peers
    }

    pub(super) fn end_by_peer(&mut self, call: &Call, no: PeerNo, params: &EndRoom) -> Answer {
        self.require(no, Action::EndRoom)?;
        self.answer(call, &Empty::default());
        let by = self.id_of(no);
        let user_id = self.peers.get(no).map(|peer| peer.user_id.clone());
        self.end(Some(no), by, &params.reason, params.lock);
        self.outputs.push(Output::Ended {
            user_id: user_id.unwrap_or_default(),
            reason: params.reason.clone(),
            locked: params.lock,
        });
        Ok(())
    }

    /// Ended from outside of the room.
    pub(super) fn end_by_server(&mut self, reason: &str) {
        self.end(None, String::new(), reason, true);
    }

    /// Everyone but `except`, who leaves by itself, is told to go; the store and the
    /// session are over.
    fn end(&mut self, except: Option<PeerNo>, by: String, reason: &str, lock: bool) {
        let notice = OnPeerLeaveRequest {
            requested_by: by,
            reason: reason.to_owned(),
            room_end: true,
        };
        let frame = Frame::notification("on-peer-leave-request", &notice);
        let sockets = self.peers.sockets_except(except);
        self.send_all(sockets.clone(), frame, Class::Ordinary);
        for socket in sockets {
            self.expel(socket);
        }
        for no in self.peers.numbers() {
            if Some(no) != except {
                self.forget_peer(no, self.now);
            }
        }
        self.locked |= lock;
        self.stop_polls_at_end();
        self.store.clear();
        self.stage.clear();
        self.viewers.clear();
        if !lock {
            self.removed.clear();
            self.owners.clear();
            self.meta.session_id = self.random_id();
            self.meta.started_at_ms = self.now;
        }
        self.changed = true;
        self.session_notice.mark();
    }

    pub(super) fn request_mute(
        &mut self,
        call: &Call,
        no: PeerNo,
        params: TrackUpdateRequest,
    ) -> Answer {
        self.require(no, mute_action(params.mute))?;
        let target = self.require_peer(&params.requested_for)?;
        self.answer(call, &Empty::default());
        if let Some(socket) = self.peers.get(target).and_then(Peer::socket) {
            let notice = OnTrackUpdateRequest {
                requested_by: self.id_of(no),
                track_id: params.track_id,
                stream_id: params.stream_id,
                mute: params.mute,
            };
            self.send(
                socket,
                Frame::notification("on-track-update-request", &notice),
            );
        }
        Ok(())
    }

    /// To all other peers of the roles that are named, or of all.
    pub(super) fn request_mutes(
        &mut self,
        call: &Call,
        no: PeerNo,
        params: MuteStateRequest,
    ) -> Answer {
        self.require(no, mute_action(params.value))?;
        self.answer(call, &Empty::default());
        let roles = params.roles.clone().filter(|roles| !roles.is_empty());
        let sockets: Vec<SocketId> = self
            .peers
            .iter()
            .filter(|peer| peer.no != no)
            .filter(|peer| {
                roles
                    .as_ref()
                    .is_none_or(|roles| roles.contains(&peer.role))
            })
            .filter_map(Peer::socket)
            .collect();
        let notice = MuteStateRequest {
            requested_by: Some(self.id_of(no)),
            ..params
        };
        let frame = Frame::notification("on-change-track-mute-state-request", &notice);
        self.send_all(sockets, frame, Class::Ordinary);
        Ok(())
    }

    fn id_of(&self, no: PeerNo) -> String {
        self.peers
            .get(no)
            .map(|peer| peer.id.to_string())
            .unwrap_or_default()
    }
}

fn mute_action(mute: bool) -> Action {
    if mute { Action::Mute } else { Action::Unmute }
}
