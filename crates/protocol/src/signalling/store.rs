//! The session store on the wire: room-wide JSON values by key.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::lenient::{null_as_default, whole_number};

/// Params of `set-metadata`. Absent and `null` data delete the key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SetMetadata {
    /// Which.
    pub key: String,
    /// The new value.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub data: Value,
    /// Set only if the key has this version (0 if it was never set); else 409.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_change_version: Option<u64>,
}

/// Params of `get-metadata`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetMetadata {
    /// Which.
    pub key: String,
}

/// Params of `listen-metadata-change`: the whole set of observed keys, replacing the last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListenMetadata {
    /// All of them.
    #[serde(default, deserialize_with = "null_as_default")]
    pub keys: Vec<String>,
}

/// Result of `set-metadata` and `get-metadata`: the value as it is now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetadataResult {
    /// Which.
    pub key: String,
    /// `null` if it is not set.
    #[serde(default)]
    pub data: Value,
    /// One more with each accepted set, also over deletions; 0 if never set.
    #[serde(default, deserialize_with = "whole_number")]
    pub change_version: u64,
    /// Peer id of the writer; empty if never set.
    #[serde(default, deserialize_with = "null_as_default")]
    pub updated_by: String,
    /// ms since the epoch; 0 if never set.
    #[serde(default, deserialize_with = "whole_number")]
    pub updated_at: u64,
}

/// One entry of [`MetadataChange`]: the same members as [`MetadataResult`].
pub type MetadataValue = MetadataResult;

/// Params of `on-metadata-change`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MetadataChange {
    /// What has changed, or the present values after listening or coming back.
    #[serde(default, deserialize_with = "null_as_default")]
    pub values: Vec<MetadataValue>,
}
