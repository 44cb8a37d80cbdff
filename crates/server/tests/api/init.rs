use std::time::Duration;

use kulti_protocol::token::{HmsKeys, TokenClaims};
use kulti_server::{hms_keys, mint_token, settings::HmsKeySettings};
use reqwest::StatusCode;

use crate::support::{Answer, Signalling, TestServer, client, eventually, now_ms, send};

fn keys(server: &TestServer) -> HmsKeys {
    hms_keys::load_or_create(&HmsKeySettings::default(), server.data.path()).unwrap()
}

/// A token that ran out long ago.
fn expired_token(server: &TestServer, room: &str, user: &str) -> String {
    let then = now_ms() / 1_000 - 3_600;
    mint_token(
        &keys(server),
        room,
        user,
        "viewer",
        None,
        then,
        Duration::from_secs(60),
    )
    .unwrap()
}

async fn init(server: &TestServer, token: &str, peer_id: &str) -> Answer {
    let url = server.url(&format!(
        "/init?peer_id={peer_id}&user_agent_v2=os:x,sdk:web"
    ));
    send(client().get(url).bearer_auth(token)).await
}

fn expect_refusal(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(
        answer.body["code"], status,
        "the SDK reads the code from the body"
    );
    assert!(answer.body["message"].is_string());
}

#[tokio::test]
async fn a_good_token_is_told_where_to_connect() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let session = ann.create("Rust").await;
    let given = ann.token(&session).await;
    assert_eq!(given.role, "host");
    assert_eq!(given.user_name, "Ann");
    assert_eq!(given.init_endpoint.as_deref(), Some(server.server.origin()));
    assert!(given.expires_at > now_ms());
    let answer = init(&server, &given.token, "p").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        answer.body["endpoint"].as_str().unwrap(),
        server.server.origin().replace("http", "ws") + "/ws"
    );
    assert!(answer.body["config"]["enabledFlags"].is_array());
    assert!(answer.body["rtcConfiguration"]["ice_servers"].is_array());
}

#[tokio::test]
async fn a_room_that_a_valid_token_names_exists() {
    let server = TestServer::start().await;
    let token = server
        .server
        .mint_token(
            "room 1/ü",
            "ann",
            "host",
            Some("Ann"),
            Duration::from_secs(60),
        )
        .unwrap();
    Signalling::join(server.server.origin(), &token, "p", "Ann")
        .await
        .leave()
        .await;
}

#[tokio::test]
async fn bad_tokens_are_refused_with_401_in_json() {
    let server = TestServer::start().await;
    let good = server
        .server
        .mint_token("room", "ann", "viewer", None, Duration::from_secs(60))
        .unwrap();
    let (unsigned, signature) = good.rsplit_once('.').unwrap();
    let forged = HmsKeys {
        access_key: keys(&server).access_key,
        secret: "guess".into(),
    };
    let now_s = now_ms() / 1_000;
    let claims = |at| TokenClaims::new("room", "ann", "viewer", "j", at, 60);
    let mut management = claims(now_s);
    management.kind = "management".into();
    for bad in [
        "x",
        "a.b.c",
        &format!("{unsigned}."),
        &format!("{unsigned}.{}", signature.chars().rev().collect::<String>()),
        &claims(now_s).sign(&forged).unwrap(),
        &management.sign(&keys(&server)).unwrap(),
        &claims(now_s + 3_600).sign(&keys(&server)).unwrap(),
        &expired_token(&server, "room", "ann"),
        &"x".repeat(8_000),
    ] {
        expect_refusal(&init(&server, bad, "p").await, 401);
    }
    expect_refusal(&server.get("/init?peer_id=p").await, 401);
    assert_eq!(init(&server, &good, "p").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_token_that_runs_out_does_not_lock_out_who_is_in_the_room() {
    let server = TestServer::start().await;
    let ben = server.guest("Ben").await;
    let session = server.guest("Ann").await.create("Rust").await;
    let user = &ben.auth.user.id;
    let expired = expired_token(&server, &session.hms_room_id, user);
    expect_refusal(&init(&server, &expired, "peer-ben").await, 401);

    let socket = ben.enter(&session, "peer-ben").await;
    assert_eq!(
        init(&server, &expired, "peer-ben").await.status,
        StatusCode::OK
    );
    expect_refusal(&init(&server, &expired, "another-peer").await, 401);
    let stranger = expired_token(&server, &session.hms_room_id, "stranger");
    expect_refusal(&init(&server, &stranger, "peer-ben").await, 401);

    socket.leave().await;
    eventually("Ben is forgotten", async || {
        let answer = init(&server, &expired, "peer-ben").await;
        (answer.status == StatusCode::UNAUTHORIZED).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_room_of_a_session_that_is_over_is_closed() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let session = ann.create("Rust").await;
    let token = ann.token(&session).await.token;
    assert_eq!(ann.end(&session).await.status, StatusCode::OK);
    expect_refusal(&init(&server, &token, "p").await, 410);
}

#[tokio::test]
async fn the_endpoint_is_the_one_that_the_client_can_reach() {
    let server = TestServer::start_with(|settings| settings.trust_proxy = true).await;
    let ann = server.guest("Ann").await;
    let session = ann.create("Rust").await;
    let token = ann.token(&session).await.token;
    let request = client()
        .get(server.url("/init?peer_id=p"))
        .bearer_auth(&token)
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-host", "live.example.org");
    let answer = send(request).await;
    assert_eq!(answer.body["endpoint"], "wss://live.example.org/ws");

    let data = server.stop().await;
    let server = TestServer::start_on(data, |settings| {
        settings.public_origin = Some("https://kulti.example".into());
    })
    .await;
    assert_eq!(server.server.origin(), "https://kulti.example");
    let url = format!("http://{}/init?peer_id=p", server.server.address());
    let request = client()
        .get(url)
        .bearer_auth(&token)
        .header("x-forwarded-host", "evil.example");
    let answer = send(request).await;
    assert_eq!(answer.body["endpoint"], "wss://kulti.example/ws");
}
