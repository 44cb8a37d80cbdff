//! Opening the signalling connection: `/init`, then the WebSocket that it names.

use std::time::Duration;

use kulti_protocol::init::{FLAG_NON_WEBRTC, InitError, InitResponse};
use tokio_tungstenite::{
    client_async_with_config,
    tungstenite::{self, client::IntoClientRequest, protocol::WebSocketConfig},
};
use url::Url;

use super::{
    access::Access,
    api_call::read_limited,
    api_error::{ApiError, innermost},
    socket::Socket,
    transport::{Transport, origin_of},
};
use crate::core::io::ConnectFailure;

/// How long `/init` may take, and then how long the WebSocket may take to open.
/// Half of the default grace for reconnects together, so that a stalled attempt
/// leaves time for another.
const STEP_TIMEOUT: Duration = Duration::from_secs(7);

/// Ten thousand participants in one `peer-list` are about 4 MB.
const FRAME_LIMIT: usize = 16 << 20;

/// `/init` answers are a few hundred bytes to a few kilobytes.
const INIT_LIMIT: usize = 256 << 10;

/// Version 2.5 of the protocol in the form of that date, as the official SDK says.
const PROTOCOL: [(&str, &str); 2] = [("protocol_version", "2.5"), ("protocol_spec", "20250115")];

/// An open connection.
pub(crate) struct Opened {
    pub(crate) socket: Socket,
    /// Whether a join may bring an offer for media.
    pub(crate) takes_media: bool,
}

/// Opens the connection for one stay. A token that has ended is renewed first; one
/// that `/init` does not accept is renewed once.
pub(crate) async fn connect(
    transport: &Transport,
    access: &mut Access,
    peer_id: &str,
) -> Result<Opened, ConnectFailure> {
    let mut renewed = false;
    if access.has_ended() && access.is_renewable() {
        access.renew().await?;
        renewed = true;
    }
    let mut answer = ask_init(transport, access, peer_id).await;
    if matches!(&answer, Err(failure) if failure.code == 401) && access.is_renewable() && !renewed {
        access.renew().await?;
        answer = ask_init(transport, access, peer_id).await;
    }
    let answer = answer?;
    let endpoint = socket_url(&answer, access, peer_id)?;
    let socket = open_socket(transport, access.init(), &endpoint).await?;
    let flags = &answer.config.enabled_flags;
    Ok(Opened {
        socket,
        takes_media: !flags.iter().any(|flag| flag == FLAG_NON_WEBRTC),
    })
}

/// Who we are, in the SDK's form.
fn user_agent() -> String {
    format!(
        "os:{},sdk:web,sdk_version:0.15.2,env:prod,is_prebuilt:false,framework:kulti,framework_version:{}",
        std::env::consts::OS,
        env!("CARGO_PKG_VERSION"),
    )
}

async fn ask_init(
    transport: &Transport,
    access: &Access,
    peer_id: &str,
) -> Result<InitResponse, ConnectFailure> {
    let mut url = access.init().clone();
    url.set_path("/init"); // always there, whatever path the endpoint has
    url.set_fragment(None);
    url.query_pairs_mut()
        .clear()
        .append_pair("peer_id", peer_id)
        .append_pair("user_agent_v2", &user_agent());
    transport.check(&url).map_err(|e| refused(&e))?;
    let asked = async {
        let request = transport
            .http()
            .get(url)
            .bearer_auth(access.token().expose());
        let response = request.timeout(STEP_TIMEOUT).send().await?;
        let status = response.status().as_u16();
        Ok((status, read_limited(response, INIT_LIMIT).await?))
    };
    let (status, body) = asked.await.map_err(|error: ApiError| ConnectFailure {
        code: 0,
        message: error.to_string(),
        terminal: false,
    })?;
    if status != 200 {
        return Err(init_failure(status, &body));
    }
    serde_json::from_slice(&body).map_err(|e| ConnectFailure {
        // A login page of a network, most often: it passes.
        code: 0,
        message: format!("the answer of /init cannot be read: {e}"),
        terminal: false,
    })
}

/// What an answer other than 200 means. A 4xx is final, since the same request would
/// be refused again; so are not those that ask for patience, and a 404 that is not
/// of the protocol's form (a proxy whose server is being replaced).
fn init_failure(status: u16, body: &[u8]) -> ConnectFailure {
    let said: Option<InitError> = serde_json::from_slice(body).ok();
    let is_protocol = said
        .as_ref()
        .is_some_and(|e| e.code != 0 || !e.message.is_empty());
    let terminal = match status {
        404 => is_protocol,
        408 | 425 | 429 => false,
        400..=499 => true,
        _ => false,
    };
    let said = said.unwrap_or(InitError {
        code: 0,
        message: String::new(),
    });
    ConnectFailure {
        code: if said.code == 0 { status } else { said.code },
        message: if said.message.is_empty() {
            format!("/init answered with HTTP status {status}")
        } else {
            said.message.chars().take(500).collect()
        },
        terminal,
    }
}

