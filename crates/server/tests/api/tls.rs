use std::{net::TcpListener, sync::Arc};

use futures_util::{SinkExt as _, StreamExt as _};
use kulti_protocol::api::AuthResponse;
use kulti_server::StartError;
use reqwest::{Method, StatusCode};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

use crate::support::{PATIENCE, TestServer, client, eventually, send};

fn insecure_client() -> reqwest::Client {
    let _ = client();
    reqwest::Client::builder()
        .tls_danger_accept_invalid_certs(true)
        .tls_info(true)
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_certificate_from_files_is_served() {
    let files = tempfile::tempdir().unwrap();
    let (cert, key) = (files.path().join("cert.pem"), files.path().join("key.pem"));
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let server = TestServer::start_with(|settings| {
        settings.tls_cert = Some(cert.clone());
        settings.tls_key = Some(key.clone());
    })
    .await;
    assert!(server.server.origin().starts_with("https://127.0.0.1:"));
    let _ = client();
    let trusting = reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_der(made.cert.der()).unwrap()])
        .build()
        .unwrap();
    let answer = send(trusting.get(server.url("/healthz"))).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(
        client().get(server.url("/healthz")).send().await.is_err(),
        "nobody else trusts it"
    );
}

#[tokio::test]
async fn unusable_certificate_files_are_named() {
    let files = tempfile::tempdir().unwrap();
    let (cert, key) = (files.path().join("cert.pem"), files.path().join("key.pem"));
    std::fs::write(&cert, "no certificate").unwrap();
    std::fs::write(&key, "no key").unwrap();
    let mut settings = kulti_server::Settings::embedded(files.path().join("data"));
    settings.tls_cert = Some(cert);
    settings.tls_key = Some(key);
    let error = kulti_server::Server::start(settings).await.unwrap_err();
    assert!(matches!(error, StartError::Tls(_)));
    assert!(error.to_string().contains("cert.pem"), "{error}");
}

#[tokio::test]
async fn an_embedded_server_is_opened_to_the_network_and_closed() {
    let server = TestServer::start().await;
    let port = {
        let free = TcpListener::bind("0.0.0.0:0").unwrap();
        free.local_addr().unwrap().port()
    };
    assert_eq!(server.server.reach().await, None);
    let reach = server.server.open_to_network(port).await.unwrap();
    assert_eq!(server.server.reach().await.as_ref(), Some(&reach));
    assert_eq!(
        server.server.open_to_network(0).await.unwrap(),
        reach,
        "it is open already"
    );
    for address in &reach.addresses {
        assert!(
            address.starts_with("https://") && address.ends_with(&format!(":{port}")),
            "{address}"
        );
    }

    let url = format!("https://127.0.0.1:{port}/api/auth/guest");
    let body = serde_json::json!({"display_name": "Ben"});
    let response = insecure_client()
        .post(&url)
        .json(&body)
        .send()
        .await
        .unwrap();
    let seen = response
        .extensions()
        .get::<reqwest::tls::TlsInfo>()
        .and_then(|info| info.peer_certificate().map(<[u8]>::to_vec))
        .unwrap();
    let pin: String = Sha256::digest(&seen)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    assert_eq!(
        pin, reach.pin,
        "links carry the fingerprint of what is served"
    );
    let auth: Value = response.json().await.unwrap();
    let session = server.guest("Ann").await.create("Rust").await;
    let request = insecure_client()
        .post(format!("https://127.0.0.1:{port}/api/hms/get-token"))
        .bearer_auth(auth["access_token"].as_str().unwrap())
        .json(&serde_json::json!({"roomId": session.hms_room_id, "sessionId": session.id}));
    let given = send(request).await;
    assert_eq!(
        given.body["initEndpoint"],
        format!("https://127.0.0.1:{port}"),
        "the same sessions, by the address that was used"
    );

    server.server.close_to_network().await;
    assert_eq!(server.server.reach().await, None);
    eventually("nobody can connect", async || {
        insecure_client().post(&url).json(&body).send().await.err()
    })
    .await;
    assert_eq!(
        server.get("/healthz").await.status,
        StatusCode::OK,
        "this computer still can"
    );
    let again = server.server.open_to_network(0).await.unwrap();
    assert_eq!(again.pin, reach.pin, "links that were given out stay good");
}

