use std::time::Duration;

use kulti_protocol::api::AuthResponse;
use reqwest::StatusCode;
use serde_json::json;

use crate::support::{TestServer, eventually};

#[tokio::test]
async fn a_guest_has_a_name_and_tokens_that_work() {
    let server = TestServer::start().await;
    let ann = server.guest("  Ann\u{202e} Lee ").await;
    assert_eq!(ann.auth.user.display_name, "Ann Lee");
    assert_eq!(ann.balance().await, 0);
    let other = server.guest("Ann Lee").await;
    assert_ne!(
        ann.auth.user.id, other.auth.user.id,
        "names are not accounts"
    );
    assert_ne!(ann.auth.access_token, other.auth.access_token);
}

#[tokio::test]
async fn names_are_checked() {
    let server = TestServer::start().await;
    for name in ["", "   ", "\u{7}\u{200e}", &"x".repeat(81)] {
        server
            .post("/api/auth/guest", json!({"display_name": name}))
            .await
            .expect_refusal(400, "bad_display_name");
    }
    server
        .post("/api/auth/guest", json!({"name": "Ann"}))
        .await
        .expect_refusal(400, "bad_json");
}

#[tokio::test]
async fn a_refresh_token_is_good_once() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let body = json!({"refresh_token": ann.auth.refresh_token});
    let (first, second) = tokio::join!(
        server.post("/api/auth/refresh", body.clone()),
        server.post("/api/auth/refresh", body.clone()),
    );
    let (good, bad) = if first.status == StatusCode::OK {
        (first, second)
    } else {
        (second, first)
    };
    bad.expect_refusal(401, "bad_refresh_token");
    let renewed: AuthResponse = good.expect(StatusCode::OK);
    assert_eq!(renewed.user, ann.auth.user);
    assert_ne!(renewed.refresh_token, ann.auth.refresh_token);
    server
        .post("/api/auth/refresh", body)
        .await
        .expect_refusal(401, "bad_refresh_token");
    assert_eq!(
        server.client(renewed).balance().await,
        0,
        "the new pair works"
    );
    assert_eq!(
        ann.balance().await,
        0,
        "requests under way with the old one do not fail"
    );
}

#[tokio::test]
async fn without_a_good_token_nothing_is_given() {
    let server = TestServer::start_with(|settings| {
        settings.tokens.access_token_ttl = Duration::from_millis(1);
    })
    .await;
    let expired = server.guest("Ann").await;
    let answer = eventually("the token runs out", async || {
        let answer = expired.get("/api/credits/balance").await;
        (answer.status == StatusCode::UNAUTHORIZED).then_some(answer)
    })
    .await;
    answer.expect_refusal(401, "token_expired");
    assert_eq!(answer.headers["www-authenticate"], "Bearer");
    for (method, path) in [
        ("GET", "/api/credits/balance"),
        ("GET", "/api/credits/transactions"),
        ("GET", "/api/sessions?status=live"),
        ("GET", "/api/sessions/by-code/VIBE-2K4F"),
        ("POST", "/api/sessions/create"),
        ("POST", "/api/sessions/x/join"),
        ("POST", "/api/sessions/end"),
        ("POST", "/api/hms/get-token"),
        ("POST", "/api/analytics/heartbeat"),
    ] {
        let answer = match method {
            "GET" => server.get(path).await,
            _ => server.post(path, json!({})).await,
        };
        answer.expect_refusal(401, "unauthorized");
    }
}

#[tokio::test]
async fn guests_from_one_address_are_limited() {
    let server = TestServer::start_with(|settings| {
        settings.limits.guests_burst = 3;
        settings.limits.guests_per_minute = 1;
    })
    .await;
    for _ in 0..3 {
        server.guest("Ann").await;
    }
    let answer = server
        .post("/api/auth/guest", json!({"display_name": "Ann"}))
        .await;
    answer.expect_refusal(429, "rate_limited");
    let wait: u64 = answer.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=60).contains(&wait), "{wait} s");
}

#[tokio::test]
async fn one_users_requests_are_limited() {
    let server = TestServer::start_with(|settings| {
        settings.limits.requests_per_minute = 5;
    })
    .await;
    let (ann, ben) = (server.guest("Ann").await, server.guest("Ben").await);
    for _ in 0..5 {
        ann.balance().await;
    }
    let answer = ann.get("/api/credits/balance").await;
    answer.expect_refusal(429, "rate_limited");
    assert!(answer.headers.contains_key("retry-after"));
    ben.balance().await;
}
