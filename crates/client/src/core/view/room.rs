//! The room's door, and invitations to other roles.

use serde::{Deserialize, Serialize};
use specta::Type;

/// The room's door, and who is invited to what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RoomView {
    /// Whether nobody new is let in.
    pub locked: bool,
    /// The host who locked it, if known.
    pub locked_by: Option<String>,
    /// Whether I may lock and unlock it. False where the server does not know locks.
    pub can_lock: bool,
    /// What I am invited to; answered with [`crate::core::Intent::AnswerRoleInvite`].
    pub invitation: Option<InvitationView>,
    /// Whom I have invited and who has not answered yet.
    pub invited: Vec<InvitedView>,
}

/// An invitation to me.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct InvitationView {
    /// Who invites.
    pub name: String,
    /// To which role.
    pub role: String,
}

/// An invitation of mine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct InvitedView {
    /// Whom.
    pub peer_id: String,
    /// By name.
    pub name: String,
    /// To which role.
    pub role: String,
}