/// A WebSocket over the local network, to one who trusts the server's own certificate.
async fn network_socket(
    server: &TestServer,
    port: u16,
    path: &str,
) -> WebSocketStream<TlsStream<TcpStream>> {
    let _ = client();
    let pem = std::fs::read(server.data.path().join("network-tls.pem")).unwrap();
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(&pem).unwrap())
        .unwrap();
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let stream = TlsConnector::from(Arc::new(config))
        .connect("kulti.local".try_into().unwrap(), stream)
        .await
        .unwrap();
    let url = format!("wss://kulti.local{path}");
    tokio_tungstenite::client_async(url, stream)
        .await
        .unwrap()
        .0
}

#[tokio::test]
async fn closing_the_network_sends_its_guests_away_and_nobody_else() {
    let server = TestServer::start().await;
    let (ann, ben) = (server.guest("Ann").await, server.guest("Ben").await);
    let session = ann.create("Rust").await;
    let mut host = ann.enter(&session, "host").await;
    let reach = server.server.open_to_network(0).await.unwrap();
    let port = reach.addresses.first().map_or_else(
        || panic!("a machine without addresses"),
        |address| address.rsplit(':').next().unwrap().parse().unwrap(),
    );
    let token = ben.token(&session).await.token;
    let path = format!("/ws?peer=guest&token={token}");
    let mut guest = network_socket(&server, port, &path).await;
    let join = json!({"id": "1", "method": "join", "params": {"name": "Ben", "data": ""}});
    guest
        .send(Message::Text(join.to_string().into()))
        .await
        .unwrap();
    host.until(|frame| frame["method"] == "on-peer-join").await;

    server.server.close_to_network().await;
    let told = tokio::time::timeout(PATIENCE, async {
        loop {
            match guest.next().await {
                Some(Ok(Message::Close(Some(close)))) => return close,
                Some(Ok(_)) => {}
                other => panic!("no word of farewell: {other:?}"),
            }
        }
    })
    .await
    .expect("the connection is closed");
    assert!(told.reason.contains("closed"), "{}", told.reason);
    let gone = host.until(|frame| frame["method"] == "on-peer-leave").await;
    assert_eq!(gone["params"]["peer_id"], "guest");
    host.request("ping", json!({"timestamp": 1})).await;
}

#[tokio::test]
async fn guests_from_the_network_join_sessions_and_nothing_more() {
    let server = TestServer::start().await;
    let session = server.guest("Ann").await.create("Rust").await;
    let reach = server.server.open_to_network(0).await.unwrap();
    let port = reach.addresses[0].rsplit(':').next().unwrap().to_owned();
    let origin = format!("https://127.0.0.1:{port}");
    let guest = insecure_client()
        .post(format!("{origin}/api/auth/guest"))
        .json(&json!({"display_name": "Ben"}));
    let auth: AuthResponse = send(guest).await.expect(StatusCode::OK);
    let ask = |method: Method, path: &str| {
        let request = insecure_client()
            .request(method, format!("{origin}{path}"))
            .bearer_auth(&auth.access_token)
            .json(&json!({"title": "mine"}));
        send(request)
    };
    for (method, path) in [
        (Method::POST, "/api/sessions/create"),
        (Method::GET, "/api/sessions?status=live"),
        (Method::GET, "/metrics"),
    ] {
        ask(method, path)
            .await
            .expect_refusal(403, "not_for_guests");
    }
    let by_code = format!("/api/sessions/by-code/{}", session.room_code);
    assert_eq!(ask(Method::GET, &by_code).await.status, StatusCode::OK);
    let join = format!("/api/sessions/{}/join", session.id);
    assert_eq!(ask(Method::POST, &join).await.status, StatusCode::OK);
    let mut made = 1;
    let refused = loop {
        let guest = insecure_client()
            .post(format!("{origin}/api/auth/guest"))
            .json(&json!({"display_name": "Ben"}));
        let answer = send(guest).await;
        if answer.status != StatusCode::OK {
            break answer;
        }
        made += 1;
        assert!(made < 100, "one computer makes any number of guests");
    };
    refused.expect_refusal(429, "rate_limited");
}
