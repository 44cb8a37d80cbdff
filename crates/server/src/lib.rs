//! The Kulti session server: 100ms signalling with a session store, the HTTP API,
//! and the ledger. Runs by itself (`kulti-server`) or inside the desktop app.

mod accounts;
mod api;
mod app;
pub mod clock;
pub mod connections;
mod data_folder;
mod db;
pub mod hms_keys;
mod init;
mod ledger;
pub mod metrics;
mod network;
pub mod policy;
mod rate_limit;
pub mod receipt_key;
mod request_origin;
pub mod room;
mod room_archive;
pub mod rooms;
mod serve;
mod server;
mod sessions;
pub mod settings;
mod status;
mod tls;

pub use db::{DbError, DbOpenError};
pub use network::Reach;
pub use server::{OpenError, RunningServer, Server, StartError, mint_token};
pub use settings::Settings;
pub use tls::TlsError;
