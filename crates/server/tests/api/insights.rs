use kulti_protocol::api::{EndSessionResponse, InsightsResponse, Session, SessionStatus};
use reqwest::StatusCode;
use serde_json::json;

use crate::{
    past::{MINUTE, Past, an_hour_old, good_beat},
    support::{Client, Signalling, TestServer, eventually, metric, now_ms},
};

async fn insights(host: &Client, session: &Session) -> InsightsResponse {
    host.get(&format!("/api/sessions/{}/insights", session.id))
        .await
        .expect(StatusCode::OK)
}

/// A class of five, of which two are in the room again after a restart of the server.
#[tokio::test]
async fn a_session_in_numbers_while_it_lasts_and_after_it() {
    let (server, host, watchers, sessions, began) = Past::new(60, 5, 1).await.go_on().await;
    let session = &sessions[0];
    for (n, watcher) in (1..).zip(&watchers) {
        good_beat(watcher, session, json!([[began, began + n * 10 * MINUTE]])).await;
    }
    let mut socket = host.enter(session, "peer-host").await;
    let mut ann = watchers[0].enter(session, "peer-ann").await;
    let ben = watchers[1].enter(session, "peer-ben").await;
    let id = &watchers[0].auth.user.id;
    let watches =
        json!({"userId": id, "durationSeconds": 1, "lastUpdate": now_ms(), "isActive": true});
    let key = format!("watch:{id}");
    ann.request("set-metadata", json!({"key": key, "data": watches}))
        .await;
    ann.request("group-join", json!({"name": "_handraise"}))
        .await;
    let chat = json!({"info": {"message": "hello", "type": "chat"}});
    ann.request("broadcast", chat).await;

    run_a_poll(&mut socket, &mut ann).await;

    let reads_before = metric(&server, "kulti_db_reads_total").await;
    let live = eventually("all of it is known", async || {
        let live = insights(&host, session).await;
        (live.active == 1 && live.messages == 1).then_some(live)
    })
    .await;
    assert_eq!(
        metric(&server, "kulti_db_reads_total").await,
        reads_before,
        "nothing is read while the session runs"
    );
    assert_eq!((live.status, live.started_at), (SessionStatus::Live, began));
    assert_eq!((live.here, live.hands_up, live.writers), (3, 1, 1));
    let watch_time = &live.watch_time;
    assert_eq!(watch_time.people, 5, "the host is none of them");
    assert_eq!(watch_time.average_active_ms, Some(30 * MINUTE));
    assert_eq!(watch_time.median_active_ms, Some(30 * MINUTE));
    let spread = watch_time.spread.as_ref().unwrap();
    assert_eq!(spread.people.iter().sum::<u32>(), 5);
    assert_eq!(live.peak.map(|peak| peak.active), Some(1));
    assert_eq!(live.series.arrivals.iter().sum::<u32>(), 3);
    assert_eq!(live.series.departures.iter().sum::<u32>(), 0);
    assert_eq!(live.series.messages.iter().sum::<u32>(), 1);
    let poll = &live.polls[0];
    assert_eq!((poll.title.as_str(), poll.running), ("Ready?", true));
    assert_eq!((poll.answered, poll.asked), (1, 3));

    ben.leave().await;
    eventually("one has gone", async || {
        let live = insights(&host, session).await;
        (live.here == 2 && live.series.departures.iter().sum::<u32>() == 1).then_some(())
    })
    .await;
    host.end(session)
        .await
        .expect::<EndSessionResponse>(StatusCode::OK);
    let after = insights(&host, session).await;
    assert_eq!(after.status, SessionStatus::Ended);
    assert_eq!((after.here, after.active, after.hands_up), (0, 0, 0));
    assert_eq!(after.watch_time.average_active_ms, Some(30 * MINUTE));
    assert_eq!(after.messages, 1);
    assert_eq!(after.peak, live.peak);
    assert_eq!(
        (after.polls[0].answered, after.polls[0].running),
        (1, false)
    );
    let gone = after.series.departures.iter().sum::<u32>();
    assert_eq!(gone, 1, "the end is nobody's leaving");
    let ended_at = after.until;

    let server = TestServer::start_on(server.stop().await, |_| {}).await;
    let host = host.at(server.server.origin());
    assert_eq!(insights(&host, session).await, after, "kept over a restart");

    // What a client that was offline reports late is in the figures, too.
    let late = watchers[0].at(server.server.origin());
    good_beat(&late, session, json!([[began, began + 60 * MINUTE]])).await;
    let later = insights(&host, session).await;
    assert_eq!(later.watch_time.average_active_ms, Some(40 * MINUTE));
    assert_eq!((later.until, later.series), (ended_at, after.series));
}

/// A poll that one answers.
async fn run_a_poll(host: &mut Signalling, voter: &mut Signalling) {
    let poll = json!({"poll_id": "p1", "title": "Ready?", "type": "poll"});
    host.request("poll-info-set", poll).await;
    let question = json!({"question": {"text": "?", "type": "single-choice"},
        "options": [{"text": "yes"}, {"text": "no"}]});
    let questions = json!({"poll_id": "p1", "questions": [question]});
    host.request("poll-questions-set", questions).await;
    host.request("poll-start", json!({"poll_id": "p1"})).await;
    let answer = json!({"question": 1, "type": "single-choice", "option": 1});
    let vote = json!({"poll_id": "p1", "responses": [answer]});
    voter.request("poll-response", vote).await;
}

#[tokio::test]
async fn the_numbers_outlive_a_restart_in_the_middle() {
    let server = TestServer::start().await;
    let host = server.guest("Ann").await;
    let session = host.create("Rust").await;
    let mut socket = host.enter(&session, "peer-ann").await;
    let chat = json!({"info": {"message": "hello", "type": "chat"}});
    socket.request("broadcast", chat).await;
    let server = TestServer::start_on(server.stop().await, |_| {}).await;
    let host = host.at(server.server.origin());
    let told = insights(&host, &session).await;
    assert_eq!(told.series.messages.iter().sum::<u32>(), 1);
    assert_eq!(told.series.arrivals.iter().sum::<u32>(), 1);
    assert_eq!(told.here, 1, "in the grace");
    let _back = host.enter(&session, "peer-ann").await;
    let told = insights(&host, &session).await;
    assert_eq!(told.series.arrivals.iter().sum::<u32>(), 1, "never away");
}

#[tokio::test]
async fn insights_are_for_hosts_alone_and_tell_nobodys_own_time() {
    let (server, host, watcher, session, began) = an_hour_old().await;
    let path = format!("/api/sessions/{}/insights", session.id);
    watcher.get(&path).await.expect_refusal(403, "not_the_host");
    let eve = server.guest("Eve").await;
    eve.get(&path).await.expect_refusal(403, "not_the_host");
    server.get(&path).await.expect_refusal(401, "unauthorized");
    let nowhere = "/api/sessions/01234567-89ab-4def-8123-456789abcdef/insights";
    host.get(nowhere)
        .await
        .expect_refusal(404, "session_not_found");
    good_beat(&watcher, &session, json!([[began, began + 10 * MINUTE]])).await;
    let told = insights(&host, &session).await;
    assert_eq!(told.watch_time.people, 1);
    assert_eq!(told.watch_time.average_active_ms, None);
    assert_eq!(told.watch_time.spread, None);
    host.end(&session)
        .await
        .expect::<EndSessionResponse>(StatusCode::OK);
    watcher.get(&path).await.expect_refusal(403, "not_the_host");
}
