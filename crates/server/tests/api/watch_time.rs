use kulti_protocol::api::{EndSessionResponse, HeartbeatResponse, TransactionsResponse};
use reqwest::StatusCode;
use serde_json::json;

use crate::{
    past::{MINUTE, an_hour_old, beat, good_beat},
    program::Program,
    support::{TestServer, eventually, metric, now_ms},
};

#[tokio::test]
async fn watch_time_is_what_was_claimed_and_seen() {
    let server = TestServer::start_with(|settings| settings.watch.commit_burst = 1_000).await;
    let (ann, ben) = (server.guest("Ann").await, server.guest("Ben").await);
    let session = ann.create("Rust").await;
    let before = now_ms();
    let _socket = ben.enter(&session, "peer-ben").await;
    let claimed = before - 10_000;
    let far = before + 3_600_000;
    let answer = eventually("a second of watching is on disk", async || {
        let answer = good_beat(&ben, &session, json!([[claimed, far], [5, 9], [-7, -3]])).await;
        (answer.watch_duration_seconds >= 1).then_some(answer)
    })
    .await;
    let elapsed = (now_ms() - before) / 1_000;
    assert!(
        answer.watch_duration_seconds <= elapsed,
        "neither the time before joining nor the future counts: {answer:?}"
    );
    let acknowledged = answer.acknowledged.unwrap();
    let last = acknowledged.last().unwrap();
    assert_eq!(acknowledged[0], [5, 9], "refused for good, so settled");
    assert!(
        u64::try_from(last[1]).unwrap() <= now_ms(),
        "the future is not settled: {acknowledged:?}"
    );
}

#[tokio::test]
async fn without_a_connection_nothing_counts() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let session = ann.create("Rust").await;
    let sent = json!([[session.started_at, now_ms()]]);
    let answer = eventually("it is kept, and need not be sent again", async || {
        let answer = good_beat(&ann, &session, sent.clone()).await;
        (json!(answer.acknowledged) == sent).then_some(answer)
    })
    .await;
    assert_eq!(
        (answer.watch_duration_seconds, answer.estimated_credits),
        (0, 0)
    );
}

#[tokio::test]
async fn strangers_and_nonsense_are_refused() {
    let server = TestServer::start().await;
    let (ann, eve) = (server.guest("Ann").await, server.guest("Eve").await);
    let session = ann.create("Rust").await;
    beat(&eve, &session, json!([[0, 1]]))
        .await
        .expect_refusal(403, "not_a_participant");
    beat(&ann, &session, json!([[9, 5]]))
        .await
        .expect_refusal(400, "bad_intervals");
    for nonsense in [
        json!("x"),
        json!([[1]]),
        json!([["a", "b"]]),
        json!([[1.5, 2.5]]),
    ] {
        beat(&ann, &session, nonsense)
            .await
            .expect_refusal(400, "bad_json");
    }
    ann.post(
        "/api/analytics/heartbeat",
        json!({"sessionId": "no such", "isActive": true}),
    )
    .await
    .expect_refusal(404, "session_not_found");
}

#[tokio::test]
async fn heartbeats_without_intervals_count_as_the_web_products() {
    let server = TestServer::start_with(|settings| settings.watch.commit_burst = 1_000).await;
    let ben = server.guest("Ben").await;
    let session = server.guest("Ann").await.create("Rust").await;
    let _socket = ben.enter(&session, "peer-ben").await;
    let plain = async |active: bool| -> HeartbeatResponse {
        ben.post(
            "/api/analytics/heartbeat",
            json!({"sessionId": session.id, "isActive": active}),
        )
        .await
        .expect(StatusCode::OK)
    };
    let first = plain(true).await;
    assert_eq!(
        (first.watch_duration_seconds, first.acknowledged),
        (0, None)
    );
    let counted = eventually("a second counts", async || {
        let answer = plain(true).await;
        (answer.watch_duration_seconds >= 1).then_some(answer.watch_duration_seconds)
    })
    .await;
    let inactive = plain(false).await.watch_duration_seconds;
    assert!(inactive >= counted);
}

