//! The chat of a whole server: what is kept, for whom, and help that is paid for.

use std::time::Duration;

use kulti_protocol::{
    api::{EndSessionResponse, Session},
    chat::{MessagePage, PastMessage},
};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    past::{MINUTE, Past, good_beat, open},
    support::{Client, Signalling, TestServer, eventually, metric},
};

async fn say(socket: &mut Signalling, text: &str, to: Value) -> String {
    let mut params = json!({"info": {"message": text, "type": "chat"}});
    let extra = to.as_object().unwrap().clone();
    params.as_object_mut().unwrap().extend(extra);
    let result = socket.request("broadcast", params).await;
    result["message_id"].as_str().unwrap().to_owned()
}

async fn reply(socket: &mut Signalling, text: &str, to: &str) -> String {
    let info = json!({"message": text, "type": "chat", "reply_to": to});
    let result = socket.request("broadcast", json!({"info": info})).await;
    result["message_id"].as_str().unwrap().to_owned()
}

/// Marks a message; gives the code of a refusal.
async fn mark(socket: &mut Signalling, id: &str, mark: &str, on: bool) -> Result<(), i64> {
    let text = json!({"message_id": id, "mark": mark, "on": on}).to_string();
    let params = json!({"info": {"message": text, "type": "kulti.mark"}});
    let answer = socket.ask("broadcast", params).await;
    match answer["error"]["code"].as_i64() {
        Some(code) => Err(code),
        None => Ok(()),
    }
}

async fn page(client: &Client, session: &Session, query: &str) -> MessagePage {
    client
        .get(&format!("/api/sessions/{}/messages{query}", session.id))
        .await
        .expect(StatusCode::OK)
}

async fn all(client: &Client, session: &Session) -> Vec<PastMessage> {
    page(client, session, "?limit=200").await.messages
}

fn texts(messages: &[PastMessage]) -> Vec<&str> {
    messages.iter().map(|m| m.message.as_str()).collect()
}

/// A session with a host and two viewers in its room.
struct Class {
    server: TestServer,
    session: Session,
    host: Client,
    ben: Client,
    cleo: Client,
}

impl Class {
    async fn new() -> Self {
        let server = TestServer::start().await;
        let host = server.guest("Ann").await;
        let (ben, cleo) = (server.guest("Ben").await, server.guest("Cleo").await);
        let session = host.create("Rust").await;
        Self {
            server,
            session,
            host,
            ben,
            cleo,
        }
    }

    async fn enter(&self) -> (Signalling, Signalling, Signalling) {
        (
            self.host.enter(&self.session, "peer-ann").await,
            self.ben.enter(&self.session, "peer-ben").await,
            self.cleo.enter(&self.session, "peer-cleo").await,
        )
    }
}

