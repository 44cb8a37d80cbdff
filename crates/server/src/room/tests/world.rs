//! A room with fake clients that understand its frames as the SDK does.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use kulti_media::sfu::Command;
use kulti_protocol::chat::PastMessage;
use serde_json::{Value, json};

use crate::policy::Policy;
use crate::room::{
    Admission, Class, Input, MarkChange, Output, Room, RoomLimits, RoomMeta, RoomSnapshot, SocketId,
};

pub(super) const START: u64 = 1_800_000_000_000;

/// What a client believes, from the frames that it got.
#[derive(Debug, Default)]
pub(super) struct Client {
    pub(super) socket: Option<SocketId>,
    pub(super) joined: bool,
    pub(super) role: String,
    /// The others, by peer id.
    pub(super) roster: BTreeMap<String, Value>,
    /// Values by key; deleted ones are null. The last frame wins.
    pub(super) values: BTreeMap<String, Value>,
    pub(super) versions: BTreeMap<String, u64>,
    pub(super) listening: BTreeSet<String>,
    /// Ids of the messages that it got, in order.
    pub(super) heard: Vec<String>,
    pub(super) groups: Vec<String>,
    /// All frames, as JSON.
    pub(super) frames: Vec<Value>,
    /// Frames under way to it.
    wire: VecDeque<(Value, Class)>,
}

