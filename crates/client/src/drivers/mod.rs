//! What touches the world for the session core: clocks, TLS, HTTP, the signalling
//! socket, and the task that runs one stay.
//!
//! From the bottom up: [`tls`] says whom to trust and [`transport`] how to reach
//! them; [`api`] speaks the Kulti HTTP API with the [`credentials`] of one account;
//! [`access`] keeps the token of one stay fresh and [`signalling`] opens the socket
//! with it; [`stay`] runs a [`crate::core::SessionCore`] over all that and hands its
//! view out through [`feed`]; [`join`] puts them together. What no server has settled of
//! the watch time is kept by the [`journal`], and sent later by the [`outbox`]. [`log_filter`] keeps tokens out
//! of the logs of programs that use all this.

pub mod access;
pub mod api;
mod api_call;
pub mod api_error;
pub mod clock;
pub mod credentials;
pub mod feed;
pub mod join;
pub mod journal;
pub mod log_filter;
pub mod media;
pub mod outbox;
pub mod signalling;
mod socket;
pub mod stay;
mod stay_task;
pub mod tls;
pub mod transport;
