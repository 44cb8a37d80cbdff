//! The network, the clock, and a room that lets everybody have everything.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use str0m::Input;

use super::super::line::Place;
use super::super::{Core, Limits, Output, RoomKey};
use super::client::Client;
use crate::sfu::figures::Counters;
use crate::sfu::{Command, Event, Kind, PeerKey, SfuError, Target};

const TICK: Duration = Duration::from_millis(5);
const DELAY: Duration = Duration::from_millis(10);
pub(super) const ROOM: RoomKey = RoomKey(1);

pub(super) struct World {
    pub(super) now: Instant,
    pub(super) core: Core,
    pub(super) counters: Arc<Counters>,
    pub(super) clients: BTreeMap<PeerKey, Client>,
    pub(super) events: Vec<Event>,
    /// Of a hundred datagrams so many get lost.
    pub(super) loss: u64,
    /// Offers are kept and not answered.
    pub(super) holds_offers: bool,
    pub(super) held: Vec<(PeerKey, String)>,
    /// What is refused stays refused.
    pub(super) refused: Vec<SfuError>,
    wire: VecDeque<(Instant, SocketAddr, SocketAddr, Vec<u8>)>,
    random: u64,
}

pub(super) fn sfu() -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 1], 7000))
}

impl World {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        let counters = Arc::new(Counters::default());
        let limits = Limits {
            tracks_per_peer: 4,
            tracks_per_room: 8,
        };
        let mut core = Core::new(vec![sfu()], limits, Arc::clone(&counters)).unwrap();
        core.open(ROOM, now);
        Self {
            now,
            core,
            counters,
            clients: BTreeMap::new(),
            events: Vec::new(),
            loss: 0,
            holds_offers: false,
            held: Vec::new(),
            refused: Vec::new(),
            wire: VecDeque::new(),
            random: 42,
        }
    }

    /// A world with so many clients, all connected.
    pub(super) fn with(clients: u8) -> Self {
        let mut world = Self::new();
        for number in 1..=clients {
            world.join(number);
        }
        world.until("all are connected", |world| {
            world
                .clients
                .values()
                .all(|c| c.publish.is_connected && c.subscribe.is_connected)
        });
        world
    }

    pub(super) fn client(&mut self, number: u8) -> &mut Client {
        self.clients.get_mut(&PeerKey(number.into())).unwrap()
    }

    pub(super) fn command(&mut self, command: Command) {
        self.core.command(ROOM, command, self.now);
        self.take();
    }

    pub(super) fn join(&mut self, number: u8) {
        let mut client = Client::new(number, self.now);
        let offer = client.join();
        let peer = client.key;
        self.clients.insert(peer, client);
        let id = format!("peer-{number}");
        self.command(Command::Join {
            peer,
            id,
            auto_video: false,
            request: 1,
            offer,
        });
    }

    /// A client publishes a track, and everybody else is to get it.
    pub(super) fn publish(&mut self, number: u8, track_id: &str, kind: Kind, rids: &[&str]) {
        let client = self.client(number);
        let offer = client.offer(track_id, kind, rids);
        self.send_offer(number, offer);
        self.give_all();
    }

    pub(super) fn send_offer(&mut self, number: u8, offer: String) {
        let client = self.client(number);
        let (peer, tracks) = (client.key, client.published.clone());
        self.command(Command::Publish {
            peer,
            request: 2,
            offer,
            tracks,
        });
    }

    pub(super) fn give_all(&mut self) {
        let all: Vec<_> = self
            .clients
            .values()
            .flat_map(|c| {
                c.published
                    .iter()
                    .map(|track| (c.key, track.track_id.clone()))
            })
            .collect();
        for peer in self.clients.keys().copied().collect::<Vec<_>>() {
            let tracks = all
                .iter()
                .filter(|(publisher, _)| *publisher != peer)
                .cloned()
                .collect();
            self.command(Command::Subscriptions { peer, tracks });
        }
    }

    pub(super) fn prefer(&mut self, number: u8, track_id: &str, layer: &str) {
        self.until("the channel is open", |world| {
            world.client(number).has_channel()
        });
        self.until("the track is known", |world| {
            world.client(number).has_section(track_id)
        });
        self.client(number).prefer(track_id, layer);
    }

    pub(super) fn place(number: u8, target: Target) -> Place {
        Place {
            room: ROOM,
            peer: PeerKey(number.into()),
            target,
        }
    }

    /// Lets time pass until something is true.
    pub(super) fn until(&mut self, what: &str, mut is_true: impl FnMut(&mut Self) -> bool) {
        let start = self.now;
        while !is_true(self) {
            assert!(
                self.now - start < Duration::from_secs(30),
                "{what}: not within 30 s"
            );
            self.tick();
        }
    }

    pub(super) fn run(&mut self, milliseconds: u64) {
        let end = self.now + Duration::from_millis(milliseconds);
        while self.now < end {
            self.tick();
        }
    }

    fn tick(&mut self) {
        self.now += TICK;
        let now = self.now;
        let mut sent = Vec::new();
        self.drain(&mut sent);
        while let Some((at, from, to, datagram)) = self.wire.pop_front() {
            if at > now {
                self.wire.push_front((at, from, to, datagram));
                break;
            }
            if to == sfu() {
                self.core.datagram(from, &datagram, now);
                self.take();
            } else {
                let end = self
                    .clients
                    .values_mut()
                    .flat_map(|c| [&mut c.publish, &mut c.subscribe]);
                // Who is gone gets nothing.
                if let Some(end) = end.into_iter().find(|end| end.address == to) {
                    end.receive(from, &datagram, now);
                }
            }
            self.drain(&mut sent);
        }
        for client in self.clients.values_mut() {
            for end in [&mut client.publish, &mut client.subscribe] {
                if end.deadline <= now {
                    end.rtc.handle_input(Input::Timeout(now)).unwrap();
                }
            }
        }
        self.drain(&mut sent);
        for client in self.clients.values_mut() {
            client.send(now, &mut sent);
        }
        for (from, to, datagram) in sent {
            self.transmit(from, to, datagram);
        }
        if self.core.next_time().is_some_and(|at| at <= now) {
            self.core.time(now);
        }
        self.take();
    }

    fn drain(&mut self, sent: &mut Vec<(SocketAddr, SocketAddr, Vec<u8>)>) {
        for client in self.clients.values_mut() {
            for event in client.publish.drain(sent) {
                client.published_event(event);
            }
            for event in client.subscribe.drain(sent) {
                client.subscribed_event(event, self.now);
            }
        }
    }

    fn transmit(&mut self, from: SocketAddr, to: SocketAddr, datagram: Vec<u8>) {
        // A linear congruential generator: the same losses each time.
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        if (self.random >> 33) % 100 >= self.loss {
            self.wire.push_back((self.now + DELAY, from, to, datagram));
        }
    }

    /// Does what the core wants.
    fn take(&mut self) {
        while let Some(output) = self.core.poll() {
            match output {
                Output::Send(to, datagram) => self.transmit(sfu(), to, datagram),
                Output::Tell(_, event) => {
                    match &event {
                        Event::Answer {
                            peer,
                            result: Ok(sdp),
                            ..
                        } => {
                            self.clients.get_mut(peer).unwrap().answered(sdp);
                        }
                        Event::Answer {
                            result: Err(error), ..
                        } => {
                            self.refused.push(error.clone());
                        }
                        Event::Offer { peer, sdp } => {
                            assert!(
                                !self.held.iter().any(|(held, _)| held == peer),
                                "an offer while one is outstanding"
                            );
                            self.held.push((*peer, sdp.clone()));
                        }
                        _ => {}
                    }
                    self.events.push(event);
                }
            }
        }
        if !self.holds_offers {
            self.answer_held();
        }
    }

    /// Answers the offers that were kept.
    pub(super) fn answer_held(&mut self) {
        for (peer, sdp) in std::mem::take(&mut self.held) {
            if let Some(client) = self.clients.get_mut(&peer) {
                let sdp = client.answer(&sdp);
                self.command(Command::Answer { peer, sdp });
            }
        }
    }
}
