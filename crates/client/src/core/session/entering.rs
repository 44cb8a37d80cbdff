//! Into the room, back into it, and out of it.

use kulti_protocol::signalling::{
    GetPeer, Join, Leave, RpcError, SessionDescription, SetMetadata, code, method,
};
use kulti_protocol::store_keys::watch_key;
use serde_json::Value;

use super::{Purpose, SessionCore};
use crate::core::{
    io::{ConnectFailure, Output},
    requests::{AfterLoss, CODE_CONNECTION_LOST},
    view::{EndReason, ViewEvent},
};

/// How the room is told that I go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Farewell {
    /// I go by myself.
    Leave,
    /// I was told to go, and just close.
    Close,
}

impl SessionCore {
    pub(super) fn start(&mut self) {
        if self.connection.start(self.boot()) {
            self.emit(Output::Connect);
        }
    }

    pub(super) fn socket_opened(&mut self, takes_media: bool) {
        if self.connection.opened(self.boot()) {
            self.policy_came = false;
            self.media.link.opened(takes_media);
        }
    }

    pub(super) fn socket_closed(&mut self, reason: &str) {
        if self.connection.has_socket() || self.connection.is_opening() {
            tracing::info!(reason, "the signalling connection was closed");
            self.lose();
        }
    }

    pub(super) fn connect_failed(&mut self, failure: &ConnectFailure) {
        if !self.connection.is_opening() {
            return;
        }
        tracing::info!(
            code = failure.code,
            terminal = failure.terminal,
            "connecting failed"
        );
        if failure.terminal {
            self.fail(failure.code, &failure.message);
            return;
        }
        self.last_failure = Some((failure.code, failure.message.clone()));
        self.lose();
    }

    /// The connection is of no use any more; another will be made.
    pub(super) fn lose(&mut self) {
        let now = self.boot();
        self.connection.lost(now, &mut self.rng);
        self.watching.disconnected(now);
        self.after_loss();
    }

    /// Nothing has come over the socket for too long: it has been lost since then.
    pub(super) fn lose_silent(&mut self) {
        let now = self.boot();
        let for_ms = self.connection.silently_lost(now, &mut self.rng);
        self.watching.silently_disconnected(now, for_ms);
        self.after_loss();
    }

    fn after_loss(&mut self) {
        self.diagnosis.down();
        self.media_lost();
        self.screen.dirty.connection = true;
        self.screen.dirty.polls = true; // votes wait for the next one
        self.chat.connection_lost();
        for (purpose, result) in self.requests.connection_lost() {
            self.outcome(purpose, result);
        }
    }

    /// The policy of this socket has come: the room can be entered.
    pub(super) fn enter(&mut self) {
        if !self.connection.has_socket()
            || self.connection.is_up()
            || self.is_joining()
            || self.media.link.is_waiting()
        {
            return;
        }
        if self.joined {
            // Tells the server, as the SDK does, that this stay goes on; one that does
            // not know it answers 410. The peer list, or else the answer to the second
            // request, shows that it does.
            self.tell(method::TRACK_UPDATE, self.media_track_update());
            self.listen();
        } else if self.joins_with_media() {
            // With the engine's offer, when it is there.
            self.start_media();
        } else {
            self.join(None);
        }
    }

    fn is_joining(&self) -> bool {
        self.requests
            .any(|purpose| matches!(purpose, Purpose::Join { .. }))
    }

    pub(super) fn join(&mut self, offer: Option<SessionDescription>) {
        let purpose = Purpose::Join {
            with_media: offer.is_some(),
        };
        let params = Join {
            name: self.config.name.clone(),
            offer,
            disable_vid_auto_sub: true,
            ..Join::default()
        };
        self.request(purpose, method::JOIN, params, AfterLoss::Fail);
    }

