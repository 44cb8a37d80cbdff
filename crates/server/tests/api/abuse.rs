//! Heartbeats as no honest client sends them: refused, or clipped; nothing is credited
//! for them, and the server goes on.

use kulti_protocol::api::{EndSessionResponse, HeartbeatResponse, Session};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    past::{MINUTE, Past, an_hour_old, beat, good_beat},
    support::{Client, TestServer, metric, now_ms, send},
};

async fn raw(client: &Client, body: impl Into<reqwest::Body>) -> crate::support::Answer {
    send(
        client
            .request(Method::POST, "/api/analytics/heartbeat")
            .header("content-type", "application/json")
            .body(body),
    )
    .await
}

/// What the watcher is paid in the end for an honest minute and whatever came with it.
async fn is_paid_for_one_minute(host: &Client, watcher: &Client, session: &Session, began: u64) {
    let honest = json!([[began, began + MINUTE]]);
    let answer = good_beat(watcher, session, honest).await;
    assert_eq!(answer.watch_duration_seconds, 60, "the server goes on");
    host.end(session)
        .await
        .expect::<EndSessionResponse>(StatusCode::OK);
    let books = watcher.books(session).await;
    assert_eq!((books.active_ms, books.credits.credits), (MINUTE, 1));
}

#[tokio::test]
async fn what_is_no_heartbeat_is_refused() {
    let (_server, host, watcher, session, began) = an_hour_old().await;
    for body in [
        "",
        "not JSON",
        "[]",
        "null",
        "{}",
        "\u{0}",
        r#"{"sessionId": 7, "isActive": true}"#,
    ] {
        raw(&watcher, body).await.expect_refusal(400, "bad_json");
    }
    let with = |intervals: &str| {
        format!(
            r#"{{"sessionId":"{}","isActive":true,"intervals":{intervals}}}"#,
            session.id
        )
    };
    for intervals in [
        "[[NaN,1]]",
        "[[1e3,2e3]]",
        "[[0.5,1.5]]",
        r#"[["0","1"]]"#,
        "[[1]]",
        "[[1,2,3]]",
        "[[99999999999999999999,99999999999999999999]]",
        "[[null,1]]",
        "{}",
    ] {
        raw(&watcher, with(intervals))
            .await
            .expect_refusal(400, "bad_json");
    }
    for excluded in [
        json!([[1, 2]]),
        json!([[1, 2, 3]]),
        json!(["hidden"]),
        json!([["a", "b", "hidden"]]),
    ] {
        let body = json!({"sessionId": session.id, "isActive": true, "excluded": excluded});
        raw(&watcher, body.to_string())
            .await
            .expect_refusal(400, "bad_json");
    }
    raw(&watcher, vec![0xff, 0xfe, 0x00])
        .await
        .expect_refusal(400, "bad_json");
    for reversed in [json!([[9, 5]]), json!([[i64::MAX, i64::MIN]])] {
        beat(&watcher, &session, reversed)
            .await
            .expect_refusal(400, "bad_intervals");
    }
    let reversed =
        json!({"sessionId": session.id, "isActive": true, "excluded": [[9, 5, "hidden"]]});
    raw(&watcher, reversed.to_string())
        .await
        .expect_refusal(400, "bad_intervals");
    is_paid_for_one_minute(&host, &watcher, &session, began).await;
}

