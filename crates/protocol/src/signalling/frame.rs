//! Envelopes: requests, responses and notifications.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::RpcError;

/// The `jsonrpc` member of requests.
pub const JSONRPC: &str = "2.0";

/// Why a frame cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// It is no JSON object of the right form.
    #[error("the frame is not a JSON object of the protocol: {0}")]
    Json(#[from] serde_json::Error),
    /// It has neither a method nor an id.
    #[error("the frame has neither a method nor an id")]
    Shapeless,
}

/// What a client sent, its params still unread.
#[derive(Debug, Clone)]
pub struct ClientFrame {
    /// The method.
    pub method: String,
    /// Present in requests, absent in notifications.
    pub id: Option<String>,
    /// `{}` where there were none.
    pub params: Value,
}

impl ClientFrame {
    /// Reads a frame.
    ///
    /// # Errors
    /// [`FrameError`] for anything but an object with a method. Numeric ids are
    /// taken as their text.
    pub fn parse(text: &str) -> Result<Self, FrameError> {
        #[derive(Deserialize)]
        struct Raw {
            method: Option<String>,
            #[serde(default)]
            id: Value,
            #[serde(default)]
            params: Value,
        }
        let raw: Raw = serde_json::from_str(text)?;
        Ok(Self {
            method: raw.method.ok_or(FrameError::Shapeless)?,
            id: id_text(raw.id),
            params: match raw.params {
                Value::Null => Value::Object(serde_json::Map::new()),
                params => params,
            },
        })
    }
}

/// What the server sent, the body still unread.
#[derive(Debug, Clone)]
pub enum ServerFrame {
    /// The answer to a request.
    Response {
        /// The request's id.
        id: String,
        /// Its outcome.
        result: Result<Value, RpcError>,
    },
    /// Something that happened.
    Notification {
        /// Its method.
        method: String,
        /// Its params; `null` where there were none.
        params: Value,
    },
}

impl ServerFrame {
    /// Reads a frame.
    ///
    /// # Errors
    /// [`FrameError`] for anything else than a response or a notification. Numeric ids
    /// are taken as their text. An error of another form than ours is still an error,
    /// with code 0: a request must not wait for ever for an answer that has come.
    pub fn parse(text: &str) -> Result<Self, FrameError> {
        #[derive(Deserialize)]
        struct Raw {
            #[serde(default)]
            id: Value,
            method: Option<String>,
            #[serde(default)]
            params: Value,
            #[serde(default)]
            result: Value,
            #[serde(default)]
            error: Value,
        }
        let raw: Raw = serde_json::from_str(text)?;
        match (id_text(raw.id), raw.method) {
            (Some(id), _) => Ok(Self::Response {
                id,
                result: outcome(raw.result, raw.error),
            }),
            (None, Some(method)) => Ok(Self::Notification {
                method,
                params: raw.params,
            }),
            (None, None) => Err(FrameError::Shapeless),
        }
    }
}

fn id_text(id: Value) -> Option<String> {
    match id {
        Value::String(id) => Some(id),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

fn outcome(result: Value, error: Value) -> Result<Value, RpcError> {
    match error {
        Value::Null => Ok(result),
        Value::String(message) => Err(RpcError { code: 0, message }),
        error => Err(RpcError::deserialize(&error).unwrap_or_else(|_| RpcError {
            code: 0,
            message: error.to_string(),
        })),
    }
}

#[derive(Serialize)]
struct RequestOut<'a, P> {
    method: &'a str,
    params: P,
    id: &'a str,
    jsonrpc: &'a str,
}

/// A request as the SDK writes it.
///
/// # Errors
/// If `params` cannot be written as JSON.
pub fn request<P: Serialize>(id: &str, method: &str, params: P) -> Result<String, FrameError> {
    Ok(serde_json::to_string(&RequestOut {
        method,
        params,
        id,
        jsonrpc: JSONRPC,
    })?)
}

#[derive(Serialize)]
struct NotificationOut<'a, P> {
    method: &'a str,
    params: P,
}

/// A notification, in either direction: never with an id.
///
/// # Errors
/// If `params` cannot be written as JSON.
pub fn notification<P: Serialize>(method: &str, params: P) -> Result<String, FrameError> {
    Ok(serde_json::to_string(&NotificationOut { method, params })?)
}

#[derive(Serialize)]
struct ResponseOut<'a, R> {
    id: &'a str,
    result: R,
    jsonrpc: &'a str,
}

/// A response. `result` must be a JSON object: the SDK takes falsy results for errors.
///
/// # Errors
/// If `result` cannot be written as JSON.
pub fn response_ok<R: Serialize>(id: &str, result: R) -> Result<String, FrameError> {
    Ok(serde_json::to_string(&ResponseOut {
        id,
        result,
        jsonrpc: JSONRPC,
    })?)
}

#[derive(Serialize)]
struct ErrorOut<'a> {
    id: &'a str,
    error: &'a RpcError,
    jsonrpc: &'a str,
}

/// A response that refuses.
///
/// # Errors
/// Never in practice: ids and errors are plain text.
pub fn response_error(id: &str, error: &RpcError) -> Result<String, FrameError> {
    Ok(serde_json::to_string(&ErrorOut {
        id,
        error,
        jsonrpc: JSONRPC,
    })?)
}
