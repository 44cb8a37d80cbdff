//! Sockets: opening, coming back, closing.

use kulti_protocol::signalling::{RpcError, code};

use super::io::{Admission, Output, SocketId};
use super::limits::{EXPELLED_STAY_MS, ID_BYTES};
use super::peers::{Link, PeerNo};
use super::timers::Due;
use super::{Frame, Room};

/// A socket that stayed open unjoined for this long is a preview, whose reconnect is
/// not mistaken for that of a forgotten peer (which speaks at once), ms.
const PREVIEW_AFTER_MS: u64 = 3_000;
/// At most so many previews are remembered.
const PREVIEWS: usize = 10_000;

/// Close code of a connection whose peer has come with a newer one.
const REPLACED: u16 = 4_000;
/// Close code of a connection that is not wanted.
const POLICY: u16 = 1_008;
/// Close code at the end of the server.
const GOING_AWAY: u16 = 1_001;
const NORMAL: u16 = 1_000;

/// One WebSocket.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) admission: Admission,
    pub(super) stage: Stage,
    opened_ms: u64,
}

/// How far a socket has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Open: a preview, or before the join.
    Unjoined {
        /// Whether this peer id was seen before as a preview.
        preview: bool,
    },
    /// The peer's own.
    Joined(PeerNo),
    /// Told to go.
    Expelled,
}

impl Room {
    pub(super) fn socket_opened(&mut self, socket: SocketId, admission: Admission) {
        if let Err(refusal) = self.admit(&admission) {
            self.refusals += 1;
            self.send(socket, Frame::notification("on-error", &refusal));
            self.outputs.push(Output::Close {
                socket,
                code: POLICY,
                reason: "refused",
            });
            return;
        }
        if let Some(no) = self.peers.no_of(&admission.peer_id) {
            self.resume(socket, no, admission);
            return;
        }
        let preview = self.drop_unjoined_twin(&admission.peer_id)
            || self.previews.remove(&admission.peer_id).is_some();
        let role = admission.role.clone();
        self.unjoined.insert(admission.peer_id.clone(), socket);
        self.sockets.insert(
            socket,
            Socket {
                admission,
                stage: Stage::Unjoined { preview },
                opened_ms: self.now,
            },
        );
        self.send_policy(socket, &role);
        self.send_room_state(socket);
    }

    fn admit(&self, admission: &Admission) -> Result<(), RpcError> {
        if admission.peer_id.is_empty() || admission.peer_id.len() > ID_BYTES {
            return Err(RpcError::new(
                code::BAD_REQUEST,
                format!("the peer id must have 1 to {ID_BYTES} bytes"),
            ));
        }
        if admission.user_id.len() > ID_BYTES {
            return Err(RpcError::new(code::BAD_REQUEST, "the user id is too long"));
        }
        self.refuse_removed(admission)?;
        let somebody_elses = || {
            Err(RpcError::new(
                code::FORBIDDEN,
                "this peer id belongs to somebody else",
            ))
        };
        match self.peers.by_id(&admission.peer_id) {
            Some(peer) if peer.user_id != admission.user_id => somebody_elses(),
            Some(_) => Ok(()),
            None if self
                .owners
                .get(&admission.peer_id)
                .is_some_and(|owner| *owner != admission.user_id) =>
            {
                somebody_elses()
            }
            None if admission.expired => Err(RpcError::new(
                code::UNAUTHORIZED,
                "the token has expired: get a new one and join again",
            )),
            None if !self.policy.knows(&admission.role) => Err(RpcError::new(
                code::FORBIDDEN,
                format!("this room has no role {:?}", admission.role),
            )),
            None => Ok(()),
        }
    }

    /// An unjoined socket of the same peer id gives way to the newer one. Tells
    /// whether it was a preview.
    fn drop_unjoined_twin(&mut self, peer_id: &str) -> bool {
        let Some(twin) = self.unjoined.remove(peer_id) else {
            return false;
        };
        let was_preview = self
            .sockets
            .remove(&twin)
            .is_some_and(|socket| self.is_preview(&socket));
        self.outputs.push(Output::Close {
            socket: twin,
            code: REPLACED,
            reason: "replaced by a newer connection",
        });
        was_preview
    }

