//! From a room's outputs to its connections.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::connections::Connection;
use crate::metrics::METRICS;
use crate::room::{Class, Frame, Receivers, SocketId};

use super::presence::{PresenceLog, Stretch};

/// After so many bytes in outboxes they are written, though more is to come.
const FLUSH_BYTES: usize = 1024 * 1024;

struct Member {
    connection: Arc<Connection>,
    /// Whether something in the outbox is to be written now.
    now: bool,
    /// Presence notices that it has not been given yet.
    presence: Option<Stretch>,
}

/// The connections of a room, and what is to be written to them.
///
/// All that one batch of inputs causes for a receiver goes out in one write. Presence
/// notices alone may wait some milliseconds: when hundreds join at once, each receiver
/// gets many notices in one write instead of a write for each.
#[derive(Default)]
pub(super) struct Delivery {
    members: HashMap<SocketId, Member>,
    now: Vec<SocketId>,
    presence: Vec<SocketId>,
    log: PresenceLog,
    presence_flushed: Option<Instant>,
    pushed: usize,
}

impl Delivery {
    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn insert(&mut self, connection: Arc<Connection>) {
        let member = Member {
            connection,
            now: false,
            presence: None,
        };
        self.members.insert(member.connection.id, member);
    }

    pub(super) fn remove(&mut self, socket: SocketId) {
        self.members.remove(&socket);
    }

    /// Closes a connection after what was sent to it before.
    pub(super) fn close(&mut self, socket: SocketId, code: u16, reason: &str) {
        if let Some(mut member) = self.members.remove(&socket) {
            member.catch_up(&mut self.log);
            member.connection.flush();
            member.connection.close(code, reason);
        }
    }

    pub(super) fn close_all(&mut self, code: u16, reason: &str) {
        for (_, mut member) in self.members.drain() {
            member.catch_up(&mut self.log);
            member.connection.flush();
            member.connection.close(code, reason);
        }
    }

    /// Puts a frame into the outboxes of its receivers.
    pub(super) fn send(&mut self, to: &Receivers, frame: &Frame, class: &Class) {
        let sockets = to.as_slice();
        METRICS.frames_out.add(sockets.len() as u64);
        if *class == Class::Presence {
            self.note(sockets, frame);
            return;
        }
        for socket in sockets {
            let Some(member) = self.members.get_mut(socket) else {
                continue;
            };
            member.catch_up(&mut self.log); // what came before must leave before
            member.connection.push(frame, class);
            if !member.now {
                member.now = true;
                self.now.push(*socket);
            }
        }
        if sockets.len() == 1 {
            self.pushed += frame.wire_len();
        }
        if self.pushed >= FLUSH_BYTES {
            self.flush_now();
        }
    }

    /// Keeps a presence notice for its receivers.
    fn note(&mut self, sockets: &[SocketId], frame: &Frame) {
        let place = self.log.add(frame.parts());
        for socket in sockets {
            let Some(member) = self.members.get_mut(socket) else {
                continue;
            };
            let begun = member.presence.is_some();
            if member
                .presence
                .as_mut()
                .is_some_and(|stretch| stretch.extend(place))
            {
                continue;
            }
            member.catch_up(&mut self.log);
            member.presence = Some(place);
            if !begun {
                self.presence.push(*socket);
            }
        }
        if self.presence.is_empty() {
            self.log.clear(); // all its receivers have gone
        }
    }

    /// Writes what must not wait, and presence notices if it is time.
    pub(super) fn flush(&mut self) {
        self.flush_now();
        if self.presence_due().is_some_and(|due| due <= Instant::now()) {
            self.flush_presence();
        }
    }

    /// When [`Delivery::flush`] is due for presence notices that wait.
    pub(super) fn presence_due(&self) -> Option<Instant> {
        if self.presence.is_empty() {
            return None;
        }
        let pause = Duration::from_millis((self.members.len() as u64 / 50).clamp(10, 200));
        Some(match self.presence_flushed {
            Some(flushed) => flushed + pause,
            None => Instant::now(),
        })
    }

    fn flush_now(&mut self) {
        self.pushed = 0;
        for socket in self.now.drain(..) {
            if let Some(member) = self.members.get_mut(&socket) {
                member.now = false;
                member.connection.flush();
            }
        }
    }

    fn flush_presence(&mut self) {
        for socket in self.presence.drain(..) {
            if let Some(member) = self.members.get_mut(&socket)
                && member.catch_up(&mut self.log)
            {
                member.connection.flush();
            }
        }
        self.log.clear();
        self.presence_flushed = Some(Instant::now());
    }
}

impl Member {
    /// Puts the presence notices that wait into the outbox. True if there were some.
    fn catch_up(&mut self, log: &mut PresenceLog) -> bool {
        let Some(stretch) = self.presence.take() else {
            return false;
        };
        for bytes in log.bytes(stretch) {
            self.connection.push_shared(bytes);
        }
        true
    }
}