#[tokio::test]
async fn everyone_finds_what_was_for_them_and_nothing_else() {
    let class = Class::new().await;
    let (mut ann, mut ben, mut cleo) = class.enter().await;
    let question = say(&mut ben, "to all", json!({})).await;
    say(&mut ben, "to hosts", json!({"roles": ["host"]})).await;
    say(&mut ben, "to cleo", json!({"peer_id": "peer-cleo"})).await;
    let answer = reply(&mut ann, "an answer", &question).await;
    say(&mut cleo, "to viewers", json!({"roles": ["viewer"]})).await;
    mark(&mut cleo, &answer, "upvote", true).await.unwrap();
    mark(&mut ben, &answer, "upvote", true).await.unwrap();

    let session = &class.session;
    let to_ann = all(&class.host, session).await;
    assert_eq!(texts(&to_ann), ["to all", "to hosts", "an answer"]);
    assert_eq!(
        texts(&all(&class.ben, session).await),
        ["to all", "to hosts", "to cleo", "an answer", "to viewers"]
    );
    let to_cleo = all(&class.cleo, session).await;
    assert_eq!(
        texts(&to_cleo),
        ["to all", "to cleo", "an answer", "to viewers"]
    );
    assert_eq!(to_cleo[1].to.as_ref().unwrap().name, "Cleo");
    assert_eq!(to_cleo[2].reply_to, Some(question));
    assert_eq!(to_cleo[2].name, "Ann");
    assert_eq!(
        (to_cleo[2].marks[0].count, to_cleo[2].marks[0].mine),
        (2, true)
    );
    assert!(!to_ann[2].marks[0].mine);
    assert!(to_cleo.is_sorted_by(|a, b| a.timestamp < b.timestamp));

    // The same over the signalling, page by page.
    let first = cleo.request("kulti-messages", json!({"limit": 3})).await;
    let first: MessagePage = serde_json::from_value(first).unwrap();
    assert!(first.more);
    let before = first.messages[0].timestamp;
    let asked = json!({"limit": 3, "before": before});
    let second = cleo.request("kulti-messages", asked).await;
    let second: MessagePage = serde_json::from_value(second).unwrap();
    assert!(!second.more);
    assert_eq!([second.messages, first.messages].concat(), to_cleo);

    // Who is no participant sees nothing, nor does who was removed.
    let eve = class.server.guest("Eve").await;
    let path = format!("/api/sessions/{}/messages", session.id);
    eve.get(&path)
        .await
        .expect_refusal(403, "not_a_participant");
    let removal = json!({"requested_for": "peer-ben", "reason": ""});
    ann.request("peer-leave-request", removal).await;
    class.ben.get(&path).await.expect_refusal(403, "removed");
    class
        .cleo
        .get(&format!("{path}?limit=x"))
        .await
        .expect_refusal(400, "bad_query");
}

#[tokio::test]
async fn what_was_said_survives_a_restart_and_the_end() {
    let class = Class::new().await;
    let (ann, mut ben, mut cleo) = class.enter().await;
    let id = say(&mut ben, "before the restart", json!({})).await;
    say(&mut ben, "only cleo", json!({"peer_id": "peer-cleo"})).await;
    mark(&mut cleo, &id, "heart", true).await.unwrap();
    mark(&mut cleo, &id, "idea", true).await.unwrap();
    mark(&mut cleo, &id, "idea", false).await.unwrap();
    let before = all(&class.cleo, &class.session).await;
    drop((ann, ben, cleo));

    let server = TestServer::start_on(class.server.stop().await, |_| {}).await;
    let origin = server.server.origin();
    let (host, cleo) = (class.host.at(origin), class.cleo.at(origin));
    let session = &class.session;
    assert_eq!(all(&cleo, session).await, before);
    assert_eq!(before[0].marks.len(), 1);
    let mut socket = host.enter(session, "peer-ann").await;
    say(&mut socket, "after it", json!({})).await;
    mark(&mut socket, &id, "heart", true).await.unwrap();
    let reads = metric(&server, "kulti_db_reads_total").await;
    let live = all(&cleo, session).await;
    assert_eq!(
        texts(&live),
        ["before the restart", "only cleo", "after it"]
    );
    assert!(live.is_sorted_by(|a, b| a.timestamp < b.timestamp));
    assert_eq!(live[0].marks[0].count, 2);
    assert_eq!(
        metric(&server, "kulti_db_reads_total").await,
        reads,
        "a running session is in memory"
    );

    host.end(session)
        .await
        .expect::<EndSessionResponse>(StatusCode::OK);
    assert_eq!(all(&cleo, session).await, live, "now from the database");
    let newest = page(&cleo, session, "?limit=1").await;
    assert!(newest.more);
    assert_eq!(texts(&newest.messages), ["after it"]);
    let older = page(
        &cleo,
        session,
        &format!("?before={}", newest.messages[0].timestamp),
    )
    .await;
    assert_eq!(older.messages, live[..2]);
    assert_eq!(
        texts(&all(&host, session).await),
        ["before the restart", "after it"]
    );
}

