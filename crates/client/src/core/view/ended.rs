//! How a stay ended.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::watch::WatchView;

/// How a stay ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct EndedView {
    /// Why.
    pub reason: EndReason,
    /// The session's title.
    pub title: String,
    /// The host's name.
    pub host_name: String,
    /// The last state of the counter.
    pub watch: WatchView,
}

/// Why a stay ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum EndReason {
    /// I left.
    Left,
    /// The host ended the session for everyone.
    SessionEnded,
    /// I was removed.
    Removed {
        /// Who removed me, if known.
        by: Option<String>,
        /// The reason given; may be empty.
        reason: String,
    },
    /// Joining or coming back failed for good.
    Failed {
        /// The protocol's code.
        code: u16,
        /// What the server said.
        message: String,
    },
}
