use kulti_protocol::api::{EndSessionResponse, Exclusion, SessionStatus, SessionWatchResponse};
use reqwest::StatusCode;
use serde_json::json;

use crate::{
    past::{MINUTE, Past, an_hour_old, good_beat},
    support::{Client, TestServer, eventually, passed_ms},
};

/// Intervals and exclusions of books, which must tile the stay.
fn tiles(books: &SessionWatchResponse) -> Vec<(u64, u64, Option<Exclusion>)> {
    let ms = |at: i64| u64::try_from(at).unwrap();
    let counted = books.intervals.iter().map(|[s, e]| (ms(*s), ms(*e), None));
    let excluded = books
        .excluded
        .iter()
        .map(|(s, e, reason)| (ms(*s), ms(*e), Some(*reason)));
    let mut tiles: Vec<_> = counted.chain(excluded).collect();
    tiles.sort_unstable_by_key(|(start, _, _)| *start);
    let mut at = books.joined_at;
    for (start, end, _) in &tiles {
        assert_eq!(*start, at, "{books:?}");
        assert!(start < end);
        at = *end;
    }
    assert_eq!(at, books.until);
    let counted: u64 = tiles
        .iter()
        .filter(|(_, _, reason)| reason.is_none())
        .map(|(start, end, _)| end - start)
        .sum();
    assert_eq!(counted, books.active_ms);
    tiles
}

fn rules(books: &SessionWatchResponse) -> Vec<(&str, bool, u64)> {
    let steps = books.credits.steps.iter();
    steps
        .map(|step| (step.rule.as_str(), step.applied, step.subtotal_hundredths))
        .collect()
}

async fn report(
    client: &Client,
    session: &kulti_protocol::api::Session,
    intervals: serde_json::Value,
    excluded: serde_json::Value,
) {
    let sent = json!({
        "sessionId": session.id, "isActive": true, "intervals": intervals, "excluded": excluded
    });
    client
        .post("/api/analytics/heartbeat", sent)
        .await
        .expect::<serde_json::Value>(StatusCode::OK);
}

#[tokio::test]
async fn every_minute_of_a_stay_is_explained() {
    let (server, _host, watcher, session, began) = an_hour_old().await;
    let minute = |n: u64| began + n * MINUTE;
    // Two devices: what either watched counts, and else the first reason is given.
    let first = json!([
        [minute(10), minute(20), "hidden"],
        [minute(25), minute(30), "asleep"]
    ]);
    report(
        &watcher,
        &session,
        json!([[minute(0), minute(10)]]),
        first.clone(),
    )
    .await;
    let second = json!([
        [minute(12), minute(14), "locked"],
        [minute(26), minute(40), "nobody_there"],
        [minute(45), minute(50), "cap"],
        [minute(50), minute(51), "something_new"]
    ]);
    report(
        &watcher,
        &session,
        json!([[minute(18), minute(22)]]),
        second,
    )
    .await;
    report(&watcher, &session, json!([]), first).await;
    let expected = |until: u64| {
        vec![
            (minute(0), minute(10), None),
            (minute(10), minute(12), Some(Exclusion::Hidden)),
            (minute(12), minute(14), Some(Exclusion::Locked)),
            (minute(14), minute(18), Some(Exclusion::Hidden)),
            (minute(18), minute(22), None),
            (minute(22), minute(25), Some(Exclusion::NotReported)),
            (minute(25), minute(30), Some(Exclusion::Asleep)),
            (minute(30), minute(40), Some(Exclusion::NobodyThere)),
            (minute(40), minute(50), Some(Exclusion::NotReported)),
            (minute(50), minute(51), Some(Exclusion::Other)),
            (minute(51), until, Some(Exclusion::NotReported)),
        ]
    };
    let books = watcher.books(&session).await;
    assert_eq!(tiles(&books), expected(books.until));
    assert_eq!(
        (books.status, books.joined_at),
        (SessionStatus::Live, began)
    );
    assert_eq!(books.role, "viewer");
    assert!(books.audience.is_none(), "that is for the host");

    let server = TestServer::start_on(server.stop().await, |_| {}).await;
    let books = watcher.at(server.server.origin()).books(&session).await;
    assert_eq!(tiles(&books), expected(books.until), "kept over a restart");
}

