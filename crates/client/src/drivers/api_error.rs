//! Why a call of the Kulti HTTP API failed.

use kulti_protocol::api::ErrorBody;

use super::{tls, transport::PlainRefused};

/// Why a call of the Kulti HTTP API failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApiError {
    /// No connection came about, or it broke.
    #[error("the server does not answer: {message}")]
    Unreachable {
        /// The network's words.
        message: String,
    },
    /// The server took longer than it may.
    #[error("the server took too long to answer")]
    TimedOut,
    /// The server's certificate is not trusted, or not the pinned one.
    #[error("the server's certificate was not accepted: {message}")]
    WrongCertificate {
        /// Why, in the words of the TLS library.
        message: String,
    },
    /// Plain http to another computer.
    #[error(transparent)]
    PlainNotAllowed(#[from] PlainRefused),
    /// The server answered with an error.
    #[error("the server refused ({status}): {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The code for machines, like `session_not_found`; may be empty.
        code: String,
        /// The server's words.
        message: String,
    },
    /// The answer is not what the API says, or too large.
    #[error("the server's answer cannot be read: {message}")]
    Unreadable {
        /// What is wrong with it.
        message: String,
    },
    /// There is no account, or the server does not accept it any more.
    #[error("not signed in at this server")]
    SignedOut,
    /// The place where tokens are kept failed.
    #[error("the account cannot be kept: {message}")]
    Credentials {
        /// In words for a person.
        message: String,
    },
}

impl ApiError {
    /// The HTTP status, if the server answered with an error.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Whether the same call may succeed later without anything being changed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::TimedOut => true,
            Self::Refused { status, .. } => matches!(status, 408 | 425 | 429 | 500..=599),
            _ => false,
        }
    }

    pub(crate) fn from_body(status: u16, body: &[u8]) -> Self {
        let known: Option<ErrorBody> = serde_json::from_slice(body).ok();
        let (message, code) = known.map_or_else(
            || (format!("HTTP status {status}"), String::new()),
            |body| (body.error, body.code),
        );
        Self::Refused {
            status,
            code: code.chars().take(64).collect(),
            message: message.chars().take(500).collect(),
        }
    }
}

impl From<reqwest::Error> for ApiError {
    fn from(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if let Some(message) = tls::certificate_refusal(&error) {
            return Self::WrongCertificate { message };
        }
        if error.is_timeout() {
            return Self::TimedOut;
        }
        Self::Unreachable {
            message: innermost(&error),
        }
    }
}

/// The words of the error that caused all others: "connection refused" says more
/// than "error sending request".
pub(crate) fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(cause) = tls::cause(innermost) {
        innermost = cause;
    }
    innermost.to_string()
}
