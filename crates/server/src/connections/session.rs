//! The task of one connection: reads it, and writes what its socket did not take at once.

use std::cell::RefCell;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::protocol::frame::coding::Control;
use tokio_util::sync::CancellationToken;

use super::ConnectionLimits;
use super::census::Place;
use super::connection::Connection;
use super::incoming::{Incoming, Reader, control_frame};
use super::pace::Pace;
use crate::clock::ServerClock;
use crate::metrics::METRICS;
use crate::room::Input;
use crate::rooms::RoomInlet;

/// All connections of a thread are read through this one buffer, bytes.
const READ_BYTES: usize = 64 * 1024;
/// TLS streams are read through their own, bytes.
const TLS_READ_BYTES: usize = 4 * 1024;
/// TLS streams are written in pieces of this size (that of a TLS record), bytes.
const TLS_WRITE_BYTES: usize = 16 * 1024;
/// After a close frame the other side has so long to close.
const CLOSING: Duration = Duration::from_secs(2);

thread_local! {
    static READ_BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
}

/// Close code of a connection over a network that the host has closed: "policy".
const NETWORK_CLOSED: u16 = 1_008;
/// Close code of one who has left.
const NORMAL: u16 = 1_000;

/// What a connection's task works with.
pub(super) struct Session {
    pub(super) connection: Arc<Connection>,
    pub(super) inlet: RoomInlet,
    pub(super) limits: Arc<ConnectionLimits>,
    pub(super) clock: Arc<ServerClock>,
    /// The client must be heard at least this often.
    pub(super) silence: Duration,
    /// Among the connections that are counted, as long as this one is served.
    pub(super) _place: Place,
}

/// Why the reading ended.
enum Ended {
    /// The client has closed, with this code if it said one.
    ByClient(Option<u16>),
    /// The stream broke or ended.
    Broken,
    /// Nothing was heard for too long.
    Silent,
    /// The room is done with this connection, or the client broke a rule.
    ByServer,
    /// The host has closed the network over which it came: there is no coming back.
    NetworkClosed,
}

impl Session {
    /// Serves a plain stream, which the connection holds, until it is over. `early`
    /// came together with the handshake.
    pub(super) async fn serve_plain(self, early: Bytes) {
        let connection = self.connection.clone();
        let Some(stream) = connection.plain() else {
            return;
        };
        let heard = AtomicU64::new(self.clock.now_ms());
        let ended = tokio::select! {
            ended = self.read_plain(stream, early, &heard) => ended,
            () = self.write_plain(stream) => Ended::ByServer,
        };
        self.over(&ended, &heard).await;
        if matches!(ended, Ended::ByClient(_) | Ended::ByServer) {
            let _ = timeout(CLOSING, async {
                while stream.writable().await.is_ok() {
                    match connection.flush_blocked(stream) {
                        Ok(false) => {}
                        _ => break,
                    }
                }
                discard(stream).await;
            })
            .await;
        }
    }

    /// Serves any other stream until it is over, or until `network` is cancelled.
    pub(super) async fn serve_other<S: AsyncRead + AsyncWrite>(
        self,
        stream: S,
        network: Option<CancellationToken>,
    ) {
        let heard = AtomicU64::new(self.clock.now_ms());
        let (mut reading, mut writing) = tokio::io::split(stream);
        let ended = tokio::select! {
            ended = self.read_other(&mut reading, &heard) => ended,
            () = self.write_other(&mut writing) => Ended::ByServer,
            () = closed(network) => Ended::NetworkClosed,
        };
        self.over(&ended, &heard).await;
        if matches!(
            ended,
            Ended::ByClient(_) | Ended::ByServer | Ended::NetworkClosed
        ) {
            let _ = timeout(CLOSING, async {
                let mut piece = Vec::new();
                if self.write_piece(&mut writing, &mut piece).await.is_ok() {
                    let _ = writing.shutdown().await;
                }
            })
            .await;
        }
    }

    /// Tells the room, and the client where it can still be told.
    async fn over(&self, ended: &Ended, heard: &AtomicU64) {
        let now = self.clock.now_ms();
        let (code, heard_ms) = match ended {
            Ended::ByClient(code) => {
                self.connection.close(code.unwrap_or(1_000), "");
                (*code, now)
            }
            Ended::Broken | Ended::ByServer => (None, now),
            // To the room they have left: their places are not kept.
            Ended::NetworkClosed => {
                self.connection.close(
                    NETWORK_CLOSED,
                    "the host has closed this session to the network",
                );
                (Some(NORMAL), now)
            }
            Ended::Silent => {
                METRICS.silent.add(1);
                (None, heard.load(Ordering::Relaxed))
            }
        };
        let socket = self.connection.id;
        let input = Input::SocketClosed {
            socket,
            code,
            heard_ms,
        };
        self.inlet.send(input).await;
    }

    async fn read_plain(&self, stream: &TcpStream, early: Bytes, heard: &AtomicU64) -> Ended {
        let mut intake = Intake::new(self);
        if !early.is_empty() && intake.take(&mut early.to_vec()).is_err() {
            return Ended::ByServer;
        }
        drop(early);
        loop {
            if let Some(ended) = intake.forward().await {
                return ended;
            }
            match timeout(self.silence, stream.readable()).await {
                Err(_) => return Ended::Silent,
                Ok(Err(_)) => return Ended::Broken,
                Ok(Ok(())) => {}
            }
            let read = READ_BUFFER.with_borrow_mut(|buffer| {
                let count = stream.try_read(buffer)?;
                Ok::<_, io::Error>((count, intake.take(&mut buffer[..count])))
            });
            match read {
                Ok((0, _)) => return Ended::Broken,
                Ok((_, Ok(()))) => heard.store(self.clock.now_ms(), Ordering::Relaxed),
                Ok((_, Err(ended))) => return ended,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return Ended::Broken,
            }
        }
    }

