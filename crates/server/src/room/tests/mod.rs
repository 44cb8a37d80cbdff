//! Rooms under test: fake clients on a simulated network, with a clock of their own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod door;
mod fuzz;
mod joining;
mod large;
mod media;
mod messages;
mod people;
mod plans;
mod poll_sights;
mod poll_store;
mod poll_times;
mod poll_votes;
mod polls;
mod rights;
mod stage;
mod store;
mod world;
