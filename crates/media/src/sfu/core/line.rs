//! A connection in its place, and the work that it makes.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use super::subscriber::Passage;
use super::{Output, RoomKey};
use crate::rtc::forwarding::{Connection, Factory, Happening, Packet, Polled};
use crate::sfu::figures::Counters;
use crate::sfu::{Event, PeerKey, Target};

/// Where a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The room.
    pub(crate) room: RoomKey,
    /// Whose.
    pub(crate) peer: PeerKey,
    /// Which of the two.
    pub(crate) target: Target,
}

/// What is left to be done, and what all rooms of a shard share.
pub(crate) struct Work {
    /// For the driver.
    pub(crate) outputs: VecDeque<Output>,
    /// For the rooms.
    pub(crate) happenings: VecDeque<(Place, Happening)>,
    /// When connections want the time. An entry that its line doesn't know is void.
    pub(crate) deadlines: BinaryHeap<Reverse<(Instant, Place)>>,
    /// Connections by their ICE user name.
    pub(crate) users: HashMap<String, Place>,
    /// Connections by where their datagrams come from.
    pub(crate) routes: HashMap<SocketAddr, Place>,
    /// Makes connections.
    pub(crate) factory: Factory,
    /// What was done.
    pub(crate) counters: Arc<Counters>,
}

impl Work {
    /// Something for a room to know.
    pub(crate) fn tell(&mut self, room: RoomKey, event: Event) {
        self.outputs.push_back(Output::Tell(room, event));
    }
}

/// A connection of a peer's.
pub(crate) struct Line {
    /// The connection. After each change of it the line must be [settled](Self::settle).
    pub(crate) connection: Connection,
    /// Whether media can go through.
    pub(crate) is_up: bool,
    place: Place,
    user: Option<String>,
    deadline: Option<Instant>,
    /// The deadline that is in the heap.
    armed: Option<Instant>,
}

impl Line {
    /// A connection that nobody knows yet.
    pub(crate) fn new(connection: Connection, place: Place) -> Self {
        Self {
            connection,
            is_up: false,
            place,
            user: None,
            deadline: None,
            armed: None,
        }
    }

    /// Takes all that the connection has to say.
    pub(crate) fn settle(&mut self, work: &mut Work) {
        self.deadline = self.drain(work);
        self.arm(work);
    }

    /// Sends a packet on. What is written leaves when the library gets the time.
    pub(crate) fn forward(
        &mut self,
        packet: &Packet,
        passage: &Passage,
        now: Instant,
        work: &mut Work,
    ) {
        if self.connection.write(passage.mid, packet, passage.numbers) {
            self.drain(work);
            self.connection.time(now);
            self.settle(work);
        }
    }

    fn drain(&mut self, work: &mut Work) -> Option<Instant> {
        loop {
            match self.connection.poll() {
                Polled::Send(to, datagram) => {
                    work.counters.packets_out.fetch_add(1, Relaxed);
                    work.counters
                        .bytes_out
                        .fetch_add(datagram.len() as u64, Relaxed);
                    work.outputs.push_back(Output::Send(to, datagram));
                }
                Polled::Happened(happening) => {
                    work.happenings.push_back((self.place, happening));
                }
                Polled::Wait(deadline) => return deadline,
            }
        }
    }

    /// A deadline of the heap has come. Gives the time to the connection if it wants it.
    pub(crate) fn time(&mut self, at: Instant, now: Instant, work: &mut Work) {
        if self.armed != Some(at) {
            return;
        }
        self.armed = None;
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.connection.time(now);
            self.settle(work);
        } else {
            self.arm(work);
        }
    }

    /// Most packets move the deadline back: the heap learns of it when the old one comes.
    fn arm(&mut self, work: &mut Work) {
        let Some(deadline) = self.deadline else {
            return;
        };
        if self.armed.is_none_or(|armed| deadline < armed) {
            self.armed = Some(deadline);
            work.deadlines.push(Reverse((deadline, self.place)));
        }
    }

    /// Lets it be found by its ICE user name, which may have changed.
    pub(crate) fn register(&mut self, work: &mut Work) {
        let user = self.connection.local_user();
        if user != self.user {
            self.unregister(work);
            if let Some(user) = &user {
                work.users.insert(user.clone(), self.place);
            }
            self.user = user;
        }
        self.settle(work);
    }

    /// It is found no more.
    pub(crate) fn unregister(&mut self, work: &mut Work) {
        if let Some(user) = self.user.take() {
            work.users.remove(&user);
        }
    }
}
