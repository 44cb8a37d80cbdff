//! Rooms over real sockets, with a WebSocket library of its own as the client.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub
)]

#[path = "signalling/client.rs"]
mod client;
#[path = "signalling/limits.rs"]
mod limits;
#[path = "signalling/poll_race.rs"]
mod poll_race;
#[path = "signalling/returning.rs"]
mod returning;
#[path = "signalling/server.rs"]
mod server;
#[path = "signalling/session.rs"]
mod session;