#[tokio::test]
async fn ending_pays_once_however_often_it_is_asked() {
    let (_server, host, watcher, session, began) = an_hour_old().await;
    let half = json!([
        [began, began + 20 * MINUTE],
        [began + 10 * MINUTE, began + 30 * MINUTE]
    ]);
    let answer = good_beat(&watcher, &session, half.clone()).await;
    assert_eq!(answer.watch_duration_seconds, 30 * 60);
    assert_eq!(answer.estimated_credits, 30);
    let again = good_beat(&watcher, &session, half).await;
    assert_eq!(
        again.watch_duration_seconds,
        30 * 60,
        "a repeated heartbeat adds nothing"
    );
    let hosted = good_beat(&host, &session, json!([[began, began + 40 * MINUTE]])).await;
    assert_eq!(hosted.estimated_credits, 200, "hosts earn five a minute");

    let ends = futures_util::future::join_all((0..16).map(|_| host.end(&session))).await;
    let first: Vec<EndSessionResponse> = ends
        .into_iter()
        .map(|answer| answer.expect(StatusCode::OK))
        .collect();
    assert!(
        first.iter().all(|end| *end == first[0]),
        "all got the same end"
    );
    // 30 minutes, their first session ever: × 1.5, and a milestone of 100.
    assert_eq!(watcher.balance().await, 145);
    let paid: TransactionsResponse = watcher
        .get("/api/credits/transactions")
        .await
        .expect(StatusCode::OK);
    let paid: Vec<_> = paid
        .transactions
        .iter()
        .map(|t| (t.kind.as_str(), t.amount, t.session_id.as_ref()))
        .collect();
    let here = Some(&session.id);
    assert_eq!(
        paid,
        [
            ("milestone:first_session", 100, here),
            ("watching", 45, here)
        ]
    );
    // (40 min × 5 + 40 min × 2 × ~0.5 viewers) × 2 for completing more than 30 minutes;
    // the session is a little longer than an hour, so the average is a little lower.
    let hosted = host.balance().await;
    let stream = 200;
    assert!((470..=480).contains(&(hosted - stream)), "{hosted}");
    host.end(&session)
        .await
        .expect::<EndSessionResponse>(StatusCode::OK);
    assert_eq!(host.balance().await, hosted);
}

#[tokio::test]
async fn what_is_reported_after_the_end_is_paid_too() {
    let (_server, host, watcher, session, began) = an_hour_old().await;
    good_beat(&watcher, &session, json!([[began, began + 10 * MINUTE]])).await;
    host.end(&session)
        .await
        .expect::<EndSessionResponse>(StatusCode::OK);
    assert_eq!(watcher.balance().await, 115);

    // Two devices, offline at the end, send the rest at the same moment, twice.
    let rest = json!([
        [began + 10 * MINUTE, began + 20 * MINUTE],
        [now_ms() + MINUTE, now_ms() + 2 * MINUTE]
    ]);
    let beats = (0..8).map(|_| beat(&watcher, &session, rest.clone()));
    for answer in futures_util::future::join_all(beats).await {
        let answer: HeartbeatResponse = answer.expect(StatusCode::OK);
        assert_eq!(answer.watch_duration_seconds, 20 * 60);
        assert_eq!(
            answer.acknowledged.unwrap().len(),
            2,
            "also what lies after the end is settled: it never counts"
        );
    }
    assert_eq!(watcher.balance().await, 130, "20 minutes × 1.5 in all");
    let paid: TransactionsResponse = watcher
        .get("/api/credits/transactions?limit=10")
        .await
        .expect(StatusCode::OK);
    let amounts: Vec<_> = paid.transactions.iter().map(|t| t.amount).collect();
    assert_eq!(
        amounts,
        [15, 100, 15],
        "nothing is edited: a second payment makes up for the rest"
    );
    let second: TransactionsResponse = watcher
        .get("/api/credits/transactions?limit=1&offset=1")
        .await
        .expect(StatusCode::OK);
    assert_eq!(second.transactions, paid.transactions[1..2]);
}

