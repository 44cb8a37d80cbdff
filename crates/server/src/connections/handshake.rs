//! From an HTTP request to a WebSocket.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, Request};
use axum::response::{IntoResponse as _, Response};
use http::{Extensions, HeaderMap, StatusCode, header};
use hyper_util::rt::TokioIo;
use kulti_protocol::init::InitError;
use kulti_protocol::token::{self, TokenClaims, TokenError};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_util::sync::CancellationToken;

use super::Signalling;
use super::census::Place;
use super::connection::Connection;
use super::session::Session;
use crate::metrics::METRICS;
use crate::rate_limit::counted_address;
use crate::request_origin::Accepted;
use crate::room::Admission;
use crate::rooms::RoomInlet;

/// A handshake that is refused.
struct Refusal(StatusCode, String);

impl From<Refusal> for Response {
    fn from(refusal: Refusal) -> Self {
        METRICS.handshakes_refused.add(1);
        let body = InitError {
            code: refusal.0.as_u16(),
            message: refusal.1,
        };
        (refusal.0, axum::Json(body)).into_response()
    }
}

/// What a good request says.
struct Opening {
    accept: String,
    claims: TokenClaims,
    admission: Admission,
    place: Place,
    /// As in [`Accepted`].
    network: Option<CancellationToken>,
}

impl Signalling {
    /// Answers the request and starts the connection.
    pub(super) fn accept(&self, mut request: Request) -> Response {
        let opening = match self.check(&request) {
            Ok(opening) => opening,
            Err(refusal) => return refusal.into(),
        };
        let upgrade = hyper::upgrade::on(&mut request);
        let accept = opening.accept.clone();
        tokio::spawn(self.clone().open(upgrade, opening));
        let headers = [
            (header::CONNECTION, "upgrade".to_owned()),
            (header::UPGRADE, "websocket".to_owned()),
            (header::SEC_WEBSOCKET_ACCEPT, accept),
        ];
        (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
    }

    fn check(&self, request: &Request) -> Result<Opening, Refusal> {
        let headers = request.headers();
        let key = websocket_key(headers)?;
        self.check_origin(headers)?;
        let mut peer_id = String::new();
        let mut token = String::new();
        let query = request.uri().query().unwrap_or_default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "peer" => peer_id = value.into_owned(),
                "token" => token = value.into_owned(),
                _ => {}
            }
        }
        let (claims, expired) = self.verify(&token)?;
        let place = self.place(address_of(request.extensions()), &claims)?;
        let network = request
            .extensions()
            .get::<Accepted>()
            .and_then(|accepted| accepted.network.clone());
        let admission = Admission {
            peer_id,
            user_id: claims.user_id.clone(),
            role: claims.role.clone(),
            name: claims.name.clone(),
            expired,
        };
        Ok(Opening {
            accept: derive_accept_key(key.as_bytes()),
            claims,
            admission,
            place,
            network,
        })
    }

    fn place(&self, address: Option<IpAddr>, claims: &TokenClaims) -> Result<Place, Refusal> {
        self.census
            .enter(address, &claims.room_id, &claims.user_id, &self.limits)
            .map_err(|reason| Refusal(StatusCode::TOO_MANY_REQUESTS, reason.to_string()))
    }

    /// An expired token is let through: the room knows whether its holder is there.
    fn verify(&self, token: &str) -> Result<(TokenClaims, bool), Refusal> {
        let now_s = self.rooms.clock().now_ms() / 1_000;
        let refused = |error: TokenError| Refusal(StatusCode::UNAUTHORIZED, error.to_string());
        match token::verify(token, &self.keys, now_s) {
            Ok(claims) => Ok((claims, false)),
            Err(TokenError::Expired) => token::verify_ignoring_expiry(token, &self.keys, now_s)
                .map(|claims| (claims, true))
                .map_err(refused),
            Err(error) => Err(refused(error)),
        }
    }

    fn check_origin(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let Some(origin) = headers.get(header::ORIGIN) else {
            return Ok(()); // no browser
        };
        let allowed = &self.limits.origins;
        if allowed.is_empty()
            || allowed
                .iter()
                .any(|one| one.as_bytes() == origin.as_bytes())
        {
            return Ok(());
        }
        Err(Refusal(
            StatusCode::FORBIDDEN,
            "pages of this origin may not connect".to_owned(),
        ))
    }

    async fn open(self, upgrade: hyper::upgrade::OnUpgrade, opening: Opening) {
        let patience = Duration::from_millis(self.limits.handshake_ms);
        let upgraded = match tokio::time::timeout(patience, upgrade).await {
            Ok(Ok(upgraded)) => upgraded,
            Ok(Err(error)) => {
                tracing::debug!(%error, "a handshake failed");
                return;
            }
            Err(_) => {
                tracing::debug!("a handshake took too long");
                return;
            }
        };
        let id = self.rooms.next_socket();
        // Each connection goes on in a task of its own: this one's is larger.
        match upgraded.downcast::<TokioIo<TcpStream>>() {
            Ok(parts) => {
                let stream = parts.io.into_inner();
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "the socket is not set to send at once");
                }
                let connection = Connection::new(id, Some(stream), self.limits.outbox_bytes);
                if let Some(session) = self.enter(connection, opening).await {
                    tokio::spawn(session.serve_plain(parts.read_buf));
                }
            }
            Err(upgraded) => {
                let connection = Connection::new(id, None, self.limits.outbox_bytes);
                let network = opening.network.clone();
                if let Some(session) = self.enter(connection, opening).await {
                    tokio::spawn(session.serve_other(TokioIo::new(upgraded), network));
                }
            }
        }
    }

    async fn enter(&self, connection: Connection, opening: Opening) -> Option<Session> {
        let connection = Arc::new(connection);
        let inlet: RoomInlet = self
            .rooms
            .connect(
                &opening.claims.room_id,
                connection.clone(),
                opening.admission,
            )
            .await?;
        Some(Session {
            connection,
            inlet,
            limits: self.limits.clone(),
            clock: self.rooms.clock().clone(),
            silence: Duration::from_millis(self.rooms.limits().silence_ms),
            _place: opening.place,
        })
    }
}

