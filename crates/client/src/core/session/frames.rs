//! What the server sends.

use kulti_protocol::{
    chat::INVITATION_DECLINED,
    signalling::{
        OnPeerLeaveRequest, Peer, PeerList, PolicyChange, RoleChange, RpcError, ServerFrame,
        ServerNotification as Told, code,
    },
};

use super::{SessionCore, entering::Farewell};
use crate::core::{
    plain_text,
    roster::Change,
    view::{EndReason, Notice},
};

/// How much of a reason in words is shown.
const REASON_LIMIT: usize = 300;

impl SessionCore {
    pub(super) fn frame(&mut self, text: &str) {
        let now = self.boot();
        if !self.connection.heard(now) {
            return;
        }
        match ServerFrame::parse(text) {
            Ok(ServerFrame::Response { id, result }) => {
                let outcome = self.requests.answered(&id, result, now, &mut self.rng);
                if let Some((purpose, result)) = outcome {
                    self.outcome(purpose, result);
                }
            }
            Ok(ServerFrame::Notification { method, params }) => {
                match Told::parse(&method, params) {
                    Ok(told) => self.told(told),
                    Err(error) => tracing::debug!(%method, %error, "a notice could not be read"),
                }
            }
            Err(error) => tracing::debug!(%error, "a frame could not be read"),
        }
    }

    fn told(&mut self, told: Told) {
        match told {
            Told::PolicyChange(policy) => self.policy(policy),
            Told::PeerList(list) => self.peer_list(&list),
            Told::PeerJoin(peer) => self.peer_join(&peer),
            Told::PeerLeave(peer) => {
                let change = self.roster.leave(&peer.peer_id);
                self.people_changed(change, true);
            }
            Told::PeerUpdate(peer) => {
                let change = self.roster.upsert(&peer, self.server_ms());
                // In a large room somebody may be named for the first time by this.
                let live = matches!(change, Some(Change::Updated(_)));
                self.people_changed(change, live);
            }
            Told::MetadataChange(change) => {
                for value in &change.values {
                    self.value(value);
                }
            }
            Told::TrackAdd(notice) | Told::TrackUpdate(notice) => {
                self.tracks_changed(&notice, false);
            }
            Told::TrackRemove(notice) => self.tracks_changed(&notice, true),
            Told::Offer(offer) => self.media_offered(offer),
            Told::NodeInfo(info) => self.media_node(&info),
            Told::Trickle(trickle) => self.media_trickled(trickle),
            Told::ActiveSpeakers(speakers) => self.speakers_told(speakers),
            Told::ConnectionQuality(update) => self.qualities_told(update),
            Told::TrackUpdateRequest(request) => self.told_to_mute(&request),
            Told::MuteStateRequest(request) => self.told_to_mute_all(&request),
            Told::Broadcast(message) if message.info.kind == INVITATION_DECLINED => {
                self.invitation_declined(&message);
            }
            Told::Broadcast(message) => self.heard(&message),
            Told::RoomInfo(info) => {
                self.large_room = info.large_room_optimization;
                self.screen.dirty.people();
            }
            Told::RoleChangeRequest(invitation) => self.invited(invitation),
            Told::PeerLeaveRequest(request) => self.told_to_go(&request),
            Told::PollStart(notice) => self.polls_started(notice.polls),
            Told::PollStats(notice) => self.polls_counted(notice.polls),
            Told::PollStop(notice) => self.polls_stopped(&notice.polls),
            Told::Error(error) => self.fatal(&error),
            Told::Warning(warning) => {
                tracing::warn!(code = warning.code, message = %warning.message, "the server warns");
            }
            _ => {}
        }
    }

    fn policy(&mut self, policy: PolicyChange) {
        let another = self.roles.adopt(policy);
        let mine = self.roles.mine().to_owned();
        self.roster.set_my_role(&mine);
        self.invitations.my_role(&mine);
        self.store.listen_soon(self.now.boot_ms);
        self.regroup();
        self.judge_stage();
        self.media_role();
        self.screen.dirty.session = true;
        self.screen.dirty.people();
        if another && self.connection.has_been_up() {
            self.notice(Notice::RoleChanged { role: mine });
            self.polls_entered(); // other polls may be shown to it
        }
        self.policy_came = true;
        self.enter();
    }

    /// A policy may place roles otherwise.
    fn regroup(&mut self) {
        let groups: Vec<_> = self
            .roster
            .iter()
            .filter(|person| person.peer_id != self.config.peer_id)
            .map(|person| (person.peer_id.clone(), self.roles.group(&person.role)))
            .collect();
        for (peer_id, group) in groups {
            self.grid.change_group(&peer_id, group);
        }
    }

