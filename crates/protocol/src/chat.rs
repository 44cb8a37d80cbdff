//! The chat beyond plain messages: replies, marks and history. Plain messages are the
//! protocol's broadcasts of type [`CHAT`], so that every client of it takes part; what is
//! here are extras that others pass over.

use serde::{Deserialize, Serialize};

use crate::lenient::{null_as_default, whole_number};

/// The type of broadcasts that are chat messages.
pub const CHAT: &str = "chat";
/// The type of a broadcast that marks a message: its text is a [`MarkRequest`] as JSON.
/// Any client of the protocol can send it. Our server keeps the state and does not pass it
/// on; on the 100ms cloud it reaches the others as it is.
pub const MARK: &str = "kulti.mark";
/// The type of our server's notice that a message was marked: its text is a [`MarkNotice`]
/// as JSON. It has no sender, and goes to everyone who may see the message.
pub const MARKED: &str = "kulti.marked";
/// Broadcasts whose type begins so are nobody's but this module's.
pub const RESERVED: &str = "kulti.";
/// The type of the message by which a Kulti client says no to an invitation to another
/// role: the protocol itself has no word for that. It goes to the one who asked.
pub const INVITATION_DECLINED: &str = "kulti.declined";
/// The method of a [`MessagesRequest`] over the signalling; our server's own.
pub const MESSAGES: &str = "kulti-messages";
/// So many messages a page has at most, and unless it is said otherwise half of it.
pub const PAGE: u32 = 200;

/// What can be put on a message. One of a kind a user and message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// It deserves attention: what "top" goes by. Not on one's own.
    Upvote,
    /// It helped. By a host on anybody's message, by the author of a question on a reply to
    /// it; never on one's own. Counts as help in the books.
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

impl Mark {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Upvote,
        Self::Helpful,
        Self::Agree,
        Self::Heart,
        Self::Laugh,
        Self::Celebrate,
        Self::Idea,
    ];

    /// Its name on the wire and in databases.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Upvote => "upvote",
            Self::Helpful => "helpful",
            Self::Agree => "agree",
            Self::Heart => "heart",
            Self::Laugh => "laugh",
            Self::Celebrate => "celebrate",
            Self::Idea => "idea",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mark| mark.name() == name)
    }

    /// Whether it can be put on one's own message.
    #[must_use]
    pub const fn may_be_on_own(self) -> bool {
        !matches!(self, Self::Upvote | Self::Helpful)
    }
}

/// The text of a broadcast of type [`MARK`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkRequest {
    /// The message.
    pub message_id: String,
    /// What is put on it or taken from it.
    pub mark: Mark,
    /// Whether it is there from now on.
    pub on: bool,
}

/// The text of a broadcast of type [`MARKED`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkNotice {
    /// The message.
    pub message_id: String,
    /// The kind.
    pub mark: Mark,
    /// How many users have put it there, after this change.
    pub count: u32,
    /// The user who did it …
    pub user_id: String,
    /// … and whether theirs is there now.
    pub on: bool,
}

/// Asks for messages, newest first served: over the signalling, or as the query of
/// `GET /api/sessions/{id}/messages`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessagesRequest {
    /// Only those that were sent before, ms since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    /// How many at most; no more than [`PAGE`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A page of messages that the caller may see: those to all, to a role of the caller's, and
/// private ones from or to the caller.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessagePage {
    /// In the order of sending. The last ones before the moment that was asked for.
    #[serde(default, deserialize_with = "null_as_default")]
    pub messages: Vec<PastMessage>,
    /// Whether there are earlier ones.
    #[serde(default, deserialize_with = "null_as_default")]
    pub more: bool,
}

/// A message that was sent earlier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastMessage {
    /// As in the broadcast.
    pub message_id: String,
    /// When it was sent, ms since the epoch: no two of a session have the same.
    #[serde(default, deserialize_with = "whole_number")]
    pub timestamp: u64,
    /// Who wrote it.
    pub user_id: String,
    /// The name that the author had then.
    pub name: String,
    /// The role that the author had then.
    #[serde(default, deserialize_with = "null_as_default")]
    pub role: String,
    /// The roles that it went to; empty for all, or for one person.
    #[serde(default, deserialize_with = "null_as_default")]
    pub roles: Vec<String>,
    /// The one person whom it went to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Addressee>,
    /// The message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// The text.
    pub message: String,
    /// What was put on it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub marks: Vec<MarkCount>,
}

/// The one person whom a message went to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addressee {
    /// The user.
    pub user_id: String,
    /// The name that they had then.
    pub name: String,
}

/// How often something was put on a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkCount {
    /// The kind.
    pub mark: Mark,
    /// By how many users; at least 1.
    pub count: u32,
    /// Whether the caller is one of them.
    #[serde(default, deserialize_with = "null_as_default")]
    pub mine: bool,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_mark_is_called_as_it_is_written() {
        for mark in Mark::ALL {
            let json = serde_json::to_string(&mark).unwrap();
            assert_eq!(json, format!("\"{}\"", mark.name()));
            assert_eq!(Mark::from_name(mark.name()), Some(mark));
        }
        assert_eq!(Mark::from_name("thumbs"), None);
    }

    #[test]
    fn a_web_page_can_write_a_mark() {
        let text = r#"{"message_id":"m1","mark":"heart","on":true,"extra":1}"#;
        let expected = MarkRequest {
            message_id: "m1".into(),
            mark: Mark::Heart,
            on: true,
        };
        assert_eq!(serde_json::from_str::<MarkRequest>(text).unwrap(), expected);
    }

    #[test]
    fn a_past_message_needs_little() {
        let page: MessagePage = serde_json::from_str(
            r#"{"messages":[{"message_id":"m","timestamp":5.0,"user_id":"u","name":"N","message":"hi","marks":null}],"more":null}"#,
        )
        .unwrap();
        assert_eq!(page.messages[0].timestamp, 5);
        assert!(!page.more && page.messages[0].marks.is_empty());
    }
}