#[tokio::test]
async fn a_million_intervals_are_too_many() {
    let (_server, host, watcher, session, began) = an_hour_old().await;
    let million: String = (0..1_000_000u64)
        .map(|n| format!("[{},{}],", began + n * 2, began + n * 2 + 1))
        .collect();
    let body = format!(
        r#"{{"sessionId":"{}","isActive":true,"intervals":[{}]}}"#,
        session.id,
        million.trim_end_matches(',')
    );
    // So large a body is not read to its end: the connection may break before the answer.
    let answer = watcher
        .request(Method::POST, "/api/analytics/heartbeat")
        .body(body)
        .send()
        .await;
    if let Ok(answer) = answer {
        assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
    // In pieces that are small enough, until one participant's limit is reached.
    let mut refused = false;
    for piece in 0..12u64 {
        let intervals: Vec<[u64; 2]> = (piece * 1_500..(piece + 1) * 1_500)
            .map(|n| [began + MINUTE + n * 2, began + MINUTE + n * 2 + 1])
            .collect();
        let answer = beat(&watcher, &session, json!(intervals)).await;
        if answer.status == StatusCode::PAYLOAD_TOO_LARGE {
            answer.expect_refusal(413, "too_many_intervals");
            refused = true;
        }
    }
    assert!(refused);
    // Nor are reasons kept without end, but too many are no reason to refuse time.
    for piece in 0..4u64 {
        let excluded: Vec<(u64, u64, &str)> = (piece * 1_000..(piece + 1) * 1_000)
            .map(|n| {
                (
                    began + 30 * MINUTE + n * 2,
                    began + 30 * MINUTE + n * 2 + 1,
                    "hidden",
                )
            })
            .collect();
        let body = json!({"sessionId": session.id, "isActive": false, "excluded": excluded});
        raw(&watcher, body.to_string())
            .await
            .expect::<HeartbeatResponse>(StatusCode::OK);
    }
    let books = watcher.books(&session).await;
    let hidden = books
        .excluded
        .iter()
        .filter(|(_, _, reason)| *reason == kulti_protocol::api::Exclusion::Hidden);
    assert_eq!(hidden.count(), 2_000);
    assert!(books.active_ms < 10_001, "{}", books.active_ms);
    host.end(&session)
        .await
        .expect::<EndSessionResponse>(StatusCode::OK);
}

#[tokio::test]
async fn only_time_that_can_be_vouched_for_is_credited() {
    let (_server, host, watcher, session, began) = an_hour_old().await;
    let far = now_ms() + 60 * MINUTE;
    for intervals in [
        json!([[far, far + 60 * MINUTE]]),
        json!([[0, began]]),
        json!([[-100, -50], [i64::MIN, -1]]),
        json!([[i64::MAX - 1, i64::MAX]]),
        json!([[began, began]]),
        json!([]),
    ] {
        let answer = good_beat(&watcher, &session, intervals.clone()).await;
        assert_eq!(answer.watch_duration_seconds, 0, "{intervals}");
    }
    // The same minute, many times over.
    let overlapping: Vec<_> = (0..1_000u64)
        .map(|n| [began + n, began + MINUTE - n])
        .collect();
    let answer = good_beat(&watcher, &session, json!(overlapping)).await;
    assert_eq!(answer.watch_duration_seconds, 60);
    // A reason does not take it away, and one for all time explains only this stay.
    let body = json!({
        "sessionId": session.id, "isActive": true, "intervals": [],
        "excluded": [[i64::MIN, i64::MAX, "asleep"], [began, began + MINUTE, "locked"]]
    });
    raw(&watcher, body.to_string())
        .await
        .expect::<HeartbeatResponse>(StatusCode::OK);
    is_paid_for_one_minute(&host, &watcher, &session, began).await;
}

#[tokio::test]
async fn everything_until_the_end_of_time_is_what_was_seen() {
    let (_server, _host, watcher, session, began) = an_hour_old().await;
    let answer = good_beat(&watcher, &session, json!([[i64::MIN, i64::MAX]])).await;
    let most = (now_ms() - began) / 1_000;
    assert!(
        (3_590..=most).contains(&answer.watch_duration_seconds),
        "{answer:?}"
    );
    let books = watcher.books(&session).await;
    assert!(books.active_ms <= books.until - books.joined_at);
}

#[tokio::test]
async fn plain_heartbeats_add_nothing_to_time_that_was_claimed() {
    let server = TestServer::start_with(|settings| settings.watch.commit_burst = 1_000).await;
    let ben = server.guest("Ben").await;
    let session = server.guest("Ann").await.create("Rust").await;
    let before = now_ms();
    let _socket = ben.enter(&session, "peer-ben").await;
    for _ in 0..20 {
        let now = now_ms();
        good_beat(&ben, &session, json!([[before, now]])).await;
        for active in [true, false, true] {
            let body = json!({"sessionId": session.id, "isActive": active});
            raw(&ben, body.to_string())
                .await
                .expect::<HeartbeatResponse>(StatusCode::OK);
        }
    }
    let books = ben.books(&session).await;
    assert!(books.active_ms <= now_ms() - before);
    assert!(books.active_ms <= books.until - books.joined_at);
}

#[tokio::test]
async fn nobody_reports_for_somebody_else() {
    let past = Past::new(60, 2, 2).await;
    let (server, host, watchers, sessions, began) = past.go_on().await;
    let (ben, session) = (&watchers[0], &sessions[0]);
    let eve = server.guest("Eve").await;
    let hour = json!([[began, began + 50 * MINUTE]]);
    beat(&eve, session, hour.clone())
        .await
        .expect_refusal(403, "not_a_participant");
    let mut nobody = eve.clone();
    for token in ["", "x", &ben.auth.refresh_token] {
        nobody.auth.access_token = token.to_owned();
        assert_eq!(
            beat(&nobody, session, hour.clone()).await.status,
            StatusCode::UNAUTHORIZED
        );
    }
    for id in [
        "",
        "x",
        "01234567-89ab-4def-8123-456789abcdef",
        "' OR 1=1 --",
    ] {
        let body = json!({"sessionId": id, "isActive": true, "intervals": hour});
        raw(ben, body.to_string())
            .await
            .expect_refusal(404, "session_not_found");
    }
    // A user's own id in the body is not looked at.
    let body = json!({
        "sessionId": session.id, "isActive": true, "intervals": hour,
        "userId": watchers[1].auth.user.id, "user_id": watchers[1].auth.user.id
    });
    raw(ben, body.to_string())
        .await
        .expect::<HeartbeatResponse>(StatusCode::OK);
    assert_eq!(watchers[1].books(session).await.active_ms, 0);
    assert_eq!(ben.books(&sessions[1]).await.active_ms, 0);
    host.end(session)
        .await
        .expect::<EndSessionResponse>(StatusCode::OK);
    assert_eq!((eve.balance().await, watchers[1].balance().await), (0, 0));
}

/// Whatever the content type says, the body is read as JSON or refused.
#[tokio::test]
async fn content_types_change_nothing() {
    let (_server, host, watcher, session, began) = an_hour_old().await;
    let body =
        json!({"sessionId": session.id, "isActive": true, "intervals": [[began, began + MINUTE]]});
    for (form, text, status) in [
        ("text/plain", body.to_string(), 200),
        (
            "application/x-www-form-urlencoded",
            "sessionId=1&isActive=true".to_owned(),
            400,
        ),
        ("multipart/form-data; boundary=x", "--x--".to_owned(), 400),
        ("application/json; charset=utf-16", body.to_string(), 200),
    ] {
        let request = watcher.request(Method::POST, "/api/analytics/heartbeat");
        let answer = send(request.header("content-type", form).body(text)).await;
        assert_eq!(answer.status.as_u16(), status, "{form}: {}", answer.body);
    }
    is_paid_for_one_minute(&host, &watcher, &session, began).await;
}

/// Somebody who has left cannot make the server write at will.
#[tokio::test]
async fn absent_participants_wait_for_the_pace_of_commits() {
    let past = Past::new(60, 1, 1).await;
    let (server, watcher, session) = {
        let server =
            TestServer::start_on(past.data, |settings| settings.watch.commit_burst = 2).await;
        let watcher = past.watchers[0].at(server.server.origin());
        (server, watcher, &past.sessions[0])
    };
    let before = metric(&server, "kulti_db_commits_total").await;
    let beats = (0..40u64).map(|n| {
        let from = past.began + n * 1_000;
        good_beat(&watcher, session, json!([[from, from + 500]]))
    });
    let mut done = 0;
    for beat in beats {
        let answer: HeartbeatResponse = beat.await;
        done += answer.acknowledged.map_or(0, |sets| sets.len());
        if metric(&server, "kulti_db_commits_total").await - before >= 2 {
            break;
        }
    }
    assert!(done <= 3);
    for n in 100..140u64 {
        let from = past.began + n * 1_000;
        let answer: Value = beat(&watcher, session, json!([[from, from + 500]]))
            .await
            .body;
        assert_eq!(answer["success"], json!(true));
    }
    let commits = metric(&server, "kulti_db_commits_total").await - before;
    assert!(commits <= 4, "{commits} commits");
}
