use std::time::Duration;

use kulti_protocol::api::{AuthResponse, ProfileResponse, Session, SessionList};
use reqwest::StatusCode;
use serde_json::json;

use crate::support::{Client, TestServer, eventually};

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
async fn a_refresh_token_is_good_until_the_next_one_is_used() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let refresh = async |token: &str| {
        let body = json!({"refresh_token": token});
        server.post("/api/auth/refresh", body).await
    };
    let first = &ann.auth.refresh_token;
    // At the same moment, or because the answer was lost.
    let (one, two) = tokio::join!(refresh(first), refresh(first));
    let one: AuthResponse = one.expect(StatusCode::OK);
    let two: AuthResponse = two.expect(StatusCode::OK);
    let second = &one.refresh_token;
    assert_ne!(*second, two.refresh_token);
    assert_eq!(one.user, ann.auth.user);
    assert_eq!(refresh(second).await.status, StatusCode::OK);
    refresh(first)
        .await
        .expect_refusal(401, "bad_refresh_token");
    assert_eq!(refresh(&two.refresh_token).await.status, StatusCode::OK);
    for client in [&ann, &server.client(one), &server.client(two)] {
        assert_eq!(
            client.balance().await,
            0,
            "requests under way with the old one do not fail"
        );
    }
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
        ("POST", "/api/auth/profile"),
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

/// How many transactions the database has committed.
async fn commits(server: &TestServer) -> u64 {
    let metrics = server.get("/metrics").await;
    let text = metrics.body.as_str().unwrap();
    let mut lines = text.lines();
    let line = lines.find_map(|line| line.strip_prefix("kulti_db_commits_total "));
    line.unwrap().parse().unwrap()
}

async fn rename(who: &Client, name: &str) -> ProfileResponse {
    who.post("/api/auth/profile", json!({"display_name": name}))
        .await
        .expect(StatusCode::OK)
}

#[tokio::test]
async fn a_new_name_shows_wherever_the_account_does() {
    let server = TestServer::start().await;
    let (ann, ben) = (server.guest("Ann").await, server.guest("Ben").await);
    let session: Session = ann
        .post(
            "/api/sessions/create",
            json!({"title": "Rust", "is_public": true}),
        )
        .await
        .expect(StatusCode::OK);
    let bens = ben.create("Ben's own").await;

    let renamed = rename(&ann, "  Anna\u{202e} Lee ").await;
    assert_eq!(renamed.user.display_name, "Anna Lee", "made clean");
    assert_eq!(renamed.user.id, ann.auth.user.id, "the same account");

    let by_code = async |who: &Client, session: &Session| -> Session {
        who.get(&format!("/api/sessions/by-code/{}", session.room_code))
            .await
            .expect(StatusCode::OK)
    };
    assert_eq!(by_code(&ben, &session).await.host, renamed.user);
    assert_eq!(by_code(&ann, &bens).await.host, ben.auth.user);
    let list: SessionList = ben
        .get("/api/sessions?status=live")
        .await
        .expect(StatusCode::OK);
    assert_eq!(list.sessions[0].host, renamed.user);
    assert_eq!(ann.token(&session).await.user_name, "Anna Lee");
    assert_eq!(ann.create("Next").await.host, renamed.user);

    let server = TestServer::start_on(server.stop().await, |_| {}).await;
    let ben = server.client(ben.auth);
    assert_eq!(by_code(&ben, &session).await.host, renamed.user);
    let again: AuthResponse = server
        .post(
            "/api/auth/refresh",
            json!({"refresh_token": ann.auth.refresh_token}),
        )
        .await
        .expect(StatusCode::OK);
    assert_eq!(again.user, renamed.user, "kept over a restart");
}

#[tokio::test]
async fn the_same_name_again_writes_nothing_and_a_bad_one_changes_nothing() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let before = commits(&server).await;
    for same in ["Ann", " Ann\n"] {
        assert_eq!(rename(&ann, same).await.user, ann.auth.user);
    }
    for name in ["", "   ", "\u{7}\u{200e}", &"x".repeat(81)] {
        ann.post("/api/auth/profile", json!({"display_name": name}))
            .await
            .expect_refusal(400, "bad_display_name");
    }
    ann.post("/api/auth/profile", json!({}))
        .await
        .expect_refusal(400, "bad_json");
    assert_eq!(commits(&server).await, before);
    assert_eq!(ann.create("Rust").await.host, ann.auth.user);
    rename(&ann, "Anna").await;
    assert!(commits(&server).await > before, "a new name is written");
}

#[tokio::test]
async fn a_refreshed_pair_and_the_pair_before_it_have_one_name() {
    let server = TestServer::start().await;
    let old = server.guest("Ann").await;
    let renewed: AuthResponse = server
        .post(
            "/api/auth/refresh",
            json!({"refresh_token": old.auth.refresh_token}),
        )
        .await
        .expect(StatusCode::OK);
    let new = server.client(renewed);
    rename(&new, "Anna").await;
    assert_eq!(old.create("Rust").await.host.display_name, "Anna");
}

#[tokio::test]
async fn changes_of_name_count_as_requests() {
    let server = TestServer::start_with(|settings| {
        settings.limits.requests_per_minute = 3;
    })
    .await;
    let ann = server.guest("Ann").await;
    for name in ["A", "B", "C"] {
        rename(&ann, name).await;
    }
    ann.post("/api/auth/profile", json!({"display_name": "D"}))
        .await
        .expect_refusal(429, "rate_limited");
}
