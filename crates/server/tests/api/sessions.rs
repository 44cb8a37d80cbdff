use std::{collections::HashSet, time::Duration};

use kulti_protocol::api::{
    EndSessionResponse, JoinSessionResponse, Session, SessionList, SessionStatus,
};
use reqwest::StatusCode;
use serde_json::json;

use crate::support::{TestServer, eventually, now_ms};

#[tokio::test]
async fn a_session_is_started_found_joined_and_ended() {
    let server = TestServer::start().await;
    let (ann, ben) = (server.guest("Ann").await, server.guest("Ben").await);
    let created: Session = ann
        .post(
            "/api/sessions/create",
            json!({"title": " Rust\n at night ", "description": "Bring tea", "is_public": true,
                   "enableOBS": false}),
        )
        .await
        .expect(StatusCode::OK);
    assert_eq!(created.title, "Rust at night");
    assert_eq!(created.status, SessionStatus::Live);
    assert_eq!(created.host, ann.auth.user);
    assert!(created.room_code.starts_with("VIBE-"));

    let sloppy = created.room_code.to_lowercase().replace('-', "%20");
    let found: Session = ben
        .get(&format!("/api/sessions/by-code/{sloppy}"))
        .await
        .expect(StatusCode::OK);
    assert_eq!(found, created);

    let joined: JoinSessionResponse = ben.join(&created).await.expect(StatusCode::OK);
    assert_eq!(joined.role, "viewer");
    let again: JoinSessionResponse = ben.join(&created).await.expect(StatusCode::OK);
    assert_eq!(again, joined);
    let host: JoinSessionResponse = ann.join(&created).await.expect(StatusCode::OK);
    assert_eq!(host.role, "host");

    ben.end(&created).await.expect_refusal(403, "not_the_host");
    let ended: EndSessionResponse = ann.end(&created).await.expect(StatusCode::OK);
    assert_eq!(ended.session.status, SessionStatus::Ended);
    let twice: EndSessionResponse = ann.end(&created).await.expect(StatusCode::OK);
    assert_eq!(twice, ended);

    ben.get(&format!("/api/sessions/by-code/{}", created.room_code))
        .await
        .expect_refusal(404, "session_not_found");
    ben.join(&created)
        .await
        .expect_refusal(410, "session_ended");
    ben.post(
        "/api/hms/get-token",
        json!({"roomId": created.hms_room_id, "sessionId": created.id}),
    )
    .await
    .expect_refusal(410, "session_ended");
}

#[tokio::test]
async fn only_public_live_sessions_are_listed() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    ann.create("private").await;
    for (title, ends) in [("first", false), ("over", true), ("second", false)] {
        let session: Session = ann
            .post(
                "/api/sessions/create",
                json!({"title": title, "is_public": true}),
            )
            .await
            .expect(StatusCode::OK);
        if ends {
            ann.end(&session)
                .await
                .expect::<EndSessionResponse>(StatusCode::OK);
        }
    }
    let list: SessionList = ann
        .get("/api/sessions?status=live")
        .await
        .expect(StatusCode::OK);
    let titles: HashSet<_> = list.sessions.iter().map(|s| s.title.as_str()).collect();
    assert_eq!(titles, HashSet::from(["first", "second"]));
    ann.get("/api/sessions?status=ended")
        .await
        .expect_refusal(400, "bad_status");
}

#[tokio::test]
async fn what_is_wrong_with_a_session_is_said() {
    let server = TestServer::start_with(|settings| settings.limits.sessions_per_user = 2).await;
    let (ann, ben) = (server.guest("Ann").await, server.guest("Ben").await);
    for title in ["", " \n ", &"x".repeat(121)] {
        ann.post("/api/sessions/create", json!({"title": title}))
            .await
            .expect_refusal(400, "bad_title");
    }
    ann.post(
        "/api/sessions/create",
        json!({"title": "t", "description": "x".repeat(2_001)}),
    )
    .await
    .expect_refusal(400, "bad_description");

    let session = ann.create("one").await;
    let other = ann.create("two").await;
    ann.post("/api/sessions/create", json!({"title": "three"}))
        .await
        .expect_refusal(403, "too_many_sessions");
    ann.end(&other)
        .await
        .expect::<EndSessionResponse>(StatusCode::OK);
    ann.create("three").await;

    ben.post(
        "/api/hms/get-token",
        json!({"roomId": other.hms_room_id, "sessionId": session.id}),
    )
    .await
    .expect_refusal(400, "wrong_room");
    for id in ["x", "00000000-0000-4000-8000-000000000000", "%00"] {
        let path = format!("/api/sessions/{id}/join");
        ben.post(&path, json!({}))
            .await
            .expect_refusal(404, "session_not_found");
        ben.post("/api/sessions/end", json!({"sessionId": id}))
            .await
            .expect_refusal(404, "session_not_found");
    }
    ben.get("/api/sessions/by-code/JAZZ-2K4F")
        .await
        .expect_refusal(400, "bad_room_code");
}