#[tokio::test]
async fn a_user_marks_a_message_once_whatever_races() {
    let class = Class::new().await;
    let (mut ann, mut ben, _cleo) = class.enter().await;
    let id = say(&mut ann, "vote for this", json!({})).await;
    let mut devices = Vec::new();
    for n in 0..5 {
        let peer = format!("peer-cleo-{n}");
        devices.push(class.cleo.enter(&class.session, &peer).await);
    }
    let marking = devices.into_iter().map(|mut device| {
        let id = id.clone();
        tokio::spawn(async move {
            for on in [true, false, true] {
                // The allowance is one user's, over all devices.
                let _ = mark(&mut device, &id, "upvote", on).await;
            }
            mark(&mut device, &id, "upvote", true).await
        })
    });
    for marked in marking.collect::<Vec<_>>() {
        let _ = marked.await.unwrap();
    }
    mark(&mut ben, &id, "upvote", true).await.unwrap();
    let votes = all(&class.ben, &class.session).await[0].marks.clone();
    assert_eq!(
        (votes.len(), votes[0].count),
        (1, 2),
        "Ben and Cleo: {votes:?}"
    );
    let told = ben
        .until(|frame| frame["params"]["info"]["type"] == "kulti.marked")
        .await;
    assert!(
        told["params"].get("peer").is_none(),
        "the server speaks: {told}"
    );
}

#[tokio::test]
async fn what_may_not_be_is_refused() {
    let class = Class::new().await;
    let (mut ann, mut ben, mut cleo) = class.enter().await;
    let bens = say(&mut ben, "a question", json!({})).await;
    let private = say(&mut ben, "psst", json!({"peer_id": "peer-ann"})).await;
    assert_eq!(mark(&mut ben, &bens, "upvote", true).await, Err(403));
    assert_eq!(mark(&mut ben, &bens, "heart", true).await, Ok(()));
    assert_eq!(mark(&mut cleo, &bens, "helpful", true).await, Err(403));
    assert_eq!(mark(&mut cleo, &private, "heart", true).await, Err(404));
    assert_eq!(mark(&mut cleo, "nowhere", "heart", true).await, Err(404));
    assert_eq!(mark(&mut cleo, &bens, "thumbs", true).await, Err(400));
    assert_eq!(mark(&mut ann, &bens, "helpful", true).await, Ok(()));
    for kind in ["kulti.marked", "kulti.other"] {
        let forged = json!({"info": {"message": "{}", "type": kind}});
        let answer = ann.ask("broadcast", forged).await;
        assert_eq!(answer["error"]["code"], 400, "{answer}");
    }
    let answer = reply(&mut cleo, "an answer", &bens).await;
    assert_eq!(mark(&mut ben, &answer, "helpful", true).await, Ok(()));
    assert_eq!(mark(&mut cleo, &answer, "helpful", true).await, Err(403));
}

