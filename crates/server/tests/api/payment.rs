use std::{collections::BTreeMap, time::Duration};

use kulti_protocol::api::{EndSessionResponse, Session, TransactionsResponse};
use reqwest::StatusCode;
use serde_json::json;
use sqlx::Connection as _;

use crate::{
    past::{MINUTE, Past, an_hour_old, good_beat, open},
    program::Program,
    support::{Client, TestServer, eventually, now_ms, send},
};

/// What somebody was paid, by kind.
async fn paid(client: &Client) -> BTreeMap<String, Vec<i64>> {
    let answer: TransactionsResponse = client
        .get("/api/credits/transactions?limit=200")
        .await
        .expect(StatusCode::OK);
    let mut by_kind = BTreeMap::<_, Vec<_>>::new();
    for transaction in answer.transactions.into_iter().rev() {
        let amounts = by_kind.entry(transaction.kind).or_default();
        amounts.push(transaction.amount);
    }
    by_kind
}

async fn end(host: &Client, session: &Session) {
    host.end(session)
        .await
        .expect::<EndSessionResponse>(StatusCode::OK);
}

/// Twelve sessions end at the same moment: exactly one is the first, three come before
/// the bonus for repeated ones, and each milestone is paid once.
#[tokio::test]
async fn milestones_and_first_sessions_are_exact_when_sessions_end_at_once() {
    let past = Past::new(70, 1, 12).await;
    let (server, host, watchers, sessions, began) = past.go_on().await;
    let watcher = &watchers[0];
    let all = json!([[began, began + 60 * MINUTE]]);
    for session in &sessions {
        good_beat(watcher, session, all.clone()).await;
        good_beat(&host, session, all.clone()).await;
    }
    let ends = sessions.iter().flat_map(|session| [session, session]);
    futures_util::future::join_all(ends.map(|session| end(&host, session))).await;
    let watched = paid(watcher).await;
    let mut amounts = watched["watching"].clone();
    amounts.sort_unstable();
    // × 1.5 for the first, nothing for the next two, × 1.2 from the fourth on.
    let expected: Vec<i64> = [60, 60].into_iter().chain([72; 9]).chain([90]).collect();
    assert_eq!(amounts, expected);
    let milestones = |of: &BTreeMap<String, Vec<i64>>| -> Vec<(String, Vec<i64>)> {
        of.clone()
            .into_iter()
            .filter(|(kind, _)| kind.starts_with("milestone:"))
            .collect()
    };
    let expected = |list: &[(&str, i64)]| -> Vec<(String, Vec<i64>)> {
        list.iter()
            .map(|(id, amount)| (format!("milestone:{id}"), vec![*amount]))
            .collect()
    };
    assert_eq!(
        milestones(&watched),
        expected(&[
            ("first_session", 100),
            ("hours_watched_10", 1_000),
            ("sessions_10", 500)
        ])
    );
    assert_eq!(
        milestones(&paid(&host).await),
        expected(&[
            ("first_stream", 200),
            ("hours_streamed_10", 2_000),
            ("streams_10", 1_000)
        ])
    );
    let mut with_milestone = Vec::new();
    for session in &sessions {
        with_milestone.extend(watcher.books(session).await.milestones);
    }
    assert_eq!(
        with_milestone.len(),
        3,
        "each is in the books of one session"
    );

    let server = TestServer::start_on(server.stop().await, |_| {}).await;
    let (watcher, host) = (
        watcher.at(server.server.origin()),
        host.at(server.server.origin()),
    );
    for session in &sessions {
        end(&host, session).await;
        good_beat(&watcher, session, all.clone()).await;
    }
    assert_eq!(paid(&watcher).await, watched, "nothing is paid again");
}

/// Somebody joins by the API, never connects, and has attended nothing.
#[tokio::test]
async fn joining_is_not_attending() {
    let past = Past::new(30, 1, 2).await;
    let (_server, host, watchers, sessions, began) = past.go_on().await;
    let watcher = &watchers[0];
    end(&host, &sessions[0]).await;
    assert_eq!(paid(watcher).await, BTreeMap::new());
    good_beat(watcher, &sessions[1], json!([[began, began + 10 * MINUTE]])).await;
    end(&host, &sessions[1]).await;
    let paid = paid(watcher).await;
    assert_eq!(paid["watching"], [15], "it is the first one");
    assert_eq!(paid["milestone:first_session"], [100]);
}

