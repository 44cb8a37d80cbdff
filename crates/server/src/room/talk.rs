//! What goes with messages: keeping them, giving them out again, and marks on them.

use std::sync::Arc;

use kulti_protocol::chat::{
    Addressee, MARKED, MarkNotice, MarkRequest, MessagePage, MessagesRequest, PastMessage,
};
use kulti_protocol::signalling::{BroadcastInfo, BroadcastResult, OnBroadcast, RpcError, code};

use super::dispatch::{Answer, Call};
use super::history::{MarkChange, Reader, SavedHistory};
use super::io::{Class, Output, SocketId};
use super::peers::{Peer, PeerNo};
use super::{Frame, Room};
use crate::policy::Action;

impl Room {
    /// Goes on with what was said before the room was unloaded.
    pub fn remember(&mut self, saved: SavedHistory) {
        self.history.restore(saved);
    }

    /// What this user may see of what was said. `role` is theirs if they are not here.
    #[must_use]
    pub fn messages(&self, user_id: &str, role: &str, asked: &MessagesRequest) -> MessagePage {
        let here = self.peers.iter().filter(|peer| peer.user_id == user_id);
        let mut roles: Vec<&str> = here.map(|peer| peer.role.as_str()).collect();
        if roles.is_empty() {
            roles.push(role);
        }
        let reader = Reader {
            user_id,
            roles: &roles,
        };
        self.history.page(reader, asked)
    }

    pub(super) fn past_messages(
        &mut self,
        call: &Call,
        no: PeerNo,
        asked: &MessagesRequest,
    ) -> Answer {
        let Some(peer) = self.peers.get(no) else {
            return Ok(());
        };
        let page = self.history.page(reader(peer, &[&peer.role]), asked);
        self.answer(call, &page);
        Ok(())
    }

    /// Keeps a chat message for those who come later.
    pub(super) fn keep_message(
        &mut self,
        no: PeerNo,
        result: &BroadcastResult,
        (roles, receiver): (&[String], Option<PeerNo>),
        info: &BroadcastInfo,
    ) {
        let Some(peer) = self.peers.get(no) else {
            return;
        };
        let to = receiver.and_then(|no| self.peers.get(no));
        let message = Arc::new(PastMessage {
            message_id: result.message_id.clone(),
            timestamp: result.timestamp,
            user_id: peer.user_id.clone(),
            name: peer.name.clone(),
            role: peer.role.clone(),
            roles: roles.to_vec(),
            to: to.map(|to| Addressee {
                user_id: to.user_id.clone(),
                name: to.name.clone(),
            }),
            reply_to: info.reply_to.clone(),
            message: info.message.clone(),
            marks: Vec::new(),
        });
        self.history.keep(message.clone());
        self.outputs.push(Output::Kept(message));
    }

    /// A broadcast that marks a message. It can be repeated: it says what is to be.
    pub(super) fn mark(&mut self, call: &Call, no: PeerNo, text: &str) -> Answer {
        let request: MarkRequest = serde_json::from_str(text).map_err(|error| {
            RpcError::new(
                code::BAD_REQUEST,
                format!("the mark cannot be read: {error}"),
            )
        })?;
        let Some(peer) = self.peers.get(no) else {
            return Ok(());
        };
        let is_host = self.policy.may(&peer.role, Action::EndRoom);
        let roles = [peer.role.as_str()];
        let change = self.history.mark(reader(peer, &roles), is_host, &request)?;
        let result = BroadcastResult {
            message_id: self.random_id(),
            timestamp: self.now,
        };
        self.answer(call, &result);
        if let Some(change) = change {
            self.tell_mark(result, &change);
            self.outputs.push(Output::Marked(change));
        }
        Ok(())
    }

    /// Tells all who may see the message, the one who marked it too: the notice has
    /// another type than what was sent.
    fn tell_mark(&mut self, as_sent: BroadcastResult, change: &MarkChange) {
        let Some(message) = self.history.get(&change.message_id).cloned() else {
            return;
        };
        let notice = MarkNotice {
            message_id: change.message_id.clone(),
            mark: change.mark,
            count: self.history.count(&change.message_id, change.mark),
            user_id: change.user_id.clone(),
            on: change.on,
        };
        let Ok(text) = serde_json::to_string(&notice) else {
            return;
        };
        let frame = Frame::notification(
            "on-broadcast",
            &OnBroadcast {
                peer: None,
                roles: Vec::new(),
                private: false,
                message_id: as_sent.message_id,
                timestamp: as_sent.timestamp,
                info: BroadcastInfo {
                    message: text,
                    kind: MARKED.to_owned(),
                    reply_to: None,
                },
            },
        );
        let sockets: Vec<SocketId> = self
            .peers
            .iter()
            .filter(|peer| reader(peer, &[&peer.role]).may_see(&message))
            .filter_map(Peer::socket)
            .collect();
        self.send_all(sockets, frame, Class::Ordinary);
    }
}

fn reader<'a>(peer: &'a Peer, roles: &'a [&'a str]) -> Reader<'a> {
    Reader {
        user_id: &peer.user_id,
        roles,
    }
}
