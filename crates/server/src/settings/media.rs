//! Live video and audio, as settings.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use clap::Args;
use kulti_protocol::init::IceServer;
use ring::hmac;

use super::{Settings, parse_duration};
use crate::rooms::MediaReach;

/// Live video and audio.
#[derive(Debug, Clone, Args)]
pub struct MediaSettings {
    /// Whether rooms carry live video and audio.
    #[arg(long = "media", env = "KULTI_MEDIA", value_name = "BOOL", default_value_t = true,
          action = clap::ArgAction::Set, value_parser = clap::builder::BoolishValueParser::new())]
    pub on: bool,

    /// The UDP address for media; with port 0 a free one. With several shards each has the
    /// next port. Without it, media use the number of the port of --listen, on its address;
    /// on all addresses if a proxy or a public origin is set and --listen is loopback.
    #[arg(
        id = "media_listen",
        long = "media-listen",
        env = "KULTI_MEDIA_LISTEN",
        value_name = "ADDR:PORT"
    )]
    pub listen: Option<SocketAddr>,

    /// Addresses that clients are told to send media to, separated by commas: the public
    /// ones of a machine behind NAT. Without it, those of this machine.
    #[arg(
        long = "media-announce",
        env = "KULTI_MEDIA_ANNOUNCE",
        value_name = "ADDRS",
        value_delimiter = ','
    )]
    pub announce: Vec<IpAddr>,

    /// Threads for media; a room is carried by one of them.
    #[arg(
        long = "media-shards",
        env = "KULTI_MEDIA_SHARDS",
        value_name = "N",
        default_value_t = 1
    )]
    pub shards: usize,

    /// Tracks that one participant may publish.
    #[arg(
        long = "media-tracks-per-peer",
        env = "KULTI_MEDIA_TRACKS_PER_PEER",
        value_name = "N",
        default_value_t = 8
    )]
    pub tracks_per_peer: usize,

    /// Tracks that may be published in one room.
    #[arg(
        long = "media-tracks-per-room",
        env = "KULTI_MEDIA_TRACKS_PER_ROOM",
        value_name = "N",
        default_value_t = 100
    )]
    pub tracks_per_room: usize,

    /// STUN and TURN servers for clients.
    #[command(flatten)]
    pub ice: IceSettings,
}

/// STUN and TURN servers for clients.
#[derive(Clone, Args)]
pub struct IceSettings {
    /// URLs of STUN and TURN servers that clients are told, separated by commas, like
    /// `turns:turn.example.org:443?transport=tcp`. None is needed for clients that can send
    /// UDP to the server.
    #[arg(
        long = "ice-servers",
        env = "KULTI_ICE_SERVERS",
        value_name = "URLS",
        value_delimiter = ',',
        value_parser = parse_ice_url
    )]
    pub urls: Vec<String>,

    /// Secret that is shared with the TURN servers (coturn's `static-auth-secret`): clients
    /// are given credentials made with it, which run out. Give it as an environment
    /// variable: other users of the machine can read command lines.
    #[arg(
        long = "turn-secret",
        env = "KULTI_TURN_SECRET",
        value_name = "SECRET",
        hide_env_values = true
    )]
    pub turn_secret: Option<String>,

    /// How long these credentials are good.
    #[arg(long = "turn-ttl", env = "KULTI_TURN_TTL", value_name = "TIME", value_parser = parse_duration,
          default_value = "12h")]
    pub turn_ttl: Duration,
}

impl Default for MediaSettings {
    fn default() -> Self {
        Self {
            on: true,
            listen: None,
            announce: Vec::new(),
            shards: 1,
            tracks_per_peer: 8,
            tracks_per_room: 100,
            ice: IceSettings::default(),
        }
    }
}

impl Default for IceSettings {
    fn default() -> Self {
        Self {
            urls: Vec::new(),
            turn_secret: None,
            turn_ttl: Duration::from_secs(12 * 60 * 60),
        }
    }
}

impl std::fmt::Debug for IceSettings {
    /// Leaves the secret out: it must not get into a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IceSettings")
            .field("urls", &self.urls)
            .field("turn_ttl", &self.turn_ttl)
            .finish_non_exhaustive()
    }
}

