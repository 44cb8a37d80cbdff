//! The signalling WebSockets: upgrade, limits, reading, writing.

mod census;
mod connection;
mod handshake;
mod incoming;
mod outbox;
mod pace;
mod session;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::routing::get;
use kulti_protocol::token::HmsKeys;

use crate::rooms::Rooms;

use census::Census;

pub(crate) use connection::Connection;

/// Limits of connections. All are settings of the server.
#[derive(Debug, Clone)]
pub struct ConnectionLimits {
    /// Bytes of one incoming message.
    pub message_bytes: usize,
    /// Incoming messages a second that one connection may send in the long run; a
    /// faster one is read more slowly.
    pub messages_per_second: u32,
    /// Messages that it may send at once beyond that.
    pub message_burst: u32,
    /// Connections of one user in one room.
    pub per_user: usize,
    /// Connections from one address.
    pub per_address: usize,
    /// Connections in all.
    pub total: usize,
    /// The WebSocket handshake must be done in this time, ms.
    pub handshake_ms: u64,
    /// Bytes that may wait for one receiver.
    pub outbox_bytes: usize,
    /// A receiver that took nothing for this long while something waits is closed, ms.
    pub stuck_ms: u64,
    /// Web origins that may connect (`https://kulti.dev`); empty: all. Clients
    /// outside of browsers send none and may connect.
    pub origins: Vec<String>,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            message_bytes: 256 * 1024,
            messages_per_second: 100,
            message_burst: 400,
            per_user: 20,
            per_address: 20_000,
            total: 50_000,
            handshake_ms: 10_000,
            outbox_bytes: 4 * 1024 * 1024,
            stuck_ms: 20_000,
            origins: Vec::new(),
        }
    }
}

/// Everything that a signalling connection needs. Cheap to clone.
#[derive(Clone)]
pub struct Signalling {
    rooms: Rooms,
    limits: Arc<ConnectionLimits>,
    keys: Arc<HmsKeys>,
    census: Census,
}

impl Signalling {
    /// Serves connections to `rooms`; tokens must be signed with this pair.
    #[must_use]
    pub fn new(rooms: Rooms, limits: ConnectionLimits, access_key: &str, secret: &str) -> Self {
        Self {
            rooms,
            limits: Arc::new(limits),
            keys: Arc::new(HmsKeys {
                access_key: access_key.to_owned(),
                secret: secret.to_owned(),
            }),
            census: Census::default(),
        }
    }

    /// `GET /ws?peer=…&token=…`. Requests should have an
    /// `axum::extract::ConnectInfo<SocketAddr>` among their extensions, and must be
    /// served by `hyper::server::conn::http1` with upgrades, over `TokioIo<TcpStream>`
    /// for the fast path without TLS.
    pub fn router(self) -> Router {
        Router::new()
            .route(
                "/ws",
                get(async |State(signalling): State<Self>, request: Request| {
                    signalling.accept(request)
                }),
            )
            .with_state(self)
    }
}