/// The address that the connection counts for, if it counts for one.
fn address_of(request: &Extensions) -> Option<IpAddr> {
    let ConnectInfo(address) = request.get::<ConnectInfo<SocketAddr>>()?;
    counted_address(address.ip())
}

/// The key of a request that asks for a WebSocket.
fn websocket_key(headers: &HeaderMap) -> Result<&str, Refusal> {
    let has = |name: header::HeaderName, word: &str| {
        headers.get_all(name).iter().any(|value| {
            value.to_str().is_ok_and(|value| {
                value
                    .split(',')
                    .any(|part| part.trim().eq_ignore_ascii_case(word))
            })
        })
    };
    if !has(header::CONNECTION, "upgrade") || !has(header::UPGRADE, "websocket") {
        return Err(Refusal(
            StatusCode::UPGRADE_REQUIRED,
            "this address speaks WebSocket only".to_owned(),
        ));
    }
    if !has(header::SEC_WEBSOCKET_VERSION, "13") {
        return Err(Refusal(
            StatusCode::UPGRADE_REQUIRED,
            "version 13 of WebSocket is needed".to_owned(),
        ));
    }
    headers
        .get(header::SEC_WEBSOCKET_KEY)
        .and_then(|key| key.to_str().ok())
        .ok_or_else(|| {
            Refusal(
                StatusCode::BAD_REQUEST,
                "the handshake has no key".to_owned(),
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_count_for_their_customer_and_not_for_this_machine() {
        let of = |ip: &str| {
            let mut request = Extensions::new();
            let ip: IpAddr = ip.parse().unwrap_or(IpAddr::from([0; 4]));
            request.insert(ConnectInfo(SocketAddr::new(ip, 1)));
            address_of(&request)
        };
        assert!(of("192.0.2.1").is_some());
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::2"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("127.0.0.1"), None);
        assert_eq!(of("::1"), None);
    }
}
