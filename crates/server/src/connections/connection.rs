//! One connection, as its room and its own task share it.
//!
//! The room writes to the socket itself: no task is woken for a receiver that keeps
//! up. What a socket does not take at once waits in the outbox, and the connection's
//! own task writes it when there is room again.

use std::io::{self, IoSlice};
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::incoming::close_frame;
use super::outbox::{GATHERED, Outbox};
use crate::metrics::METRICS;
use crate::room::{Class, Frame, SocketId};

/// Close code of a receiver that is too slow: "try again later".
const TOO_SLOW: u16 = 1_013;

/// A WebSocket to one client.
pub(crate) struct Connection {
    pub(crate) id: SocketId,
    /// The stream itself where it is a plain one; with TLS only the task can write.
    plain: Option<TcpStream>,
    outbox: Mutex<Outbox>,
    outbox_bytes: usize,
    /// Whether the task has to write what waits.
    blocked: AtomicBool,
    /// Whether a close frame was put in the outbox: nothing follows it.
    closing: AtomicBool,
    wake: Notify,
}

impl Connection {
    pub(super) fn new(id: SocketId, plain: Option<TcpStream>, outbox_bytes: usize) -> Self {
        Self {
            id,
            plain,
            outbox: Mutex::default(),
            outbox_bytes,
            blocked: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            wake: Notify::new(),
        }
    }

    pub(super) fn plain(&self) -> Option<&TcpStream> {
        self.plain.as_ref()
    }

    /// Puts a frame in the outbox; [`Connection::flush`] is due after it.
    pub(crate) fn push(&self, frame: &Frame, class: &Class) {
        if self.is_closing() {
            return;
        }
        let mut outbox = self.outbox.lock();
        if outbox.push(frame, class) {
            METRICS.values_replaced.add(1);
        }
        self.check_size(&mut outbox);
    }

    fn check_size(&self, outbox: &mut Outbox) {
        if outbox.bytes() > self.outbox_bytes && self.blocked.load(Ordering::Relaxed) {
            self.give_up(outbox);
        }
    }

    /// As [`Connection::push`], for frames whose bytes stand behind one another.
    pub(crate) fn push_shared(&self, bytes: Bytes) {
        if self.is_closing() {
            return;
        }
        let mut outbox = self.outbox.lock();
        outbox.push_whole(bytes);
        self.check_size(&mut outbox);
    }

    /// Answers a ping.
    pub(super) fn push_control(&self, bytes: Bytes) {
        if !self.is_closing() {
            self.outbox.lock().push_whole(bytes);
        }
    }

    /// Closes after what waits has been written.
    pub(crate) fn close(&self, code: u16, reason: &str) {
        if !self.closing.swap(true, Ordering::AcqRel) {
            self.outbox.lock().push_whole(close_frame(code, reason));
        }
        self.wake.notify_one();
    }

    /// The receiver takes nothing: it will find the right state when it comes back.
    fn give_up(&self, outbox: &mut Outbox) {
        if !self.closing.swap(true, Ordering::AcqRel) {
            METRICS.slow_receivers.add(1);
            outbox.drop_unwritten();
            outbox.push_whole(close_frame(TOO_SLOW, "this connection is too slow"));
        }
        self.wake.notify_one();
    }

    /// [`Connection::close`] for a receiver that has taken nothing for too long.
    pub(super) fn close_stuck(&self) {
        self.give_up(&mut self.outbox.lock());
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// Writes what the socket takes. What it does not take is left to the task.
    pub(crate) fn flush(&self) {
        let Some(stream) = &self.plain else {
            self.wake.notify_one();
            return;
        };
        if self.blocked.load(Ordering::Acquire) {
            return;
        }
        let mut outbox = self.outbox.lock();
        if write_out(stream, &mut outbox).is_err() || !outbox.is_empty() {
            self.blocked.store(true, Ordering::Release);
            drop(outbox);
            self.wake.notify_one();
        }
    }

    /// As [`Connection::flush`], by the task, once the socket is writable again.
    /// True if everything has left.
    pub(super) fn flush_blocked(&self, stream: &TcpStream) -> io::Result<bool> {
        let mut outbox = self.outbox.lock();
        write_out(stream, &mut outbox)?;
        if outbox.is_empty() {
            self.blocked.store(false, Ordering::Release);
            return Ok(true);
        }
        Ok(false)
    }

    pub(super) fn is_blocked(&self) -> bool {
        self.blocked.load(Ordering::Acquire)
    }

    /// Whether nothing waits.
    pub(super) fn is_drained(&self) -> bool {
        self.outbox.lock().is_empty()
    }

    /// Until the room or the reader has something for the task to do.
    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Takes the bytes that come first, for streams that the task writes.
    pub(super) fn take_front(&self, limit: usize, into: &mut Vec<u8>) {
        let mut outbox = self.outbox.lock();
        outbox.take_front(limit, into);
        // As long as it takes more than one write, the outbox counts as blocked.
        self.blocked.store(!outbox.is_empty(), Ordering::Release);
        METRICS.bytes_out.add(into.len() as u64);
    }
}

/// Writes until nothing waits or the socket is full.
fn write_out(stream: &TcpStream, outbox: &mut Outbox) -> io::Result<()> {
    while !outbox.is_empty() {
        let mut slices = [IoSlice::new(&[]); GATHERED];
        let count = outbox.gather(&mut slices);
        let written = match &slices[..count] {
            [one] => stream.try_write(one),
            many => stream.try_write_vectored(many),
        };
        match written {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                METRICS.bytes_out.add(written as u64);
                outbox.advance(written);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
