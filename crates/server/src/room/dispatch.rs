//! Client frames: reading them, and sending each method to where it is done.

use kulti_protocol::chat::MESSAGES;
use kulti_protocol::signalling::{ClientFrame, Empty, Leave, Ping, RpcError, code, method};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::io::SocketId;
use super::peers::PeerNo;
use super::sockets::Stage;
use super::{Frame, Room};

/// Whether a request was done. Who gives `Ok` has answered; a refusal is answered by
/// [`Room::frame`].
pub(super) type Answer = Result<(), RpcError>;

/// A frame that may want an answer.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) socket: SocketId,
    /// Absent in notifications.
    id: Option<String>,
}

impl Call {
    /// Of the request; absent in notifications.
    pub(super) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

/// Methods of the vendor that this server does not offer.
const UNSUPPORTED: [&str; 10] = [
    "rtmp-start",
    "rtmp-stop",
    "hls-start",
    "hls-stop",
    "hls-timed-metadata",
    "transcription-start",
    "transcription-stop",
    "transcription-config-update",
    "whiteboard-create",
    "whiteboard-get",
];

impl Room {
    /// Reads a client's frame and does what it asks. Every request is answered,
    /// since the SDK waits without a limit.
    pub(super) fn frame(&mut self, socket: SocketId, text: &str) {
        let Some(stage) = self.sockets.get(&socket).map(|socket| socket.stage) else {
            return;
        };
        let mut frame = match ClientFrame::parse(text) {
            Ok(frame) => frame,
            Err(error) => return self.malformed(socket, text, &error.to_string()),
        };
        // Absent and null are the same in this protocol; as absent they need no care.
        if let Value::Object(params) = &mut frame.params {
            params.retain(|_, value| !value.is_null());
        }
        let call = Call {
            socket,
            id: frame.id,
        };
        let outcome = match stage {
            Stage::Joined(no) => self.joined(&call, no, &frame.method, frame.params),
            Stage::Unjoined { preview } => {
                self.unjoined(&call, preview, &frame.method, frame.params)
            }
            Stage::Expelled if frame.method == method::PING => self.pong(&call),
            Stage::Expelled => Err(RpcError::new(code::GONE, "you have left the room")),
        };
        if let Err(refusal) = outcome {
            self.refuse(&call, &refusal);
        }
    }

    fn joined(&mut self, call: &Call, no: PeerNo, name: &str, params: Value) -> Answer {
        if let Some(peer) = self.peers.get(no) {
            let allowances = &self.limits.allowances;
            self.paces
                .spend(&peer.user_id, name, allowances, self.now)?;
        }
        match name {
            method::PING => self.pong(call),
            method::JOIN => self.join(call, read(params)?),
            method::LEAVE => self.leave(call, no, &read(params)?),
            method::BROADCAST => self.broadcast(call, no, read(params)?),
            MESSAGES => self.past_messages(call, no, &read(params)?),
            method::SET_METADATA => self.set_metadata(call, no, read(params)?),
            method::GET_METADATA => self.get_metadata(call, no, &read(params)?),
            method::LISTEN_METADATA => self.listen(call, no, read(params)?),
            method::PEER_UPDATE => self.peer_update(call, no, read(params)?),
            method::GROUP_JOIN => self.change_own_groups(call, no, read(params)?, true),
            method::GROUP_LEAVE => self.change_own_groups(call, no, read(params)?, false),
            method::GROUP_ADD => self.change_groups_of(call, no, read(params)?, true),
            method::GROUP_REMOVE => self.change_groups_of(call, no, read(params)?, false),
            method::GROUP_CLEAR => self.clear_group(call, no, &read(params)?),
            method::GET_PEER => self.get_peer(call, &read(params)?),
            method::FIND_PEER => self.find_peer(call, no, read(params)?),
            method::PEER_ITER_NEXT => self.next_peers(call, no, &read(params)?),
            method::PEER_NAME_SEARCH => self.search_names(call, &read(params)?),
            method::ROLE_CHANGE_REQUEST => self.request_role(call, no, read(params)?),
            method::ROLE_CHANGE => self.accept_role(call, no, &read(params)?),
            method::PEER_LEAVE_REQUEST => self.remove_other(call, no, read(params)?),
            method::END_ROOM => self.end_by_peer(call, no, &read(params)?),
            method::TRACK_UPDATE => self.update_tracks(call, no, read(params)?),
            method::TRACK_UPDATE_REQUEST => self.request_mute(call, no, read(params)?),
            method::MUTE_STATE_REQUEST => self.request_mutes(call, no, read(params)?),
            _ if name.starts_with("poll-") => self.poll_request(call, no, name, params),
            method::OFFER => self.offer(call, no, read(params)?),
            method::ANSWER => self.media_answer(call, no, read(params)?),
            method::TRICKLE => self.trickle(call, no, read(params)?),
            method::ANALYTICS => self.ignored(call),
            _ => Err(unknown(name)),
        }
    }

