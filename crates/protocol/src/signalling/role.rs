//! Roles, and the policy that names them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::lenient::{null_as_default, whole_number};

/// Params of `on-policy-change`: the receiver's role and all roles of the room.
/// The first one unlocks the join; it is due at every socket open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PolicyChange {
    /// The receiver's role.
    pub name: String,
    /// All roles by name.
    #[serde(default, deserialize_with = "null_as_default")]
    pub known_roles: BTreeMap<String, Role>,
    /// Whiteboard, transcriptions, noise cancellation; may be empty.
    #[serde(default, deserialize_with = "null_as_default")]
    pub plugins: Map<String, Value>,
    /// The template that the room was made from.
    #[serde(default, deserialize_with = "null_as_default")]
    pub template_id: String,
    /// Any texts of the app.
    #[serde(default, deserialize_with = "null_as_default")]
    pub app_data: BTreeMap<String, String>,
}

/// What a role may publish, receive and do.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Role {
    /// The role's name.
    pub name: String,
    /// Smaller is more important.
    #[serde(default, deserialize_with = "whole_number")]
    pub priority: u32,
    /// What it may publish.
    #[serde(default, deserialize_with = "null_as_default")]
    pub publish_params: PublishParams,
    /// What it receives.
    #[serde(default, deserialize_with = "null_as_default")]
    pub subscribe_params: SubscribeParams,
    /// What it may do. The server enforces every one.
    #[serde(default, deserialize_with = "null_as_default")]
    pub permissions: Permissions,
}

/// What a role may publish. With an empty `allowed` nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PublishParams {
    /// `audio`, `video`, `screen`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub allowed: Vec<String>,
    /// Codec and bit rate (kbit/s), where allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<Value>,
    /// Codec, bit rate (kbit/s), frame rate and size, where allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video: Option<Value>,
    /// As `video`, for the screen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screen: Option<Value>,
    /// Layers; an empty object rather than nothing, since the SDK reads it unchecked.
    #[serde(default, deserialize_with = "null_as_default")]
    pub simulcast: Map<String, Value>,
}

/// What a role receives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubscribeParams {
    /// Roles whose tracks it gets.
    #[serde(default, deserialize_with = "null_as_default")]
    pub subscribe_to_roles: Vec<String>,
    /// In kbit/s.
    #[serde(default, deserialize_with = "whole_number")]
    pub max_subs_bit_rate: u32,
}

/// What a role may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Permissions {
    /// End the room for everyone.
    #[serde(deserialize_with = "null_as_default")]
    pub end_room: bool,
    /// Remove somebody.
    #[serde(deserialize_with = "null_as_default")]
    pub remove_others: bool,
    /// Mute somebody.
    #[serde(deserialize_with = "null_as_default")]
    pub mute: bool,
    /// Ask somebody to unmute.
    #[serde(deserialize_with = "null_as_default")]
    pub unmute: bool,
    /// Change somebody's role.
    #[serde(deserialize_with = "null_as_default")]
    pub change_role: bool,
    /// Start HLS.
    #[serde(deserialize_with = "null_as_default")]
    pub hls_streaming: bool,
    /// Start RTMP.
    #[serde(deserialize_with = "null_as_default")]
    pub rtmp_streaming: bool,
    /// Record.
    #[serde(deserialize_with = "null_as_default")]
    pub browser_recording: bool,
    /// Read polls.
    #[serde(deserialize_with = "null_as_default")]
    pub poll_read: bool,
    /// Make and run polls.
    #[serde(deserialize_with = "null_as_default")]
    pub poll_write: bool,
}
