//! Servers that do not keep to the rules.

use std::{net::SocketAddr, sync::Arc};

use kulti_client::drivers::{
    api::{Api, ApiError},
    credentials::MemoryCredentials,
    tls::Trust,
    transport::Transport,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// A server that gives every request the same answer.
async fn always(answer: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut request = vec![0; 64 << 10];
                let _read = client.read(&mut request).await;
                let _written = client.write_all(&answer).await;
            });
        }
    });
    address
}

async fn sign_in_at(answer: Vec<u8>) -> ApiError {
    let address = always(answer).await;
    let transport = Transport::new(Trust::SystemRoots, None).unwrap();
    let origin = format!("http://{address}").parse().unwrap();
    let api = Api::new(transport, origin, Arc::new(MemoryCredentials::default()));
    api.sign_in("Ana").await.unwrap_err()
}

fn http(status: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[tokio::test]
async fn errors_carry_the_servers_code_and_words() {
    let body = r#"{"error":"too many guests from here; wait a minute","code":"rate_limited"}"#;
    let error = sign_in_at(http("429 Too Many Requests", body)).await;
    assert!(error.is_transient());
    let expected = ApiError::Refused {
        status: 429,
        code: "rate_limited".to_owned(),
        message: "too many guests from here; wait a minute".to_owned(),
    };
    assert_eq!(error, expected);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = always(http("200 OK", "{}")).await;
    let answer =
        format!("HTTP/1.1 307 Go\r\nlocation: http://{elsewhere}/\r\ncontent-length: 0\r\n\r\n");
    assert_eq!(sign_in_at(answer.into_bytes()).await.status(), Some(307));
}

#[tokio::test]
async fn nonsense_is_unreadable_and_not_repeated() {
    for body in [
        "",
        "<html>",
        "[]",
        r#"{"access_token":7,"secret":"S3CRET"}"#,
    ] {
        let error = sign_in_at(http("200 OK", body)).await;
        assert!(
            matches!(error, ApiError::Unreadable { .. }),
            "{body}: {error:?}"
        );
        assert!(!format!("{error} {error:?}").contains("S3CRET"));
    }
}

#[tokio::test]
async fn an_endless_answer_is_not_kept() {
    let mut answer = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n".to_vec();
    answer.resize(3 << 20, b' ');
    let error = sign_in_at(answer).await;
    assert!(matches!(error, ApiError::Unreadable { .. }), "{error:?}");
}

#[tokio::test]
async fn what_is_no_http_is_unreachable() {
    let error = sign_in_at(b"220 smtp.example ESMTP\r\n".to_vec()).await;
    assert!(matches!(error, ApiError::Unreachable { .. }), "{error:?}");
}
