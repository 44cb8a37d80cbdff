//! What clients ask: method names, params and results.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::lenient::{null_as_default, whole_number};

use super::{BriefPeer, PeerSummary, Track};

/// Method names of requests and of the client's notifications.
pub mod method {
    #![allow(missing_docs)] // each is the method of its name
    pub const JOIN: &str = "join";
    pub const PING: &str = "ping";
    pub const LEAVE: &str = "leave";
    pub const OFFER: &str = "offer";
    pub const ANSWER: &str = "answer";
    pub const TRICKLE: &str = "trickle";
    pub const TRACK_UPDATE: &str = "track-update";
    pub const ANALYTICS: &str = "analytics";
    pub const BROADCAST: &str = "broadcast";
    pub const SET_METADATA: &str = "set-metadata";
    pub const GET_METADATA: &str = "get-metadata";
    pub const LISTEN_METADATA: &str = "listen-metadata-change";
    pub const PEER_UPDATE: &str = "peer-update";
    pub const GROUP_JOIN: &str = "group-join";
    pub const GROUP_LEAVE: &str = "group-leave";
    pub const GROUP_ADD: &str = "group-add";
    pub const GROUP_REMOVE: &str = "group-remove";
    pub const GET_PEER: &str = "get-peer";
    pub const FIND_PEER: &str = "find-peer";
    pub const PEER_ITER_NEXT: &str = "peer-iter-next";
    pub const PEER_NAME_SEARCH: &str = "peer-name-search";
    pub const ROLE_CHANGE_REQUEST: &str = "role-change-request";
    pub const ROLE_CHANGE: &str = "role-change";
    pub const PEER_LEAVE_REQUEST: &str = "peer-leave-request";
    pub const TRACK_UPDATE_REQUEST: &str = "track-update-request";
    pub const MUTE_STATE_REQUEST: &str = "change-track-mute-state-request";
    pub const END_ROOM: &str = "end-room";
    pub const POLL_INFO_SET: &str = "poll-info-set";
    pub const POLL_INFO_GET: &str = "poll-info-get";
    pub const POLL_QUESTIONS_SET: &str = "poll-questions-set";
    pub const POLL_QUESTIONS_GET: &str = "poll-questions-get";
    pub const POLL_START: &str = "poll-start";
    pub const POLL_STOP: &str = "poll-stop";
    pub const POLL_RESPONSE: &str = "poll-response";
    pub const POLL_RESPONSES: &str = "poll-responses";
    pub const POLL_RESULT: &str = "poll-result";
    pub const POLL_LIST: &str = "poll-list";
    pub const POLL_LEADERBOARD: &str = "poll-leaderboard";
}

/// Params of `join`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Join {
    /// Display name.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: String,
    /// Metadata, any text.
    #[serde(default, deserialize_with = "null_as_default")]
    pub data: String,
    /// Absent for a join without media.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<SessionDescription>,
    /// Send no video until a layer is asked for.
    #[serde(
        rename = "disableVidAutoSub",
        default,
        deserialize_with = "null_as_default"
    )]
    pub disable_vid_auto_sub: bool,
    /// A flag of `/init`, echoed.
    #[serde(default, deserialize_with = "null_as_default")]
    pub server_sub_degrade: bool,
    /// A flag of `/init`, echoed.
    #[serde(default, deserialize_with = "null_as_default")]
    pub simulcast: bool,
    /// A flag of `/init`, echoed.
    #[serde(
        rename = "onDemandTracks",
        default,
        deserialize_with = "null_as_default"
    )]
    pub on_demand_tracks: bool,
}

/// An SDP description.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionDescription {
    /// `offer` or `answer`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The description.
    pub sdp: String,
    /// The media node, if the sender knows one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sfu_node_id: Option<String>,
}

/// Params and result of `ping`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ping {
    /// ms since the epoch.
    #[serde(default, deserialize_with = "whole_number")]
    pub timestamp: u64,
}

/// Params of `leave`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leave {
    /// `user request` or `sdk request`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub client_reason: String,
}

/// Params of `track-update`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackUpdate {
    /// By track id.
    #[serde(default, deserialize_with = "null_as_default")]
    pub tracks: BTreeMap<String, Track>,
}

/// Params of `peer-update`: what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerUpdate {
    /// New display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// New metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
}

/// Params of `group-join` and `group-leave` (for oneself), `group-add` and
/// `group-remove` (with a peer).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupChange {
    /// The group.
    pub name: String,
    /// Somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_id: Option<String>,
}

/// Result of `group-join` and `group-leave`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupsResult {
    /// All groups of the caller.
    #[serde(default, deserialize_with = "null_as_default")]
    pub groups: Vec<String>,
}

/// Params of `get-peer`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetPeer {
    /// Who.
    pub peer_id: String,
}

