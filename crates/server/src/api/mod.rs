//! The Kulti HTTP API.

mod auth;
mod books;
mod credits;
mod error;
mod extract;
mod heartbeat;
mod hms;
mod insights;
mod messages;
mod routes;
mod sessions;

pub(crate) use extract::bearer;
pub(crate) use routes::router;
