//! Every setting and limit of the server: on the command line, in `KULTI_*`
//! environment variables, and as a struct for programs that embed the server.

mod duration;
mod origins;
mod rooms;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Args, ValueEnum};
use kulti_protocol::api::WatchPolicy;

pub(crate) use duration::millis;
pub use duration::parse_duration;
pub use origins::AllowedOrigins;
use origins::parse_origin;
pub use rooms::RoomSettings;

/// All settings. `Settings::default()` is what `kulti-server` runs with when told nothing.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// Where to accept connections; port 0 picks a free one.
    #[arg(long, env = "KULTI_LISTEN", value_name = "ADDR:PORT", default_value_t = Self::default().listen)]
    pub listen: SocketAddr,

    /// The folder for the database and the key pair; made if missing.
    #[arg(long, env = "KULTI_DATA", value_name = "DIR", default_value = DEFAULT_DATA)]
    pub data: PathBuf,

    /// The origin that clients use, for example https://live.example.org. Without
    /// it, it is the one that each request was sent to.
    #[arg(long, env = "KULTI_PUBLIC_ORIGIN", value_name = "ORIGIN", value_parser = parse_origin)]
    pub public_origin: Option<String>,

    /// Trust X-Forwarded-For, -Proto and -Host: set it when, and only when, a
    /// reverse proxy stands before the server.
    #[arg(long, env = "KULTI_TRUST_PROXY", num_args = 0..=1, require_equals = true,
          default_value_t = false, default_missing_value = "true", action = clap::ArgAction::Set,
          value_parser = clap::builder::BoolishValueParser::new())]
    pub trust_proxy: bool,

    /// Origins of web pages that may use the server: `*`, `loopback` (pages from this
    /// machine), or origins separated by commas.
    #[arg(
        long,
        env = "KULTI_ALLOWED_ORIGINS",
        value_name = "ORIGINS",
        default_value = "*"
    )]
    pub allowed_origins: AllowedOrigins,

    /// Certificate chain (PEM) for TLS, together with --tls-key.
    #[arg(
        long,
        env = "KULTI_TLS_CERT",
        value_name = "FILE",
        requires = "tls_key"
    )]
    pub tls_cert: Option<PathBuf>,

    /// Private key (PEM) of the certificate.
    #[arg(
        long,
        env = "KULTI_TLS_KEY",
        value_name = "FILE",
        requires = "tls_cert"
    )]
    pub tls_key: Option<PathBuf>,

    /// The key pair that auth tokens are signed with.
    #[command(flatten)]
    pub hms: HmsKeySettings,

    /// Lifetimes of tokens.
    #[command(flatten)]
    pub tokens: TokenSettings,

    /// The rules of watch time.
    #[command(flatten)]
    pub watch: WatchSettings,

    /// Limits of the HTTP API and of connections.
    #[command(flatten)]
    pub limits: Limits,

    /// Limits of rooms.
    #[command(flatten)]
    pub room: RoomSettings,

    /// Logging.
    #[command(flatten)]
    pub log: LogSettings,
}

/// The key pair that auth tokens are signed with.
#[derive(Clone, Default, Args)]
pub struct HmsKeySettings {
    /// Access key of the HMS key pair. Without the pair, one is made once and kept
    /// in the data folder.
    #[arg(
        long = "hms-access-key",
        env = "KULTI_HMS_ACCESS_KEY",
        value_name = "KEY",
        requires = "secret",
        hide_env_values = true
    )]
    pub access_key: Option<String>,

    /// Secret of the HMS key pair. Give it as an environment variable: other users of
    /// the machine can read command lines.
    #[arg(
        long = "hms-secret",
        env = "KULTI_HMS_SECRET",
        value_name = "SECRET",
        requires = "access_key",
        hide_env_values = true
    )]
    pub secret: Option<String>,
}

impl std::fmt::Debug for HmsKeySettings {
    /// Leaves the secret out: it must not get into a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HmsKeySettings")
            .field("access_key", &self.access_key)
            .finish_non_exhaustive()
    }
}

