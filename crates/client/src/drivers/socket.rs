//! An open signalling socket: reads frames, and writes without ever waiting.

use std::{
    collections::VecDeque,
    future::poll_fn,
    task::{Context, Poll},
};

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use super::transport::ByteStream;

/// A WebSocket with a queue of frames to send. One `poll` drives both directions,
/// so that a peer that does not read cannot keep us from reading.
pub(crate) struct Socket {
    stream: WebSocketStream<Box<dyn ByteStream>>,
    outgoing: VecDeque<Message>,
    queued_bytes: usize,
    unflushed: bool,
    closing: bool,
}

/// What a socket tells.
#[derive(Debug)]
pub(crate) enum SocketEvent {
    /// A text frame came.
    Frame(String),
    /// It is closed or broken, in words for the log. Nothing follows.
    Closed(String),
}

impl Socket {
    /// How much may wait to be sent. Far beyond what a person and a store produce
    /// before silence is noticed: more means a dead connection.
    const QUEUE_LIMIT: usize = 4 << 20;

    pub(crate) fn new(stream: WebSocketStream<Box<dyn ByteStream>>) -> Self {
        Self {
            stream,
            outgoing: VecDeque::new(),
            queued_bytes: 0,
            unflushed: false,
            closing: false,
        }
    }

    /// Queues a text frame; [`Self::next`] sends it.
    pub(crate) fn send(&mut self, text: String) {
        self.queued_bytes += text.len();
        self.outgoing.push_back(Message::text(text));
    }

    /// Queues the close frame of a normal end, once.
    pub(crate) fn close(&mut self) {
        if std::mem::replace(&mut self.closing, true) {
            return;
        }
        self.outgoing.push_back(Message::Close(Some(CloseFrame {
            code: CloseCode::Normal,
            reason: "Normal Close".into(),
        })));
    }

    /// Whether [`Self::close`] was called.
    pub(crate) fn is_closing(&self) -> bool {
        self.closing
    }

    /// Sends what is queued and waits for the next event. Cancel-safe.
    pub(crate) async fn next(&mut self) -> SocketEvent {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<SocketEvent> {
        if self.queued_bytes > Self::QUEUE_LIMIT {
            let reason = "the server takes no more frames".to_owned();
            return Poll::Ready(SocketEvent::Closed(reason));
        }
        loop {
            if let Err(error) = self.write(cx) {
                return Poll::Ready(closed(&error));
            }
            let message = match self.stream.poll_next_unpin(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(closed(&Error::ConnectionClosed)),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(closed(&error)),
                Poll::Ready(Some(Ok(message))) => message,
            };
            match message {
                Message::Text(text) => {
                    return Poll::Ready(SocketEvent::Frame(text.as_str().to_owned()));
                }
                // The answer to a ping is queued in the stream: flush it.
                Message::Ping(_) => self.unflushed = true,
                Message::Close(frame) => {
                    let reason = frame.map_or_else(
                        || "closed by the server".to_owned(),
                        |f| format!("closed by the server: {} {}", f.code, f.reason),
                    );
                    return Poll::Ready(SocketEvent::Closed(reason));
                }
                Message::Binary(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }

    /// Hands all queued frames to the stream and flushes once: one system call.
    fn write(&mut self, cx: &mut Context<'_>) -> Result<(), Error> {
        while !self.outgoing.is_empty() {
            match self.stream.poll_ready_unpin(cx) {
                Poll::Pending => return Ok(()),
                Poll::Ready(ready) => ready?,
            }
            if let Some(message) = self.outgoing.pop_front() {
                self.queued_bytes = self.queued_bytes.saturating_sub(message.len());
                self.stream.start_send_unpin(message)?;
                self.unflushed = true;
            }
        }
        if self.unflushed && self.stream.poll_flush_unpin(cx)?.is_ready() {
            self.unflushed = false;
        }
        Ok(())
    }
}

fn closed(error: &Error) -> SocketEvent {
    SocketEvent::Closed(match error {
        Error::ConnectionClosed | Error::AlreadyClosed => "closed by the server".to_owned(),
        // Not the others' `Display`: it could hold the address, which holds the token.
        Error::Io(error) => error.to_string(),
        Error::Protocol(error) => error.to_string(),
        Error::Capacity(error) => error.to_string(),
        _ => "the WebSocket broke".to_owned(),
    })
}