/// A room, its clients, and the time.
pub(super) struct World {
    pub(super) room: Room,
    pub(super) now: u64,
    pub(super) clients: BTreeMap<String, Client>,
    pub(super) closed: Vec<(SocketId, u16)>,
    pub(super) attendance: Vec<(String, bool, u64)>,
    /// Who wrote in the chat.
    pub(super) said: Vec<String>,
    /// What is to be kept of the chat.
    pub(super) kept: Vec<PastMessage>,
    pub(super) marked: Vec<MarkChange>,
    pub(super) ended: u32,
    /// What the forwarding unit was told.
    pub(super) commands: Vec<Command>,
    /// How often the room asked to be saved.
    pub(super) saves: u32,
    sockets: BTreeMap<SocketId, String>,
    next: u64,
    limits: RoomLimits,
    policy: Arc<Policy>,
    /// Whether frames wait in the network until [`World::deliver`].
    pub(super) slow: bool,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(RoomLimits::default())
    }

    pub(super) fn with(limits: RoomLimits) -> Self {
        Self::ruled_by(Policy::default(), limits)
    }

    pub(super) fn ruled_by(policy: Policy, limits: RoomLimits) -> Self {
        let meta = RoomMeta {
            title: "Title".to_owned(),
            session_id: "session".to_owned(),
            started_at_ms: START,
        };
        let policy = Arc::new(policy);
        Self {
            room: Room::new("room", meta, policy.clone(), limits.clone(), 7),
            now: START,
            clients: BTreeMap::new(),
            closed: Vec::new(),
            attendance: Vec::new(),
            said: Vec::new(),
            kept: Vec::new(),
            marked: Vec::new(),
            ended: 0,
            commands: Vec::new(),
            saves: 0,
            sockets: BTreeMap::new(),
            next: 0,
            limits,
            policy,
            slow: false,
        }
    }

    pub(super) fn handle(&mut self, input: Input) {
        self.room.handle(self.now, input);
        self.carry_out();
    }

    fn carry_out(&mut self) {
        for output in self.room.take_outputs() {
            match output {
                Output::Send { to, frame, class } => {
                    let json: Value = serde_json::from_str(&frame.text()).unwrap();
                    for socket in to.as_slice() {
                        let peer = self.sockets.get(socket).expect("a socket that is gone");
                        let client = self.clients.get_mut(peer).unwrap();
                        if client.socket != Some(*socket) {
                            continue;
                        }
                        if let Class::Value(_) = class {
                            client.wire.retain(|(_, waiting)| *waiting != class);
                        }
                        client.wire.push_back((json.clone(), class.clone()));
                    }
                }
                Output::Close { socket, code, .. } => {
                    self.closed.push((socket, code));
                    let peer = self.sockets.remove(&socket).unwrap();
                    let client = self.clients.get_mut(&peer).unwrap();
                    if client.socket == Some(socket) {
                        client.receive();
                        client.socket = None;
                    }
                }
                Output::Attendance {
                    user_id,
                    connected,
                    at_ms,
                } => self.attendance.push((user_id, connected, at_ms)),
                Output::Media(command) => self.commands.push(command),
                Output::Save => self.saves += 1,
                Output::Said { user_id } => self.said.push(user_id),
                Output::Kept(message) => self.kept.push(PastMessage::clone(&message)),
                Output::Marked(change) => self.marked.push(change),
                Output::Ended { .. } => self.ended += 1,
            }
        }
        if !self.slow {
            self.deliver();
        }
    }

    /// Everything under way arrives.
    pub(super) fn deliver(&mut self) {
        for client in self.clients.values_mut() {
            client.receive();
        }
    }

    pub(super) fn open_as(&mut self, peer: &str, user: &str, role: &str) -> SocketId {
        self.next += 1;
        let socket = SocketId(self.next);
        let client = self.clients.entry(peer.to_owned()).or_default();
        client.wire.clear();
        client.socket = Some(socket);
        self.sockets.insert(socket, peer.to_owned());
        self.handle(Input::SocketOpened {
            socket,
            admission: Admission {
                peer_id: peer.to_owned(),
                user_id: user.to_owned(),
                role: role.to_owned(),
                name: None,
                expired: false,
            },
        });
        socket
    }

    pub(super) fn open(&mut self, peer: &str, role: &str) -> SocketId {
        self.open_as(peer, &format!("user-{peer}"), role)
    }

    /// Opens and joins.
    pub(super) fn join(&mut self, peer: &str, role: &str) {
        self.open(peer, role);
        self.ok(
            peer,
            "join",
            json!({"name": format!("Name {peer}"), "data": ""}),
        );
    }

    /// The connection is lost; what is under way is lost too.
    pub(super) fn cut(&mut self, peer: &str) {
        self.close(peer, None);
    }

    pub(super) fn close(&mut self, peer: &str, code: Option<u16>) {
        let client = self.clients.get_mut(peer).unwrap();
        client.wire.clear();
        let Some(socket) = client.socket.take() else {
            return;
        };
        self.sockets.remove(&socket);
        let heard_ms = self.now;
        self.handle(Input::SocketClosed {
            socket,
            code,
            heard_ms,
        });
    }

    pub(super) fn send(&mut self, peer: &str, frame: &Value) {
        if let Some(socket) = self.clients[peer].socket {
            let text = frame.to_string();
            self.handle(Input::Frame { socket, text });
        }
    }

    pub(super) fn notify(&mut self, peer: &str, method: &str, params: Value) {
        self.send(peer, &json!({"method": method, "params": params}));
    }

    /// Sends a request and gives its answer.
    pub(super) fn call(&mut self, peer: &str, method: &str, params: Value) -> Result<Value, u64> {
        self.next += 1;
        let id = format!("id-{}", self.next);
        let frame = json!({"method": method, "params": params, "id": id, "jsonrpc": "2.0"});
        self.send(peer, &frame);
        self.deliver();
        let client = &self.clients[peer];
        let answers: Vec<&Value> = client
            .frames
            .iter()
            .filter(|frame| frame["id"] == id)
            .collect();
        assert_eq!(
            answers.len(),
            1,
            "{method} was answered {} times",
            answers.len()
        );
        match answers[0].get("result") {
            Some(result) => {
                assert!(result.is_object(), "the SDK takes {result} for an error");
                Ok(result.clone())
            }
            None => Err(answers[0]["error"]["code"].as_u64().unwrap()),
        }
    }

    pub(super) fn ok(&mut self, peer: &str, method: &str, params: Value) -> Value {
        let outcome = self.call(peer, method, params);
        let listening = &self.clients[peer].listening;
        outcome.unwrap_or_else(|code| panic!("{peer} {method}: {code}; {listening:?}"))
    }

    pub(super) fn set(&mut self, peer: &str, key: &str, data: Value) -> Result<Value, u64> {
        self.call(peer, "set-metadata", json!({"key": key, "data": data}))
    }

    pub(super) fn listen(&mut self, peer: &str, keys: &[&str]) {
        let client = self.clients.get_mut(peer).unwrap();
        client.listening = keys.iter().map(|key| (*key).to_owned()).collect();
        self.ok(peer, "listen-metadata-change", json!({"keys": keys}));
    }

    /// Time passes, with a turn at every deadline.
    pub(super) fn pass(&mut self, ms: u64) {
        let end = self.now + ms;
        while let Some(due) = self.room.deadline_ms().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.handle(Input::Timer);
            assert!(
                self.room.deadline_ms().is_none_or(|next| next > self.now),
                "a timer that is due again at once would turn for ever"
            );
        }
        self.now = end;
        self.handle(Input::Timer);
    }

    /// The server stops and starts; all connections are lost.
    pub(super) fn restart(&mut self, clean: bool) {
        if clean {
            self.handle(Input::ShutDown);
        }
        let bytes = self.room.snapshot(clean).to_bytes().unwrap();
        let saved = RoomSnapshot::from_bytes(&bytes).unwrap();
        self.sockets.clear();
        for client in self.clients.values_mut() {
            client.socket = None;
            client.wire.clear();
        }
        let policy = self.policy.clone();
        self.next += 1;
        let (seed, limits) = (1_000 + self.next, self.limits.clone());
        self.room = Room::restore("room", saved, policy, limits, seed, self.now);
    }

    /// Frames of this method that a client got, params only.
    pub(super) fn notices(&self, peer: &str, method: &str) -> Vec<Value> {
        self.clients[peer]
            .frames
            .iter()
            .filter(|frame| frame["method"] == method)
            .map(|frame| frame["params"].clone())
            .collect()
    }

    /// Forgets the frames that all have got so far.
    pub(super) fn clear(&mut self) {
        for client in self.clients.values_mut() {
            client.frames.clear();
        }
    }
}

