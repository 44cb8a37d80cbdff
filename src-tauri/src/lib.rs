//! shell
/// Runs.
pub fn run() {}
