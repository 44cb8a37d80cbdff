use kulti_server::settings::AllowedOrigins;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::{PATIENCE, TestServer, client, send};

#[tokio::test]
async fn bodies_are_limited() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let session = ann.create("Rust").await;
    let padded = |bytes: usize| {
        let mut body = json!({"title": "t", "padding": ""});
        let empty = body.to_string().len();
        body["padding"] = "x".repeat(bytes - empty).into();
        body
    };
    let created = ann.post("/api/sessions/create", padded(10 * 1024)).await;
    assert_eq!(
        created.status,
        StatusCode::OK,
        "10 KB, and an unknown field, are fine"
    );
    for bytes in [10 * 1024 + 1, 300 * 1024] {
        ann.post("/api/sessions/create", padded(bytes))
            .await
            .expect_refusal(413, "too_large");
    }
    let beat = |pairs: usize| {
        json!({"sessionId": session.id, "isActive": true,
               "intervals": vec![[1_700_000_000_000u64, 1_700_000_000_001]; pairs]})
    };
    assert!(beat(2_000).to_string().len() < 64 * 1024);
    let accepted = ann.post("/api/analytics/heartbeat", beat(2_000)).await;
    assert_eq!(accepted.status, StatusCode::OK, "{}", accepted.body);
    ann.post("/api/analytics/heartbeat", beat(3_000))
        .await
        .expect_refusal(413, "too_large");
}

#[tokio::test]
async fn what_is_no_json_is_refused() {
    let server = TestServer::start().await;
    for body in ["", "{", "[]", "null", "{\"display_name\": 7}", "\u{0}"] {
        let answer = send(client().post(server.url("/api/auth/guest")).body(body)).await;
        answer.expect_refusal(400, "bad_json");
    }
    let not_utf8 = client()
        .post(server.url("/api/auth/guest"))
        .body(b"{\"display_name\":\"\xff\"}".to_vec());
    send(not_utf8).await.expect_refusal(400, "bad_json");
}

#[tokio::test]
async fn wrong_paths_and_methods_are_refused_in_the_same_form() {
    let server = TestServer::start().await;
    server.get("/").await.expect_refusal(404, "not_found");
    server
        .get("/api/nothing")
        .await
        .expect_refusal(404, "not_found");
    server
        .get("/api/auth/guest")
        .await
        .expect_refusal(405, "method_not_allowed");
    let ann = server.guest("Ann").await;
    ann.get("/api/credits/transactions?limit=many")
        .await
        .expect_refusal(400, "bad_page");
}

#[tokio::test]
async fn the_server_describes_itself() {
    let server = TestServer::start().await;
    let document: Value = server.get("/api/openapi.json").await.expect(StatusCode::OK);
    assert!(document["paths"]["/api/analytics/heartbeat"]["post"].is_object());
    let health: Value = server.get("/healthz").await.expect(StatusCode::OK);
    assert_eq!(health["status"], "ok");
    server.guest("Ann").await.create("Rust").await;
    let metrics = server.get("/metrics").await;
    let text = metrics.body.as_str().unwrap();
    assert!(text.contains("\nkulti_live_sessions 1\n"), "{text}");
    assert!(text.contains("\nkulti_db_commits_total "), "{text}");
}

#[tokio::test]
async fn web_pages_of_other_origins_get_answers_and_refusals() {
    let server = TestServer::start_with(|settings| {
        settings.allowed_origins = AllowedOrigins::any();
    })
    .await;
    let page = "https://learn.example.org";
    for (method, path) in [("GET", "/init"), ("POST", "/api/sessions/create")] {
        let preflight = client()
            .request(Method::OPTIONS, server.url(path))
            .header("origin", page)
            .header("access-control-request-method", method)
            .header(
                "access-control-request-headers",
                "authorization,content-type",
            );
        let answer = send(preflight).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let header = |name: &str| answer.headers[name].to_str().unwrap().to_owned();
        assert_eq!(header("access-control-allow-origin"), page);
        assert!(header("access-control-allow-methods").contains(method));
        assert!(header("access-control-allow-headers").contains("authorization"));
    }
    for path in ["/init?peer_id=p", "/api/credits/balance", "/nothing"] {
        let answer = send(client().get(server.url(path)).header("origin", page)).await;
        assert!(answer.status.is_client_error());
        assert_eq!(
            answer.headers["access-control-allow-origin"], page,
            "a page must be able to read why {path} is refused"
        );
    }
}

#[tokio::test]
async fn pages_that_are_not_allowed_get_nothing() {
    let server = TestServer::start().await;
    let ask = |origin: &'static str| {
        let request = client()
            .post(server.url("/api/auth/guest"))
            .header("origin", origin)
            .json(&json!({"display_name": "Ann"}));
        send(request)
    };
    for foreign in [
        "https://evil.example",
        "null",
        "http://127.0.0.1.evil.example",
    ] {
        let answer = ask(foreign).await;
        answer.expect_refusal(403, "origin_not_allowed");
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
    }
    for own in ["http://localhost:1420", "tauri://localhost"] {
        let answer = ask(own).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.headers["access-control-allow-origin"], own);
    }
    let socket = client()
        .get(server.url("/ws?peer=p&token=t"))
        .header("origin", "https://evil.example")
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    send(socket).await.expect_refusal(403, "origin_not_allowed");
}

#[tokio::test]
async fn a_client_that_sends_its_head_or_body_too_slowly_is_dropped() {
    let quick = std::time::Duration::from_millis(300);
    let server = TestServer::start_with(|settings| {
        settings.limits.handshake_timeout = quick;
        settings.limits.body_timeout = quick;
    })
    .await;
    for begun in ["", "GET /healthz HTTP/1.1\r\nhost: x\r\nx-slow: "] {
        let mut slow = TcpStream::connect(server.server.address()).await.unwrap();
        slow.write_all(begun.as_bytes()).await.unwrap();
        let mut rest = Vec::new();
        tokio::time::timeout(PATIENCE, slow.read_to_end(&mut rest))
            .await
            .expect("the server closes it")
            .unwrap();
        assert!(!rest.starts_with(b"HTTP/1.1 200"));
    }
    let mut slow = TcpStream::connect(server.server.address()).await.unwrap();
    slow.write_all(b"POST /api/auth/guest HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n\r\n{")
        .await
        .unwrap();
    let mut answer = vec![0; 12];
    tokio::time::timeout(PATIENCE, slow.read_exact(&mut answer))
        .await
        .expect("the server answers")
        .unwrap();
    assert_eq!(answer, b"HTTP/1.1 408");
}
