//! Polls on the wire.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Result of `poll-list`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PollList {
    /// Poll infos.
    #[serde(default)]
    pub polls: Vec<Value>,
    /// Whether there are no more.
    #[serde(default)]
    pub last: bool,
}
