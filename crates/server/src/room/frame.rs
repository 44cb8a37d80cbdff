//! Frames to clients, encoded once and shared by all their receivers.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use kulti_protocol::signalling::{RpcError, code};
use serde::Serialize;

/// Longest header of an unmasked WebSocket frame.
const HEADER_BYTES: usize = 10;
/// FIN and the opcode of text.
const FINAL_TEXT: u8 = 0x81;

/// One JSON message as a complete WebSocket text frame. Servers do not mask, so the
/// same bytes go to everybody; a clone shares them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    parts: Parts,
}

/// The bytes of a frame, header included.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Parts {
    One(Bytes),
    /// In order. Frames that differ little share most of their parts.
    Many(Arc<[Bytes]>),
}

#[derive(Serialize)]
struct NotificationOut<'a, P> {
    method: &'a str,
    params: &'a P,
}

#[derive(Serialize)]
struct ResponseOut<'a, R> {
    id: &'a str,
    result: &'a R,
    jsonrpc: &'a str,
}

#[derive(Serialize)]
struct RefusalOut<'a> {
    id: &'a str,
    error: &'a RpcError,
    jsonrpc: &'a str,
}

impl Frame {
    /// A notification: a method and params, never an id.
    #[must_use]
    pub fn notification<P: Serialize>(method: &str, params: &P) -> Self {
        Self::encode(&NotificationOut { method, params })
    }

    /// A response. `result` must become a JSON object: the SDK takes falsy results
    /// for errors.
    #[must_use]
    pub fn response<R: Serialize>(id: &str, result: &R) -> Self {
        Self::encode(&ResponseOut {
            id,
            result,
            jsonrpc: kulti_protocol::signalling::JSONRPC,
        })
    }

    /// A response, if an id wants one.
    #[must_use]
    pub(super) fn response_if<R: Serialize>(id: Option<&str>, result: &R) -> Option<Self> {
        id.map(|id| Self::response(id, result))
    }

    /// A response that refuses.
    #[must_use]
    pub fn refusal(id: &str, error: &RpcError) -> Self {
        Self::encode(&RefusalOut {
            id,
            error,
            jsonrpc: kulti_protocol::signalling::JSONRPC,
        })
    }

    /// Encodes a message. Our types always can be; if one could not, the receiver
    /// is told so instead, and the log says which.
    fn encode<T: Serialize>(message: &T) -> Self {
        let mut wire = Vec::with_capacity(256);
        wire.resize(HEADER_BYTES, 0);
        if let Err(error) = serde_json::to_writer(&mut wire, message) {
            tracing::error!(%error, message = std::any::type_name::<T>(), "a message cannot be encoded");
            wire.truncate(HEADER_BYTES);
            wire.extend_from_slice(
                format!(
                    r#"{{"method":"on-warning","params":{{"code":{},"message":"a message was lost by a fault of the server"}}}}"#,
                    code::FAULT
                )
                .as_bytes(),
            );
        }
        Self::with_header(wire)
    }

    /// A frame of text in parts, which other frames may share.
    pub(crate) fn of_parts(text: impl IntoIterator<Item = Bytes>) -> Self {
        let mut parts = vec![Bytes::new()];
        parts.extend(text);
        let (header, len) = header(parts.iter().map(Bytes::len).sum());
        parts[0] = Bytes::copy_from_slice(&header[HEADER_BYTES - len..]);
        Self {
            parts: Parts::Many(parts.into()),
        }
    }

    /// Writes the header right before the text, in the room left for it.
    fn with_header(mut wire: Vec<u8>) -> Self {
        let (header, len) = header(wire.len() - HEADER_BYTES);
        let start = HEADER_BYTES - len;
        wire[start..HEADER_BYTES].copy_from_slice(&header[start..]);
        Self {
            parts: Parts::One(Bytes::from(wire).slice(start..)),
        }
    }

    /// The bytes for the socket, header included, in order.
    #[must_use]
    pub fn parts(&self) -> &[Bytes] {
        match &self.parts {
            Parts::One(wire) => std::slice::from_ref(wire),
            Parts::Many(parts) => parts,
        }
    }

    /// How many bytes go to the socket.
    #[must_use]
    pub fn wire_len(&self) -> usize {
        self.parts().iter().map(Bytes::len).sum()
    }

    /// The JSON text.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        let header_len = match self.parts()[0].get(1) {
            Some(127) => HEADER_BYTES,
            Some(126) => 4,
            _ => 2,
        };
        match self.parts() {
            [wire] => String::from_utf8_lossy(&wire[header_len..]),
            parts => String::from_utf8_lossy(&parts[1..].concat())
                .into_owned()
                .into(),
        }
    }
}

/// The header of a text frame, at the end of the array, and its length.
fn header(text_len: usize) -> ([u8; HEADER_BYTES], usize) {
    let mut header = [0u8; HEADER_BYTES];
    let len = match (u8::try_from(text_len), u16::try_from(text_len)) {
        (Ok(short @ 0..=125), _) => {
            header[9] = short;
            2
        }
        (_, Ok(medium)) => {
            header[7] = 126;
            header[8..].copy_from_slice(&medium.to_be_bytes());
            4
        }
        _ => {
            header[1] = 127;
            header[2..].copy_from_slice(&(text_len as u64).to_be_bytes());
            HEADER_BYTES
        }
    };
    header[HEADER_BYTES - len] = FINAL_TEXT;
    (header, len)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::Value;

    #[test]
    fn a_frame_is_what_a_websocket_library_reads() {
        use std::io::Cursor;
        use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
        for len in [
            0usize, 1, 80, 90, 100, 125, 126, 127, 60_000, 65_530, 70_000,
        ] {
            let params = "x".repeat(len);
            let frame = Frame::notification("m", &params);
            let text = frame.text().into_owned().into_bytes();
            let in_parts = Frame::of_parts(text.chunks(1_000).map(Bytes::copy_from_slice));
            for frame in [frame, in_parts] {
                let wire = frame.parts().concat();
                let mut cursor = Cursor::new(&wire);
                let (header, payload) = FrameHeader::parse(&mut cursor).unwrap().unwrap();
                assert!(header.is_final && header.mask.is_none());
                assert_eq!(payload as usize, frame.text().len());
                assert_eq!(cursor.position() + payload, frame.wire_len() as u64);
                let json: Value = serde_json::from_str(&frame.text()).unwrap();
                assert_eq!(json["params"], Value::String(params.clone()));
            }
        }
    }

    #[test]
    fn envelopes_have_the_members_that_the_sdk_expects() {
        let note = Frame::notification("on-x", &1);
        assert_eq!(note.text(), r#"{"method":"on-x","params":1}"#);
        let answer = Frame::response("7", &serde_json::json!({}));
        assert_eq!(answer.text(), r#"{"id":"7","result":{},"jsonrpc":"2.0"}"#);
        let refusal = Frame::refusal("7", &RpcError::new(400, "no"));
        assert_eq!(
            refusal.text(),
            r#"{"id":"7","error":{"code":400,"message":"no"},"jsonrpc":"2.0"}"#
        );
    }
}
