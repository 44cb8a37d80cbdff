//! The client's drivers and core against the real session server: people in one
//! room, bad networks, restarts, certificates, tokens, and the bot.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bot;
mod eyes;
mod hosting;
mod journal;
mod loss;
mod proxy;
mod room;
mod server;
mod tokens;
mod trust;
mod unruly;
