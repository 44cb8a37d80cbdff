//! Groups; a raised hand is membership of `_handraise`.

use kulti_protocol::signalling::{Empty, GroupChange, GroupsResult, PeerUpdate, RpcError, code};

use super::Room;
use super::dispatch::{Answer, Call};
use super::limits::{GROUPS, ID_BYTES};
use super::membership::{check_metadata, clean_name};
use super::peers::PeerNo;
use crate::policy::Action;

impl Room {
    /// New name or metadata of oneself.
    pub(super) fn peer_update(&mut self, call: &Call, no: PeerNo, params: PeerUpdate) -> Answer {
        let name = params.name.as_deref().map(clean_name).transpose()?;
        if name.as_deref() == Some("") {
            return Err(RpcError::new(code::BAD_REQUEST, "the name is empty"));
        }
        if let Some(data) = &params.data {
            check_metadata(data)?;
        }
        self.answer(call, &Empty::default());
        self.rename(no, name, params.data);
        Ok(())
    }

    pub(super) fn change_own_groups(
        &mut self,
        call: &Call,
        no: PeerNo,
        params: GroupChange,
        joins: bool,
    ) -> Answer {
        self.check_group(no, &params.name, joins)?;
        let changed = self.set_group(no, params.name, joins);
        let groups = self
            .peers
            .get(no)
            .map(|peer| peer.groups.clone())
            .unwrap_or_default();
        self.answer(call, &GroupsResult { groups });
        self.tell_groups(call, no, changed);
        Ok(())
    }

    pub(super) fn change_groups_of(
        &mut self,
        call: &Call,
        no: PeerNo,
        params: GroupChange,
        joins: bool,
    ) -> Answer {
        let Some(peer_id) = params.peer_id else {
            return Err(RpcError::new(
                code::BAD_REQUEST,
                "the params name no peer_id",
            ));
        };
        let target = self.require_peer(&peer_id)?;
        if target != no {
            self.require(no, Action::ChangeGroups)?;
        }
        self.check_group(target, &params.name, joins)?;
        let changed = self.set_group(target, params.name, joins);
        self.answer(call, &Empty::default());
        self.tell_groups(call, target, changed);
        Ok(())
    }

    /// Everybody leaves a group: all hands go down at once.
    pub(super) fn clear_group(&mut self, call: &Call, no: PeerNo, params: &GroupChange) -> Answer {
        self.require(no, Action::ChangeGroups)?;
        self.check_group(no, &params.name, false)?;
        self.answer(call, &Empty::default());
        for target in self.peers.numbers() {
            if self.set_group(target, params.name.clone(), false) {
                self.announce_update(target, None);
            }
        }
        Ok(())
    }

    fn check_group(&self, no: PeerNo, group: &str, joins: bool) -> Result<(), RpcError> {
        if group.is_empty() || group.len() > ID_BYTES {
            return Err(RpcError::new(
                code::BAD_REQUEST,
                format!("a group's name must have 1 to {ID_BYTES} bytes"),
            ));
        }
        let full = self.peers.get(no).is_some_and(|peer| {
            joins && peer.groups.len() >= GROUPS && !peer.groups.iter().any(|name| name == group)
        });
        if full {
            return Err(RpcError::new(
                code::TOO_LARGE,
                format!("a peer may be in {GROUPS} groups at most"),
            ));
        }
        Ok(())
    }

    /// Tells whether something changed.
    fn set_group(&mut self, no: PeerNo, group: String, joins: bool) -> bool {
        let Some(peer) = self.peers.get_mut(no) else {
            return false;
        };
        let is_in = peer.groups.contains(&group);
        if is_in == joins {
            return false;
        }
        if joins {
            peer.groups.push(group);
            peer.announced = true; // who raises a hand is seen by all, also in a large room
        } else {
            peer.groups.retain(|name| *name != group);
        }
        self.peers.rewrite(no);
        self.changed = true;
        true
    }

    /// The SDK's own state follows only the update that comes back, so the peer
    /// itself is told too; and told again when it repeats a request.
    fn tell_groups(&mut self, call: &Call, no: PeerNo, changed: bool) {
        if changed {
            self.announce_update(no, None);
        } else {
            self.send_own_update(call.socket, no);
        }
    }

    pub(super) fn require_peer(&self, peer_id: &str) -> Result<PeerNo, RpcError> {
        self.peers
            .no_of(peer_id)
            .ok_or_else(|| RpcError::new(code::NOT_FOUND, "nobody here has this peer id"))
    }

    /// Whether the peer's role may do this.
    pub(super) fn require(&self, no: PeerNo, action: Action) -> Result<(), RpcError> {
        let role = self.peers.get(no).map_or("", |peer| &peer.role);
        self.policy.require(role, action)
    }
}
