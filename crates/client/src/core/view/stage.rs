//! What takes the centre: spotlight, pins, announcement.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::people::TileView;

/// What takes the centre.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StageView {
    /// The participant in the centre, for everyone.
    pub spotlight: Option<TileView>,
    /// The participant in the centre for me alone. Wins over the spotlight.
    pub local_pin: Option<TileView>,
    /// The message that a host pinned.
    pub pinned: Option<PinnedMessageView>,
    /// The newest announcement, unless it has been dismissed here or has run out.
    pub announcement: Option<AnnouncementView>,
}

/// A pinned message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PinnedMessageView {
    /// The message's id.
    pub message_id: String,
    /// Who wrote it.
    pub author: String,
    /// Its text; empty if it was never received here.
    pub text: String,
}

/// An announcement of a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AnnouncementView {
    /// The same for everyone and over reconnects.
    pub id: String,
    /// The host who announced.
    pub author: String,
    /// At most 500 characters.
    pub text: String,
    /// When it was announced.
    #[specta(type = u32)] // a JavaScript number
    pub announced_at_ms: u64,
    /// From when on it is not shown any more; none stays until it is taken back.
    #[specta(type = Option<u32>)] // a JavaScript number
    pub expires_at_ms: Option<u64>,
}
