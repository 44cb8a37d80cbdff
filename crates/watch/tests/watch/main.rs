//! The rules of watch time, the laws that they obey, and an independent oracle.

#![allow(clippy::unwrap_used, clippy::panic)]

mod against_oracle;
mod credits;
mod interval_set;
mod laws;
mod oracle;
mod rules;
mod streams;
