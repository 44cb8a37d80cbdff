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
mod covers;
mod cuttable_link;
mod heartbeat_tap;
mod kills;
mod logind;
mod many_bots;
mod notification_daemon;
mod official_sdk;
mod poll_in_windows;
mod polls;
mod programs;
mod server;
mod two_windows;
mod waiting;
