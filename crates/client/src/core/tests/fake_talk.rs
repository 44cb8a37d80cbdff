//! What the fake room does with messages.

use kulti_protocol::{
    chat::{
        Addressee, MARK, MARKED, MarkCount, MarkNotice, MarkRequest, MessagePage, MessagesRequest,
        PastMessage,
    },
    signalling::{
        Broadcast, BroadcastInfo, BroadcastResult, OnBroadcast, RpcError,
        ServerNotification as Told, code,
    },
};
use serde_json::{Value, json};

use super::{
    fake_notices::After,
    fake_room::{Answer, FakeRoom, read},
};

impl FakeRoom {
    pub(super) fn broadcast(&mut self, by: &str, message: Broadcast) -> Answer {
        self.messages += 1;
        let result = BroadcastResult {
            message_id: format!("m{}", self.messages),
            timestamp: self.now,
        };
        if message.info.kind == MARK && self.has_history {
            let request = serde_json::from_str(&message.info.message).unwrap();
            return self
                .mark(by, &request)
                .map(|()| (json!(result), After::Nothing));
        }
        let sender = self.peers[by].clone();
        let to = match &message.peer_id {
            Some(id) => Some(self.peers.get(id).cloned().ok_or_else(missing)?),
            None => None,
        };
        let roles = message.roles.unwrap_or_default();
        self.said.push(PastMessage {
            message_id: result.message_id.clone(),
            timestamp: self.now,
            user_id: sender.info.user_id.clone(),
            name: sender.info.name.clone(),
            role: sender.role.clone(),
            roles: roles.clone(),
            to: to.as_ref().map(|to| Addressee {
                user_id: to.info.user_id.clone(),
                name: to.info.name.clone(),
            }),
            reply_to: message.info.reply_to.clone(),
            message: message.info.message.clone(),
            marks: Vec::new(),
        });
        let told = OnBroadcast {
            peer: Some((&sender).into()),
            roles: roles.clone(),
            private: to.is_some(),
            message_id: result.message_id.clone(),
            timestamp: self.now,
            info: message.info,
        };
        let receivers = self.peers.values().filter(|peer| match &to {
            Some(to) => peer.peer_id == to.peer_id,
            None => roles.is_empty() || roles.contains(&peer.role),
        });
        let receivers = receivers.map(|peer| peer.peer_id.clone()).collect();
        Ok((json!(result), After::Broadcast(Box::new(told), receivers)))
    }

    /// Counts as our server does, but lets everybody do everything.
    fn mark(&mut self, by: &str, request: &MarkRequest) -> Result<(), RpcError> {
        let user_id = self.peers[by].info.user_id.clone();
        let vote = (request.message_id.clone(), request.mark, user_id.clone());
        if !self
            .said
            .iter()
            .any(|said| said.message_id == request.message_id)
        {
            return Err(missing());
        }
        if request.on {
            self.marks.insert(vote);
        } else {
            self.marks.remove(&vote);
        }
        let of = |(id, mark, _): &&(String, _, String)| {
            *id == request.message_id && *mark == request.mark
        };
        let notice = MarkNotice {
            message_id: request.message_id.clone(),
            mark: request.mark,
            count: u32::try_from(self.marks.iter().filter(of).count()).unwrap(),
            user_id,
            on: request.on,
        };
        let told = Told::Broadcast(OnBroadcast {
            peer: None,
            roles: Vec::new(),
            private: false,
            message_id: "mark".into(),
            timestamp: self.now,
            info: BroadcastInfo {
                message: serde_json::to_string(&notice).unwrap(),
                kind: MARKED.into(),
                reply_to: None,
            },
        });
        self.tell_others("", &told);
        Ok(())
    }

    pub(super) fn past_messages(&mut self, by: &str, params: &Value) -> Value {
        let asked: MessagesRequest = read(params);
        let me = &self.peers[by];
        let before = asked.before.unwrap_or(u64::MAX);
        let limit = usize::try_from(asked.limit.unwrap()).unwrap();
        let visible = self.said.iter().filter(|said| {
            said.timestamp < before
                && (said.user_id == me.info.user_id
                    || match &said.to {
                        Some(to) => to.user_id == me.info.user_id,
                        None => said.roles.is_empty() || said.roles.contains(&me.role),
                    })
        });
        let visible: Vec<PastMessage> = visible.cloned().collect();
        let page = visible.len().saturating_sub(limit);
        let messages = visible[page..].iter().map(|said| {
            let votes = |mark| {
                let of = self
                    .marks
                    .iter()
                    .filter(move |(id, m, _)| *id == said.message_id && *m == mark);
                of.map(|(_, _, user)| user)
            };
            let counts = kulti_protocol::chat::Mark::ALL
                .into_iter()
                .map(|mark| MarkCount {
                    mark,
                    count: u32::try_from(votes(mark).count()).unwrap(),
                    mine: votes(mark).any(|user| *user == me.info.user_id),
                });
            PastMessage {
                marks: counts.filter(|counted| counted.count > 0).collect(),
                ..said.clone()
            }
        });
        json!(MessagePage {
            messages: messages.collect(),
            more: page > 0,
        })
    }
}

fn missing() -> RpcError {
    RpcError::new(code::NOT_FOUND, "not here")
}