impl IceSettings {
    /// For a client of this user. TURN servers with the credentials that coturn checks
    /// with `use-auth-secret`: the name says until when they are good.
    pub(crate) fn servers(&self, user_id: &str, now_s: u64) -> Vec<IceServer> {
        let (turn, stun): (Vec<String>, Vec<String>) = self
            .urls
            .iter()
            .cloned()
            .partition(|url| url.starts_with("turn"));
        let mut servers = Vec::new();
        if !stun.is_empty() {
            servers.push(IceServer {
                urls: stun,
                username: None,
                credential: None,
            });
        }
        if !turn.is_empty() {
            let until = now_s.saturating_add(self.turn_ttl.as_secs());
            let username = format!("{until}:{user_id}");
            let credential = self.turn_secret.as_ref().map(|secret| {
                let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
                BASE64.encode(hmac::sign(&key, username.as_bytes()))
            });
            servers.push(IceServer {
                urls: turn,
                username: credential.as_ref().map(|_| username),
                credential,
            });
        }
        servers
    }
}

impl Settings {
    /// Where media are carried, for a server that listens on `address`.
    pub(crate) fn media_reach(&self, address: IpAddr) -> MediaReach {
        if let Some(listen) = self.media.listen {
            return MediaReach::At(listen);
        }
        let everywhere = address.is_loopback() && !self.is_for_this_machine();
        let ip = if everywhere {
            Ipv4Addr::UNSPECIFIED.into()
        } else {
            address
        };
        MediaReach::At(SocketAddr::new(ip, self.listen.port()))
    }
}

fn parse_ice_url(text: &str) -> Result<String, String> {
    let url = text.trim();
    let known = ["stun:", "stuns:", "turn:", "turns:"];
    if known.iter().any(|scheme| url.starts_with(scheme)) {
        return Ok(url.to_owned());
    }
    Err(format!(
        "{text:?} is no STUN or TURN server: write it like turn:turn.example.org:3478"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_get_turn_credentials_that_run_out() {
        let ice = IceSettings {
            urls: vec!["stun:a".into(), "turn:b".into(), "turns:c".into()],
            turn_secret: Some("north".into()),
            turn_ttl: Duration::from_secs(100),
        };
        let servers = ice.servers("ann", 1_000);
        assert_eq!(servers[0].urls, ["stun:a"]);
        assert_eq!(servers[0].username, None);
        assert_eq!(servers[1].urls, ["turn:b", "turns:c"]);
        assert_eq!(servers[1].username.as_deref(), Some("1100:ann"));
        // As `openssl dgst -sha1 -hmac north -binary | base64` has it.
        assert_eq!(
            servers[1].credential.as_deref(),
            Some("5nsgZDWlme86Tq5swHNUBIDsRNw=")
        );
        assert!(!format!("{ice:?}").contains("north"));
        assert_eq!(IceSettings::default().servers("ann", 1_000), []);
    }

    #[test]
    fn media_are_where_the_server_is() {
        let reach = |listen: &str, change: fn(&mut Settings)| {
            let mut settings = Settings {
                listen: listen
                    .parse()
                    .unwrap_or_else(|_| Settings::default().listen),
                ..Settings::default()
            };
            change(&mut settings);
            settings.media_reach(settings.listen.ip())
        };
        let at = |text: &str| text.parse().map(MediaReach::At).ok();
        assert_eq!(Some(reach("127.0.0.1:8787", |_| {})), at("127.0.0.1:8787"));
        assert_eq!(Some(reach("0.0.0.0:9000", |_| {})), at("0.0.0.0:9000"));
        let proxied = |settings: &mut Settings| settings.trust_proxy = true;
        assert_eq!(Some(reach("127.0.0.1:8787", proxied)), at("0.0.0.0:8787"));
        let told = |settings: &mut Settings| settings.media.listen = "10.0.0.1:5".parse().ok();
        assert_eq!(Some(reach("127.0.0.1:8787", told)), at("10.0.0.1:5"));
    }

    #[test]
    fn servers_are_named_by_their_urls() {
        assert!(parse_ice_url("turn:turn.example.org:3478").is_ok());
        assert!(parse_ice_url("turn.example.org").is_err());
        assert!(parse_ice_url("https://turn.example.org").is_err());
    }
}