#[tokio::test]
async fn what_the_server_did_not_see_is_said_to_be_so() {
    let server = TestServer::start_with(|settings| {
        settings.watch.reconnect_grace = std::time::Duration::from_millis(1);
    })
    .await;
    let (ann, ben) = (server.guest("Ann").await, server.guest("Ben").await);
    let session = ann.create("Rust").await;
    ben.token(&session).await;
    let books = eventually("some time has passed", async || {
        let joined = ben.books(&session).await.joined_at;
        let now = passed_ms();
        (now > joined + 50).then_some((joined, now))
    })
    .await;
    let (joined, now) = books;
    good_beat(&ben, &session, json!([[joined, now]])).await;
    let books = ben.books(&session).await;
    assert_eq!(
        tiles(&books)[0],
        (joined, now, Some(Exclusion::NotVouchedFor))
    );
    assert_eq!((books.active_ms, books.credits.credits), (0, 0));
}

#[tokio::test]
async fn credits_are_explained_before_and_after_they_are_paid() {
    let (_server, host, watcher, session, began) = an_hour_old().await;
    let mut socket = watcher.enter(&session, "peer-ben").await;
    let chat = json!({"info": {"message": "hello", "type": "chat"}});
    socket.request("broadcast", chat).await;
    good_beat(&watcher, &session, json!([[began, began + 10 * MINUTE]])).await;
    let steps = vec![
        ("minutes_watched", true, 1_000),
        ("chatted", true, 1_500),
        ("helped_someone", false, 1_500),
        ("repeat_viewer", false, 1_500),
        ("first_session", true, 2_250),
    ];
    let live = eventually("the message is known", async || {
        let books = watcher.books(&session).await;
        (rules(&books)[1].1).then_some(books)
    })
    .await;
    assert_eq!(rules(&live), steps);
    assert!(!live.credits.settled);
    assert_eq!((live.credits.credits, live.balance), (22, 0));
    assert_eq!(live.milestones, []);
    let audience = host.books(&session).await.audience.unwrap();
    assert_eq!((audience.people, audience.active_ms), (1, 10 * MINUTE));

    host.end(&session)
        .await
        .expect::<EndSessionResponse>(StatusCode::OK);
    let paid = watcher.books(&session).await;
    assert_eq!(rules(&paid), steps);
    assert!(paid.credits.settled);
    assert_eq!((paid.credits.credits, paid.balance), (22, 122));
    let milestones: Vec<_> = paid.milestones.iter().map(|m| m.kind.as_str()).collect();
    assert_eq!(milestones, ["milestone:first_session"]);
    assert_eq!(paid.status, SessionStatus::Ended);
    tiles(&paid);

    good_beat(&watcher, &session, json!([[began, began + 20 * MINUTE]])).await;
    let more = watcher.books(&session).await;
    assert_eq!((more.credits.credits, more.balance), (45, 145));
    assert_eq!(rules(&more)[0], ("minutes_watched", true, 2_000));
    assert_eq!(more.milestones, paid.milestones);
    let hosted = host.books(&session).await;
    assert_eq!(hosted.audience.unwrap().average_active_ms, 20 * MINUTE);
    assert_eq!(hosted.milestones, [], "the host was not there");
}

#[tokio::test]
async fn four_hours_of_a_session_count() {
    let past = Past::new(300, 1, 1).await;
    let (_server, host, watchers, sessions, began) = past.go_on().await;
    let (watcher, session) = (&watchers[0], &sessions[0]);
    let answer = good_beat(watcher, session, json!([[began, began + 290 * MINUTE]])).await;
    assert_eq!(answer.watch_duration_seconds, 4 * 3_600);
    let capped = Some(Exclusion::Cap);
    let cap = (began + 240 * MINUTE, began + 290 * MINUTE, capped);
    assert!(tiles(&watcher.books(session).await).contains(&cap));
    host.end(session)
        .await
        .expect::<EndSessionResponse>(StatusCode::OK);
    let books = watcher.books(session).await;
    assert_eq!(books.credits.credits, 360, "240 minutes × 1.5");
    assert!(tiles(&books).contains(&cap));
}

#[tokio::test]
async fn books_are_for_participants_alone() {
    let server = TestServer::start().await;
    let (ann, eve) = (server.guest("Ann").await, server.guest("Eve").await);
    let session = ann.create("Rust").await;
    let path = format!("/api/sessions/{}/watch", session.id);
    eve.get(&path)
        .await
        .expect_refusal(403, "not_a_participant");
    server.get(&path).await.expect_refusal(401, "unauthorized");
    let nowhere = "/api/sessions/01234567-89ab-4def-8123-456789abcdef/watch";
    ann.get(nowhere)
        .await
        .expect_refusal(404, "session_not_found");
    let books = ann.books(&session).await;
    assert_eq!((books.role.as_str(), books.credits.credits), ("host", 0));
    assert_eq!(books.audience.unwrap().people, 0);
    tiles(&books);
}