    fn unjoined(&mut self, call: &Call, preview: bool, name: &str, params: Value) -> Answer {
        match name {
            method::PING => self.pong(call),
            method::JOIN => self.join(call, read(params)?),
            method::LEAVE => {
                self.expel(call.socket);
                self.ignored(call)
            }
            method::ANALYTICS | method::TRICKLE => self.ignored(call),
            // A preview that comes back says the same as a peer that believes to have joined.
            method::TRACK_UPDATE if preview => self.ignored(call),
            // The peer takes itself for joined, but its grace has run out, or the server has
            // lost it: a fatal error makes it leave instead of showing a stale room.
            method::TRACK_UPDATE | method::OFFER => {
                let gone = RpcError::new(
                    code::GONE,
                    "the connection was lost for too long: join again",
                );
                self.refusals += 1;
                self.send(call.socket, Frame::notification("on-error", &gone));
                self.expel(call.socket);
                if call.id.is_some() {
                    return Err(gone);
                }
                Ok(())
            }
            _ => Err(RpcError::new(
                code::BAD_REQUEST,
                format!("{name:.40} needs a join before it"),
            )),
        }
    }

    fn pong(&mut self, call: &Call) -> Answer {
        let timestamp = self.now;
        self.answer(call, &Ping { timestamp });
        Ok(())
    }

    fn leave(&mut self, call: &Call, no: PeerNo, params: &Leave) -> Answer {
        tracing::debug!(reason = %format_args!("{:.40}", params.client_reason), "a peer leaves");
        self.expel(call.socket);
        self.remove_peer(no, self.now);
        self.ignored(call)
    }

    /// For notifications, which are answered only if they came as requests.
    pub(super) fn ignored(&mut self, call: &Call) -> Answer {
        self.answer(call, &Empty::default());
        Ok(())
    }

    /// Answers a request with `result`; a notification not at all.
    pub(super) fn answer<R: Serialize>(&mut self, call: &Call, result: &R) {
        if let Some(id) = &call.id {
            self.send(call.socket, Frame::response(id, result));
        }
    }

    pub(super) fn refuse(&mut self, call: &Call, refusal: &RpcError) {
        self.refusals += 1;
        if let Some(id) = &call.id {
            self.send(call.socket, Frame::refusal(id, refusal));
        }
    }

    /// A frame that is none: answered if it has an id.
    fn malformed(&mut self, socket: SocketId, text: &str, why: &str) {
        let id = serde_json::from_str::<Value>(text)
            .ok()
            .and_then(|json| json.get("id")?.as_str().map(str::to_owned));
        let refusal = RpcError::new(code::BAD_REQUEST, why);
        self.refuse(&Call { socket, id }, &refusal);
    }
}

/// Reads params into their type.
pub(super) fn read<T: DeserializeOwned>(params: Value) -> Result<T, RpcError> {
    serde_json::from_value(params).map_err(|error| {
        RpcError::new(
            code::BAD_REQUEST,
            format!("the params cannot be read: {error}"),
        )
    })
}

fn unknown(name: &str) -> RpcError {
    if UNSUPPORTED.contains(&name) {
        return RpcError::new(
            code::BAD_REQUEST,
            format!("this server does not offer {name}"),
        );
    }
    RpcError::new(code::NOT_FOUND, format!("there is no method {name:.40}"))
}
