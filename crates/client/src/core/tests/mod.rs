//! Whole cores in virtual time, each at its socket to an in-memory room that speaks
//! the protocol frame by frame.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod connection;
mod diagnostics;
mod disorder;
mod fake_notices;
mod fake_room;
mod fixtures;
mod journal;
mod leaving;
mod people;
mod stage;
mod store;
mod talk;
mod viewers;
mod watch;
mod world;
