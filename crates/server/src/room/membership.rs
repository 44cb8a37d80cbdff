//! Joining, losing, leaving.

use std::collections::{BTreeMap, BTreeSet};

use kulti_protocol::signalling::{Empty, Join, RpcError, SessionDescription, code};
use serde_json::value::RawValue;

use super::dispatch::{Answer, Call};
use super::io::{Admission, Output, SocketId};
use super::limits::{METADATA_BYTES, NAME_BYTES, OWNERS};
use super::media::{PeerMedia, check_join_offer};
use super::peers::{Link, Peer, PeerNo};
use super::sockets::Stage;
use super::timers::Due;
use super::{Frame, Room};
use crate::accounts::clean_text;
use crate::policy::Action;

/// Shown where neither the join nor the token has a name.
const NAMELESS: &str = "Guest";

impl Room {
    pub(super) fn join(&mut self, call: &Call, params: Join) -> Answer {
        let Some(socket) = self.sockets.get(&call.socket) else {
            return Ok(());
        };
        if let Stage::Joined(no) = socket.stage {
            return self.join_again(call, no, params);
        }
        let admission = socket.admission.clone();
        if self.locked {
            return Err(RpcError::new(
                code::GONE,
                "the session is over, nobody can join it any more",
            ));
        }
        self.refuse_removed(&admission)?;
        self.refuse_new(&admission.user_id, &admission.role)?;
        check_join_offer(&self.policy, &params)?;
        let name = clean_name(&params.name)?;
        check_metadata(&params.data)?;
        if self.peers.len() >= self.limits.peers {
            return Err(RpcError::new(
                code::FORBIDDEN,
                format!("the room is full: it has room for {}", self.limits.peers),
            ));
        }
        let name = Some(name)
            .filter(|name| !name.is_empty())
            .or_else(|| admission.name.as_deref().map(clean_text))
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| NAMELESS.to_owned());
        let announced = self.peers.len() < self.limits.large_room_at
            || self.policy.always_announced(&admission.role);
        self.unjoined.remove(&admission.peer_id);
        self.remember_owner(&admission.peer_id, &admission.user_id);
        self.remember_visitor(&admission.user_id);
        let no = self.peers.next_no();
        self.peers.insert(Peer {
            no,
            id: admission.peer_id.into(),
            user_id: admission.user_id.clone(),
            role: admission.role,
            name,
            data: params.data,
            groups: Vec::new(),
            joined_at: self.now,
            tracks: BTreeMap::new(),
            announced,
            link: Link::Connected(call.socket),
            socket_count: 1,
            last_loss_ms: 0,
            listening: BTreeSet::new(),
            stage_seen: super::ui_state::Seen::default(),
            recent: super::messages::RecentBroadcasts::default(),
            kept: super::messages::KeptMessages::default(),
            iterators: super::directory::Iterators::default(),
            invitation: None,
            media: PeerMedia::default(),
            wire: Box::<RawValue>::default(),
        });
        if let Some(socket) = self.sockets.get_mut(&call.socket) {
            socket.stage = Stage::Joined(no);
        }
        self.changed = true;
        self.viewers.mark();
        self.session_notice.mark();
        self.user_came(&admission.user_id);
        if self.headcount.came(&admission.user_id) {
            self.chronicle.came(self.now);
        }
        self.answer_join(call, no, params.offer, !params.disable_vid_auto_sub);
        if announced {
            self.announce_join(no);
        }
        Ok(())
    }

    /// The answer to an earlier join was lost with its socket: the same again.
    fn join_again(&mut self, call: &Call, no: PeerNo, params: Join) -> Answer {
        check_join_offer(&self.policy, &params)?;
        let name = clean_name(&params.name)?;
        check_metadata(&params.data)?;
        self.answer_join(call, no, params.offer, !params.disable_vid_auto_sub);
        let name = Some(name).filter(|name| !name.is_empty());
        self.rename(no, name, Some(params.data));
        Ok(())
    }

    /// With media the answer comes from the forwarding unit, some milliseconds later, and
    /// what else there is to say after it: people in a list that comes before the answer
    /// are announced by the SDK as if they had just come.
    fn answer_join(
        &mut self,
        call: &Call,
        no: PeerNo,
        offer: Option<SessionDescription>,
        auto_video: bool,
    ) {
        match offer {
            Some(offer) => self.join_media(call, no, offer, auto_video),
            None => {
                self.answer(call, &Empty::default());
                self.welcome(call.socket, no);
            }
        }
    }

    /// All that one who has joined must know.
    pub(super) fn welcome(&mut self, socket: SocketId, no: PeerNo) {
        self.send_peer_list(socket, no);
        self.send_room_info(socket);
        self.send_session(socket);
        self.send_running_polls(socket, no);
    }

    /// Nobody else may come under this peer id as long as the session lasts: what its
    /// owner has said is known by it.
    pub(super) fn remember_owner(&mut self, peer_id: &str, user_id: &str) {
        if self.owners.len() < OWNERS {
            self.owners.insert(peer_id.to_owned(), user_id.to_owned());
        }
    }

    /// Those who may remove others cannot be locked out.
    pub(super) fn refuse_removed(&self, admission: &Admission) -> Result<(), RpcError> {
        if !self.has_removed(&admission.user_id)
            || self.policy.may(&admission.role, Action::RemoveOthers)
        {
            return Ok(());
        }
        Err(RpcError::new(
            code::FORBIDDEN,
            "you were removed from this session",
        ))
    }

    /// Changes name or metadata and tells the others. What is absent stays.
    pub(super) fn rename(&mut self, no: PeerNo, name: Option<String>, data: Option<String>) {
        let Some(peer) = self.peers.get_mut(no) else {
            return;
        };
        let name = name.unwrap_or_else(|| peer.name.clone());
        let data = data.unwrap_or_else(|| peer.data.clone());
        if (&name, &data) == (&peer.name, &peer.data) {
            return;
        }
        peer.name = name;
        peer.data = data;
        self.peers.rewrite(no);
        self.changed = true;
        self.announce_update(no, None);
    }

    /// The connection is gone; the peer stays for its grace.
    pub(super) fn lose_peer(&mut self, no: PeerNo, heard_ms: u64) {
        let (now, grace) = (self.now, self.limits.grace_ms);
        self.freeze_stage_seen(no);
        let Some(peer) = self.peers.get_mut(no) else {
            return;
        };
        peer.link = Link::Lost { since_ms: now };
        peer.last_loss_ms = now;
        let user_id = peer.user_id.clone();
        self.timers.at(now + grace, Due::Grace(no));
        self.viewers.mark();
        self.user_went(&user_id, heard_ms);
    }

    pub(super) fn grace_over(&mut self, no: PeerNo) {
        let Some(peer) = self.peers.get(no) else {
            return;
        };
        match peer.link {
            Link::Lost { since_ms } if self.now >= since_ms + self.limits.grace_ms => {
                self.remove_peer(no, self.now);
            }
            _ => {}
        }
    }

    /// The peer is no longer in the room; the others are told.
    pub(super) fn remove_peer(&mut self, no: PeerNo, heard_ms: u64) {
        let Some(peer) = self.forget_peer(no, heard_ms) else {
            return;
        };
        if !self.headcount.has(&peer.user_id) {
            self.chronicle.went(self.now);
        }
        if peer.announced {
            let frame = Frame::notification("on-peer-leave", &peer.brief());
            let sockets = self.peers.sockets_except(None);
            self.send_all(sockets, frame, super::Class::Presence);
        }
    }

    /// As [`Room::remove_peer`], but nobody is told.
    pub(super) fn forget_peer(&mut self, no: PeerNo, heard_ms: u64) -> Option<Peer> {
        let peer = self.peers.remove(no)?;
        self.headcount.went(&peer.user_id);
        self.end_media(no, peer.media.is_there());
        for key in &peer.listening {
            if let Some(listeners) = self.listeners.get_mut(key) {
                listeners.remove(&no);
                if listeners.is_empty() {
                    self.listeners.remove(key);
                }
            }
        }
        self.peers.track_count = self
            .peers
            .track_count
            .saturating_sub(u32::try_from(peer.tracks.len()).unwrap_or(u32::MAX));
        self.changed = true;
        self.viewers.mark();
        self.session_notice.mark();
        if peer.socket().is_some() {
            self.user_went(&peer.user_id, heard_ms);
        }
        Some(peer)
    }

    pub(super) fn user_came(&mut self, user_id: &str) {
        if self.peers.user_came(user_id) {
            self.outputs.push(Output::Attendance {
                user_id: user_id.to_owned(),
                connected: true,
                at_ms: self.now,
            });
        }
    }

    fn user_went(&mut self, user_id: &str, heard_ms: u64) {
        if self.peers.user_went(user_id) {
            self.outputs.push(Output::Attendance {
                user_id: user_id.to_owned(),
                connected: false,
                at_ms: heard_ms.min(self.now),
            });
        }
    }
}

/// The name as one line of plain text; it may be empty.
pub(super) fn clean_name(name: &str) -> Result<String, RpcError> {
    if name.len() > NAME_BYTES {
        return Err(RpcError::new(
            code::BAD_REQUEST,
            format!("a name may have {NAME_BYTES} bytes at most"),
        ));
    }
    Ok(clean_text(name))
}

pub(super) fn check_metadata(data: &str) -> Result<(), RpcError> {
    if data.len() > METADATA_BYTES {
        return Err(RpcError::new(
            code::TOO_LARGE,
            format!("peer metadata may have {METADATA_BYTES} bytes at most"),
        ));
    }
    Ok(())
}
