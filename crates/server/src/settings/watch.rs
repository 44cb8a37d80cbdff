//! The rules of watch time, as settings.

use std::time::Duration;

use clap::Args;
use kulti_protocol::api::WatchPolicy;

use super::{duration::millis, parse_duration};

/// The rules of watch time, and how often the ledger is written.
#[derive(Debug, Clone, Args)]
pub struct WatchSettings {
    /// Without a sign of a person for this long, time stops counting.
    #[arg(long, env = "KULTI_IDLE_LIMIT", value_name = "TIME", value_parser = parse_duration,
          default_value = "15m")]
    pub idle_limit: Duration,

    /// Not watching for this long makes a participant inactive for the others.
    #[arg(long, env = "KULTI_AWAY_GRACE", value_name = "TIME", value_parser = parse_duration,
          default_value = "30s")]
    pub away_grace: Duration,

    /// A loss of connection shorter than this counts.
    #[arg(long, env = "KULTI_RECONNECT_GRACE", value_name = "TIME", value_parser = parse_duration,
          default_value = "30s")]
    pub reconnect_grace: Duration,

    /// In the long run the ledger is committed no more often than this.
    #[arg(long, env = "KULTI_COMMIT_INTERVAL", value_name = "TIME", value_parser = parse_duration,
          default_value = "36s")]
    pub commit_interval: Duration,

    /// So many commits may follow one another at once before the interval applies.
    #[arg(
        long,
        env = "KULTI_COMMIT_BURST",
        value_name = "N",
        default_value_t = 20
    )]
    pub commit_burst: u32,

    /// A session whose host has not been in it for this long is ended, and paid.
    #[arg(long, env = "KULTI_ABANDONED_AFTER", value_name = "TIME", value_parser = parse_duration,
          default_value = "12h")]
    pub abandoned_after: Duration,
}

impl Default for WatchSettings {
    fn default() -> Self {
        Self {
            idle_limit: Duration::from_secs(15 * 60),
            away_grace: Duration::from_secs(30),
            reconnect_grace: Duration::from_secs(30),
            commit_interval: Duration::from_secs(36),
            commit_burst: 20,
            abandoned_after: Duration::from_secs(12 * 60 * 60),
        }
    }
}

impl WatchSettings {
    /// What clients are told with their token.
    #[must_use]
    pub fn policy(&self) -> WatchPolicy {
        WatchPolicy {
            idle_limit_ms: millis(self.idle_limit),
            away_grace_ms: millis(self.away_grace),
            reconnect_grace_ms: millis(self.reconnect_grace),
        }
    }
}
