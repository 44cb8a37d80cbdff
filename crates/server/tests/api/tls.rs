use std::net::TcpListener;

use kulti_server::StartError;
use reqwest::StatusCode;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::support::{TestServer, client, eventually, send};

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
