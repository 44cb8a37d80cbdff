//! The host's hand on the room: roles and invitations, hands, the door; and names.

use kulti_protocol::{
    chat::INVITATION_DECLINED,
    signalling::{
        Broadcast, BroadcastInfo, GroupChange, HAND_RAISE_GROUP, MetadataValue, OnBroadcast,
        PeerUpdate, RoleChange, RoleChangeRequest, RpcError, SetMetadata, code, method,
    },
    store_keys::{ROOM_LOCK, RoomLock},
};

use super::{Purpose, SessionCore};
use crate::core::{
    person, plain_text,
    requests::AfterLoss,
    roster::Person,
    view::{InvitedView, Notice, RoomView},
};

/// A turn of the key longer ago than this is not told as news.
const RECENT_MS: u64 = 10_000;

impl SessionCore {
    pub(super) fn change_role(&mut self, peer_id: String, role: String, force: bool) {
        let params = RoleChangeRequest {
            requested_for: Some(peer_id.clone()),
            roles: None,
            role: role.clone(),
            force,
        };
        let purpose = if force {
            Purpose::Act("changeRole")
        } else {
            let name = self.roster.name_and_role(&peer_id);
            let name = name.map_or_else(String::new, |(name, _)| name.to_owned());
            let invited = InvitedView {
                peer_id: peer_id.clone(),
                name,
                role,
            };
            self.invitations.invited(invited, self.now.boot_ms);
            self.screen.dirty.room = true;
            Purpose::Invite(peer_id)
        };
        let method = method::ROLE_CHANGE_REQUEST;
        self.request(purpose, method, params, AfterLoss::Repeat);
    }

    pub(super) fn answer_invitation(&mut self, accept: bool) {
        let Some(invitation) = self.invitations.take() else {
            return;
        };
        self.screen.dirty.room = true;
        if !accept {
            self.decline(&invitation);
            return;
        }
        self.request(
            Purpose::Act("answerRoleInvite"),
            method::ROLE_CHANGE,
            invitation,
            AfterLoss::Repeat,
        );
    }

    /// The protocol's refusal is silence; who asked is told in a message. Its text is for
    /// clients that show whatever they are sent.
    fn decline(&mut self, invitation: &RoleChange) {
        let Some(asker) = invitation.requested_by.clone().filter(|id| !id.is_empty()) else {
            return;
        };
        let words = format!("declined the invitation to be {}", invitation.role);
        let params = Broadcast {
            info: BroadcastInfo {
                message: words,
                kind: INVITATION_DECLINED.to_owned(),
                reply_to: None,
            },
            roles: None,
            peer_id: Some(asker),
        };
        self.request(Purpose::Aside, method::BROADCAST, params, AfterLoss::Repeat);
    }

    pub(super) fn invitation_declined(&mut self, message: &OnBroadcast) {
        let Some(peer) = &message.peer else {
            return;
        };
        if let Some(notice) = self.invitations.declined(&peer.peer_id) {
            self.notice(notice);
            self.screen.dirty.room = true;
        }
    }

    pub(super) fn lower_all_hands(&mut self) {
        if self.config.server_counts_viewers {
            let group = GroupChange {
                name: HAND_RAISE_GROUP.to_owned(),
                peer_id: None,
            };
            let purpose = Purpose::Act("lowerHand");
            self.request(purpose, method::GROUP_CLEAR, group, AfterLoss::Repeat);
            return;
        }
        // The 100ms cloud has no word for all.
        let raised: Vec<String> = self.hands.iter().map(str::to_owned).collect();
        for peer_id in raised {
            self.lower_hand(peer_id);
        }
    }

