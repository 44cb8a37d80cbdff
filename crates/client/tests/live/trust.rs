//! Certificates: exactly the pinned one, or those that the operating system trusts.

use std::sync::Arc;

use kulti_client::drivers::{
    api::ApiError,
    credentials::MemoryCredentials,
    join::{JoinError, Server, ServerAddress},
    tls::Pin,
};

use crate::{eyes::Eyes, server::TestServer};

fn person(origin: &str, pin: Option<Pin>) -> Server {
    let address = ServerAddress {
        origin: origin.to_owned(),
        pin,
        plain_allowed: false,
    };
    Server::new(&address, Arc::new(MemoryCredentials::default())).unwrap()
}

#[tokio::test]
async fn the_pinned_certificate_is_accepted_for_http_and_websocket() {
    let server = TestServer::start().await;
    let (origin, pin) = server.open().await;
    // Sessions are hosted on this computer; guests come over the network.
    let host = person(&server.origin(), None);
    let stay = host.host("Behind TLS", false, "Hanna").await.unwrap();
    let code = stay.config().room_code.parse().unwrap();
    let learner = person(&origin, Some(pin));
    let learner = learner.join(&code, "Léo").await.unwrap();
    Eyes::of(&learner).people(2).await;
    assert!(learner.config().share_link.contains(&pin.to_string()));
}

#[tokio::test]
async fn another_certificate_is_refused() {
    let server = TestServer::start().await;
    let (origin, _) = server.open().await;
    let wrong = Pin::of_certificate(b"another certificate");
    for pin in [Some(wrong), None] {
        let refused = person(&origin, pin).sign_in("Ana").await.unwrap_err();
        assert!(
            matches!(refused, JoinError::Api(ApiError::WrongCertificate { .. })),
            "{pin:?}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let refused = person(&format!("http://{address}"), None)
        .sign_in("Ana")
        .await
        .unwrap_err();
    assert!(
        matches!(&refused, JoinError::Api(ApiError::Unreachable { message }) if message.contains("refused")),
        "{refused:?}"
    );
}