#[tokio::test]
async fn help_is_paid_for_once_and_survives_a_restart() {
    let past = Past::new(60, 3, 1).await;
    let (server, host, watchers, sessions, began) = past.go_on().await;
    let session = sessions[0].clone();
    {
        let mut ann = host.enter(&session, "peer-ann").await;
        let mut zero = watchers[0].enter(&session, "peer-0").await;
        let mut one = watchers[1].enter(&session, "peer-1").await;
        let question = say(&mut zero, "why?", json!({})).await;
        let answer = reply(&mut one, "because", &question).await;
        let hosts = reply(&mut ann, "and because", &question).await;
        // Marked often, by two people, and taken back once: it is help, once.
        for on in [true, true, false, true] {
            mark(&mut zero, &answer, "helpful", on).await.unwrap();
        }
        mark(&mut ann, &answer, "helpful", true).await.unwrap();
        mark(&mut zero, &hosts, "helpful", true).await.unwrap();
        let again = reply(&mut ann, "once more", &question).await;
        mark(&mut zero, &again, "helpful", true).await.unwrap();
        eventually("the help is known", async || {
            let rule = |books: &kulti_protocol::api::SessionWatchResponse, name: &str| {
                let step = books.credits.steps.iter().find(|step| step.rule == name);
                step.is_some_and(|step| step.applied)
            };
            let known = rule(&host.books(&session).await, "people_helped");
            (known && rule(&watchers[1].books(&session).await, "helped_someone")).then_some(())
        })
        .await;
    }
    let server = TestServer::start_on(server.stop().await, |_| {}).await;
    let origin = server.server.origin().to_owned();
    let at = |client: &Client| client.at(&origin);
    for watcher in &watchers {
        good_beat(
            &at(watcher),
            &session,
            json!([[began, began + 10 * MINUTE]]),
        )
        .await;
    }
    for _ in 0..2 {
        at(&host)
            .end(&session)
            .await
            .expect::<EndSessionResponse>(StatusCode::OK);
    }
    let credits = async |client: &Client| at(client).books(&session).await.credits;
    // 10 minutes, chatted ×1.5, first session ×1.5; and ×2 for the one who helped.
    assert_eq!(credits(&watchers[0]).await.credits, 22);
    assert_eq!(credits(&watchers[1]).await.credits, 45);
    assert_eq!(credits(&watchers[2]).await.credits, 15);
    let hosted = credits(&host).await;
    let helped = hosted
        .steps
        .iter()
        .find(|step| step.rule == "people_helped");
    let before = hosted.steps.iter().find(|step| step.rule == "completed");
    assert_eq!(
        helped.unwrap().subtotal_hundredths - before.unwrap().subtotal_hundredths,
        5_000,
        "one person was helped, with two answers"
    );

    // What comes later is paid with the same facts.
    good_beat(
        &at(&watchers[1]),
        &session,
        json!([[began, began + 20 * MINUTE]]),
    )
    .await;
    assert_eq!(credits(&watchers[1]).await.credits, 90);
    let mut db = open(&server.database()).await;
    let entries: (i64, i64) = sqlx::query_as(
        "SELECT COUNT(*), SUM(amount) FROM ledger_transactions WHERE user_id = ? AND kind = 'watching'",
    )
    .bind(&watchers[1].auth.user.id)
    .fetch_one(&mut db)
    .await
    .unwrap();
    assert_eq!(entries, (2, 90));
}

#[tokio::test]
async fn messages_are_deleted_some_time_after_the_end_and_help_is_not() {
    let class = Class::new().await;
    let (mut ann, mut ben, _cleo) = class.enter().await;
    let id = say(&mut ben, "an answer", json!({})).await;
    mark(&mut ann, &id, "helpful", true).await.unwrap();
    class
        .host
        .end(&class.session)
        .await
        .expect::<EndSessionResponse>(StatusCode::OK);
    let live = class.host.create("Another").await;
    let mut socket = class.host.enter(&live, "peer-ann-2").await;
    say(&mut socket, "still live", json!({})).await;
    drop((ann, ben, socket));
    let path = class.server.database();
    let kept = |settings: &mut kulti_server::Settings| {
        settings.room.messages_kept = Duration::from_millis(1);
    };
    let server = TestServer::start_on(class.server.stop().await, kept).await;
    let mut db = open(&path).await;
    let counts = eventually("the messages are gone", async || {
        let mut db = open(&path).await;
        let counts: (i64, i64, i64) = sqlx::query_as(
            "SELECT (SELECT COUNT(*) FROM messages), (SELECT COUNT(*) FROM message_marks), \
             (SELECT COUNT(*) FROM helpful_marks)",
        )
        .fetch_one(&mut db)
        .await
        .unwrap();
        (counts.0 < 2).then_some(counts)
    })
    .await;
    assert_eq!(counts, (1, 0, 1), "that of the live session stays");
    let text: (String,) = sqlx::query_as("SELECT text FROM messages")
        .fetch_one(&mut db)
        .await
        .unwrap();
    assert_eq!(text.0, "still live");
    drop(server);
}
