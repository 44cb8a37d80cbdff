//! The header: the session, me, and what I may do.

use serde::{Deserialize, Serialize};
use specta::Type;

/// The session's own facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SessionView {
    /// The session's id at its server.
    pub session_id: String,
    /// The title that the host gave it.
    pub title: String,
    /// The code that people type to join, like `VIBE-2K4F`.
    pub room_code: String,
    /// The `kulti://join/…` link.
    pub share_link: String,
    /// The host's display name.
    pub host_name: String,
    /// When the session started.
    #[specta(type = u32)] // a JavaScript number
    pub started_at_ms: u64,
    /// The server's origin, for example `https://kulti.dev`.
    pub server: String,
    /// Who I am here.
    pub me: MeView,
    /// What my role may do; what is false is not shown.
    pub can: PermissionsView,
}

/// The local participant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct MeView {
    /// My peer id in this stay.
    pub peer_id: String,
    /// My user id at this server.
    pub user_id: String,
    /// My display name.
    pub name: String,
    /// My role's name: `host`, `presenter`, `viewer`, or another of the room's.
    pub role: String,
    /// Whether my hand is raised.
    pub hand_raised: bool,
}

/// What the local role may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PermissionsView {
    /// Spotlight, pin a message, announce.
    pub manage_stage: bool,
    /// Change somebody's role.
    pub change_role: bool,
    /// Remove somebody.
    pub remove_others: bool,
    /// Lower somebody's hand.
    pub lower_hands: bool,
    /// End the session for everyone.
    pub end_session: bool,
    /// Call anybody's message helpful.
    pub mark_helpful: bool,
    /// Start polls.
    pub poll_write: bool,
}
