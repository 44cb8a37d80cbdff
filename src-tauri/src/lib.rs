//! The Tauri shell around the app.

pub mod app;
mod bindings;
mod bridge;
pub mod commands;

/// Runs.
pub fn run() {}
