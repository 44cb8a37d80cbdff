//! Reading WebSocket frames: bytes in, messages out, no IO.
//!
//! Headers are parsed by tungstenite; the rest is done here, because the libraries
//! keep a read buffer for each connection (tungstenite 128 KiB unless told otherwise),
//! while here all connections of a thread share one and a connection owns memory only
//! while a frame of it is incomplete.

use std::io::Cursor;

use bytes::Bytes;
use thiserror::Error;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

/// Payload of a control frame at most.
const CONTROL_BYTES: u64 = 125;
/// An emptied buffer larger than this is given back.
const SPARE: usize = 1_024;

/// Something whole that a client sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Incoming {
    /// A text message.
    Text(String),
    /// To be answered with the same payload.
    Ping(Bytes),
    /// Nothing but a sign of life.
    Pong,
    /// The client closes, with this code if it said one.
    Close(Option<u16>),
}

/// Why a connection cannot be read further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum Violation {
    /// Against the WebSocket protocol.
    #[error("the WebSocket protocol was broken")]
    Protocol,
    /// Larger than allowed.
    #[error("the message is too large")]
    TooLarge,
    /// Text that is no UTF-8.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// Not text.
    #[error("binary messages are not understood")]
    Binary,
}

impl Violation {
    /// The close code that says so.
    pub(super) fn close_code(self) -> u16 {
        match self {
            Self::Protocol => 1_002,
            Self::Binary => 1_003,
            Self::NotUtf8 => 1_007,
            Self::TooLarge => 1_009,
        }
    }
}

/// One client's stream.
#[derive(Debug)]
pub(super) struct Reader {
    limit: usize,
    /// The beginning of a frame whose end has not come.
    partial: Vec<u8>,
    /// The payload so far of a message in several frames.
    message: Option<Vec<u8>>,
    closed: bool,
}

