//! What the SFU has done, for whoever watches it.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// Figures of one shard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ShardFigures {
    /// Datagrams received.
    pub packets_in: u64,
    /// Bytes received in them.
    pub bytes_in: u64,
    /// Datagrams sent.
    pub packets_out: u64,
    /// Bytes sent in them.
    pub bytes_out: u64,
    /// Datagrams that the system did not take.
    pub unsent: u64,
    /// Keyframes that publishers were asked for.
    pub keyframe_requests: u64,
    /// Times that a receiver's layer changed.
    pub layer_switches: u64,
    /// Connections that ended by a defect or were closed by their client.
    pub failures: u64,
    /// Rooms, now.
    pub rooms: u64,
    /// Peers, now.
    pub peers: u64,
    /// Tracks that are published, now.
    pub tracks: u64,
    /// CPU time of the thread; 0 where the system doesn't tell.
    pub cpu: Duration,
}

/// The same, as they are counted.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) packets_in: AtomicU64,
    pub(crate) bytes_in: AtomicU64,
    pub(crate) packets_out: AtomicU64,
    pub(crate) bytes_out: AtomicU64,
    pub(crate) unsent: AtomicU64,
    pub(crate) keyframe_requests: AtomicU64,
    pub(crate) layer_switches: AtomicU64,
    pub(crate) failures: AtomicU64,
    pub(crate) rooms: AtomicU64,
    pub(crate) peers: AtomicU64,
    pub(crate) tracks: AtomicU64,
    pub(crate) cpu_ns: AtomicU64,
}

impl Counters {
    pub(crate) fn read(&self) -> ShardFigures {
        ShardFigures {
            packets_in: self.packets_in.load(Relaxed),
            bytes_in: self.bytes_in.load(Relaxed),
            packets_out: self.packets_out.load(Relaxed),
            bytes_out: self.bytes_out.load(Relaxed),
            unsent: self.unsent.load(Relaxed),
            keyframe_requests: self.keyframe_requests.load(Relaxed),
            layer_switches: self.layer_switches.load(Relaxed),
            failures: self.failures.load(Relaxed),
            rooms: self.rooms.load(Relaxed),
            peers: self.peers.load(Relaxed),
            tracks: self.tracks.load(Relaxed),
            cpu: Duration::from_nanos(self.cpu_ns.load(Relaxed)),
        }
    }
}
