//! Whole-system tests: the real app in real windows, the official 100ms SDK in a real
//! Chromium, our own clients and our own server, together.
//!
//! They need a display, a session bus and the programs that `./kulti test` provides;
//! run them through it: `./kulti test -- --test whole_system`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr
)]

mod activity;
mod app_window;
mod bots;
mod browser;
mod chat;
mod covers;
mod cuttable_link;
mod elected_viewers;
mod heartbeat_tap;
mod hour;
mod keyboard;
mod kills;
mod lateness;
mod logind;
mod many_bots;
mod media_app;
mod media_sdk;
mod notification_daemon;
mod official_sdk;
mod people;
mod poll_in_windows;
mod polls;
mod programs;
mod server;
mod two_windows;
mod waiting;
mod wall_clock;
