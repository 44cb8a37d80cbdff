//! The sans-IO session core: no socket, no task, no clock.
//!
//! [`SessionCore`] takes in what happened ([`io::Input`]) and gives what is to be done
//! ([`io::Output`]). Inside, each part keeps one kind of knowledge and knows no other:
//! `connection` the life of the socket, `requests` what waits for an answer, `roster`
//! who is there, `grid` where they stand, `stage`, `chat`, `hands`, `presence`,
//! `media` who publishes what,
//! `watching` (with `heartbeats` and `journaling`), `diagnosis` what a search for faults
//! needs; `session` alone brings them together.

mod arrivals;
mod backoff;
mod chat;
mod clock;
mod connection;
mod diagnosis;
pub mod exclusions;
mod grid;
mod hands;
mod heartbeats;
mod intent;
mod invitations;
pub mod io;
mod journaling;
mod media;
mod people_window;
mod person;
mod plain_text;
mod poll_intent;
mod polls;
mod presence;
mod requests;
mod roles;
mod roster;
mod session;
mod stage;
mod stage_log;
mod stage_value;
#[cfg(test)]
mod tests;
pub mod unsettled;
pub mod view;
mod viewers;
mod watching;

pub use intent::Intent;
pub use poll_intent::{AnswerDraft, PollDraft, PollIntent, QuestionDraft};
pub use polls::{PollReport, ReportedAnswer, ReportedOption, ReportedQuestion};
pub use session::SessionCore;
