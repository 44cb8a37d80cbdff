//! The chat panel.

use kulti_protocol::chat::{self, Mark};
use serde::{Deserialize, Serialize};
use specta::Type;

/// Messages of the chat, and whether the server has earlier ones.
///
/// Their order on the screen: by `sent_at_ms`, those that are not sent last; of two that
/// have the same place the one that came later.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ChatView {
    /// In order; at most [`ChatView::LIMIT`] are kept.
    pub messages: Vec<MessageView>,
    /// Whether there are earlier ones: [`crate::core::Intent::EarlierMessages`].
    pub earlier: bool,
}

impl ChatView {
    /// How many messages are kept.
    pub const LIMIT: usize = 10_000;
    /// How many characters a message may have.
    pub const TEXT_LIMIT: usize = 2_000;
    /// How many messages go to the screen at once.
    pub const BATCH: usize = 500;
}

/// One chat message, or a line about the session among them.
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
    /// For whom it is.
    pub audience: Audience,
    /// The message that it answers; it need not be here.
    pub reply_to: Option<String>,
    /// What was put on it: kinds that somebody has used, always in the same order.
    pub marks: Vec<MarkView>,
    /// Whether it calls me by name.
    pub mentions_me: bool,
    /// Set in the lines that say that people joined; they have no text.
    pub joined: Option<JoinedView>,
    /// How far it has got.
    pub delivery: Delivery,
}

/// For whom a message is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "to", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Audience {
    /// Everyone.
    #[default]
    Everyone,
    /// Those who have one of these roles.
    Roles {
        /// Role names.
        roles: Vec<String>,
    },
    /// One person; and whoever wrote it.
    Person {
        /// The user.
        user_id: String,
        /// Their name.
        name: String,
    },
}

/// What can be put on a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum MarkKind {
    /// It deserves attention.
    Upvote,
    /// It helped.
    Helpful,
    /// A reaction.
    Agree,
    /// A reaction.
    Heart,
    /// A reaction.
    Laugh,
    /// A reaction.
    Celebrate,
    /// A reaction.
    Idea,
}

impl From<Mark> for MarkKind {
    fn from(mark: Mark) -> Self {
        match mark {
            Mark::Upvote => Self::Upvote,
            Mark::Helpful => Self::Helpful,
            Mark::Agree => Self::Agree,
            Mark::Heart => Self::Heart,
            Mark::Laugh => Self::Laugh,
            Mark::Celebrate => Self::Celebrate,
            Mark::Idea => Self::Idea,
        }
    }
}

impl From<MarkKind> for chat::Mark {
    fn from(kind: MarkKind) -> Self {
        match kind {
            MarkKind::Upvote => Self::Upvote,
            MarkKind::Helpful => Self::Helpful,
            MarkKind::Agree => Self::Agree,
            MarkKind::Heart => Self::Heart,
            MarkKind::Laugh => Self::Laugh,
            MarkKind::Celebrate => Self::Celebrate,
            MarkKind::Idea => Self::Idea,
        }
    }
}

/// How often something was put on a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct MarkView {
    /// What.
    pub mark: MarkKind,
    /// By how many people; at least 1.
    pub count: u32,
    /// Whether I am one of them.
    pub mine: bool,
}

/// People came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct JoinedView {
    /// One of them.
    pub name: String,
    /// How many in all.
    pub count: u32,
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