/// Lifetimes of tokens.
#[derive(Debug, Clone, Args)]
pub struct TokenSettings {
    /// How long an access token of the HTTP API is good.
    #[arg(long, env = "KULTI_ACCESS_TOKEN_TTL", value_name = "TIME", value_parser = parse_duration,
          default_value = "1h")]
    pub access_token_ttl: Duration,

    /// How long a guest who stays away can come back with the refresh token.
    #[arg(long, env = "KULTI_REFRESH_TOKEN_TTL", value_name = "TIME", value_parser = parse_duration,
          default_value = "90d")]
    pub refresh_token_ttl: Duration,

    /// How long a token to join a room is good. One that runs out while its holder is
    /// in the room does not lock them out.
    #[arg(long, env = "KULTI_HMS_TOKEN_TTL", value_name = "TIME", value_parser = parse_duration,
          default_value = "2h")]
    pub hms_token_ttl: Duration,
}

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

    /// A session that nobody has been in for this long is ended, and paid.
    #[arg(long, env = "KULTI_ABANDONED_AFTER", value_name = "TIME", value_parser = parse_duration,
          default_value = "12h")]
    pub abandoned_after: Duration,
}

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

    /// Room codes that one address may look up in vain at once; codes are short
    /// enough to be guessed.
    #[arg(
        long,
        env = "KULTI_WRONG_CODES_BURST",
        value_name = "N",
        default_value_t = 30
    )]
    pub wrong_codes_burst: u32,

    /// Room codes that one address may look up in vain a minute after that.
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

/// Logging.
#[derive(Debug, Clone, Args)]
pub struct LogSettings {
    /// Form of the log on standard error.
    #[arg(long = "log-format", env = "KULTI_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub format: LogFormat,

    /// What is logged, for example `info` or `kulti_server=debug,info`.
    #[arg(
        long = "log",
        env = "KULTI_LOG",
        value_name = "FILTER",
        default_value = "info"
    )]
    pub filter: String,
}

/// Form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Bytes of a request body.
pub const BODY_BYTES: usize = 10 * 1024;

/// Bytes of a heartbeat's body.
pub const HEARTBEAT_BYTES: usize = 64 * 1024;

const DEFAULT_DATA: &str = "kulti-data";
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8787)),
            data: PathBuf::from(DEFAULT_DATA),
            public_origin: None,
            trust_proxy: false,
            allowed_origins: AllowedOrigins::any(),
            tls_cert: None,
            tls_key: None,
            hms: HmsKeySettings::default(),
            tokens: TokenSettings::default(),
            watch: WatchSettings::default(),
            limits: Limits::default(),
            room: RoomSettings::default(),
            log: LogSettings::default(),
        }
    }
}

impl Default for TokenSettings {
    fn default() -> Self {
        Self {
            access_token_ttl: HOUR,
            refresh_token_ttl: HOUR * 24 * 90,
            hms_token_ttl: HOUR * 2,
        }
    }
}

impl Default for WatchSettings {
    fn default() -> Self {
        Self {
            idle_limit: MINUTE * 15,
            away_grace: SECOND * 30,
            reconnect_grace: SECOND * 30,
            commit_interval: SECOND * 36,
            commit_burst: 20,
            abandoned_after: HOUR * 12,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_per_address: 1_000,
            connections: 50_000,
            handshake_timeout: SECOND * 10,
            body_timeout: SECOND * 20,
            guests_burst: 2_000,
            guests_per_minute: 120,
            wrong_codes_burst: 30,
            wrong_codes_per_minute: 10,
            requests_per_minute: 600,
            sessions_per_user: 20,
            shutdown_timeout: SECOND * 10,
        }
    }
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            format: LogFormat::Text,
            filter: "info".into(),
        }
    }
}

impl Settings {
    /// Settings for a server inside the desktop app: on this machine only, on a free
    /// port, for programs and web pages of this machine.
    #[must_use]
    pub fn embedded(data: impl AsRef<Path>) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            data: data.as_ref().to_owned(),
            allowed_origins: AllowedOrigins::loopback(),
            ..Self::default()
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use clap::{CommandFactory as _, Parser};

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        settings: Settings,
    }

    #[test]
    fn the_handbook_names_every_setting() {
        let handbook = include_str!("../../../../docs/server.md");
        for setting in Cli::command().get_arguments() {
            let flag = format!("`--{}`", setting.get_long().unwrap());
            let variable = setting.get_env().unwrap().to_str().unwrap();
            let variable = format!("`{variable}`");
            assert!(handbook.contains(&flag), "docs/server.md lacks {flag}");
            assert!(
                handbook.contains(&variable),
                "docs/server.md lacks {variable}"
            );
        }
    }

    #[test]
    fn the_command_line_and_the_struct_have_the_same_defaults() {
        let parsed = Cli::try_parse_from(["kulti-server"]).unwrap().settings;
        assert_eq!(
            format!("{parsed:?}"),
            format!("{:?}", Settings::default()),
            "a default was changed in one place only"
        );
    }
}