/// However the reports are split, and whatever happens to the server in between: the sum
/// is what one report of everything would have been paid.
#[tokio::test]
async fn late_reports_are_paid_to_the_same_sum() {
    let past = Past::new(60, 3, 1).await;
    let (mut server, mut host, mut watchers, sessions, began) = past.go_on().await;
    let session = &sessions[0];
    let from_to = |from: u64, to: u64| json!([[began + from * 1_000, began + to * 1_000]]);
    // In seconds, so that halves of credits are lost unless it is floored once.
    let reports = [
        vec![(0, 2_735)],
        vec![(0, 95), (100, 1_003), (90, 101), (1_000, 2_735)],
        vec![(2_000, 2_735), (500, 2_100), (0, 501)],
    ];
    good_beat(&host, session, from_to(0, 3_000)).await;
    good_beat(&watchers[0], session, from_to(0, 2_735)).await;
    good_beat(&watchers[1], session, from_to(0, 95)).await;
    end(&host, session).await;
    let before = paid(&host).await["hosting"].clone();
    for round in 0..4 {
        for (watcher, reports) in watchers.iter().zip(&reports) {
            if let Some((from, to)) = reports.get(round) {
                good_beat(watcher, session, from_to(*from, *to)).await;
            }
        }
        server = TestServer::start_on(server.stop().await, |_| {}).await;
        let origin = server.server.origin();
        host = host.at(origin);
        watchers = watchers.iter().map(|watcher| watcher.at(origin)).collect();
    }
    let sums = futures_util::future::join_all(watchers.iter().map(paid)).await;
    let sums: Vec<_> = sums.iter().map(|paid| &paid["watching"]).collect();
    // 45:35 minutes × 1.5.
    assert_eq!(*sums[0], [68]);
    assert!(sums[1].len() > 1 && sums[2].len() > 1, "{sums:?}");
    assert!(
        sums.iter().all(|sum| sum.iter().sum::<i64>() == 68),
        "{sums:?}"
    );
    // The host is paid for viewers that are known late, too.
    let hosted = paid(&host).await["hosting"].clone();
    assert!(hosted.len() > before.len(), "{hosted:?}");
    let books = host.books(session).await;
    let total = i64::try_from(books.credits.credits).unwrap();
    assert_eq!(hosted.iter().sum::<i64>(), total);
    let viewers = &books.credits.steps[1];
    assert_eq!((viewers.rule.as_str(), viewers.applied), ("viewers", true));
    // 50 minutes × 5, and 50 × 2 × (3 × 45:35 ÷ the session's length), × 2 as completed.
    let length_ms = books.until - books.joined_at;
    let of_viewers = 100 * (3 * 2_735_000) * 2 / length_ms;
    assert_eq!(books.credits.credits, 500 + of_viewers);
}

/// The server is killed after the end is on disk, and before it is paid.
#[tokio::test]
async fn an_end_that_was_cut_off_is_paid_at_the_next_start() {
    let (server, _host, watcher, session, began) = an_hour_old().await;
    good_beat(&watcher, &session, json!([[began, began + 10 * MINUTE]])).await;
    let path = server.database();
    let data = server.stop().await;
    let mut db = open(&path).await;
    sqlx::query("UPDATE sessions SET ended_at = ?, completed = 1")
        .bind(i64::try_from(began + 50 * MINUTE).unwrap())
        .execute(&mut db)
        .await
        .unwrap();
    db.close().await.unwrap();
    let server = TestServer::start_on(data, |_| {}).await;
    let watcher = watcher.at(server.server.origin());
    eventually("it is paid", async || {
        (watcher.balance().await == 115).then_some(())
    })
    .await;
    let books = watcher.books(&session).await;
    assert!(books.credits.settled);
    assert_eq!(books.until, began + 50 * MINUTE);
    watcher
        .post(
            "/api/hms/get-token",
            json!({"roomId": session.hms_room_id, "sessionId": session.id}),
        )
        .await
        .expect_refusal(410, "session_ended");
}