    fn peer_list(&mut self, list: &PeerList) {
        let mut changes = self.roster.replace(list.peers.values(), self.server_ms());
        // Group by group, so that nobody who is placed moves again; within a group in
        // the order of joining.
        changes.sort_by_key(|change| match change {
            Change::Came(id) => self
                .roster
                .get(id)
                .map(|person| self.roles.group(&person.role)),
            Change::Left(_) | Change::Updated(_) => None,
        });
        for change in changes {
            self.people_changed(Some(change), false);
        }
        self.media
            .tracks
            .replace(list.peers.values(), &self.config.peer_id);
        self.media.forget_gone();
        self.screen.dirty.media();
        self.screen.dirty.people();
        self.judge_stage();
        if self.joined {
            // The answer to a resume: this stay goes on.
            self.resumed();
        }
    }

    fn peer_join(&mut self, peer: &Peer) {
        let change = self.roster.upsert(peer, self.server_ms());
        self.people_changed(change, true);
        if peer.peer_id != self.config.peer_id && !peer.tracks.is_empty() {
            self.media.tracks.add(&peer.peer_id, &peer.tracks);
            self.screen.dirty.media();
            self.screen.dirty.people();
        }
        self.judge_stage();
    }

    /// Takes over a change of the roster. `live` if it has just happened, not while
    /// this client was away.
    fn people_changed(&mut self, change: Option<Change>, live: bool) {
        let Some(change) = change else {
            return;
        };
        let now = self.boot();
        match change {
            Change::Came(id) => {
                let Some(person) = self.roster.get(&id) else {
                    return;
                };
                self.grid.insert(&id, self.roles.group(&person.role));
                self.hands.set(&id, person.hand_raised);
                if live {
                    self.arrivals.came(&id, &person.name, now);
                }
            }
            Change::Left(person) => {
                let id = &person.peer_id;
                self.grid.remove(id);
                self.hands.set(id, false);
                self.arrivals.left(id);
                self.media.left(id);
                self.media.forget_gone();
                self.screen.dirty.media();
                self.local_pin.take_if(|pinned| pinned == id);
                if let Some(notice) = self.invitations.left(id) {
                    self.notice(notice);
                }
            }
            Change::Updated(before) => {
                self.host_renamed(&before);
                self.person_updated(&before.peer_id, live);
            }
        }
        self.store.listen_soon(now);
        self.screen.dirty.people();
    }

    fn person_updated(&mut self, id: &str, live: bool) {
        let Some(person) = self.roster.get(id) else {
            return;
        };
        let (raised, name) = (person.hand_raised, person.name.clone());
        let is_me = id == self.config.peer_id;
        if is_me {
            self.screen.dirty.session = true;
            self.hand_wanted = raised;
        } else {
            let role = person.role.clone();
            self.grid.change_group(id, self.roles.group(&role));
            if let Some(notice) = self.invitations.has_role(id, &role) {
                self.notice(notice);
            }
        }
        let can = self.roles.mine_can();
        let newly_raised = self.hands.set(id, raised);
        if newly_raised && live && !is_me && (can.manage_stage || can.lower_hands) {
            self.notice(Notice::HandRaised { name });
        }
    }

    fn invited(&mut self, invitation: RoleChange) {
        let asker = invitation.requested_by.as_deref().unwrap_or_default();
        let name = self.roster.name_and_role(asker).map_or_else(
            || self.config.host_name.clone(),
            |(name, _)| name.to_owned(),
        );
        if let Some(notice) = self.invitations.came(invitation, name) {
            self.notice(notice);
            self.screen.dirty.room = true;
        }
    }

    fn told_to_go(&mut self, request: &OnPeerLeaveRequest) {
        let reason = if request.room_end {
            EndReason::SessionEnded
        } else {
            let by = self.roster.name_and_role(&request.requested_by);
            EndReason::Removed {
                by: by.map(|(name, _)| name.to_owned()),
                reason: plain_text::line(&request.reason, REASON_LIMIT),
            }
        };
        self.finish(reason, Farewell::Close);
    }

    /// `on-error`: the SDK leaves. This client knows two kinds that can be mended.
    fn fatal(&mut self, error: &RpcError) {
        tracing::warn!(code = error.code, message = %error.message, "the server ends the connection");
        if error.code == code::GONE && self.joined {
            self.forgotten();
        } else if error.is_temporary() && self.connection.has_been_up() {
            self.lose();
        } else {
            self.fail(error.code, &error.message);
        }
    }
}
