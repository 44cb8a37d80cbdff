//! The origin under which a request reached the server: what clients must use again.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, header, uri::Authority};
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// How a connection came in. Put into each request by the accept loop.
#[derive(Debug, Clone)]
pub(crate) struct Accepted {
    pub(crate) local: SocketAddr,
    pub(crate) tls: bool,
    /// For guests of an embedded server, who came over the local network: cancelled
    /// when the host closes it to them.
    pub(crate) network: Option<CancellationToken>,
}

/// The public origin of this server, as this request sees it, without a slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestOrigin(pub(crate) String);

/// Adds [`RequestOrigin`] and, behind a trusted proxy, the client's own address.
pub(crate) async fn determine(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    let trusted = app.settings.trust_proxy;
    if trusted && let Some(address) = forwarded_for(request.headers()) {
        request
            .extensions_mut()
            .insert(ConnectInfo(SocketAddr::new(address, 0)));
    }
    let origin = match &app.settings.public_origin {
        Some(origin) => origin.clone(),
        None => origin_of(&request, trusted),
    };
    request.extensions_mut().insert(RequestOrigin(origin));
    next.run(request).await
}

/// The last address was added by the proxy before us; earlier ones are the client's words.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    headers
        .get_all("x-forwarded-for")
        .iter()
        .next_back()?
        .to_str()
        .ok()?
        .rsplit(',')
        .next()?
        .trim()
        .parse()
        .ok()
}

fn origin_of(request: &Request, trusted: bool) -> String {
    let accepted = request.extensions().get::<Accepted>();
    let headers = request.headers();
    let forwarded = |name: &str| {
        headers
            .get(name)
            .filter(|_| trusted)
            .and_then(|value| value.to_str().ok())
            .map(|value| value.split(',').next().unwrap_or(value).trim())
    };
    let tls = match forwarded("x-forwarded-proto") {
        Some(proto) => proto.eq_ignore_ascii_case("https"),
        None => accepted.is_some_and(|accepted| accepted.tls),
    };
    let host = forwarded("x-forwarded-host")
        .or_else(|| {
            let host = headers.get(header::HOST)?;
            host.to_str().ok()
        })
        .and_then(|host| host.parse::<Authority>().ok())
        // `user@host` is no host.
        .filter(|host| !host.as_str().contains('@'))
        .map(|host| host.to_string())
        .or_else(|| accepted.map(|accepted| accepted.local.to_string()))
        .unwrap_or_else(|| "localhost".to_owned());
    let scheme = if tls { "https" } else { "http" };
    format!("{scheme}://{host}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use axum::body::Body;

    use super::*;

    fn request(headers: &[(&str, &str)], tls: bool) -> Request {
        let mut request = http::Request::builder().uri("/init?x");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let local = SocketAddr::from(([127, 0, 0, 1], 8787));
        request
            .extension(Accepted {
                local,
                tls,
                network: None,
            })
            .body(Body::empty())
            .unwrap()
    }

    #[test]
    fn the_origin_is_the_one_that_the_client_used() {
        let host = [("host", "kulti.lan:8788")];
        assert_eq!(
            origin_of(&request(&host, true), false),
            "https://kulti.lan:8788"
        );
        assert_eq!(
            origin_of(&request(&host, false), true),
            "http://kulti.lan:8788"
        );
        assert_eq!(
            origin_of(&request(&[], false), false),
            "http://127.0.0.1:8787"
        );
        assert_eq!(
            origin_of(&request(&[("host", "a@b")], false), false),
            "http://127.0.0.1:8787"
        );
    }

    #[test]
    fn a_proxy_is_believed_only_if_trusted() {
        let headers = [
            ("host", "10.0.0.1:8787"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "live.example.org"),
            ("x-forwarded-for", "203.0.113.1, 198.51.100.7"),
        ];
        let request = request(&headers, false);
        assert_eq!(origin_of(&request, false), "http://10.0.0.1:8787");
        assert_eq!(origin_of(&request, true), "https://live.example.org");
        assert_eq!(
            forwarded_for(request.headers()),
            Some(IpAddr::from([198, 51, 100, 7])),
            "the last one is the proxy's word, the first anybody's"
        );
    }
}