#[tokio::test]
async fn an_end_goes_on_when_its_caller_hangs_up() {
    let (server, host, watcher, session, began) = an_hour_old().await;
    let _socket = watcher.enter(&session, "peer-ben").await;
    // Owes a last heartbeat, which the end waits for.
    good_beat(&watcher, &session, json!([[began, began + 10 * MINUTE]])).await;
    let asked = crate::support::client()
        .post(server.url("/api/sessions/end"))
        .bearer_auth(&host.auth.access_token)
        .json(&json!({"sessionId": session.id}))
        .timeout(Duration::from_millis(300))
        .send()
        .await;
    assert!(asked.is_err(), "it takes longer");
    eventually("it is paid", async || {
        (watcher.balance().await == 115).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_session_whose_host_is_gone_for_good_ends_and_pays() {
    let (server, _host, watcher, session, began) = an_hour_old().await;
    good_beat(&watcher, &session, json!([[began, began + 10 * MINUTE]])).await;
    let server = TestServer::start_on(server.stop().await, |settings| {
        settings.watch.abandoned_after = Duration::from_secs(1);
    })
    .await;
    let watcher = watcher.at(server.server.origin());
    let _there = watcher.enter(&session, "peer-ben").await;
    eventually("it is paid", async || {
        (watcher.balance().await == 115).then_some(())
    })
    .await;
    let books = watcher.books(&session).await;
    assert!(
        books.until > now_ms() - 60_000,
        "with people in it, it ends when it is noticed"
    );
}

/// Chat counts for watchers and for the host, and is on disk with the evidence.
#[tokio::test]
async fn chat_is_remembered_over_a_kill() {
    let (server, host, watcher, session, began) = an_hour_old().await;
    let data = server.stop().await;
    let program = Program::serve(data.path());
    let learner = watcher.at(&program.origin);
    let mut socket = learner.enter(&session, "peer-ben").await;
    for n in 0..20 {
        let chat = json!({"info": {"message": format!("message {n}"), "type": "chat"}});
        socket.request("broadcast", chat).await;
    }
    // The heartbeat's commit takes the messages with it.
    eventually("the messages are known", async || {
        (learner.books(&session).await.credits.steps[1].applied).then_some(())
    })
    .await;
    let sent = json!([[began, began + 10 * MINUTE]]);
    eventually("the minutes are on disk", async || {
        let answer = good_beat(&learner, &session, sent.clone()).await;
        (json!(answer.acknowledged) == sent).then_some(())
    })
    .await;
    program.kill();
    let program = Program::serve(data.path());
    end(&host.at(&program.origin), &session).await;
    let paid = paid(&watcher.at(&program.origin)).await;
    assert_eq!(paid["watching"], [22], "10 × 1.5 × 1.5, floored once");
}

#[tokio::test]
async fn a_lost_answer_to_a_refresh_costs_nobody_the_account() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let refresh = |origin: String, token: String| async move {
        send(
            crate::support::client()
                .post(format!("{origin}/api/auth/refresh"))
                .json(&json!({"refresh_token": token})),
        )
        .await
    };
    let origin = || server.server.origin().to_owned();
    let first = &ann.auth.refresh_token;
    // The answer is lost, twice: the old one is still good.
    for _ in 0..2 {
        let lost = refresh(origin(), first.clone()).await;
        assert_eq!(lost.status, StatusCode::OK);
    }
    let renewed: kulti_protocol::api::AuthResponse = refresh(origin(), first.clone())
        .await
        .expect(StatusCode::OK);
    assert_eq!(renewed.user, ann.auth.user);
    let second = renewed.refresh_token;

    let server = TestServer::start_on(server.stop().await, |_| {}).await;
    let origin = || server.server.origin().to_owned();
    let third = refresh(origin(), second.clone()).await;
    assert_eq!(third.status, StatusCode::OK);
    refresh(origin(), first.clone())
        .await
        .expect_refusal(401, "bad_refresh_token");
    let server = TestServer::start_on(server.stop().await, |_| {}).await;
    let origin = || server.server.origin().to_owned();
    refresh(origin(), first.clone())
        .await
        .expect_refusal(401, "bad_refresh_token");
    let again = refresh(origin(), second).await;
    assert_eq!(again.status, StatusCode::OK);
}