impl Reader {
    /// Messages may have `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            partial: Vec::new(),
            message: None,
            closed: false,
        }
    }

    /// Reads what has come and appends what is whole. `input` is unmasked in place.
    /// After an error or a close nothing more is read.
    pub(super) fn feed(
        &mut self,
        input: &mut [u8],
        messages: &mut Vec<Incoming>,
    ) -> Result<(), Violation> {
        if self.partial.is_empty() {
            let used = self.frames(input, messages)?;
            if !self.closed {
                self.partial.extend_from_slice(&input[used..]);
            }
            return Ok(());
        }
        let mut pending = std::mem::take(&mut self.partial);
        pending.extend_from_slice(input);
        let used = self.frames(&mut pending, messages)?;
        if self.closed || used == pending.len() {
            pending.clear();
            pending.shrink_to(SPARE);
        } else {
            pending.drain(..used);
        }
        self.partial = pending;
        Ok(())
    }

    /// Reads whole frames and tells how many bytes they had.
    fn frames(
        &mut self,
        input: &mut [u8],
        messages: &mut Vec<Incoming>,
    ) -> Result<usize, Violation> {
        let mut used = 0;
        while !self.closed {
            let mut cursor = Cursor::new(&input[used..]);
            let Some((header, len)) =
                FrameHeader::parse(&mut cursor).map_err(|_| Violation::Protocol)?
            else {
                break;
            };
            let start = used + usize::try_from(cursor.position()).unwrap_or(usize::MAX);
            self.check(&header, len)?;
            let end = start + usize::try_from(len).map_err(|_| Violation::TooLarge)?;
            if input.len() < end {
                break;
            }
            let mask = header.mask.ok_or(Violation::Protocol)?;
            let payload = &mut input[start..end];
            unmask(payload, mask);
            self.frame(&header, payload, messages)?;
            used = end;
        }
        Ok(used)
    }

    /// What can be refused before the payload has come.
    fn check(&self, header: &FrameHeader, len: u64) -> Result<(), Violation> {
        if header.rsv1 || header.rsv2 || header.rsv3 || header.mask.is_none() {
            return Err(Violation::Protocol);
        }
        match header.opcode {
            OpCode::Control(_) if !header.is_final || len > CONTROL_BYTES => {
                Err(Violation::Protocol)
            }
            OpCode::Control(_) => Ok(()),
            OpCode::Data(Data::Binary) => Err(Violation::Binary),
            OpCode::Data(_) => {
                let so_far = self.message.as_ref().map_or(0, Vec::len) as u64;
                if so_far.saturating_add(len) > self.limit as u64 {
                    return Err(Violation::TooLarge);
                }
                Ok(())
            }
        }
    }

    fn frame(
        &mut self,
        header: &FrameHeader,
        payload: &[u8],
        messages: &mut Vec<Incoming>,
    ) -> Result<(), Violation> {
        match header.opcode {
            OpCode::Data(Data::Text) => {
                if self.message.is_some() {
                    return Err(Violation::Protocol); // the last one is not complete
                }
                if header.is_final {
                    messages.push(Incoming::Text(text(payload.to_vec())?));
                } else {
                    self.message = Some(payload.to_vec());
                }
            }
            OpCode::Data(Data::Continue) => {
                let mut message = self.message.take().ok_or(Violation::Protocol)?;
                message.extend_from_slice(payload);
                if header.is_final {
                    messages.push(Incoming::Text(text(message)?));
                } else {
                    self.message = Some(message);
                }
            }
            OpCode::Data(_) => return Err(Violation::Binary),
            OpCode::Control(Control::Ping) => {
                messages.push(Incoming::Ping(Bytes::copy_from_slice(payload)));
            }
            OpCode::Control(Control::Pong) => messages.push(Incoming::Pong),
            OpCode::Control(Control::Close) => {
                self.closed = true;
                let code = match payload {
                    [] => None,
                    [high, low, reason @ ..] if std::str::from_utf8(reason).is_ok() => {
                        Some(u16::from_be_bytes([*high, *low]))
                    }
                    _ => return Err(Violation::Protocol),
                };
                messages.push(Incoming::Close(code));
            }
            OpCode::Control(Control::Reserved(_)) => return Err(Violation::Protocol),
        }
        Ok(())
    }
}

fn text(payload: Vec<u8>) -> Result<String, Violation> {
    String::from_utf8(payload).map_err(|_| Violation::NotUtf8)
}

fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    // Eight bytes at a time: the compiler makes vector code of it.
    let [a, b, c, d] = mask;
    let wide = [a, b, c, d, a, b, c, d];
    let mut chunks = payload.chunks_exact_mut(8);
    for chunk in &mut chunks {
        for (byte, key) in chunk.iter_mut().zip(wide) {
            *byte ^= key;
        }
    }
    for (byte, key) in chunks.into_remainder().iter_mut().zip(wide) {
        *byte ^= key;
    }
}

/// A control frame of the server.
pub(super) fn control_frame(control: Control, payload: &[u8]) -> Bytes {
    let payload = &payload[..payload.len().min(CONTROL_BYTES as usize)];
    let mut frame = Vec::with_capacity(2 + payload.len());
    frame.push(0x80 | u8::from(OpCode::Control(control)));
    frame.push(payload.len() as u8); // at most 125
    frame.extend_from_slice(payload);
    frame.into()
}

