//! Changes of role: at once, or by invitation.

use kulti_protocol::signalling::{Empty, RoleChange, RoleChangeRequest, RpcError, code};

use super::dispatch::{Answer, Call};
use super::io::SocketId;
use super::peers::PeerNo;
use super::{Frame, Room};
use crate::policy::Action;

/// An invitation to another role. A peer has one at most, like the SDK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Invitation {
    requested_by: String,
    role: String,
    /// Repeated in the answer.
    token: String,
    /// Kept after that, for an answer that is repeated.
    accepted: bool,
}

impl Invitation {
    fn frame(&self) -> Frame {
        Frame::notification(
            "on-role-change-request",
            &RoleChange {
                requested_by: Some(self.requested_by.clone()),
                role: self.role.clone(),
                token: self.token.clone(),
            },
        )
    }
}

impl Room {
    pub(super) fn request_role(
        &mut self,
        call: &Call,
        no: PeerNo,
        params: RoleChangeRequest,
    ) -> Answer {
        self.require(no, Action::ChangeRole)?;
        if !self.policy.knows(&params.role) {
            return Err(RpcError::new(
                code::NOT_FOUND,
                format!("there is no role {:?}", params.role),
            ));
        }
        if let Some(from) = params.roles {
            if !params.force {
                return Err(RpcError::new(
                    code::BAD_REQUEST,
                    "roles of many can be changed only with force",
                ));
            }
            self.answer(call, &Empty::default());
            for target in self.peers.numbers() {
                let meant = self
                    .peers
                    .get(target)
                    .is_some_and(|peer| from.contains(&peer.role));
                if meant {
                    self.set_role(target, &params.role);
                }
            }
            return Ok(());
        }
        let Some(target) = params.requested_for else {
            return Err(RpcError::new(
                code::BAD_REQUEST,
                "the params name neither a peer nor roles",
            ));
        };
        let target = self.require_peer(&target)?;
        self.answer(call, &Empty::default());
        if params.force {
            self.set_role(target, &params.role);
        } else {
            self.invite(no, target, params.role);
        }
        Ok(())
    }

    fn invite(&mut self, by: PeerNo, target: PeerNo, role: String) {
        let token = self.random_id();
        let requested_by = self.peers.get(by).map(|peer| peer.id.to_string());
        let Some(peer) = self.peers.get_mut(target) else {
            return;
        };
        let invitation = Invitation {
            requested_by: requested_by.unwrap_or_default(),
            role,
            token,
            accepted: false,
        };
        let frame = invitation.frame();
        peer.invitation = Some(invitation);
        if let Some(socket) = peer.socket() {
            self.send(socket, frame);
        }
    }

    /// After a reconnect: an invitation that may have been missed.
    pub(super) fn send_invitation(&mut self, socket: SocketId, no: PeerNo) {
        let invitation = self.peers.get(no).and_then(|peer| peer.invitation.as_ref());
        if let Some(invitation) = invitation.filter(|invitation| !invitation.accepted) {
            let frame = invitation.frame();
            self.send(socket, frame);
        }
    }

    pub(super) fn accept_role(&mut self, call: &Call, no: PeerNo, params: &RoleChange) -> Answer {
        let Some(peer) = self.peers.get_mut(no) else {
            return Ok(());
        };
        let invitation = peer.invitation.as_mut().filter(|invitation| {
            invitation.token == params.token && invitation.role == params.role
        });
        let Some(invitation) = invitation else {
            return Err(RpcError::new(
                code::FORBIDDEN,
                "nobody has invited you to this role, or the invitation was replaced",
            ));
        };
        let repeated = std::mem::replace(&mut invitation.accepted, true);
        self.answer(call, &Empty::default());
        if !repeated {
            self.set_role(no, &params.role);
        }
        Ok(())
    }

    /// The target learns it from the policy, everyone else from the update.
    fn set_role(&mut self, no: PeerNo, role: &str) {
        let always_announced = self.policy.always_announced(role);
        let Some(peer) = self.peers.get_mut(no) else {
            return;
        };
        if peer.role == role {
            return;
        }
        let earlier = std::mem::replace(&mut peer.role, role.to_owned());
        peer.announced |= always_announced;
        self.peers.rewrite(no);
        self.changed = true;
        if let Some(socket) = self.peers.get(no).and_then(super::peers::Peer::socket) {
            self.send_policy(socket, role);
        }
        self.announce_update(no, Some(no));
        self.withdraw_tracks(no, &earlier);
    }
}