    fn is_preview(&self, socket: &Socket) -> bool {
        match socket.stage {
            Stage::Unjoined { preview } => {
                preview || self.now.saturating_sub(socket.opened_ms) >= PREVIEW_AFTER_MS
            }
            _ => false,
        }
    }

    /// A peer comes back on a new socket: nobody else is told, and it gets all that
    /// it may have missed.
    fn resume(&mut self, socket: SocketId, no: PeerNo, admission: Admission) {
        let now = self.now;
        let Some(peer) = self.peers.get_mut(no) else {
            return;
        };
        let old = std::mem::replace(&mut peer.link, Link::Connected(socket));
        peer.socket_count += 1;
        let user_id = peer.user_id.clone();
        let role = peer.role.clone();
        match old {
            Link::Connected(old) => {
                peer.last_loss_ms = now;
                self.sockets.remove(&old);
                self.outputs.push(Output::Close {
                    socket: old,
                    code: REPLACED,
                    reason: "replaced by a newer connection",
                });
            }
            Link::Lost { .. } => self.user_came(&user_id),
        }
        self.sockets.insert(
            socket,
            Socket {
                admission,
                stage: Stage::Joined(no),
                opened_ms: now,
            },
        );
        self.viewers.mark();
        self.send_policy(socket, &role);
        self.send_peer_list(socket, no);
        self.send_session(socket);
        self.send_own_update(socket, no);
        self.send_observed(socket, no);
        self.send_kept(socket, no);
        self.send_invitation(socket, no);
        self.send_missed_polls(socket, no);
        self.resume_media(socket, no);
    }

    pub(super) fn socket_closed(&mut self, id: SocketId, code: Option<u16>, heard_ms: u64) {
        let Some(socket) = self.sockets.remove(&id) else {
            return; // replaced before, or never let in
        };
        match socket.stage {
            Stage::Joined(no) if code == Some(NORMAL) => self.remove_peer(no, heard_ms),
            Stage::Joined(no) => self.lose_peer(no, heard_ms),
            Stage::Unjoined { .. } => {
                self.unjoined.remove(&socket.admission.peer_id);
                if self.is_preview(&socket) && self.previews.len() < PREVIEWS {
                    self.previews.insert(socket.admission.peer_id, self.now);
                    self.timers
                        .at(self.now + self.limits.grace_ms, Due::Previews);
                }
            }
            Stage::Expelled => {}
        }
    }

    /// The join of this socket was undone: it is open, as before.
    pub(super) fn unjoin_socket(&mut self, id: SocketId) {
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.stage = Stage::Unjoined { preview: false };
            let peer_id = socket.admission.peer_id.clone();
            self.unjoined.insert(peer_id, id);
        }
    }

    pub(super) fn forget_previews(&mut self) {
        let (now, grace) = (self.now, self.limits.grace_ms);
        self.previews
            .retain(|_, lost| now.saturating_sub(*lost) < grace);
    }

    /// Tells a socket's owner to go: it has some seconds to close by itself, as
    /// clients do after `on-peer-leave-request` or `on-error`.
    pub(super) fn expel(&mut self, id: SocketId) {
        if let Some(socket) = self.sockets.get_mut(&id) {
            if matches!(socket.stage, Stage::Unjoined { .. }) {
                self.unjoined.remove(&socket.admission.peer_id);
            }
            socket.stage = Stage::Expelled;
            self.timers
                .at(self.now + EXPELLED_STAY_MS, Due::Expelled(id));
        }
    }

    pub(super) fn expelled_stay_over(&mut self, id: SocketId) {
        let expelled = self
            .sockets
            .get(&id)
            .is_some_and(|socket| socket.stage == Stage::Expelled);
        if expelled {
            self.sockets.remove(&id);
            self.outputs.push(Output::Close {
                socket: id,
                code: NORMAL,
                reason: "this peer has left the room",
            });
        }
    }

    /// Closes all sockets. The peers stay, as after a loss, for the server's return.
    pub(super) fn shut_down(&mut self) {
        let mut ids: Vec<_> = self.sockets.keys().copied().collect();
        ids.sort_unstable();
        for id in ids {
            self.outputs.push(Output::Close {
                socket: id,
                code: GOING_AWAY,
                reason: "the server is going down",
            });
            let now = self.now;
            self.socket_closed(id, None, now);
        }
    }
}