/// A close frame with a code and a reason.
pub(super) fn close_frame(code: u16, reason: &str) -> Bytes {
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend_from_slice(reason.as_bytes());
    control_frame(Control::Close, &payload)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn client_frame(is_final: bool, opcode: OpCode, payload: &[u8]) -> Vec<u8> {
        let header = FrameHeader {
            is_final,
            opcode,
            mask: Some([1, 2, 3, 250]),
            ..FrameHeader::default()
        };
        let mut bytes = Vec::new();
        header.format(payload.len() as u64, &mut bytes).unwrap();
        let mut masked = payload.to_vec();
        unmask(&mut masked, [1, 2, 3, 250]);
        bytes.extend_from_slice(&masked);
        bytes
    }

    fn read(limit: usize, pieces: &[&[u8]]) -> Result<Vec<Incoming>, Violation> {
        let mut reader = Reader::new(limit);
        let mut messages = Vec::new();
        for piece in pieces {
            reader.feed(&mut piece.to_vec(), &mut messages)?;
        }
        Ok(messages)
    }

    const TEXT: OpCode = OpCode::Data(Data::Text);
    const MORE: OpCode = OpCode::Data(Data::Continue);

    proptest! {
        /// However a stream is cut into reads and a message into frames, with control
        /// frames between them: the same messages come out.
        #[test]
        fn messages_do_not_depend_on_where_the_stream_is_cut(
            texts in prop::collection::vec("\\PC{0,300}", 1..8),
            frame_len in 1usize..200,
            read_len in 1usize..300,
        ) {
            let mut stream = Vec::new();
            let mut expected = Vec::new();
            for text in &texts {
                let parts: Vec<&[u8]> = match text.as_bytes() {
                    [] => vec![&[]],
                    bytes => bytes.chunks(frame_len).collect(),
                };
                for (i, part) in parts.iter().enumerate() {
                    let opcode = if i == 0 { TEXT } else { MORE };
                    stream.extend(client_frame(i + 1 == parts.len(), opcode, part));
                    if i + 1 < parts.len() {
                        stream.extend(client_frame(true, OpCode::Control(Control::Ping), b"p"));
                        expected.push(Incoming::Ping(Bytes::from_static(b"p")));
                    }
                }
                expected.push(Incoming::Text(text.clone()));
            }
            let pieces: Vec<&[u8]> = stream.chunks(read_len).collect();
            prop_assert_eq!(read(10_000, &pieces).unwrap(), expected);
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), cut in 1usize..50) {
            let pieces: Vec<&[u8]> = bytes.chunks(cut).collect();
            let _ = read(1_000, &pieces);
        }
    }

    #[test]
    fn violations_are_told_apart() {
        let long = client_frame(true, TEXT, &[b'x'; 101]);
        assert_eq!(
            read(100, &[&long[..6]]),
            Err(Violation::TooLarge),
            "before it has come"
        );
        let binary = client_frame(true, OpCode::Data(Data::Binary), b"x");
        assert_eq!(read(100, &[&binary]), Err(Violation::Binary));
        let invalid = client_frame(true, TEXT, &[0xff]);
        assert_eq!(read(100, &[&invalid]), Err(Violation::NotUtf8));
        let stray = client_frame(true, MORE, b"x");
        assert_eq!(read(100, &[&stray]), Err(Violation::Protocol));
        let unmasked = [0x81, 1, b'x'];
        assert_eq!(read(100, &[&unmasked]), Err(Violation::Protocol));
        let one = client_frame(false, TEXT, &[b'x'; 60]);
        let two = client_frame(true, MORE, &[b'x'; 60]);
        assert_eq!(
            read(100, &[&one, &two]),
            Err(Violation::TooLarge),
            "in parts"
        );
    }

    #[test]
    fn nothing_is_read_after_a_close() {
        let mut stream = client_frame(true, OpCode::Control(Control::Close), &[3, 232]);
        stream.extend(client_frame(true, TEXT, b"x"));
        assert_eq!(
            read(100, &[&stream]),
            Ok(vec![Incoming::Close(Some(1_000))])
        );
    }

    #[test]
    fn an_idle_connection_owns_no_buffer() {
        let mut reader = Reader::new(100_000);
        let mut messages = Vec::new();
        let frame = client_frame(true, TEXT, &[b'x'; 50_000]);
        for piece in frame.chunks(1_000) {
            reader.feed(&mut piece.to_vec(), &mut messages).unwrap();
        }
        assert_eq!(messages.len(), 1);
        assert!(reader.partial.capacity() <= SPARE);
    }
}
