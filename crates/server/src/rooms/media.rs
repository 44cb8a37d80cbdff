//! The forwarding unit that carries the media of all rooms, and each room's place in it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use kulti_media::sfu::{Command, Event, Sfu, SfuError, SfuRoom, SfuSettings, ShardFigures};
use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};

use super::Shared;
use crate::metrics::METRICS;
use crate::settings::MediaSettings;

/// From where media are reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MediaReach {
    /// At this address and port.
    At(SocketAddr),
    /// From this machine only, on a free port.
    Machine,
    /// From the local network too, on a free port.
    Network,
}

/// The forwarding unit, which can be put elsewhere while rooms use it.
pub(crate) struct MediaPlane {
    settings: MediaSettings,
    unit: Mutex<Arc<Sfu>>,
    /// Counts the moves.
    moves: watch::Sender<u64>,
}

impl MediaPlane {
    /// Starts the forwarding unit.
    pub(crate) fn start(settings: &MediaSettings, reach: MediaReach) -> Result<Self, SfuError> {
        Ok(Self {
            unit: Mutex::new(start(settings, reach)?),
            settings: settings.clone(),
            moves: watch::Sender::new(0),
        })
    }

    /// Puts media elsewhere. Rooms that have some let their clients begin anew.
    pub(crate) fn reach(&self, reach: MediaReach) -> Result<(), SfuError> {
        let unit = start(&self.settings, reach)?;
        *self.unit.lock() = unit;
        self.moves.send_modify(|moves| *moves += 1);
        Ok(())
    }

    fn room(&self, id: &str, events: mpsc::UnboundedSender<Event>) -> SfuRoom {
        let unit = self.unit.lock().clone();
        unit.room(id, events)
    }

    /// What each shard has done, and has.
    pub(crate) fn figures(&self) -> Vec<ShardFigures> {
        let unit = self.unit.lock().clone();
        unit.figures()
    }
}

fn start(settings: &MediaSettings, reach: MediaReach) -> Result<Arc<Sfu>, SfuError> {
    let listen = match reach {
        MediaReach::At(address) => address,
        MediaReach::Machine => SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        MediaReach::Network => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
    };
    let mut announced = settings.announce.clone();
    if announced.is_empty() && listen.ip().is_unspecified() {
        announced = crate::network::interface_addresses();
        // Programs on this machine need no network.
        announced.push(IpAddr::V4(Ipv4Addr::LOCALHOST));
        // An IPv6 socket takes IPv4 too, but not the other way round.
        announced.retain(|address| address.is_ipv4() || listen.is_ipv6());
    }
    let sfu = Sfu::start(SfuSettings {
        listen,
        announced,
        shards: settings.shards,
        tracks_per_peer: settings.tracks_per_peer,
        tracks_per_room: settings.tracks_per_room,
    })?;
    tracing::info!(addresses = ?sfu.addresses(), "carrying media");
    Ok(Arc::new(sfu))
}

/// What a room hears of its media.
#[derive(Debug)]
pub(super) enum Told {
    /// The forwarding unit has something to say.
    Event(Event),
    /// There is another one.
    Moved,
}

/// A room's place in the forwarding unit, from its first need on.
pub(super) struct RoomMedia {
    plane: Option<Arc<MediaPlane>>,
    room: Option<SfuRoom>,
    /// Kept by the room, so that waiting for events never ends.
    sender: mpsc::UnboundedSender<Event>,
    events: mpsc::UnboundedReceiver<Event>,
    moves: Option<watch::Receiver<u64>>,
    /// As counted in the metrics.
    counted: (i64, i64),
}

impl RoomMedia {
    pub(super) fn of(shared: &Shared) -> Self {
        let (sender, events) = mpsc::unbounded_channel();
        let plane = shared.media.clone();
        Self {
            moves: plane.as_ref().map(|plane| plane.moves.subscribe()),
            plane,
            room: None,
            sender,
            events,
            counted: (0, 0),
        }
    }

    pub(super) fn command(&mut self, id: &str, command: Command) {
        let Some(plane) = &self.plane else {
            // Rules with media, and nothing that carries them: nobody waits in vain.
            if let Command::Join { peer, request, .. } | Command::Publish { peer, request, .. } =
                command
            {
                let result = Err(SfuError::Failed);
                let refused = Event::Answer {
                    peer,
                    request,
                    result,
                };
                let _ = self.sender.send(refused); // its receiver is here
            }
            return;
        };
        let sender = &self.sender;
        self.room
            .get_or_insert_with(|| plane.room(id, sender.clone()))
            .send(command);
    }

    /// Waits for something to be told. Dropping the future loses nothing.
    pub(super) async fn told(&mut self) -> Told {
        let moved = async {
            let Some(moves) = &mut self.moves else {
                return std::future::pending().await;
            };
            if moves.changed().await.is_err() {
                std::future::pending::<()>().await; // the plane is gone with the server
            }
        };
        let told = tokio::select! {
            Some(event) = self.events.recv() => Told::Event(event),
            () = moved => Told::Moved,
        };
        if let Told::Moved = told {
            self.leave_unit();
        }
        told
    }

    /// What more was told already.
    pub(super) fn told_already(&mut self) -> Option<Told> {
        self.events.try_recv().ok().map(Told::Event)
    }

    /// What the old unit still says is about nobody any more.
    fn leave_unit(&mut self) {
        self.room = None;
        (self.sender, self.events) = mpsc::unbounded_channel();
    }

    /// Puts the room's peers with media, and its tracks, into the metrics.
    pub(super) fn count(&mut self, (peers, tracks): (usize, u32)) {
        let now = (i64::try_from(peers).unwrap_or(i64::MAX), i64::from(tracks));
        METRICS.media_peers.add(now.0 - self.counted.0);
        METRICS.media_tracks.add(now.1 - self.counted.1);
        self.counted = now;
    }
}