    pub(super) fn join_answered(&mut self, with_media: bool, result: Result<Value, RpcError>) {
        let error = match result {
            Err(error) => error,
            Ok(answer) => return self.join_accepted(with_media.then_some(&answer)),
        };
        if error.code == CODE_CONNECTION_LOST {
            // Whoever lost the connection sees to the next one; a join without an
            // answer runs into the limit for entering.
            return;
        }
        if error.is_temporary() && self.connection.has_been_up() {
            self.lose();
            return;
        }
        self.fail(error.code, &error.message);
    }

    /// In the room; with an answer to the offer, if there was one.
    fn join_accepted(&mut self, answer: Option<&Value>) {
        let again = self.connection.has_been_up();
        self.joined = true;
        if let Some(answer) = answer {
            self.media_joined(answer);
        }
        self.entered();
        if again && self.hand_wanted {
            self.send_hand(true);
        } else if again {
            self.my_groups(&[]);
        }
    }

    /// The server goes on with this stay.
    pub(super) fn resumed(&mut self) {
        if self.connection.is_up() {
            return;
        }
        self.entered();
        self.media_resumed();
        // A host may have lowered my hand meanwhile; not every server says so.
        let params = GetPeer {
            peer_id: self.config.peer_id.clone(),
        };
        self.request(Purpose::ReadMe, method::GET_PEER, params, AfterLoss::Fail);
    }

    /// In the room, for the first time or again.
    fn entered(&mut self) {
        if self.connection.is_up() {
            return;
        }
        let now = self.boot();
        let grace_ms = self.config.watch_policy.reconnect_grace_ms;
        let lost_ms = self.connection.up(now, grace_ms);
        self.diagnosis.up(now, lost_ms);
        self.watching.connected(now, self.clock.offset_ms());
        self.screen.dirty.all();
        if !self.requests.any(|purpose| *purpose == Purpose::Listen) {
            self.listen();
        }
        self.read_fixed_keys();
        self.polls_entered();
        self.catch_up();
        self.store.write_watch_soon();
    }

    /// The server does not know this stay (any more): it is joined anew, with the same
    /// peer id and the watch time that it has. Over another socket, since a server that
    /// has said so hears nothing more on this one.
    pub(super) fn forgotten(&mut self) {
        let now = self.boot();
        self.joined = false;
        self.media.link.forgotten();
        self.connection.lost_but_answered(now, &mut self.rng);
        self.lose();
    }

    /// Joining or coming back is refused for good.
    pub(super) fn fail(&mut self, failed: u16, message: &str) {
        // The one thing that this code means to somebody who is not in the room.
        let reason = if failed == code::GONE {
            EndReason::SessionEnded
        } else {
            EndReason::Failed {
                code: failed,
                message: message.to_owned(),
            }
        };
        self.finish(reason, Farewell::Close);
    }

    /// The stay is over.
    pub(super) fn finish(&mut self, reason: EndReason, farewell: Farewell) {
        let now = self.boot();
        let open = self.connection.has_socket();
        if let Some(beat) = self.watching.left(now) {
            self.beat(beat);
        }
        if farewell == Farewell::Leave && self.connection.is_up() {
            self.say_goodbye();
        }
        if open {
            self.emit(Output::Close);
        }
        self.stop_media();
        self.connection.close();
        let watch = self.watching.view(now);
        self.emit(Output::View(ViewEvent::Watch(watch.clone())));
        let ended = self.ended_view(reason.clone(), watch);
        self.emit(Output::View(ViewEvent::Ended(ended)));
        self.emit(Output::Ended(reason.clone()));
        self.ended = Some(reason);
    }

    /// Others see me inactive at once, and gone.
    fn say_goodbye(&mut self) {
        let now = self.boot();
        let state = self
            .watching
            .state(now, &self.config.user_id, self.server_ms());
        if let Ok(data) = serde_json::to_value(state) {
            let params = SetMetadata {
                key: watch_key(&self.config.user_id),
                data,
                if_change_version: None,
            };
            self.request(
                Purpose::WriteWatch { boot_ms: now },
                method::SET_METADATA,
                params,
                AfterLoss::Fail,
            );
            self.flush();
        }
        let params = Leave {
            client_reason: "user request".to_owned(),
        };
        self.tell(method::LEAVE, params);
    }
}
