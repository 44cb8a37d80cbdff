//! How to reach a server: one HTTP client and one TLS configuration for everything,
//! and the rule that nothing travels in plain text except on this computer.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use kulti_protocol::link::is_loopback;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use super::tls::{self, Trust};

/// A connected stream of bytes, encrypted or not.
pub(crate) trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for S {}

/// The way to a server. Cheap to clone: clones share connections and settings.
#[derive(Debug, Clone)]
pub struct Transport {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    http: reqwest::Client,
    tls: Arc<ClientConfig>,
    trust: Trust,
    plain_origin: Option<String>,
}

/// The HTTP client or the TLS settings could not be made: a fault of the build.
#[derive(Debug, Clone, thiserror::Error)]
#[error("cannot set up HTTP and TLS: {0}")]
pub struct TransportError(String);

/// Plain http or ws to another computer, which the person has not allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{origin} is not encrypted: plain connections go to this computer only, unless they are allowed for that server"
)]
pub struct PlainRefused {
    /// The origin that was to be contacted.
    pub origin: String,
}

impl Transport {
    /// How long a TCP connection may take to come about.
    const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
    /// By how much the other address family is held back when a name has both.
    const OTHER_FAMILY_DELAY: Duration = Duration::from_millis(250);

    /// Trusts whom `trust` says. `plain_origin` is the one other computer, like
    /// `http://192.168.1.20:8787`, that may be reached without encryption; it has
    /// no effect beside a pin.
    ///
    /// # Errors
    /// [`TransportError`].
    pub fn new(trust: Trust, plain_origin: Option<String>) -> Result<Self, TransportError> {
        let tls = tls::client_config(trust).map_err(|e| TransportError(e.to_string()))?;
        let loopback = [
            ([127, 0, 0, 1], 0).into(),
            ([0u16, 0, 0, 0, 0, 0, 0, 1], 0).into(),
        ];
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls.clone())
            .connect_timeout(Self::CONNECT_TIMEOUT)
            // A redirect could lead from an allowed place to another.
            .redirect(reqwest::redirect::Policy::none())
            // The WebSocket goes straight too; a proxy would see tokens for plain loopback.
            .no_proxy()
            .resolve_to_addrs("localhost", &loopback)
            .tcp_nodelay(true)
            .pool_max_idle_per_host(16)
            .pool_idle_timeout(Duration::from_secs(90))
            .user_agent(concat!("kulti-client/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|e| TransportError(e.to_string()))?;
        Ok(Self {
            shared: Arc::new(Shared {
                http,
                tls: Arc::new(tls),
                trust,
                plain_origin,
            }),
        })
    }

    /// The HTTP client; ask [`Self::check`] about the address first.
    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.shared.http
    }

    /// Whether this address may be contacted at all.
    ///
    /// # Errors
    /// [`PlainRefused`] for plain http and ws to other computers, and for schemes
    /// that are neither http nor WebSocket.
    pub fn check(&self, url: &Url) -> Result<(), PlainRefused> {
        let plain = match url.scheme() {
            "https" | "wss" => false,
            "http" | "ws" => true,
            _ => {
                return Err(PlainRefused {
                    origin: origin_of(url),
                });
            }
        };
        let origin = origin_of(url);
        let pinned = matches!(self.shared.trust, Trust::Pinned(_));
        let allowed = is_loopback(&origin) || self.shared.plain_origin.as_deref() == Some(&origin);
        if plain && (pinned || !allowed) {
            return Err(PlainRefused { origin });
        }
        Ok(())
    }

    /// Connects to the host of `url`, with TLS for `https` and `wss`.
    pub(crate) async fn open(&self, url: &Url) -> io::Result<Box<dyn ByteStream>> {
        let tcp = tokio::time::timeout(Self::CONNECT_TIMEOUT, connect_tcp(url))
            .await
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        tcp.set_nodelay(true)?;
        if matches!(url.scheme(), "http" | "ws") {
            return Ok(Box::new(tcp));
        }
        let name = match url.host() {
            Some(Host::Domain(name)) => ServerName::try_from(name.to_owned())
                .map_err(|e| io::Error::new(io::ErrorKind::InvalidInput, e))?,
            Some(Host::Ipv4(address)) => ServerName::IpAddress(address.into()),
            Some(Host::Ipv6(address)) => ServerName::IpAddress(address.into()),
            None => return Err(io::ErrorKind::InvalidInput.into()),
        };
        let tls = TlsConnector::from(self.shared.tls.clone());
        Ok(Box::new(tls.connect(name, tcp).await?))
    }
}

