//! A room of the protocol, small and obedient, with faults on order.

use std::collections::{BTreeMap, BTreeSet};

use kulti_protocol::chat::{MESSAGES, Mark, PastMessage};
use kulti_protocol::signalling::{
    BriefPeer, ClientFrame, GroupChange, HAND_RAISE_GROUP, Join, ListenMetadata, MetadataResult,
    OnPeerLeaveRequest, Peer, PeerLeaveRequest, PeerUpdate, Ping, RoleChange, RoleChangeRequest,
    RpcError, ServerNotification as Told, SetMetadata, code, method, response_error, response_ok,
};
use serde_json::{Value, json};

use super::{
    fake_notices::After,
    fake_polls::FakePolls,
    fixtures::{peer, policy, role_of},
};

/// Frames for peers.
pub(super) type Mail = Vec<(String, String)>;

#[derive(Default)]
pub(super) struct FakeRoom {
    pub(super) peers: BTreeMap<String, Peer>,
    pub(super) listening: BTreeMap<String, BTreeSet<String>>,
    /// Peers with an open socket, and whether they have been expelled.
    pub(super) sockets: BTreeMap<String, bool>,
    pub(super) store: BTreeMap<String, MetadataResult>,
    pub(super) now: u64,
    pub(super) messages: u64,
    /// What was said, for those who ask.
    pub(super) said: Vec<PastMessage>,
    pub(super) marks: BTreeSet<(String, Mark, String)>,
    /// Whether it keeps what was said, and counts marks.
    pub(super) has_history: bool,
    pub(super) locked: bool,
    /// Errors to answer with, once each, by method.
    pub(super) faults: BTreeMap<&'static str, Vec<RpcError>>,
    /// Pings are answered with the timestamp that they carry.
    pub(super) echoes_pings: bool,
    /// Methods that are not answered at all.
    pub(super) mute: BTreeSet<&'static str>,
    /// Methods that are done, but whose next answer gets lost.
    pub(super) swallow: BTreeSet<&'static str>,
    /// Every frame that came, as peer id, method, params.
    pub(super) heard: Vec<(String, String, Value)>,
    pub(super) mail: Mail,
    pub(super) polls: FakePolls,
}

impl FakeRoom {
    pub(super) fn at(now: u64) -> Self {
        Self {
            now,
            ..Self::default()
        }
    }

    pub(super) fn open(&mut self, peer_id: &str, token_role: &str) {
        self.sockets.insert(peer_id.to_owned(), false);
        let role = self
            .peers
            .get(peer_id)
            .map_or(token_role, |peer| &peer.role)
            .to_owned();
        self.tell(peer_id, &Told::PolicyChange(policy(&role)));
        if self.peers.contains_key(peer_id) {
            self.tell_peer_list(peer_id);
            let keys = self.listening.get(peer_id).cloned().unwrap_or_default();
            self.tell_values(peer_id, &keys);
        }
    }

    /// The socket is gone; the peer stays for its grace.
    pub(super) fn close(&mut self, peer_id: &str) {
        self.sockets.remove(peer_id);
    }

    /// The grace of a peer has run out, or it left.
    pub(super) fn forget(&mut self, peer_id: &str) {
        self.listening.remove(peer_id);
        if let Some(peer) = self.peers.remove(peer_id) {
            self.tell_others(peer_id, &Told::PeerLeave((&peer).into()));
        }
    }

    /// The server starts anew and knows nothing.
    pub(super) fn restart(&mut self) {
        let now = self.now;
        *self = Self {
            now,
            heard: std::mem::take(&mut self.heard),
            has_history: self.has_history,
            ..Self::default()
        };
    }

    pub(super) fn frame(&mut self, peer_id: &str, text: &str) {
        let frame = ClientFrame::parse(text).expect("clients send well-formed frames");
        self.heard.push((
            peer_id.to_owned(),
            frame.method.clone(),
            frame.params.clone(),
        ));
        if self.mute.contains(frame.method.as_str()) {
            return;
        }
        if let Some(faults) = self.faults.get_mut(frame.method.as_str())
            && let Some(id) = &frame.id
            && !faults.is_empty()
        {
            let error = faults.remove(0);
            self.mail
                .push((peer_id.to_owned(), response_error(id, &error).unwrap()));
            return;
        }
        let Some(expelled) = self.sockets.get(peer_id).copied() else {
            return;
        };
        let answer = if expelled {
            Err(RpcError::new(code::GONE, "you have left"))
        } else if self.peers.contains_key(peer_id) {
            self.joined(peer_id, &frame)
        } else {
            self.unjoined(peer_id, &frame)
        };
        let Some(id) = frame.id else {
            return;
        };
        let text = match answer {
            Ok((result, after)) => {
                let text = response_ok(&id, result).unwrap();
                if !self.swallow.remove(frame.method.as_str()) {
                    self.mail.push((peer_id.to_owned(), text));
                }
                self.after(peer_id, after);
                return;
            }
            Err(error) => response_error(&id, &error).unwrap(),
        };
        self.mail.push((peer_id.to_owned(), text));
    }

