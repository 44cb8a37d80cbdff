//! The diagnostics page: how connection and session store are doing. Never a token, a
//! message's text or anything that tells of somebody else's whereabouts.

use serde::{Deserialize, Serialize};
use specta::Type;

/// Figures for whoever looks for a fault. Sent every few seconds at most.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DiagnosticsView {
    /// The last round trips of pings, oldest first; at most
    /// [`DiagnosticsView::ROUND_TRIPS`].
    pub round_trips_ms: Vec<u32>,
    /// When the present connection was made, ms since the epoch, server time; none while
    /// there is none.
    #[specta(type = Option<u32>)] // a JavaScript number
    pub connected_at_ms: Option<u64>,
    /// How often the connection was lost and came back.
    pub reconnects: u32,
    /// How long it was lost, in all.
    #[specta(type = u32)] // a JavaScript number
    pub lost_ms: u64,
    /// Server time minus this computer's clock; none before it was learnt.
    #[specta(type = Option<i32>)] // a JavaScript number
    pub clock_offset_ms: Option<i64>,
    /// Without a sign of a person for so long, time stops counting: the session decides.
    #[specta(type = u32)] // a JavaScript number
    pub idle_limit_ms: u64,
    /// The session store, as far as this client follows it.
    pub store: StoreView,
    /// Changes of the stage that were ignored, since no host wrote them: how many.
    pub ignored: u32,
    /// The last of them, newest first.
    pub last_ignored: Vec<IgnoredWrite>,
}

impl DiagnosticsView {
    /// So many round trips are kept: three minutes of pings.
    pub const ROUND_TRIPS: usize = 60;
    /// So many ignored changes are named.
    pub const IGNORED: usize = 20;
}

/// How full the session store is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoreView {
    /// Keys with a value.
    pub keys: u32,
    /// How many there may be.
    pub key_limit: u32,
    /// From so many on it is a warning.
    pub keys_warn_at: u32,
    /// Keys and values, bytes of JSON.
    pub bytes: u32,
    /// How many there may be.
    pub byte_limit: u32,
    /// From so many on it is a warning.
    pub bytes_warn_at: u32,
    /// The largest value's key, without the user that it may name.
    pub largest_key: String,
    /// Its size, bytes.
    pub largest_bytes: u32,
    /// Watch states go to peer metadata, since the store is full.
    pub full: bool,
}

/// A change of the stage by somebody who may not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct IgnoredWrite {
    /// Who tried.
    pub name: String,
    /// When it was seen, ms since the epoch.
    #[specta(type = u32)] // a JavaScript number
    pub at_ms: u64,
}