    pub(super) fn lock_room(&mut self, locked: bool) {
        if !self.can_lock() {
            self.refused("lockRoom", code::FORBIDDEN, "Only hosts lock the room.");
            return;
        }
        let lock = RoomLock {
            locked,
            locked_by: locked.then(|| self.my_name()),
            timestamp: self.server_ms(),
        };
        let Ok(data) = serde_json::to_value(lock) else {
            return;
        };
        let write = SetMetadata {
            key: ROOM_LOCK.to_owned(),
            data,
            if_change_version: None,
        };
        let method = method::SET_METADATA;
        self.request(Purpose::Lock, method, write, AfterLoss::Repeat);
    }

    /// Only our server keeps a locked door shut.
    fn can_lock(&self) -> bool {
        self.config.server_counts_viewers && self.roles.mine_can().remove_others
    }

    /// The store says how the door is.
    pub(super) fn lock_told(&mut self, value: &MetadataValue) {
        if !self.config.server_counts_viewers {
            return;
        }
        let mut lock: RoomLock = serde_json::from_value(value.data.clone()).unwrap_or_default();
        if let Some(name) = &mut lock.locked_by {
            *name = person::display_name(name);
        }
        let turned = lock.locked != self.lock.locked;
        self.lock = lock;
        self.screen.dirty.room = true;
        // What stood at joining is no news, nor is my own turn of the key.
        let recent = value.updated_at.saturating_add(RECENT_MS) >= self.server_ms();
        if turned && recent && value.updated_by != self.config.peer_id && self.can_lock() {
            let by = self.roster.name_and_role(&value.updated_by);
            let name = by.map(|(name, _)| name.to_owned());
            let locked = self.lock.locked;
            self.notice(Notice::LockChanged { name, locked });
        }
    }

    pub(super) fn rename(&mut self, name: &str) {
        if plain_text::is_blank(name) {
            self.refused(
                "rename",
                code::BAD_REQUEST,
                "A name has 1 to 80 characters.",
            );
            return;
        }
        let name = person::display_name(name);
        let update = PeerUpdate {
            name: Some(name.clone()),
            data: None,
        };
        self.request(
            Purpose::Rename(name),
            method::PEER_UPDATE,
            update,
            AfterLoss::Repeat,
        );
    }

    pub(super) fn renamed(&mut self, name: &str, result: Result<(), RpcError>) {
        if let Err(error) = result {
            self.refused("rename", error.code, &error.message);
            return;
        }
        name.clone_into(&mut self.config.name); // for joining anew
        let before = self.roster.me().cloned();
        if self.roster.set_my_name(name) {
            if let Some(before) = before {
                self.host_renamed(&before);
            }
            self.screen.dirty.session = true;
            self.screen.dirty.people();
        }
    }

    /// The session is shown as hosted by the host's name of now.
    pub(super) fn host_renamed(&mut self, before: &Person) {
        if before.name != self.config.host_name || !self.roles.hosts(&before.role) {
            return;
        }
        if let Some(host) = self.roster.get(&before.peer_id)
            && host.name != before.name
        {
            self.config.host_name.clone_from(&host.name);
            self.screen.dirty.session = true;
        }
    }

    pub(super) fn hosting_upkeep(&mut self) {
        while let Some(notice) = self.invitations.due(self.now.boot_ms) {
            self.notice(notice);
            self.screen.dirty.room = true;
        }
        if self.stage.runs_out(self.server_ms()) {
            self.stage_log.stands(None);
            self.screen.dirty.stage = true;
            self.screen.dirty.stage_log = true;
        }
    }

    pub(super) fn hosting_deadline(&self) -> Option<u64> {
        let runs_out = self
            .stage
            .runs_out_at()
            .map(|at| self.boot() + at.saturating_sub(self.server_ms()));
        [self.invitations.deadline(), runs_out]
            .into_iter()
            .flatten()
            .min()
    }

    pub(super) fn room_view(&self) -> RoomView {
        RoomView {
            locked: self.lock.locked,
            locked_by: self.lock.locked_by.clone().filter(|_| self.lock.locked),
            can_lock: self.can_lock(),
            invitation: self.invitations.to_me(),
            invited: self.invitations.open(),
        }
    }
}