/// Params of `find-peer`; the filters that are given hold together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindPeer {
    /// How many a page.
    #[serde(default, deserialize_with = "whole_number")]
    pub limit: u32,
    /// Of this role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// In this group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Among these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peers: Option<Vec<String>>,
}

/// Params of `peer-iter-next`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerIterNext {
    /// As `find-peer` gave it.
    pub iterator: String,
    /// How many a page.
    #[serde(default, deserialize_with = "whole_number")]
    pub limit: u32,
}

/// Result of `find-peer` and `peer-iter-next`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerPage {
    /// For `peer-iter-next`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub iterator: String,
    /// How many there are over all pages.
    #[serde(default, deserialize_with = "whole_number")]
    pub total: u32,
    /// Whether there is no next page.
    #[serde(default, deserialize_with = "null_as_default")]
    pub eof: bool,
    /// This page.
    #[serde(default, deserialize_with = "null_as_default")]
    pub peers: Vec<BriefPeer>,
}

/// Params of `peer-name-search`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerNameSearch {
    /// Part of a name; the SDK lower-cases it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub query: String,
    /// How many.
    #[serde(default, deserialize_with = "whole_number")]
    pub limit: u32,
    /// How many to pass over.
    #[serde(default, deserialize_with = "whole_number")]
    pub offset: u32,
}

/// Result of `peer-name-search`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerNamePage {
    /// How many there are in all.
    #[serde(default, deserialize_with = "whole_number")]
    pub count: u32,
    /// As asked.
    #[serde(default, deserialize_with = "whole_number")]
    pub limit: u32,
    /// As asked.
    #[serde(default, deserialize_with = "whole_number")]
    pub offset: u32,
    /// Whether there is no next page.
    #[serde(default, deserialize_with = "null_as_default")]
    pub eof: bool,
    /// This page.
    #[serde(default, deserialize_with = "null_as_default")]
    pub peers: Vec<PeerSummary>,
}

/// Params of `role-change-request`: for one peer, or for all of some roles.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleChangeRequest {
    /// Whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_for: Option<String>,
    /// Everybody of these roles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
    /// The new role.
    pub role: String,
    /// Without asking.
    #[serde(default, deserialize_with = "null_as_default")]
    pub force: bool,
}

/// Params of `role-change` (accepting) and of `on-role-change-request`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleChange {
    /// Peer id of who asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<String>,
    /// The new role.
    #[serde(default, deserialize_with = "null_as_default")]
    pub role: String,
    /// Proof that it was asked.
    #[serde(default, deserialize_with = "null_as_default")]
    pub token: String,
}

/// Params of `peer-leave-request`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerLeaveRequest {
    /// Whom.
    pub requested_for: String,
    /// Told to that peer.
    #[serde(default, deserialize_with = "null_as_default")]
    pub reason: String,
}

/// Params of `on-peer-leave-request`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnPeerLeaveRequest {
    /// Peer id of who wants it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub requested_by: String,
    /// In words; may be empty.
    #[serde(default, deserialize_with = "null_as_default")]
    pub reason: String,
    /// Whether the room ends for everyone.
    #[serde(default, deserialize_with = "null_as_default")]
    pub room_end: bool,
}

/// Params of `end-room`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndRoom {
    /// Refuse later joins.
    #[serde(default, deserialize_with = "null_as_default")]
    pub lock: bool,
    /// Told to everyone.
    #[serde(default, deserialize_with = "null_as_default")]
    pub reason: String,
}

/// Params of `track-update-request`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackUpdateRequest {
    /// Whose track.
    pub requested_for: String,
    /// The track.
    pub track_id: String,
    /// Its stream.
    #[serde(default, deserialize_with = "null_as_default")]
    pub stream_id: String,
    /// Mute or unmute.
    #[serde(default, deserialize_with = "null_as_default")]
    pub mute: bool,
}

/// Params of `on-track-update-request`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnTrackUpdateRequest {
    /// Peer id of who asks.
    #[serde(default, deserialize_with = "null_as_default")]
    pub requested_by: String,
    /// The track.
    pub track_id: String,
    /// Its stream.
    #[serde(default, deserialize_with = "null_as_default")]
    pub stream_id: String,
    /// Mute or unmute.
    #[serde(default, deserialize_with = "null_as_default")]
    pub mute: bool,
}

/// Params of `change-track-mute-state-request` and of its notification.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MuteStateRequest {
    /// Peer id of who asks; only in the notification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<String>,
    /// True mutes.
    #[serde(default, deserialize_with = "null_as_default")]
    pub value: bool,
    /// `audio` or `video`; both if absent.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Only tracks of this source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Only peers of these roles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
}

/// The empty result `{}`: an object, because the SDK takes falsy results for errors.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Empty {
    /// Whatever else the vendor's server says.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
