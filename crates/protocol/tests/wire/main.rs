//! What goes over the wire: a golden file for every message, tolerance of what others
//! write, and hostile input.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod goldens;
mod hostile;
mod links;
mod messages;
mod receipts;
mod tokens;
mod tolerance;
mod vendor;