    fn unjoined(&mut self, peer_id: &str, frame: &ClientFrame) -> Answer {
        match frame.method.as_str() {
            method::PING => Ok((self.pong(&frame.params), After::Nothing)),
            method::JOIN if self.locked => Err(RpcError::new(code::GONE, "the session is over")),
            method::JOIN => {
                let join: Join = read(&frame.params);
                let role = role_of(peer_id).to_owned();
                let mut joined = peer(peer_id, &join.name, &role, self.now);
                joined.info.data = join.data;
                self.peers.insert(peer_id.to_owned(), joined);
                let answer = match join.offer {
                    Some(_) => json!({"type": "answer", "sdp": "answer to the join"}),
                    None => json!({}),
                };
                Ok((answer, After::Join))
            }
            method::TRACK_UPDATE => {
                let gone = RpcError::new(code::GONE, "join again");
                self.tell(peer_id, &Told::Error(gone));
                self.sockets.insert(peer_id.to_owned(), true);
                Ok((json!({}), After::Nothing))
            }
            _ => Err(RpcError::new(code::BAD_REQUEST, "join first")),
        }
    }

    fn joined(&mut self, peer_id: &str, frame: &ClientFrame) -> Answer {
        let params = &frame.params;
        match frame.method.as_str() {
            method::PING => Ok((self.pong(&frame.params), After::Nothing)),
            method::JOIN => Ok((json!({}), After::Join)),
            method::LEAVE => {
                self.sockets.remove(peer_id);
                self.forget(peer_id);
                Ok((json!({}), After::Nothing))
            }
            method::TRACK_UPDATE => {
                self.mutes(peer_id, &read(params));
                Ok((json!({}), After::Nothing))
            }
            method::OFFER => {
                self.publishes(peer_id, read(params));
                Ok((json!({"type": "answer", "sdp": "answer"}), After::Nothing))
            }
            method::ANSWER | method::TRICKLE => Ok((json!({}), After::Nothing)),
            method::SET_METADATA => self.set(peer_id, read(params)),
            method::GET_METADATA => {
                let key = params["key"].as_str().unwrap_or_default();
                Ok((json!(self.value(key)), After::Nothing))
            }
            method::LISTEN_METADATA => {
                let listen: ListenMetadata = read(params);
                let keys: BTreeSet<String> = listen.keys.into_iter().collect();
                let old = self
                    .listening
                    .insert(peer_id.to_owned(), keys.clone())
                    .unwrap_or_default();
                let new = keys.difference(&old).cloned().collect();
                Ok((json!({}), After::Values(new)))
            }
            method::GET_PEER => {
                let id = params["peer_id"].as_str().unwrap_or_default();
                Ok((json!(BriefPeer::from(&self.peers[id])), After::Nothing))
            }
            method::BROADCAST => self.broadcast(peer_id, read(params)),
            MESSAGES if self.has_history => {
                Ok((self.past_messages(peer_id, params), After::Nothing))
            }
            MESSAGES => Err(RpcError::new(code::NOT_FOUND, "there is no such method")),
            method::PEER_UPDATE => {
                let update: PeerUpdate = read(params);
                let peer = self.peers.get_mut(peer_id).unwrap();
                if let Some(data) = update.data {
                    peer.info.data = data;
                }
                if let Some(name) = update.name {
                    peer.info.name = name;
                }
                Ok((json!({}), After::Update(peer_id.to_owned())))
            }
            method::GROUP_JOIN => Ok(self.hand(peer_id, true)),
            method::GROUP_LEAVE => Ok(self.hand(peer_id, false)),
            method::GROUP_REMOVE => {
                let change: GroupChange = read(params);
                Ok(self.hand(&change.peer_id.unwrap(), false))
            }
            method::GROUP_CLEAR => {
                for id in self.peers.keys().cloned().collect::<Vec<_>>() {
                    self.hand(&id, false);
                    let peer = self.peers[&id].clone();
                    self.tell_others("", &Told::PeerUpdate(peer));
                }
                Ok((json!({}), After::Nothing))
            }
            method::ROLE_CHANGE_REQUEST => Ok(self.role_change(peer_id, read(params))),
            method::ROLE_CHANGE => {
                let change: RoleChange = read(params);
                self.set_role(peer_id, &change.role);
                Ok((json!({}), After::Nothing))
            }
            method::PEER_LEAVE_REQUEST => {
                let request: PeerLeaveRequest = read(params);
                self.send_away(peer_id, &request.requested_for, &request.reason, false);
                Ok((json!({}), After::Nothing))
            }
            method::END_ROOM => {
                let others: Vec<String> = self
                    .peers
                    .keys()
                    .filter(|id| *id != peer_id)
                    .cloned()
                    .collect();
                for other in others {
                    self.send_away(peer_id, &other, "", true);
                }
                self.locked = true;
                Ok((json!({}), After::Nothing))
            }
            other if other.starts_with("poll-") => self.poll_request(peer_id, other, params),
            other => panic!("the fake room does not know {other}"),
        }
    }

