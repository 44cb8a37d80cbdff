//! The forwarding unit: takes what peers publish and passes it to those whom their room
//! lets have it.
//!
//! It decides nothing itself. A room says who there is, what a peer publishes and what a peer
//! gets ([`Command`]); it is told offers, answers and what was found ([`Event`]). Receivers
//! choose layers themselves, over their data channels.
//!
//! ```text
//! Sfu ── shard: thread, socket ── core: rooms ── lines (WebRTC connections), two a peer
//! ```

mod core;
mod figures;
mod interface;
mod network;
mod shard;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use tokio::sync::mpsc::UnboundedSender;

pub use figures::ShardFigures;
pub use interface::{
    Command, Event, Kind, Layer, PeerKey, PublishedTrack, SfuError, SfuSettings, Speaker, Target,
};

use self::core::{Limits, RoomKey};
use shard::{Shard, ShardHandle};

/// The forwarding unit. Dropping it ends the media of all its rooms.
pub struct Sfu {
    shards: Vec<Shard>,
    next_room: AtomicU64,
}

impl Sfu {
    /// Opens the sockets and starts the threads, at least one.
    pub fn start(settings: SfuSettings) -> Result<Self, SfuError> {
        let limits = Limits {
            tracks_per_peer: settings.tracks_per_peer,
            tracks_per_room: settings.tracks_per_room,
        };
        let shards = (0..settings.shards.max(1))
            .map(|index| {
                let listen = network::address(settings.listen, index)?;
                Shard::start(listen, &settings.announced, limits)
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            shards,
            next_room: AtomicU64::new(0),
        })
    }

    /// A room, in the shard that has the fewest peers. `name` is for the log. `events` are
    /// closed when the room's shard has ended.
    pub fn room(&self, name: &str, events: UnboundedSender<Event>) -> SfuRoom {
        let key = RoomKey(self.next_room.fetch_add(1, Relaxed));
        let least = self.shards.iter().min_by_key(|shard| shard.handle().load());
        let shard = least.map(Shard::handle);
        tracing::debug!(room = name, key = key.0, "media for a room");
        if let Some(shard) = &shard {
            shard.open(key, events);
        }
        SfuRoom { key, shard }
    }

    /// What each shard has done, and has.
    pub fn figures(&self) -> Vec<ShardFigures> {
        self.shards.iter().map(Shard::figures).collect()
    }

    /// Where the shards' sockets listen.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.shards.iter().map(Shard::address).collect()
    }
}

/// A room's media. Dropping it ends them.
pub struct SfuRoom {
    key: RoomKey,
    shard: Option<Arc<ShardHandle>>,
}

impl SfuRoom {
    /// Wants something. Commands are done in the order in which they are sent; never blocks.
    pub fn send(&self, command: Command) {
        if let Some(shard) = &self.shard {
            shard.command(self.key, command);
        }
    }
}

impl Drop for SfuRoom {
    fn drop(&mut self) {
        if let Some(shard) = &self.shard {
            shard.close(self.key);
        }
    }
}
