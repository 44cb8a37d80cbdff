//! Headless participants.
fn main() {}