/// The origin as http(s), for WebSocket addresses too, so that both compare.
pub(crate) fn origin_of(url: &Url) -> String {
    let scheme = match url.scheme() {
        "ws" => "http",
        "wss" => "https",
        other => other,
    };
    let host = url.host_str().unwrap_or_default();
    match (url.port(), url.port_or_known_default()) {
        (Some(port), _) => format!("{scheme}://{host}:{port}"),
        _ => format!("{scheme}://{host}"),
    }
}

async fn connect_tcp(url: &Url) -> io::Result<TcpStream> {
    let port = url
        .port_or_known_default()
        .ok_or(io::ErrorKind::InvalidInput)?;
    let addresses: Vec<SocketAddr> = match url.host() {
        Some(Host::Ipv4(address)) => vec![(address, port).into()],
        Some(Host::Ipv6(address)) => vec![(address, port).into()],
        Some(Host::Domain("localhost")) => vec![
            ([127, 0, 0, 1], port).into(),
            ([0u16, 0, 0, 0, 0, 0, 0, 1], port).into(),
        ],
        Some(Host::Domain(name)) => tokio::net::lookup_host((name, port)).await?.collect(),
        None => return Err(io::ErrorKind::InvalidInput.into()),
    };
    // The resolver's first choice leads; where that family leads nowhere (a broken
    // IPv6 route, most often), the other one must not wait for its timeout.
    let first_is_v4 = addresses.first().is_some_and(SocketAddr::is_ipv4);
    let (first, other): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .partition(|a| a.is_ipv4() == first_is_v4);
    if other.is_empty() {
        return connect_any(&first).await;
    }
    let mut leading = std::pin::pin!(connect_any(&first));
    let head_start = tokio::time::timeout(Transport::OTHER_FAMILY_DELAY, leading.as_mut()).await;
    match head_start {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(_)) => connect_any(&other).await,
        Err(_) => {
            let mut following = std::pin::pin!(connect_any(&other));
            tokio::select! {
                result = leading.as_mut() => match result {
                    Ok(stream) => Ok(stream),
                    Err(_) => following.await,
                },
                result = following.as_mut() => match result {
                    Ok(stream) => Ok(stream),
                    Err(_) => leading.await,
                },
            }
        }
    }
}

async fn connect_any(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::drivers::tls::Pin;

    fn allowed(transport: &Transport, url: &str) -> bool {
        transport.check(&Url::parse(url).unwrap()).is_ok()
    }

    #[test]
    fn plain_goes_to_this_computer_and_to_the_one_allowed_origin() {
        let none = Transport::new(Trust::SystemRoots, None).unwrap();
        for url in [
            "http://127.0.0.1:8787",
            "ws://[::1]:1/ws",
            "http://localhost",
            "https://kulti.dev",
            "wss://k",
        ] {
            assert!(allowed(&none, url), "{url}");
        }
        for url in [
            "http://kulti.dev",
            "ws://192.168.1.20:8787",
            "http://127.0.0.1.evil.example",
            "file:///etc/passwd",
            "ftp://127.0.0.1",
        ] {
            assert!(!allowed(&none, url), "{url}");
        }
        let one =
            Transport::new(Trust::SystemRoots, Some("http://192.168.1.20:8787".into())).unwrap();
        assert!(allowed(&one, "http://192.168.1.20:8787/init"));
        assert!(allowed(&one, "ws://192.168.1.20:8787/ws"));
        assert!(
            !allowed(&one, "ws://192.168.1.20:8788/ws"),
            "another port is another server"
        );
        assert!(!allowed(&one, "ws://192.168.1.21:8787/ws"));
    }

    #[test]
    fn beside_a_pin_nothing_is_plain() {
        let pin = Trust::Pinned(Pin::of_certificate(b"x"));
        let pinned = Transport::new(pin, Some("http://192.168.1.20:8787".into())).unwrap();
        assert!(!allowed(&pinned, "ws://127.0.0.1:1/"));
        assert!(!allowed(&pinned, "http://192.168.1.20:8787"));
        assert!(allowed(&pinned, "wss://192.168.1.20:8787"));
    }
}
