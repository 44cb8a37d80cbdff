//! Refusals of the HTTP API: `{error, code}` with the right status.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use kulti_protocol::api::ErrorBody;

use crate::{
    accounts::AccountError, db::DbError, ledger::LedgerError, rate_limit::RetryAfter,
    sessions::SessionError,
};

/// A refusal.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    retry_after: Option<u64>,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            retry_after: None,
        }
    }

    pub(crate) fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(crate) fn unauthorized(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, message)
    }

    pub(crate) fn rate_limited(retry: RetryAfter, what: &str) -> Self {
        Self {
            retry_after: Some(retry.0),
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "rate_limited",
                format!("too many {what}: try again in {} s", retry.0),
            )
        }
    }

    /// Something on the server's side failed; the details go to the log only.
    pub(crate) fn internal(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "a request failed");
        Self {
            retry_after: Some(5),
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "the server cannot store anything right now: try again",
            )
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = ErrorBody {
            error: self.message,
            code: self.code.to_owned(),
        };
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<DbError> for ApiError {
    fn from(error: DbError) -> Self {
        Self::internal(&error)
    }
}

impl From<AccountError> for ApiError {
    fn from(error: AccountError) -> Self {
        let message = error.to_string();
        match error {
            AccountError::BadName => Self::bad_request("bad_display_name", message),
            AccountError::UnknownToken => Self::unauthorized("unauthorized", message),
            AccountError::ExpiredToken => Self::unauthorized("token_expired", message),
            AccountError::BadRefreshToken => Self::unauthorized("bad_refresh_token", message),
            AccountError::Db(error) => error.into(),
        }
    }
}

impl From<SessionError> for ApiError {
    fn from(error: SessionError) -> Self {
        let message = error.to_string();
        let (status, code) = match error {
            SessionError::BadTitle => (StatusCode::BAD_REQUEST, "bad_title"),
            SessionError::BadDescription => (StatusCode::BAD_REQUEST, "bad_description"),
            SessionError::WrongRoom => (StatusCode::BAD_REQUEST, "wrong_room"),
            SessionError::NoSuchCode | SessionError::NoSuchSession => {
                (StatusCode::NOT_FOUND, "session_not_found")
            }
            SessionError::Ended => (StatusCode::GONE, "session_ended"),
            SessionError::Removed => (StatusCode::FORBIDDEN, "removed"),
            SessionError::Locked => (StatusCode::LOCKED, "session_locked"),
            SessionError::NotTheHost => (StatusCode::FORBIDDEN, "not_the_host"),
            SessionError::TooMany => (StatusCode::FORBIDDEN, "too_many_sessions"),
            SessionError::NoFreeCode | SessionError::Room(_) | SessionError::Db(_) => {
                return Self::internal(&message);
            }
        };
        Self::new(status, code, message)
    }
}

impl From<LedgerError> for ApiError {
    fn from(error: LedgerError) -> Self {
        let message = error.to_string();
        match error {
            LedgerError::NotAParticipant => {
                Self::new(StatusCode::FORBIDDEN, "not_a_participant", message)
            }
            LedgerError::TooManyStretches => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_many_intervals", message)
            }
            LedgerError::Db(error) => error.into(),
        }
    }
}
