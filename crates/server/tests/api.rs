//! The HTTP API and `/init`, asked as clients ask: over the network, of a whole server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub
)]

#[path = "api/support.rs"]
mod support;

#[path = "api/past.rs"]
mod past;
#[path = "api/program.rs"]
mod program;

#[path = "api/abuse.rs"]
mod abuse;
#[path = "api/accounts.rs"]
mod accounts;
#[path = "api/books.rs"]
mod books;
#[path = "api/crash.rs"]
mod crash;
#[path = "api/init.rs"]
mod init;
#[path = "api/insights.rs"]
mod insights;
#[path = "api/media.rs"]
mod media;
#[path = "api/messages.rs"]
mod messages;
#[path = "api/payment.rs"]
mod payment;
#[path = "api/receipts.rs"]
mod receipts;
#[path = "api/requests.rs"]
mod requests;
#[path = "api/restart.rs"]
mod restart;
#[path = "api/rights.rs"]
mod rights;
#[path = "api/sessions.rs"]
mod sessions;
#[path = "api/tls.rs"]
mod tls;
#[path = "api/watch_time.rs"]
mod watch_time;