#[tokio::test]
async fn clients_that_report_when_the_session_ends_are_paid_at_once() {
    let (_server, host, watcher, session, began) = an_hour_old().await;
    let mut socket = watcher.enter(&session, "peer-ben").await;
    good_beat(&watcher, &session, json!([[began, began + 10 * MINUTE]])).await;
    let (end, ()) = tokio::join!(host.end(&session), async {
        socket
            .until(|frame| frame["method"] == "on-peer-leave-request")
            .await;
        good_beat(&watcher, &session, json!([[began, began + 20 * MINUTE]])).await;
    });
    end.expect::<EndSessionResponse>(StatusCode::OK);
    let paid: TransactionsResponse = watcher
        .get("/api/credits/transactions")
        .await
        .expect(StatusCode::OK);
    let amounts: Vec<_> = paid.transactions.iter().map(|t| t.amount).collect();
    assert_eq!(amounts, [100, 30], "one payment for all 20 minutes");
}

#[tokio::test]
async fn nothing_is_lost_between_the_last_heartbeats_and_the_end() {
    let (_server, host, watcher, session, began) = an_hour_old().await;
    let beats = (0..30u64).map(|minute| {
        let (watcher, session) = (&watcher, &session);
        async move {
            let from = began + minute * MINUTE;
            good_beat(watcher, session, json!([[from, from + MINUTE]])).await
        }
    });
    let (_, ends) = tokio::join!(
        futures_util::future::join_all(beats),
        futures_util::future::join_all((0..4).map(|_| host.end(&session))),
    );
    for end in ends {
        end.expect::<EndSessionResponse>(StatusCode::OK);
    }
    assert_eq!(
        watcher.balance().await,
        145,
        "30 minutes × 1.5, whichever heartbeats came before the end"
    );
}

#[tokio::test]
async fn what_is_acknowledged_survives_a_kill() {
    let (server, _host, watcher, session, began) = an_hour_old().await;
    let data = server.stop().await;
    for minute in 0..3 {
        let program = Program::serve(data.path());
        let watcher = watcher.at(&program.origin);
        let from = began + minute * 10 * MINUTE;
        let beats = (0..10u64).map(|n| {
            let (watcher, session) = (&watcher, &session);
            let from = from + n * MINUTE;
            async move {
                let sent = json!([[from, from + MINUTE]]);
                eventually("the minute is acknowledged", async || {
                    let answer = good_beat(watcher, session, sent.clone()).await;
                    (json!(answer.acknowledged) == sent).then_some(())
                })
                .await;
            }
        });
        futures_util::future::join_all(beats).await;
        program.kill();
    }
    let server = TestServer::start_on(data, |_| {}).await;
    let watcher = watcher.at(server.server.origin());
    let answer = good_beat(&watcher, &session, json!([])).await;
    assert_eq!(answer.watch_duration_seconds, 30 * 60);
}

#[tokio::test]
async fn a_busy_session_is_committed_by_the_group() {
    let server = TestServer::start_with(|settings| settings.watch.commit_burst = 3).await;
    let host = server.guest("Ann").await;
    let session = host.create("Rust").await;
    let mut learners = Vec::new();
    for n in 0..20 {
        let learner = server.guest(&format!("Learner {n}")).await;
        let socket = learner.enter(&session, &format!("peer-{n}")).await;
        learners.push((learner, socket));
    }
    let commits = async || metric(&server, "kulti_db_commits_total").await;
    let (commits_before, reads_before) = (
        commits().await,
        metric(&server, "kulti_db_reads_total").await,
    );
    for _ in 0..3 {
        let now = now_ms();
        let beats = learners
            .iter()
            .map(|(learner, _)| good_beat(learner, &session, json!([[now - 500, now]])));
        futures_util::future::join_all(beats).await;
    }
    let commits = commits().await - commits_before;
    assert!(commits <= 4, "60 heartbeats made {commits} commits");
    assert_eq!(
        metric(&server, "kulti_db_reads_total").await,
        reads_before,
        "nothing is read while a session runs"
    );
}