    async fn read_other<R: AsyncRead + Unpin>(&self, stream: &mut R, heard: &AtomicU64) -> Ended {
        let mut intake = Intake::new(self);
        let mut buffer = vec![0; TLS_READ_BYTES];
        loop {
            if let Some(ended) = intake.forward().await {
                return ended;
            }
            match timeout(self.silence, stream.read(&mut buffer)).await {
                Err(_) => return Ended::Silent,
                Ok(Err(_) | Ok(0)) => return Ended::Broken,
                Ok(Ok(count)) => {
                    heard.store(self.clock.now_ms(), Ordering::Relaxed);
                    if let Err(ended) = intake.take(&mut buffer[..count]) {
                        return ended;
                    }
                }
            }
        }
    }

    /// Writes what the room could not; ends when the connection is to be closed.
    async fn write_plain(&self, stream: &TcpStream) {
        let connection = &self.connection;
        loop {
            connection.woken().await;
            while connection.is_blocked() || connection.is_closing() {
                match timeout(self.patience(), stream.writable()).await {
                    Err(_) if connection.is_closing() => return,
                    Err(_) => connection.close_stuck(),
                    Ok(Err(_)) => return,
                    Ok(Ok(())) => match connection.flush_blocked(stream) {
                        Ok(true) if connection.is_closing() => return,
                        Ok(_) => {}
                        Err(_) => return,
                    },
                }
            }
        }
    }

    async fn write_other<W: AsyncWrite + Unpin>(&self, stream: &mut W) {
        let connection = &self.connection;
        let mut piece = Vec::new();
        loop {
            connection.woken().await;
            while !connection.is_drained() {
                match timeout(self.patience(), self.write_piece(stream, &mut piece)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) => return,
                    Err(_) => {
                        // A piece of which an unknown part has left: only a break is left.
                        METRICS.slow_receivers.add(1);
                        return;
                    }
                }
            }
            if connection.is_closing() {
                return;
            }
        }
    }

    async fn write_piece<W: AsyncWrite + Unpin>(
        &self,
        stream: &mut W,
        piece: &mut Vec<u8>,
    ) -> io::Result<()> {
        piece.clear();
        self.connection.take_front(TLS_WRITE_BYTES, piece);
        stream.write_all(piece).await?;
        stream.flush().await
    }

    /// How long a receiver may take nothing.
    fn patience(&self) -> Duration {
        if self.connection.is_closing() {
            CLOSING
        } else {
            Duration::from_millis(self.limits.stuck_ms)
        }
    }
}

/// From bytes to the room.
struct Intake<'a> {
    session: &'a Session,
    reader: Reader,
    pace: Pace,
    started: Instant,
    messages: Vec<Incoming>,
}

impl<'a> Intake<'a> {
    fn new(session: &'a Session) -> Self {
        let limits = &session.limits;
        Self {
            session,
            reader: Reader::new(limits.message_bytes),
            pace: Pace::new(limits.messages_per_second, limits.message_burst, 0),
            started: Instant::now(),
            messages: Vec::new(),
        }
    }

    /// Reads bytes. A client that breaks the protocol is told so and closed.
    fn take(&mut self, bytes: &mut [u8]) -> Result<(), Ended> {
        self.reader
            .feed(bytes, &mut self.messages)
            .map_err(|violation| {
                METRICS.refusals.add(1);
                tracing::debug!(%violation, "a connection is closed");
                let reason = violation.to_string();
                self.session
                    .connection
                    .close(violation.close_code(), &reason);
                Ended::ByServer
            })
    }

    /// Hands on what was read. Ends with the connection.
    async fn forward(&mut self) -> Option<Ended> {
        if self.messages.is_empty() {
            return None;
        }
        let messages = std::mem::take(&mut self.messages);
        for message in messages {
            let now_us = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
            let wait_us = self.pace.wait_us(now_us);
            if wait_us > 0 {
                METRICS.slowed.add(1);
                tokio::time::sleep(Duration::from_micros(wait_us)).await;
            }
            let connection = &self.session.connection;
            match message {
                Incoming::Text(text) => {
                    METRICS.frames_in.add(1);
                    let socket = connection.id;
                    if !self.session.inlet.send(Input::Frame { socket, text }).await {
                        connection.close(1_001, "the room is closed");
                        return Some(Ended::ByServer);
                    }
                }
                Incoming::Ping(payload) => {
                    connection.push_control(control_frame(Control::Pong, &payload));
                    connection.flush();
                }
                Incoming::Pong => {}
                Incoming::Close(code) => return Some(Ended::ByClient(code)),
            }
        }
        None
    }
}

/// Until the network is closed over which a connection came; for ever without one.
async fn closed(network: Option<CancellationToken>) {
    match network {
        Some(network) => network.cancelled().await,
        None => std::future::pending().await,
    }
}

/// Reads until the other side closes, so that it gets our last frame.
async fn discard(stream: &TcpStream) {
    while stream.readable().await.is_ok() {
        let read = READ_BUFFER.with_borrow_mut(|buffer| stream.try_read(buffer));
        match read {
            Ok(0) => return,
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return,
            _ => {}
        }
    }
}
