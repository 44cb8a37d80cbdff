//! Limits of the HTTP API and of connections, as settings.

use std::time::Duration;

use clap::Args;

use super::parse_duration;

/// Limits of the HTTP API and of connections.
#[derive(Debug, Clone, Args)]
pub struct Limits {
    /// Connections from one address, programs on this machine excepted.
    #[arg(
        long,
        env = "KULTI_CONNECTIONS_PER_ADDRESS",
        value_name = "N",
        default_value_t = 1_000
    )]
    pub connections_per_address: u32,

    /// Connections in all.
    #[arg(
        long,
        env = "KULTI_CONNECTIONS",
        value_name = "N",
        default_value_t = 50_000
    )]
    pub connections: u32,

    /// Time for a TLS handshake, and for the head of a request.
    #[arg(long, env = "KULTI_HANDSHAKE_TIMEOUT", value_name = "TIME", value_parser = parse_duration,
          default_value = "10s")]
    pub handshake_timeout: Duration,

    /// Time for the body of a request.
    #[arg(long, env = "KULTI_BODY_TIMEOUT", value_name = "TIME", value_parser = parse_duration,
          default_value = "20s")]
    pub body_timeout: Duration,

    /// Guests that one address may make at once (a class behind one router).
    #[arg(
        long,
        env = "KULTI_GUESTS_BURST",
        value_name = "N",
        default_value_t = 2_000
    )]
    pub guests_burst: u32,

    /// Guests that one address may make a minute after that.
    #[arg(
        long,
        env = "KULTI_GUESTS_PER_MINUTE",
        value_name = "N",
        default_value_t = 120
    )]
    pub guests_per_minute: u32,

    /// Room codes that one user may look up in vain at once, and one address ten times
    /// as many; codes are short enough to be guessed.
    #[arg(
        long,
        env = "KULTI_WRONG_CODES_BURST",
        value_name = "N",
        default_value_t = 30
    )]
    pub wrong_codes_burst: u32,

    /// Room codes that one user may look up in vain a minute after that, likewise.
    #[arg(
        long,
        env = "KULTI_WRONG_CODES_PER_MINUTE",
        value_name = "N",
        default_value_t = 10
    )]
    pub wrong_codes_per_minute: u32,

    /// Requests that one user may make a minute.
    #[arg(
        long,
        env = "KULTI_REQUESTS_PER_MINUTE",
        value_name = "N",
        default_value_t = 600
    )]
    pub requests_per_minute: u32,

    /// Live sessions that one user may host.
    #[arg(
        long,
        env = "KULTI_SESSIONS_PER_USER",
        value_name = "N",
        default_value_t = 20
    )]
    pub sessions_per_user: u32,

    /// How long a clean stop waits for requests under way.
    #[arg(long, env = "KULTI_SHUTDOWN_TIMEOUT", value_name = "TIME", value_parser = parse_duration,
          default_value = "10s")]
    pub shutdown_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_per_address: 1_000,
            connections: 50_000,
            handshake_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(20),
            guests_burst: 2_000,
            guests_per_minute: 120,
            wrong_codes_burst: 30,
            wrong_codes_per_minute: 10,
            requests_per_minute: 600,
            sessions_per_user: 20,
            shutdown_timeout: Duration::from_secs(10),
        }
    }
}
