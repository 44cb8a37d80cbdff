//! Messages: to all, to roles, to one peer.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher as _};

use kulti_protocol::chat::{CHAT, INVITATION_DECLINED, MARK, RESERVED};
use kulti_protocol::signalling::{Broadcast, BroadcastResult, OnBroadcast, RpcError, code};

use super::dispatch::{Answer, Call};
use super::io::{Class, Output, SocketId};
use super::limits::ID_BYTES;
use super::peers::{Link, Peer, PeerNo};
use super::{Frame, Room};

/// A client that lost its socket repeats unanswered requests 2 to 4 s after it is
/// back; later equal messages are meant, ms.
const REPEATED_WITHIN_MS: u64 = 10_000;
/// A message may have been processed so long before its sender noticed that the
/// socket was dead (12 s without a frame) and still count as unanswered, ms.
const UNANSWERED_FOR_MS: u64 = 15_000;
/// So many of a sender's last messages are remembered. The SDK may have some thirty
/// under way.
const REMEMBERED: usize = 64;
/// At most this much text is kept for one peer in its grace, bytes.
const KEPT_BYTES: usize = 256 * 1024;

/// What a peer said lately, to know a message that it repeats after a loss.
#[derive(Debug, Default)]
pub(super) struct RecentBroadcasts {
    said: VecDeque<Said>,
}

#[derive(Debug)]
struct Said {
    content: u64,
    result: BroadcastResult,
    /// On which of the peer's sockets.
    socket_count: u32,
}

impl RecentBroadcasts {
    fn remember(&mut self, content: u64, result: BroadcastResult, socket_count: u32) {
        if self.said.len() >= REMEMBERED {
            self.said.pop_front();
        }
        self.said.push_back(Said {
            content,
            result,
            socket_count,
        });
    }

    /// The result of an equal message that was said shortly before the last loss.
    /// Each is given once: who says it a third time means it.
    fn take_repeated(
        &mut self,
        content: u64,
        socket_count: u32,
        loss_ms: u64,
    ) -> Option<BroadcastResult> {
        let at = self.said.iter().position(|said| {
            said.content == content
                && said.socket_count < socket_count
                && said.result.timestamp + UNANSWERED_FOR_MS >= loss_ms
        })?;
        self.said.remove(at).map(|said| said.result)
    }
}

/// Messages for a peer in its grace.
#[derive(Debug, Default)]
pub(super) struct KeptMessages {
    frames: VecDeque<Frame>,
    bytes: usize,
}

impl KeptMessages {
    /// Keeps a message; the oldest give way.
    fn keep(&mut self, frame: Frame, at_most: usize) {
        self.bytes += frame.wire_len();
        self.frames.push_back(frame);
        while self.frames.len() > at_most || self.bytes > KEPT_BYTES {
            let Some(oldest) = self.frames.pop_front() else {
                break;
            };
            self.bytes -= oldest.wire_len();
        }
    }

    fn take(&mut self) -> VecDeque<Frame> {
        self.bytes = 0;
        std::mem::take(&mut self.frames)
    }
}

impl Room {
    pub(super) fn broadcast(&mut self, call: &Call, no: PeerNo, params: Broadcast) -> Answer {
        let size = params.info.message.len() + params.info.kind.len();
        if size > self.limits.message_bytes {
            return Err(RpcError::new(
                code::TOO_LARGE,
                format!(
                    "a message may have {} bytes at most",
                    self.limits.message_bytes
                ),
            ));
        }
        if params.info.message.trim().is_empty() {
            return Err(RpcError::new(code::BAD_REQUEST, "the message is empty"));
        }
        if params.info.kind == MARK {
            return self.mark(call, no, &params.info.message);
        }
        let kind = params.info.kind.as_str();
        if kind.starts_with(RESERVED) && kind != INVITATION_DECLINED {
            return Err(RpcError::new(
                code::BAD_REQUEST,
                format!("messages of the type {kind:.40} are the server's"),
            ));
        }
        if params
            .info
            .reply_to
            .as_ref()
            .is_some_and(|id| id.len() > ID_BYTES)
        {
            return Err(RpcError::new(
                code::BAD_REQUEST,
                "reply_to is no message id",
            ));
        }
        let to_peer = params.peer_id.filter(|id| !id.is_empty());
        let roles = params.roles.unwrap_or_default();
        let receiver =
            match &to_peer {
                Some(id) => Some(self.peers.no_of(id).ok_or_else(|| {
                    RpcError::new(code::NOT_FOUND, "nobody here has this peer id")
                })?),
                None => None,
            };
        let info = &params.info;
        let content = hash_of(&(&info.message, &info.kind, &info.reply_to, &roles, &to_peer));
        let now = self.now;
        let Some(sender) = self.peers.get_mut(no) else {
            return Ok(());
        };
        let socket_count = sender.socket_count;
        if socket_count > 1 && now < sender.last_loss_ms + self.limits.grace_ms + REPEATED_WITHIN_MS
        {
            let loss = sender.last_loss_ms;
            if let Some(result) = sender.recent.take_repeated(content, socket_count, loss) {
                self.answer(call, &result);
                return Ok(());
            }
        }
        let peer = sender.brief();
        let is_chat = params.info.kind == CHAT;
        if is_chat && receiver != Some(no) {
            self.outputs.push(Output::Said {
                user_id: sender.user_id.clone(),
            });
            self.chronicle.said(now);
        }
        let result = BroadcastResult {
            message_id: self.random_id(),
            timestamp: if is_chat {
                self.history.next_moment(now)
            } else {
                now
            },
        };
        if is_chat {
            self.keep_message(no, &result, (&roles, receiver), &params.info);
        }
        let frame = Frame::notification(
            "on-broadcast",
            &OnBroadcast {
                peer: Some(peer),
                roles: roles.clone(),
                private: to_peer.is_some(),
                message_id: result.message_id.clone(),
                timestamp: result.timestamp,
                info: params.info,
            },
        );
        self.answer(call, &result);
        if let Some(sender) = self.peers.get_mut(no) {
            sender.recent.remember(content, result, socket_count);
        }
        let receivers: Vec<PeerNo> = match receiver {
            Some(receiver) => vec![receiver],
            None => self
                .peers
                .iter()
                .filter(|peer| roles.is_empty() || roles.contains(&peer.role))
                .map(|peer| peer.no)
                .collect(),
        };
        self.deliver(no, &receivers, &frame);
        Ok(())
    }

    /// Sends a message to those that are here and keeps it for those in their grace.
    /// Never to the sender, whose SDK shows its own copy.
    fn deliver(&mut self, sender: PeerNo, receivers: &[PeerNo], frame: &Frame) {
        let mut sockets = Vec::with_capacity(receivers.len());
        for no in receivers {
            let Some(peer) = self.peers.get_mut(*no) else {
                continue;
            };
            match peer.link {
                _ if *no == sender => {}
                Link::Connected(socket) => sockets.push(socket),
                Link::Lost { .. } => peer.kept.keep(frame.clone(), self.limits.kept_messages),
            }
        }
        self.send_all(sockets, frame.clone(), Class::Ordinary);
    }

    /// What was said while the peer was away, with the original ids.
    pub(super) fn send_kept(&mut self, socket: SocketId, no: PeerNo) {
        let kept = self
            .peers
            .get_mut(no)
            .map(|peer: &mut Peer| peer.kept.take());
        for frame in kept.unwrap_or_default() {
            self.send(socket, frame);
        }
    }
}

fn hash_of<T: Hash>(content: &T) -> u64 {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    hasher.finish()
}