impl Client {
    fn receive(&mut self) {
        while let Some((frame, _)) = self.wire.pop_front() {
            self.understand(&frame);
            self.frames.push(frame);
        }
    }

    fn understand(&mut self, frame: &Value) {
        if frame.get("id").is_some() {
            assert!(
                frame.get("method").is_none(),
                "a notification with an id: {frame}"
            );
            let result = &frame["result"];
            if result["key"].is_string() {
                self.value(result);
            }
            return;
        }
        let params = &frame["params"];
        let peer_id = || params["peer_id"].as_str().unwrap().to_owned();
        match frame["method"]
            .as_str()
            .expect("neither an id nor a method")
        {
            "on-policy-change" => {
                self.role = params["name"].as_str().unwrap().to_owned();
                assert!(params["known_roles"][&self.role].is_object());
            }
            "peer-list" => {
                self.joined = true;
                assert!(
                    params["room"].is_object(),
                    "the SDK ignores a list without room"
                );
                self.roster.clear();
                for (id, peer) in params["peers"].as_object().unwrap() {
                    complete(peer);
                    self.roster.insert(id.clone(), peer.clone());
                }
            }
            "on-peer-join" => {
                complete(params);
                let before = self.roster.insert(peer_id(), params.clone());
                assert!(before.is_none(), "{} was announced twice", peer_id());
            }
            "on-peer-update" => {
                complete(params);
                // The client knows itself by what it has asked for, not by lists.
                if let Some(known) = self.roster.get_mut(&peer_id()) {
                    *known = params.clone();
                } else {
                    self.groups = serde_json::from_value(params["groups"].clone()).unwrap();
                }
            }
            "on-peer-leave" => {
                self.roster.remove(&peer_id());
            }
            "on-metadata-change" => {
                for value in params["values"].as_array().unwrap() {
                    self.value(value);
                }
            }
            "on-broadcast" => {
                self.heard
                    .push(params["message_id"].as_str().unwrap().to_owned());
            }
            "on-peer-leave-request" | "on-error" => self.joined = false,
            _ => {}
        }
    }

    fn value(&mut self, value: &Value) {
        let key = value["key"].as_str().unwrap().to_owned();
        let version = value["change_version"].as_u64().unwrap();
        let newest = self.versions.entry(key.clone()).or_default();
        assert!(
            version >= *newest,
            "{key} went back from {newest} to {version}"
        );
        *newest = version;
        self.values.insert(key, value["data"].clone());
    }
}

/// Without one of these the SDK drops the peer, its role or its hand.
fn complete(peer: &Value) {
    assert_eq!(peer["realtime"], true, "{peer}");
    assert!(peer["role"].is_string(), "{peer}");
    assert!(peer["groups"].is_array(), "{peer}");
    assert!(peer["info"]["name"].is_string(), "{peer}");
    assert!(peer["info"]["user_id"].is_string(), "{peer}");
    assert_eq!(peer["info"]["type"], "regular");
    assert!(peer["tracks"].is_object(), "{peer}");
    assert!(peer["joined_at"].is_u64(), "{peer}");
}