/// The address of the WebSocket with its parameters. It holds the token: it must not
/// be logged.
fn socket_url(
    answer: &InitResponse,
    access: &Access,
    peer_id: &str,
) -> Result<Url, ConnectFailure> {
    let mut url = Url::parse(&answer.endpoint)
        .ok()
        .filter(|url| matches!(url.scheme(), "ws" | "wss") && url.has_host())
        .ok_or_else(|| ConnectFailure {
            code: 0,
            message: "/init names no WebSocket address".to_owned(),
            terminal: true,
        })?;
    url.set_fragment(None);
    url.query_pairs_mut()
        .append_pair("peer", peer_id)
        .append_pair("token", access.token().expose())
        .append_pair("user_agent_v2", &user_agent())
        .extend_pairs(PROTOCOL);
    Ok(url)
}

async fn open_socket(
    transport: &Transport,
    init: &Url,
    endpoint: &Url,
) -> Result<Socket, ConnectFailure> {
    transport.check(endpoint).map_err(|e| refused(&e))?;
    if endpoint.scheme() == "ws" && origin_of(endpoint) != origin_of(init) {
        // Else a server elsewhere could point this client at services of this computer.
        return Err(ConnectFailure {
            code: 0,
            message: "/init names an unencrypted WebSocket at another server".to_owned(),
            terminal: true,
        });
    }
    let config = WebSocketConfig::default()
        .read_buffer_size(8 << 10) // the default of 128 KiB is allocated for each socket
        .write_buffer_size(8 << 10)
        .max_message_size(Some(FRAME_LIMIT))
        .max_frame_size(Some(FRAME_LIMIT));
    let opened = async {
        let stream = transport.open(endpoint).await?;
        let request = endpoint.as_str().into_client_request()?;
        client_async_with_config(request, stream, Some(config)).await
    };
    match tokio::time::timeout(STEP_TIMEOUT, opened).await {
        Ok(Ok((stream, _))) => Ok(Socket::new(stream)),
        Ok(Err(error)) => Err(socket_failure(&error)),
        Err(_) => Err(ConnectFailure {
            code: 0,
            message: "the WebSocket took too long to open".to_owned(),
            terminal: false,
        }),
    }
}

fn socket_failure(error: &tungstenite::Error) -> ConnectFailure {
    match error {
        tungstenite::Error::Http(response) => {
            let status = response.status().as_u16();
            ConnectFailure {
                code: status,
                message: format!("the WebSocket was refused with HTTP status {status}"),
                terminal: matches!(status, 401 | 403 | 410 | 423),
            }
        }
        other => ConnectFailure {
            code: 0,
            message: format!("the WebSocket cannot be opened: {}", innermost(other)),
            terminal: false,
        },
    }
}

fn refused(why: &super::transport::PlainRefused) -> ConnectFailure {
    ConnectFailure {
        code: 0,
        message: why.to_string(),
        terminal: true,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::drivers::credentials::Secret;

    #[test]
    fn only_what_another_try_cannot_cure_is_terminal() {
        let error = br#"{"code":401,"message":"the token has ended"}"#;
        for (status, body, code, terminal) in [
            (401, &error[..], 401, true),
            (403, b"{}", 403, true),
            (410, br#"{"code":410,"message":"over"}"#, 410, true),
            (400, b"<html>", 400, true),
            (404, b"<html>nginx</html>", 404, false),
            (404, br#"{"code":404,"message":"no such room"}"#, 404, true),
            (408, b"", 408, false),
            (429, br#"{"code":429,"message":"slow down"}"#, 429, false),
            (500, b"", 500, false),
            (503, br#"{"code":0,"message":""}"#, 503, false),
            (302, b"", 302, false),
        ] {
            let failure = init_failure(status, body);
            assert_eq!(
                (failure.code, failure.terminal),
                (code, terminal),
                "{status}"
            );
            assert!(
                !failure.message.is_empty(),
                "{status}: a person can read why"
            );
        }
    }

    #[test]
    fn the_socket_url_keeps_its_query_and_gets_ours() {
        let init = Url::parse("https://kulti.dev").unwrap();
        let access = Access::fixed(Secret::new("a.b.c".into()), init);
        let answer = |endpoint: &str| InitResponse {
            endpoint: endpoint.into(),
            rtc_configuration: Default::default(),
            config: Default::default(),
        };
        let url = socket_url(&answer("wss://kulti.dev/ws?shard=7#x"), &access, "p 1").unwrap();
        assert!(
            url.as_str()
                .starts_with("wss://kulti.dev/ws?shard=7&peer=p+1&token=a.b.c&user_agent_v2=os%3A"),
            "{url}"
        );
        assert!(
            url.as_str()
                .ends_with("&protocol_version=2.5&protocol_spec=20250115"),
            "{url}"
        );
        for bad in ["", "https://kulti.dev", "ws:", "kulti.dev/ws"] {
            assert!(
                socket_url(&answer(bad), &access, "p").unwrap_err().terminal,
                "{bad:?}"
            );
        }
    }

    #[tokio::test]
    async fn a_server_cannot_point_the_client_at_this_computers_services() {
        let transport = Transport::new(super::super::tls::Trust::SystemRoots, None).unwrap();
        let init = Url::parse("https://kulti.dev").unwrap();
        let endpoint = Url::parse("ws://127.0.0.1:9/ws").unwrap();
        let failure = open_socket(&transport, &init, &endpoint)
            .await
            .err()
            .unwrap();
        assert!(failure.terminal, "{failure:?}");
    }
}
