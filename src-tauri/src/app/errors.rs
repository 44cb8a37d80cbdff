//! What goes wrong below, as the UI's catalogue of sentences knows it.

use kulti_client::drivers::{api::ApiError, join::JoinError};

use super::model::{CommandError, ErrorCode};

impl CommandError {
    pub(super) fn not_in_session() -> Self {
        Self {
            code: ErrorCode::NotInSession,
            message: "there is no session".into(),
        }
    }

    pub(super) fn already_in_session() -> Self {
        Self {
            code: ErrorCode::AlreadyInSession,
            message: "leave the session that goes on first".into(),
        }
    }

    pub(super) fn local(doing: &str, error: &dyn std::fmt::Display) -> Self {
        Self {
            code: ErrorCode::Local,
            message: format!("{doing}: {error}"),
        }
    }
}

impl From<JoinError> for CommandError {
    fn from(error: JoinError) -> Self {
        let code = match &error {
            JoinError::BadAddress => ErrorCode::ServerUnreachable,
            JoinError::Transport(_) => ErrorCode::Local,
            JoinError::BadName => ErrorCode::BadName,
            JoinError::BadTitle => ErrorCode::BadTitle,
            JoinError::NoSuchSession(_) => ErrorCode::NoSuchSession,
            JoinError::SessionOver => ErrorCode::SessionOver,
            JoinError::Api(error) => api_code(error),
            _ => ErrorCode::Refused,
        };
        Self {
            code,
            message: error.to_string(),
        }
    }
}

impl From<ApiError> for CommandError {
    fn from(error: ApiError) -> Self {
        Self {
            code: api_code(&error),
            message: error.to_string(),
        }
    }
}

fn api_code(error: &ApiError) -> ErrorCode {
    match error {
        ApiError::Unreachable { .. } | ApiError::TimedOut => ErrorCode::ServerUnreachable,
        ApiError::WrongCertificate { .. } => ErrorCode::WrongCertificate,
        ApiError::PlainNotAllowed(_) => ErrorCode::PlainNotAllowed,
        ApiError::Credentials { .. } => ErrorCode::Local,
        ApiError::Refused { code, .. } if code == "session_locked" => ErrorCode::SessionLocked,
        ApiError::Refused { code, .. } if code == "removed" => ErrorCode::Removed,
        _ => ErrorCode::Refused,
    }
}
