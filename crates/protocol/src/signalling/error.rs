//! Errors inside responses.

use serde::{Deserialize, Serialize};

use crate::lenient::{null_as_default, whole_number};

/// The error member of a response. The SDK treats `code` like an HTTP status: 429 and
/// 5xx are tried again (up to 10 s), everything else is told to the caller at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message} ({code})")]
pub struct RpcError {
    /// One of [`code`].
    #[serde(default, deserialize_with = "whole_number")]
    pub code: u16,
    /// Shown to the person.
    #[serde(default, deserialize_with = "null_as_default")]
    pub message: String,
}

impl RpcError {
    /// An error with a sentence that says what is wrong.
    #[must_use]
    pub fn new(code: u16, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// Whether trying again can help.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        self.code == code::TOO_MANY || (500..600).contains(&self.code)
    }
}

/// The codes that our server uses. The vendor's own are not documented.
pub mod code {
    /// Malformed, or not allowed in this state.
    pub const BAD_REQUEST: u16 = 400;
    /// The token is not good.
    pub const UNAUTHORIZED: u16 = 401;
    /// The role may not do this.
    pub const FORBIDDEN: u16 = 403;
    /// No such peer, poll or method.
    pub const NOT_FOUND: u16 = 404;
    /// The key has another version than `if_change_version`.
    pub const CONFLICT: u16 = 409;
    /// The session has ended, or the peer is unknown.
    pub const GONE: u16 = 410;
    /// The store is full, or the value or message too large.
    pub const TOO_LARGE: u16 = 413;
    /// Meant for a media node that does not serve the peer (any more). The SDK takes it
    /// for an offer that needs no answer.
    pub const MISDIRECTED: u16 = 421;
    /// The room is locked: nobody new may join.
    pub const LOCKED: u16 = 423;
    /// Too fast; trying again later helps.
    pub const TOO_MANY: u16 = 429;
    /// A fault of the server.
    pub const FAULT: u16 = 500;
}
