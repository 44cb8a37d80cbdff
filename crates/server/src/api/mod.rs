//! The Kulti HTTP API.

mod auth;
mod books;
mod credits;
mod error;
mod extract;
mod heartbeat;
mod hms;
mod messages;
mod insights;
mod routes;
mod sessions;

pub(crate) use extract::bearer;
pub(crate) use routes::router;
