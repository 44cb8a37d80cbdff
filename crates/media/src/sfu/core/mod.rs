//! One shard without its socket, its thread and its clock.
//!
//! Commands, datagrams and the time go in; datagrams and events come out by
//! [`Core::poll`]. After each input everything that follows from it is done before the
//! next one is taken.

mod channel;
mod line;
mod publishing;
mod quality;
mod rewrite;
mod room;
mod speakers;
mod subscriber;
mod subscribing;
#[cfg(test)]
mod tests;
mod track;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use crate::rtc::forwarding::Factory;
use crate::rtc::stun;
use crate::sfu::figures::Counters;
use crate::sfu::{Command, Event};
use line::{Place, Work};
use room::Room;

/// Keyframes that are waited for are looked for this often. A request that was throttled
/// is late by this much at most.
const SCAN_INTERVAL: Duration = Duration::from_millis(200);

/// A room of a shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RoomKey(pub(crate) u64);

/// What may be published.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// By one peer.
    pub(crate) tracks_per_peer: usize,
    /// In one room.
    pub(crate) tracks_per_room: usize,
}

/// What a shard wants done.
pub(crate) enum Output {
    /// Send a datagram.
    Send(SocketAddr, Vec<u8>),
    /// Tell a room.
    Tell(RoomKey, Event),
}

/// A shard.
pub(crate) struct Core {
    limits: Limits,
    rooms: BTreeMap<RoomKey, Room>,
    work: Work,
    next_scan: Option<Instant>,
}

impl Core {
    /// A shard that is reached at `candidates`. `None` if no certificate can be made.
    pub(crate) fn new(
        candidates: Vec<SocketAddr>,
        limits: Limits,
        counters: Arc<Counters>,
    ) -> Option<Self> {
        let work = Work {
            outputs: VecDeque::new(),
            happenings: VecDeque::new(),
            deadlines: BinaryHeap::new(),
            users: HashMap::new(),
            routes: HashMap::new(),
            factory: Factory::new(candidates)?,
            counters,
        };
        Some(Self {
            limits,
            rooms: BTreeMap::new(),
            work,
            next_scan: None,
        })
    }

    /// A room begins.
    pub(crate) fn open(&mut self, key: RoomKey, now: Instant) {
        self.rooms.insert(key, Room::new(key, self.limits, now));
        self.next_scan.get_or_insert(now + SCAN_INTERVAL);
        self.count();
    }

    /// A room ends, with all connections in it.
    pub(crate) fn close(&mut self, key: RoomKey) {
        if let Some(mut room) = self.rooms.remove(&key) {
            room.close(&mut self.work);
        }
        if self.rooms.is_empty() {
            self.next_scan = None;
        }
        self.work.happenings.retain(|(place, _)| place.room != key);
        self.count();
    }

    /// A room wants something.
    pub(crate) fn command(&mut self, key: RoomKey, command: Command, now: Instant) {
        if let Some(room) = self.rooms.get_mut(&key) {
            room.command(command, now, &mut self.work);
            self.follow_up(now);
            self.count();
        }
    }

    /// A datagram came.
    pub(crate) fn datagram(&mut self, source: SocketAddr, datagram: &[u8], now: Instant) {
        self.work.counters.packets_in.fetch_add(1, Relaxed);
        self.work
            .counters
            .bytes_in
            .fetch_add(datagram.len() as u64, Relaxed);
        let Some(place) = self.whose(source, datagram, now) else {
            return;
        };
        let Some(line) = self
            .rooms
            .get_mut(&place.room)
            .and_then(|room| room.line(place))
        else {
            return;
        };
        line.connection.receive(source, datagram, now);
        line.settle(&mut self.work);
        self.follow_up(now);
    }

    /// A known source's connection, else the one whose ICE user name is in the datagram.
    fn whose(&mut self, source: SocketAddr, datagram: &[u8], now: Instant) -> Option<Place> {
        let rooms = &mut self.rooms;
        let mut accepts = |place: &Place| {
            let line = rooms
                .get_mut(&place.room)
                .and_then(|room| room.line(*place));
            line.is_some_and(|line| line.connection.accepts(source, datagram, now))
        };
        if let Some(place) = self.work.routes.get(&source).copied().filter(&mut accepts) {
            return Some(place);
        }
        let user = stun::local_user(datagram)?;
        let place = self.work.users.get(user).copied().filter(accepts)?;
        // Who holds a ufrag could come from any number of addresses. Those that are not
        // remembered are found again by their next request.
        if self.work.routes.len() < 64 + 16 * self.work.users.len() {
            self.work.routes.insert(source, place);
        }
        Some(place)
    }

    /// The time that [`next_time`](Self::next_time) gave has come.
    pub(crate) fn time(&mut self, now: Instant) {
        let mut due = Vec::new();
        while let Some(Reverse((at, place))) = self
            .work
            .deadlines
            .peek()
            .copied()
            .filter(|Reverse((at, _))| *at <= now)
        {
            self.work.deadlines.pop();
            due.push((at, place));
        }
        for (at, place) in due {
            if let Some(line) = self
                .rooms
                .get_mut(&place.room)
                .and_then(|room| room.line(place))
            {
                line.time(at, now, &mut self.work);
                self.follow_up(now);
            }
        }
        if self.next_scan.is_some_and(|at| at <= now) {
            self.next_scan = Some(now + SCAN_INTERVAL);
            for room in self.rooms.values_mut() {
                room.scan(now, &mut self.work);
            }
            self.follow_up(now);
        }
    }

    /// When the time is wanted again.
    pub(crate) fn next_time(&self) -> Option<Instant> {
        let deadline = self.work.deadlines.peek().map(|Reverse((at, _))| *at);
        deadline.into_iter().chain(self.next_scan).min()
    }

    /// What is to be done next.
    pub(crate) fn poll(&mut self) -> Option<Output> {
        self.work.outputs.pop_front()
    }

    /// Lets rooms do what follows from what happened in their connections.
    fn follow_up(&mut self, now: Instant) {
        while let Some((place, happening)) = self.work.happenings.pop_front() {
            if let Some(room) = self.rooms.get_mut(&place.room) {
                room.happened(place, happening, now, &mut self.work);
            }
        }
    }

    fn count(&self) {
        let counters = &self.work.counters;
        counters.rooms.store(self.rooms.len() as u64, Relaxed);
        let peers: usize = self.rooms.values().map(Room::peers).sum();
        counters.peers.store(peers as u64, Relaxed);
        let tracks: usize = self.rooms.values().map(Room::tracks).sum();
        counters.tracks.store(tracks as u64, Relaxed);
    }

    /// Lets a connection meet a defect when it is polled next.
    #[cfg(test)]
    pub(crate) fn plant_defect(&mut self, place: Place, now: Instant) {
        if let Some(line) = self
            .rooms
            .get_mut(&place.room)
            .and_then(|room| room.line(place))
        {
            line.connection.plant_defect();
            line.settle(&mut self.work);
            self.follow_up(now);
        }
    }
}
