//! Polls on the wire.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::lenient::null_as_default;

/// Result of `poll-list`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PollList {
    /// Poll infos.
    #[serde(default, deserialize_with = "null_as_default")]
    pub polls: Vec<Value>,
    /// Whether there are no more.
    #[serde(default, deserialize_with = "null_as_default")]
    pub last: bool,
}
