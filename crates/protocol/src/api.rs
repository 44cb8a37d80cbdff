//! The Kulti HTTP API: bodies of requests and responses.
//!
//! Paths and fields are the web product's; ours adds fields and never changes a
//! meaning. Field names are snake_case or camelCase as the web product has them,
//! endpoint by endpoint.

mod credits;
mod insights;
mod polls;
mod watch_time;

use serde::{Deserialize, Serialize};

pub use self::{credits::*, insights::*, polls::*, watch_time::*};
use crate::lenient::{null_as_default, whole_number};

/// Every error: `{error, code}` with the right HTTP status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// One sentence that says what is wrong and what to do.
    pub error: String,
    /// For machines, like `session_not_found`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub code: String,
}

/// `POST /api/auth/guest`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestRequest {
    /// 1 to 80 characters.
    pub display_name: String,
}

/// `POST /api/auth/refresh`
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshRequest {
    /// As it was given out. It stays good until the one that it was exchanged for is used.
    pub refresh_token: String,
}

impl std::fmt::Debug for RefreshRequest {
    /// Leaves the token out: it must not get into a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RefreshRequest").finish_non_exhaustive()
    }
}

/// Answer of both authentication endpoints.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthResponse {
    /// For `Authorization: Bearer`.
    pub access_token: String,
    /// For [`RefreshRequest`].
    pub refresh_token: String,
    /// When `access_token` ends, ms since the epoch.
    pub expires_at: u64,
    /// Who it is.
    pub user: User,
}

impl std::fmt::Debug for AuthResponse {
    /// Leaves the tokens out: they must not get into a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuthResponse")
            .field("expires_at", &self.expires_at)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// `POST /api/auth/profile`: changes what the caller is called from now on. The same
/// name again changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileRequest {
    /// 1 to 80 characters.
    pub display_name: String,
}

/// Answer of `POST /api/auth/profile`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileResponse {
    /// The caller, as others see them from now on.
    pub user: User,
}

/// A person at one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The user id.
    pub id: String,
    /// The display name.
    pub display_name: String,
}

/// `POST /api/sessions/create`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateSessionRequest {
    /// 1 to 120 characters.
    pub title: String,
    /// At most 2,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether `GET /api/sessions` lists it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub is_public: bool,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The session's id.
    pub id: String,
    /// The code that people type, like `VIBE-2K4F`.
    pub room_code: String,
    /// The 100ms room.
    pub hms_room_id: String,
    /// The title.
    pub title: String,
    /// The description, if any.
    #[serde(default)]
    pub description: Option<String>,
    /// Who hosts it.
    pub host: User,
    /// Whether it goes on.
    pub status: SessionStatus,
    /// When it started, ms since the epoch.
    pub started_at: u64,
    /// When it ended, ms since the epoch.
    #[serde(default)]
    pub ended_at: Option<u64>,
    /// Whether it is listed.
    #[serde(default, deserialize_with = "null_as_default")]
    pub is_public: bool,
    /// How many are in the room now.
    #[serde(default, deserialize_with = "whole_number")]
    pub participants: u32,
}

/// Whether a session goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SessionStatus {
    /// People can join.
    Live,
    /// It is over.
    Ended,
}

/// `GET /api/sessions?status=live`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionList {
    /// Newest first.
    pub sessions: Vec<Session>,
}

/// Answer of `POST /api/sessions/{id}/join`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinSessionResponse {
    /// The session.
    pub session: Session,
    /// The role that the caller has in it: `host`, `presenter` or `viewer`.
    pub role: String,
}

/// `POST /api/sessions/end`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndSessionRequest {
    /// Which.
    pub session_id: String,
}

/// Answer of `POST /api/sessions/end`. Ending twice gives the same answer twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndSessionResponse {
    /// Always true.
    pub success: bool,
    /// The session, ended.
    pub session: Session,
}

/// `POST /api/hms/get-token`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetTokenRequest {
    /// The 100ms room of the session.
    pub room_id: String,
    /// The session.
    pub session_id: String,
}

/// Answer of `POST /api/hms/get-token`
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetTokenResponse {
    /// The HMS auth token.
    pub token: String,
    /// When it ends, ms since the epoch.
    pub expires_at: u64,
    /// The caller's display name.
    pub user_name: String,
    /// The role in the token.
    pub role: String,
    /// Whether viewers should use HLS; never true here.
    #[serde(rename = "useHLS", default, deserialize_with = "null_as_default")]
    pub use_hls: bool,
    /// The HLS stream, if any.
    #[serde(default)]
    pub hls_stream_url: Option<String>,
    /// Where `/init` is; absent means the 100ms cloud's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init_endpoint: Option<String>,
    /// The session's limits and grace periods; absent means the defaults.
    #[serde(default, deserialize_with = "null_as_default")]
    pub watch_policy: WatchPolicy,
}

impl std::fmt::Debug for GetTokenResponse {
    /// Leaves the token out: it must not get into a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GetTokenResponse")
            .field("expires_at", &self.expires_at)
            .field("user_name", &self.user_name)
            .field("role", &self.role)
            .field("init_endpoint", &self.init_endpoint)
            .field("watch_policy", &self.watch_policy)
            .finish_non_exhaustive()
    }
}
