//! Messages: broadcast to all, to roles, or to one peer.

use serde::{Deserialize, Deserializer, Serialize};

use crate::lenient::{null_as_default, whole_number};

use super::BriefPeer;

/// Params of `broadcast`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broadcast {
    /// What is said.
    pub info: BroadcastInfo,
    /// To peers of these roles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
    /// To this peer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_id: Option<String>,
}

/// Text and type of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BroadcastInfo {
    /// The text; an app may put JSON in it.
    pub message: String,
    /// `chat` unless the app says otherwise.
    #[serde(rename = "type", default = "chat", deserialize_with = "null_as_chat")]
    pub kind: String,
    /// The id of the message that this one answers. Our own; other clients pass over it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
}

/// Result of `broadcast`: the sender's own copy is made from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BroadcastResult {
    /// The same for everyone.
    pub message_id: String,
    /// ms since the epoch.
    pub timestamp: u64,
}

/// Params of `on-broadcast`. Never sent to the sender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnBroadcast {
    /// The sender; the system if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<BriefPeer>,
    /// The roles that it went to; empty for all.
    #[serde(default, deserialize_with = "null_as_default")]
    pub roles: Vec<String>,
    /// Whether it went to one peer.
    #[serde(default, deserialize_with = "null_as_default")]
    pub private: bool,
    /// The same for everyone.
    #[serde(default, deserialize_with = "null_as_default")]
    pub message_id: String,
    /// ms since the epoch.
    #[serde(default, deserialize_with = "whole_number")]
    pub timestamp: u64,
    /// What was said.
    pub info: BroadcastInfo,
}

fn chat() -> String {
    "chat".to_owned()
}

fn null_as_chat<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_else(chat))
}
