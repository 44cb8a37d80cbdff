//! Every setting and limit of the server: on the command line, in `KULTI_*`
//! environment variables, and as a struct for programs that embed the server.

mod duration;
mod limits;
mod media;
mod origins;
mod rooms;
mod watch;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Args, ValueEnum};

pub(crate) use duration::millis;
pub use duration::parse_duration;
pub use limits::Limits;
pub use media::{IceSettings, MediaSettings};
pub use origins::AllowedOrigins;
use origins::parse_origin;
pub use rooms::RoomSettings;
pub use watch::WatchSettings;

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
    /// machine), or origins separated by commas. `auto` is `loopback` for a server that
    /// listens on loopback without a proxy or public origin, and else `*`.
    #[arg(
        long,
        env = "KULTI_ALLOWED_ORIGINS",
        value_name = "ORIGINS",
        default_value = "auto"
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

    /// The key that receipts are signed with.
    #[command(flatten)]
    pub receipts: ReceiptSettings,

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

    /// Live video and audio.
    #[command(flatten)]
    pub media: MediaSettings,

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

/// The key that receipts are signed with.
#[derive(Clone, Default, Args)]
pub struct ReceiptSettings {
    /// Secret seed of the key that receipts are signed with: 32 random bytes in base64.
    /// Give it as an environment variable: other users of the machine can read command
    /// lines. Without it, a key is made once and kept in the data folder.
    #[arg(
        long = "receipt-key",
        env = "KULTI_RECEIPT_KEY",
        value_name = "BASE64",
        hide_env_values = true
    )]
    pub receipt_key: Option<String>,
}

impl std::fmt::Debug for ReceiptSettings {
    /// Leaves the key out: it must not get into a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReceiptSettings").finish_non_exhaustive()
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
const HOUR: Duration = Duration::from_secs(60 * 60);

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8787)),
            data: PathBuf::from(DEFAULT_DATA),
            public_origin: None,
            trust_proxy: false,
            allowed_origins: AllowedOrigins::auto(),
            tls_cert: None,
            tls_key: None,
            hms: HmsKeySettings::default(),
            receipts: ReceiptSettings::default(),
            tokens: TokenSettings::default(),
            watch: WatchSettings::default(),
            limits: Limits::default(),
            room: RoomSettings::default(),
            media: MediaSettings::default(),
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

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            format: LogFormat::Text,
            filter: "info".into(),
        }
    }
}

impl Settings {
    /// Whether only programs on this machine reach the server, as far as it is told.
    pub(crate) fn is_for_this_machine(&self) -> bool {
        self.listen.ip().is_loopback() && self.public_origin.is_none() && !self.trust_proxy
    }

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
