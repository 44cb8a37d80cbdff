//! The chat panel.

use serde::{Deserialize, Serialize};
use specta::Type;

/// The chat.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ChatView {
    /// Oldest first; at most [`ChatView::LIMIT`].
    pub messages: Vec<MessageView>,
}

impl ChatView {
    /// How many messages are kept.
    pub const LIMIT: usize = 500;
    /// How many characters a message may have.
    pub const TEXT_LIMIT: usize = 2_000;
}

/// One chat message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct MessageView {
    /// The server's id; until it is known, a local one.
    pub id: String,
    /// Set when a message that was sent under a local id has got the server's.
    pub replaces: Option<String>,
    /// The sender's user id.
    pub user_id: String,
    /// The sender's name when the message was sent.
    pub name: String,
    /// One or two letters.
    pub initials: String,
    /// The person's hue.
    pub hue: u16,
    /// The sender's role when the message was sent.
    pub role: String,
    /// Plain text.
    pub text: String,
    /// When it was sent.
    #[specta(type = u32)] // a JavaScript number
    pub sent_at_ms: u64,
    /// Whether I wrote it.
    pub mine: bool,
    /// Whether only I got it.
    pub private: bool,
    /// How far it has got.
    pub delivery: Delivery,
}

/// How far one of my messages has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Delivery {
    /// Not confirmed yet.
    Sending,
    /// The server has it.
    Sent,
    /// It was refused or lost; it can be sent again.
    Failed,
}
