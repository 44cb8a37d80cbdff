//! Whole cores in virtual time, each at its socket to an in-memory room that speaks
//! the protocol frame by frame.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod chat;
mod connection;
mod diagnostics;
mod disorder;
mod fake_media;
mod fake_notices;
mod fake_polls;
mod fake_room;
mod fake_talk;
mod fixtures;
mod hosting;
mod journal;
mod leaving;
mod media;
mod people;
mod polls;
mod stage;
mod store;
mod talk;
mod viewers;
mod watch;
mod world;