    fn pong(&self, ping: &Value) -> Value {
        if self.echoes_pings {
            return ping.clone();
        }
        json!(Ping {
            timestamp: self.now
        })
    }

    /// Sets a value as somebody, also somebody without a socket.
    pub(super) fn put(&mut self, by: &str, key: &str, data: Value) {
        let write = SetMetadata {
            key: key.to_owned(),
            data,
            if_change_version: None,
        };
        self.set(by, write).expect("an unconditional write");
        self.tell_listeners(key);
    }

    fn set(&mut self, by: &str, write: SetMetadata) -> Answer {
        let version = self.value(&write.key).change_version;
        if write.if_change_version.is_some_and(|seen| seen != version) {
            return Err(RpcError::new(code::CONFLICT, "somebody was faster"));
        }
        let value = MetadataResult {
            key: write.key.clone(),
            data: write.data,
            change_version: version + 1,
            updated_by: by.to_owned(),
            updated_at: self.now,
        };
        self.store.insert(write.key.clone(), value.clone());
        Ok((json!(value), After::Changed(write.key)))
    }

    pub(super) fn value(&self, key: &str) -> MetadataResult {
        self.store
            .get(key)
            .cloned()
            .unwrap_or_else(|| MetadataResult {
                key: key.to_owned(),
                data: Value::Null,
                change_version: 0,
                updated_by: String::new(),
                updated_at: 0,
            })
    }

    fn hand(&mut self, of: &str, raised: bool) -> (Value, After) {
        let Some(peer) = self.peers.get_mut(of) else {
            return (json!({"groups": []}), After::Nothing);
        };
        peer.groups = if raised {
            vec![HAND_RAISE_GROUP.to_owned()]
        } else {
            Vec::new()
        };
        (json!({"groups": peer.groups}), After::Update(of.to_owned()))
    }

    fn role_change(&mut self, by: &str, request: RoleChangeRequest) -> (Value, After) {
        let whom = request.requested_for.unwrap();
        if request.force {
            self.set_role(&whom, &request.role);
        } else {
            let asked = RoleChange {
                requested_by: Some(by.to_owned()),
                role: request.role,
                token: "ask-1".into(),
            };
            self.tell(&whom, &Told::RoleChangeRequest(asked));
        }
        (json!({}), After::Nothing)
    }

    pub(super) fn set_role(&mut self, whom: &str, role: &str) {
        let Some(peer) = self.peers.get_mut(whom) else {
            return;
        };
        role.clone_into(&mut peer.role);
        let peer = peer.clone();
        self.tell(whom, &Told::PolicyChange(policy(role)));
        self.tell_others(whom, &Told::PeerUpdate(peer));
    }

    fn send_away(&mut self, by: &str, whom: &str, reason: &str, room_end: bool) {
        let told = OnPeerLeaveRequest {
            requested_by: by.to_owned(),
            reason: reason.to_owned(),
            room_end,
        };
        self.tell(whom, &Told::PeerLeaveRequest(told));
        self.forget(whom);
    }

    /// Adds somebody whose client is not simulated.
    pub(super) fn extra(&mut self, id: &str, role: &str) {
        let came = peer(id, &format!("Extra {id}"), role, self.now);
        self.peers.insert(id.to_owned(), came.clone());
        self.tell_others(id, &Told::PeerJoin(came));
    }

    /// Somebody whose client is not simulated changes their metadata.
    pub(super) fn update_data(&mut self, id: &str, data: &str) {
        let Some(peer) = self.peers.get_mut(id) else {
            return;
        };
        data.clone_into(&mut peer.info.data);
        let peer = peer.clone();
        self.tell_others(id, &Told::PeerUpdate(peer));
    }

    /// What one peer has sent by one method.
    pub(super) fn heard(&self, peer_id: &str, method: &str) -> Vec<&Value> {
        self.heard
            .iter()
            .filter(|(from, what, _)| from == peer_id && what == method)
            .map(|(_, _, params)| params)
            .collect()
    }
}

pub(super) type Answer = Result<(Value, After), RpcError>;

pub(super) fn read<T: serde::de::DeserializeOwned>(params: &Value) -> T {
    serde_json::from_value(params.clone()).expect("params of the protocol")
}
