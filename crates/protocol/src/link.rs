//! Join links: `kulti://join/<room code>?server=<origin>[&pin=<sha256>]`.

use std::fmt;

use url::{Host, Url};

use crate::room_code::RoomCode;

/// What a join link says. Anything else in a link is ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinLink {
    /// Which session.
    pub code: RoomCode,
    /// The server's origin, like `https://kulti.dev`; none for the app's own choice.
    pub server: Option<String>,
    /// SHA-256 of the server's certificate in lower-case hex, for servers on a local
    /// network, which make their own.
    pub pin: Option<String>,
}

/// Why a text is no join link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// It does not start with `kulti://join/`.
    #[error("a link to a session starts with kulti://join/")]
    NotAJoinLink,
    /// The code is malformed.
    #[error("the link's room code is not one like VIBE-2K4F")]
    BadCode,
    /// `server` is no http(s) origin.
    #[error("the link's server must be an address like https://kulti.dev")]
    BadServer,
    /// `pin` is not 64 hex digits, or stands beside a server without TLS.
    #[error("the link's certificate fingerprint must have 64 hex digits and needs an https server")]
    BadPin,
}

impl JoinLink {
    /// Reads a link.
    ///
    /// # Errors
    /// [`LinkError`] says which part is wrong.
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        let text = text.trim();
        if text.len() > 2_048 {
            return Err(LinkError::NotAJoinLink);
        }
        let url = Url::parse(text).map_err(|_| LinkError::NotAJoinLink)?;
        if url.scheme() != "kulti" || url.host_str() != Some("join") {
            return Err(LinkError::NotAJoinLink);
        }
        let code = url
            .path()
            .trim_matches('/')
            .parse()
            .map_err(|_| LinkError::BadCode)?;
        let value = |name: &str| {
            url.query_pairs()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
                .filter(|value| !value.is_empty())
        };
        let server = value("server")
            .map(|s| server_origin(&s).ok_or(LinkError::BadServer))
            .transpose()?;
        let pin = value("pin")
            .map(|p| certificate_pin(&p).ok_or(LinkError::BadPin))
            .transpose()?;
        if pin.is_some() && !server.as_deref().is_some_and(|s| s.starts_with("https://")) {
            return Err(LinkError::BadPin);
        }
        Ok(Self { code, server, pin })
    }
}

impl fmt::Display for JoinLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "kulti://join/{}", self.code)?;
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if let Some(server) = &self.server {
            query.append_pair("server", server);
        }
        if let Some(pin) = &self.pin {
            query.append_pair("pin", pin);
        }
        let query = query.finish();
        if query.is_empty() {
            return Ok(());
        }
        write!(f, "?{query}")
    }
}

/// The origin of an http(s) address, without path, user or query; `kulti.dev` alone
/// is taken as `https://kulti.dev`.
#[must_use]
pub fn server_origin(text: &str) -> Option<String> {
    let text = text.trim();
    let url = if text.contains("://") {
        Url::parse(text)
    } else {
        Url::parse(&format!("https://{text}"))
    }
    .ok()?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return None;
    }
    if !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    Some(url.origin().ascii_serialization())
}

/// Whether an origin is this machine's own: plain http and ws are used to these only.
#[must_use]
pub fn is_loopback(origin: &str) -> bool {
    let Ok(url) = Url::parse(origin) else {
        return false;
    };
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn certificate_pin(text: &str) -> Option<String> {
    (text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()))
        .then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_link_survives_being_written_and_read() {
        let link = JoinLink {
            code: "VIBE-2K4F".parse().unwrap(),
            server: Some("https://192.168.1.20:8788".into()),
            pin: Some("ab".repeat(32)),
        };
        assert_eq!(JoinLink::parse(&link.to_string()), Ok(link));
    }

    #[test]
    fn what_does_not_belong_into_a_link_is_ignored() {
        let link =
            JoinLink::parse("kulti://join/vibe-2k4f/?server=https://kulti.dev/evil?x#y&role=host")
                .unwrap();
        assert_eq!(link.server.as_deref(), Some("https://kulti.dev"));
        assert_eq!(
            link.to_string(),
            "kulti://join/VIBE-2K4F?server=https%3A%2F%2Fkulti.dev"
        );
    }

    #[test]
    fn hostile_links_are_refused() {
        let pin = "ab".repeat(32);
        for (text, error) in [
            (
                "https://kulti.dev/join/VIBE-2K4F".to_owned(),
                LinkError::NotAJoinLink,
            ),
            (
                "kulti://leave/VIBE-2K4F".to_owned(),
                LinkError::NotAJoinLink,
            ),
            ("kulti://join/".to_owned(), LinkError::BadCode),
            (
                "kulti://join/VIBE-2K4F?server=file:///etc/passwd".to_owned(),
                LinkError::BadServer,
            ),
            (
                "kulti://join/VIBE-2K4F?server=https://a:b@kulti.dev".to_owned(),
                LinkError::BadServer,
            ),
            (
                "kulti://join/VIBE-2K4F?server=https://k&pin=xyz".to_owned(),
                LinkError::BadPin,
            ),
            (
                format!("kulti://join/VIBE-2K4F?server=http://k&pin={pin}"),
                LinkError::BadPin,
            ),
            (
                format!("kulti://join/VIBE-2K4F?pin={pin}"),
                LinkError::BadPin,
            ),
        ] {
            assert_eq!(JoinLink::parse(&text), Err(error), "{text}");
        }
    }

    #[test]
    fn loopback_is_told_from_names_that_look_like_it() {
        assert!(is_loopback("http://127.0.0.1:8787"));
        assert!(is_loopback("http://[::1]:8787"));
        assert!(is_loopback("http://localhost:1"));
        assert!(!is_loopback("http://localhost.evil.example"));
        assert!(!is_loopback("http://127.0.0.1.evil.example"));
    }
}
