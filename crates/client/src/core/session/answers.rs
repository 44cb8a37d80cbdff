//! How requests came out.

use kulti_protocol::signalling::{
    BriefPeer, GroupsResult, HAND_RAISE_GROUP, MetadataResult, Ping, RpcError, code,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Purpose, SessionCore, entering::Farewell};
use crate::core::{requests::CODE_CONNECTION_LOST, view::EndReason};

impl SessionCore {
    /// Takes the outcome of a request.
    pub(super) fn outcome(&mut self, purpose: Purpose, result: Result<Value, RpcError>) {
        match purpose {
            Purpose::Join { with_media } => self.join_answered(with_media, result),
            Purpose::Ping { boot_ms, stamp_ms } => self.pinged(boot_ms, stamp_ms, result),
            Purpose::Listen => self.listened(result.map(drop)),
            Purpose::ReadStage => {
                if let Some(value) = read::<MetadataResult>(result) {
                    self.value(&value);
                }
                self.stage.settle();
                self.stage.reread();
            }
            Purpose::WriteViewers
                if result
                    .as_ref()
                    .is_err_and(|error| error.code != CODE_CONNECTION_LOST) =>
            {
                self.store.counts.refused(self.now.boot_ms);
            }
            Purpose::ReadViewers | Purpose::WriteViewers => {
                if let Some(value) = read::<MetadataResult>(result) {
                    self.value(&value);
                }
            }
            Purpose::ReadMe => {
                if let Some(me) = read::<BriefPeer>(result) {
                    self.my_groups(&me.groups);
                }
            }
            Purpose::WriteStage => self.stage_written(result),
            Purpose::WriteWatch { boot_ms } => self.watch_written(boot_ms, result),
            Purpose::TellMetadata | Purpose::Aside => {}
            Purpose::Invite(peer_id) => {
                if let Err(error) = result {
                    self.invitations.refused(&peer_id);
                    self.screen.dirty.room = true;
                    self.refused("changeRole", error.code, &error.message);
                }
            }
            Purpose::Rename(name) => self.renamed(&name, result.map(drop)),
            Purpose::Lock => match result {
                Ok(value) => {
                    if let Ok(value) = serde_json::from_value::<MetadataResult>(value) {
                        self.value(&value);
                    }
                }
                Err(error) => self.refused("lockRoom", error.code, &error.message),
            },
            Purpose::MediaOffer => self.media_offer_answered(result),
            Purpose::Message(local_id) => self.message_sent(&local_id, result),
            Purpose::Mark(request) => self.mark_answered(request, result),
            Purpose::Messages(wanted) => self.messages_came(wanted, result),
            Purpose::Hand => self.hand_answered(result),
            Purpose::EndRoom => match result {
                Ok(_) => self.finish(EndReason::SessionEnded, Farewell::Leave),
                Err(error) => self.refused("endSession", error.code, &error.message),
            },
            Purpose::Poll(about) => self.poll_answered(about, result),
            Purpose::Act(action) => {
                if let Err(error) = result {
                    self.refused(action, error.code, &error.message);
                }
            }
        }
    }

    fn pinged(&mut self, boot_ms: u64, stamp_ms: u64, result: Result<Value, RpcError>) {
        if result.is_err() {
            return;
        }
        let round_trip_ms = self.boot().saturating_sub(boot_ms);
        self.connection.measured(round_trip_ms);
        self.diagnosis.round_trip(round_trip_ms);
        if let Some(answer) = read::<Ping>(result) {
            self.clock
                .learn(boot_ms, stamp_ms, answer.timestamp, self.now);
        }
    }

    fn watch_written(&mut self, boot_ms: u64, result: Result<Value, RpcError>) {
        match result {
            Ok(value) => {
                // Where pings are only echoed, this is what tells the server's time: by
                // it watch states are known to be stale.
                if let Ok(value) = serde_json::from_value::<MetadataResult>(value) {
                    self.clock.learn(boot_ms, 0, value.updated_at, self.now);
                }
            }
            Err(error) if error.code == code::TOO_LARGE => {
                tracing::warn!("the session store is full: the watch state goes to peer metadata");
                self.store.is_full(self.now.boot_ms);
            }
            Err(_) => {}
        }
    }

    fn listened(&mut self, result: Result<(), RpcError>) {
        let Err(error) = result else {
            self.resumed();
            return;
        };
        if error.code == CODE_CONNECTION_LOST {
            return;
        }
        if self.connection.is_up() {
            tracing::warn!(code = error.code, "listening to so many keys was refused");
            self.store.listen_less(self.now.boot_ms);
        } else {
            // A resume that the server does not know of.
            self.forgotten();
        }
    }

    fn stage_written(&mut self, result: Result<Value, RpcError>) {
        match result {
            Ok(value) => {
                if let Ok(mut value) = serde_json::from_value::<MetadataResult>(value) {
                    // The vendor's server may not say who wrote; it was I.
                    if value.updated_by.is_empty() {
                        value.updated_by.clone_from(&self.config.peer_id);
                    }
                    self.value(&value);
                }
                self.stage.written();
            }
            Err(error) if error.code == code::CONFLICT && self.stage.conflicted() => {
                self.read_stage();
            }
            Err(error) if error.code == CODE_CONNECTION_LOST => self.stage.cut_off(),
            Err(error) => {
                if let Some(change) = self.stage.refused() {
                    self.refused(change.action(), error.code, &error.message);
                }
            }
        }
    }

    fn hand_answered(&mut self, result: Result<Value, RpcError>) {
        match result {
            Ok(value) => {
                if let Ok(answer) = serde_json::from_value::<GroupsResult>(value) {
                    self.my_groups(&answer.groups);
                }
            }
            Err(error) => {
                self.hand_wanted = self.roster.me().is_some_and(|me| me.hand_raised);
                self.refused("setHand", error.code, &error.message);
            }
        }
    }

    /// The server says whether my hand is up.
    pub(super) fn my_groups(&mut self, groups: &[String]) {
        let raised = groups.iter().any(|group| group == HAND_RAISE_GROUP);
        self.hand_wanted = raised;
        self.roster.set_my_hand(raised);
        let me = self.config.peer_id.clone();
        self.hands.set(&me, raised);
        self.screen.dirty.session = true;
        self.screen.dirty.people();
    }
}

pub(super) fn read<T: DeserializeOwned>(result: Result<Value, RpcError>) -> Option<T> {
    serde_json::from_value(result.ok()?).ok()
}
