//! The connection banner.

use serde::{Deserialize, Serialize};
use specta::Type;

/// The signalling connection as a person should understand it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(
    tag = "state",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum ConnectionView {
    /// Before the first join has been answered.
    Joining,
    /// In the room.
    Connected {
        /// The last measured round trip of a ping.
        round_trip_ms: Option<u32>,
        /// Set for some seconds after a loss.
        restored: Option<RestoredView>,
    },
    /// Lost, and being tried again.
    Lost {
        /// How long ago it was lost.
        since_ms: u32,
        /// For how much longer the time still counts; 0 when it does not.
        counts_for_ms: u32,
        /// When the next attempt starts; 0 while one is under way.
        retry_in_ms: u32,
        /// Attempts so far.
        attempt: u32,
    },
}

/// A loss that has just ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RestoredView {
    /// How long the connection was lost.
    pub lost_ms: u32,
    /// Whether that time was bridged, so that it counts.
    pub bridged: bool,
}
