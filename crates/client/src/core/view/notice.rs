//! What is told once, as a toast.

use serde::{Deserialize, Serialize};
use specta::Type;

/// Something to tell once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Notice {
    /// People came.
    PeopleJoined {
        /// One of them.
        name: String,
        /// How many in all.
        count: u32,
    },
    /// Somebody raised a hand (told to those who may call on people).
    HandRaised {
        /// Who.
        name: String,
    },
    /// My role changed.
    RoleChanged {
        /// The new role.
        role: String,
    },
    /// A host invites me to another role; answered with [`crate::core::Intent::AnswerRoleInvite`].
    RoleInvite {
        /// Who asks.
        name: String,
        /// The role.
        role: String,
    },
    /// A poll takes votes from now on (not told to whoever started it).
    PollStarted {
        /// Which.
        poll_id: String,
        /// Who started it; empty if that is not known.
        author: String,
        /// What it asks.
        title: String,
        /// Whether it is a quiz.
        quiz: bool,
    },
    /// Whom I invited has taken the role.
    InvitationAccepted {
        /// Who.
        name: String,
        /// The role.
        role: String,
    },
    /// Whom I invited has said no.
    InvitationDeclined {
        /// Who.
        name: String,
        /// The role.
        role: String,
    },
    /// Whom I invited has not answered for a minute, or has left without an answer.
    InvitationUnanswered {
        /// Who.
        name: String,
        /// The role.
        role: String,
    },
    /// The room was locked or unlocked, by somebody else (told to those who may do so).
    LockChanged {
        /// Who did it, if known.
        name: Option<String>,
        /// Whether it is locked now.
        locked: bool,
    },
    /// A new credit was earned.
    CreditEarned {
        /// Whole credits so far.
        credits: u32,
    },
    /// The server refused what I did.
    Refused {
        /// The act, for example `announce`.
        action: String,
        /// The protocol's error code.
        code: u16,
        /// The server's words.
        message: String,
    },
    /// A change of the stage by somebody who may not was ignored.
    StageWriteIgnored {
        /// Who wrote it.
        name: String,
    },
}