#[tokio::test]
async fn codes_cannot_be_guessed_at_will() {
    let server = TestServer::start_with(|settings| {
        settings.limits.wrong_codes_burst = 5;
        settings.limits.wrong_codes_per_minute = 1;
    })
    .await;
    let ann = server.guest("Ann").await;
    let session = ann.create("Rust").await;
    let right = format!("/api/sessions/by-code/{}", session.room_code);
    for _ in 0..20 {
        ann.get(&right).await.expect::<Session>(StatusCode::OK);
    }
    let wrong = |n: u32| format!("/api/sessions/by-code/VIBE-000{n}");
    for n in 0..5 {
        ann.get(&wrong(n))
            .await
            .expect_refusal(404, "session_not_found");
    }
    let answer = ann.get(&wrong(5)).await;
    answer.expect_refusal(429, "rate_limited");
    assert!(answer.headers.contains_key("retry-after"));
    let ben = server.guest("Ben").await;
    ben.get(&right).await.expect::<Session>(StatusCode::OK);
    let mut accounts = 1;
    let locked_out = loop {
        let guesser = server.guest("Eve").await;
        accounts += 1;
        let mut refused = None;
        for n in 0..5 {
            let answer = guesser.get(&wrong(n)).await;
            if answer.status == StatusCode::TOO_MANY_REQUESTS {
                refused = Some(answer);
            }
        }
        if let Some(refused) = refused {
            break refused;
        }
        assert!(accounts < 30, "new accounts make any number of guesses");
    };
    locked_out.expect_refusal(429, "rate_limited");
}

#[tokio::test]
async fn many_hosts_at_once_get_different_codes() {
    let server = TestServer::start().await;
    let hosts = futures_util::future::join_all((0..40).map(|n| {
        let server = &server;
        async move {
            let host = server.guest(&format!("Host {n}")).await;
            host.create("at once").await
        }
    }))
    .await;
    let codes: HashSet<_> = hosts.iter().map(|s| s.room_code.as_str()).collect();
    let rooms: HashSet<_> = hosts.iter().map(|s| s.hms_room_id.as_str()).collect();
    assert_eq!((codes.len(), rooms.len()), (40, 40));
}

#[tokio::test]
async fn everybody_is_told_when_the_host_ends_the_session() {
    let server = TestServer::start().await;
    let (ann, ben) = (server.guest("Ann").await, server.guest("Ben").await);
    let session = ann.create("Rust").await;
    let mut bens = ben.enter(&session, "peer-ben").await;
    eventually("Ben is counted", async || {
        let found: Session = ann
            .get(&format!("/api/sessions/by-code/{}", session.room_code))
            .await
            .expect(StatusCode::OK);
        (found.participants == 1).then_some(())
    })
    .await;
    ann.end(&session)
        .await
        .expect::<EndSessionResponse>(StatusCode::OK);
    let request = bens
        .until(|frame| frame["method"] == "on-peer-leave-request")
        .await;
    assert_eq!(request["params"]["room_end"], true);
}

#[tokio::test]
async fn a_session_that_everybody_left_ends_by_itself() {
    let server = TestServer::start_with(|settings| {
        settings.watch.abandoned_after = Duration::from_secs(1);
    })
    .await;
    let ann = server.guest("Ann").await;
    let session = ann.create("Rust").await;
    let by_code = format!("/api/sessions/by-code/{}", session.room_code);
    let socket = ann.enter(&session, "peer-ann").await;
    // Several rounds of tidying up go by.
    tokio::time::sleep(Duration::from_secs(4)).await;
    ann.get(&by_code).await.expect::<Session>(StatusCode::OK);
    socket.leave().await;
    eventually("the session ends", async || {
        let found = ann.get(&by_code).await;
        (found.status == StatusCode::NOT_FOUND).then_some(())
    })
    .await;
    let ended: EndSessionResponse = ann.end(&session).await.expect(StatusCode::OK);
    assert!(
        ended.session.ended_at.unwrap() < now_ms() - 1_000,
        "it ended when the last one left"
    );
}

#[tokio::test]
async fn a_room_that_the_host_ends_and_locks_ends_its_session() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let session = ann.create("Rust").await;
    let mut anns = ann.enter(&session, "peer-ann").await;
    anns.request("end-room", json!({"lock": true, "reason": "done"}))
        .await;
    eventually("the session ends", async || {
        let found = ann
            .get(&format!("/api/sessions/by-code/{}", session.room_code))
            .await;
        (found.status == StatusCode::NOT_FOUND).then_some(())
    })
    .await;
}
