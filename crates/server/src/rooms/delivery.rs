//! From a room's outputs to its connections.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::connections::Connection;
use crate::metrics::METRICS;
use crate::room::{Class, Frame, Receivers, SocketId};

/// After so many bytes in outboxes they are written, though more is to come.
const FLUSH_BYTES: usize = 1024 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pending {
    Nothing,
    /// Presence notices that may wait for others.
    Presence,
    /// Something that is to be written now.
    Now,
}

struct Member {
    connection: Arc<Connection>,
    pending: Pending,
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
            pending: Pending::Nothing,
        };
        self.members.insert(member.connection.id, member);
    }

    pub(super) fn remove(&mut self, socket: SocketId) {
        self.members.remove(&socket);
    }

    /// Closes a connection after what was sent to it before.
    pub(super) fn close(&mut self, socket: SocketId, code: u16, reason: &str) {
        if let Some(member) = self.members.remove(&socket) {
            member.connection.flush();
            member.connection.close(code, reason);
        }
    }

    pub(super) fn close_all(&mut self, code: u16, reason: &str) {
        for (_, member) in self.members.drain() {
            member.connection.flush();
            member.connection.close(code, reason);
        }
    }

    /// Puts a frame into the outboxes of its receivers.
    pub(super) fn send(&mut self, to: &Receivers, frame: &Frame, class: &Class) {
        let wanted = match class {
            Class::Presence => Pending::Presence,
            Class::Ordinary | Class::Value(_) => Pending::Now,
        };
        let mut count = 0;
        for socket in to.as_slice() {
            let Some(member) = self.members.get_mut(socket) else {
                continue;
            };
            member.connection.push(frame, class);
            count += 1;
            match (member.pending, wanted) {
                (Pending::Nothing, Pending::Presence) => {
                    member.pending = Pending::Presence;
                    self.presence.push(*socket);
                }
                (Pending::Nothing | Pending::Presence, Pending::Now) => {
                    member.pending = Pending::Now;
                    self.now.push(*socket);
                }
                _ => {}
            }
        }
        METRICS.frames_out.add(count);
        if to.as_slice().len() == 1 {
            self.pushed += frame.wire_len();
        }
        if self.pushed >= FLUSH_BYTES {
            self.flush_now();
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
        let now = std::mem::take(&mut self.now);
        self.now = self.write(now, Pending::Now);
    }

    fn flush_presence(&mut self) {
        let presence = std::mem::take(&mut self.presence);
        self.presence = self.write(presence, Pending::Presence);
        self.presence_flushed = Some(Instant::now());
    }

    /// Writes to those that wait for this, and gives the emptied list back.
    fn write(&mut self, mut sockets: Vec<SocketId>, pending: Pending) -> Vec<SocketId> {
        for socket in sockets.drain(..) {
            if let Some(member) = self.members.get_mut(&socket)
                && member.pending == pending
            {
                member.pending = Pending::Nothing;
                member.connection.flush();
            }
        }
        sockets
    }
}
