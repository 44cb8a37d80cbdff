//! The Kulti session server: 100ms signalling with a session store, the HTTP API,
//! and the ledger. Runs by itself (`kulti-server`) or inside the desktop app.

pub mod connections;
pub mod metrics;
pub mod policy;
pub mod rooms;
