//! Watch time through killed programs, servers that are down, and refusals.

use std::{path::Path, sync::Arc, time::Duration};

use futures_util::{FutureExt, future::BoxFuture};
use kulti_client::{
    core::{exclusions::Exclusions, io::JournalPage, unsettled::Unsettled},
    drivers::{
        api::Api,
        credentials::{FileCredentials, MemoryCredentials},
        join::{Server, ServerAddress},
        journal::{Journal, Place, StayRecord},
        outbox::{self, Accounts, NoAccount},
    },
};
use kulti_protocol::api::HeartbeatRequest;
use serde_json::Value;

use crate::{
    bot::{Bot, of},
    eyes::PATIENCE,
    server::TestServer,
};

/// How many whole seconds the ledger has for the bot of a data folder.
async fn ledger_seconds(server: &TestServer, data: &Path, session: &str) -> u64 {
    let credentials = Arc::new(FileCredentials::new(data.join("bot-0.json")));
    let address = ServerAddress::public(&server.origin());
    let person = Server::new(&address, credentials).unwrap();
    person.sign_in("Bot").await.unwrap();
    let ask = HeartbeatRequest {
        session_id: session.to_owned(),
        is_active: false,
        intervals: Some(Vec::new()),
        excluded: Vec::new(),
    };
    let answer = person.api().heartbeat(&ask).await.unwrap();
    answer.watch_duration_seconds
}

fn arguments<'a>(data: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut all = vec!["--data", data, "--name", "Robo"];
    all.extend(more);
    all
}

fn active_ms(event: &Value) -> u64 {
    event["active_ms"].as_u64().unwrap()
}

async fn watched_for(bot: &mut Bot, ms: u64) -> Value {
    bot.tells("enough watched", |e| {
        e["event"] == "truth" && active_ms(e) >= ms
    })
    .await
}

#[tokio::test]
async fn a_killed_program_loses_the_last_second_at_most() {
    let server = TestServer::start().await;
    let (host, code) = server.host().await;
    let session = host.config().session_id.clone();
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().to_str().unwrap();
    let join = ["--code", code.as_str(), "--truth"];
    let mut truths = Vec::new();
    for _ in 0..2 {
        let mut bot = Bot::run(&server, &arguments(data, &join));
        let truth = watched_for(&mut bot, 2_500).await;
        bot.child.start_kill().unwrap();
        let (events, status) = bot.rest().await;
        assert!(!status.success(), "it was killed");
        let last = of(&events, "truth").last().map_or(&truth, |last| *last);
        truths.push(active_ms(last));
    }
    let bot = Bot::run(&server, &arguments(data, &["--send-only"]));
    let (events, status) = bot.rest().await;
    assert!(status.success(), "{events:?}");
    let told = of(&events, "journal");
    assert_eq!(told.last().unwrap()["unsent"], serde_json::json!([]));
    let known: u64 = truths.iter().sum();
    let seconds = ledger_seconds(&server, dir.path(), &session).await;
    // The ledger tells whole seconds. More than the last truth that was told may have
    // been written down.
    assert!(
        (seconds + 1) * 1_000 > known - 2_000,
        "{seconds} s of {truths:?}"
    );
    assert!(
        seconds * 1_000 <= known + 2 * 60_000,
        "{seconds} s of {truths:?}"
    );
}

#[tokio::test]
async fn who_leaves_while_the_server_is_down_need_not_wait_and_loses_nothing() {
    let mut server = TestServer::start().await;
    let (host, code) = server.host().await;
    let session = host.config().session_id.clone();
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().to_str().unwrap();
    let join = ["--code", code.as_str(), "--truth", "--interactive"];
    let mut bot = Bot::run(&server, &arguments(data, &join));
    watched_for(&mut bot, 2_500).await;
    server.stop().await;
    bot.event("lost").await;
    bot.order(r#"{"act":"leave"}"#).await;
    bot.event("left").await;
    bot.tells("time that waits", |e| {
        e["event"] == "journal"
            && e["unsent"]
                .get(0)
                .is_some_and(|stay| active_ms(stay) >= 2_500)
    })
    .await;
    bot.child.start_kill().unwrap();
    bot.rest().await;

    server.start_again().await;
    let bot = Bot::run(&server, &arguments(data, &["--send-only"]));
    let (events, status) = bot.rest().await;
    assert!(status.success(), "{events:?}");
    let seconds = ledger_seconds(&server, dir.path(), &session).await;
    assert!((2..60).contains(&seconds), "{seconds}");
    drop(host);
}

#[tokio::test]
async fn a_script_is_obeyed_and_the_truth_is_told() {
    let server = TestServer::start().await;
    let (_host, code) = server.host().await;
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("script");
    std::fs::write(
        &script,
        "{\"after_ms\":1500,\"watch\":\"window_hidden\"}\n{\"after_ms\":2500,\"act\":\"leave\"}\n",
    )
    .unwrap();
    let data = dir.path().to_str().unwrap();
    let script = script.to_str().unwrap();
    let join = ["--code", code.as_str(), "--truth", "--script", script];
    let mut bot = Bot::run(&server, &arguments(data, &join));
    let acknowledged = bot
        .tells("an acknowledgement", |e| {
            e["event"] == "acknowledged" && active_ms(e) > 0
        })
        .await;
    assert!(acknowledged["intervals"][0][0].is_u64());
    let left = bot.event("left").await;
    assert_eq!(left["reason"]["kind"], "left");
    bot.child.start_kill().unwrap();
    bot.rest().await;
}

/// The account that one test has in memory.
struct TestAccounts(Server);

impl Accounts for TestAccounts {
    fn api<'a>(&'a self, record: &'a StayRecord) -> BoxFuture<'a, Result<Api, NoAccount>> {
        outbox::signed_in(self.0.api().clone(), record).boxed()
    }
}

fn left_in(journal: &Journal, address: &ServerAddress, session: &str, user: &str) {
    let stay = journal.begin(StayRecord {
        place: Place::At(address.clone()),
        session_id: session.to_owned(),
        title: "Earlier".to_owned(),
        user_id: user.to_owned(),
        role: "viewer".to_owned(),
        joined_at_ms: 1,
    });
    let _written = stay.write(JournalPage {
        unsettled: Unsettled {
            watched: [(1_000, 61_000)].into_iter().collect(),
            excluded: Exclusions::default(),
        },
        firm: false,
    });
}

#[tokio::test]
async fn what_a_server_will_never_take_is_kept_and_said() {
    let server = TestServer::start().await;
    let (host, _) = server.host().await;
    let session = host.config().session_id.clone();
    let address = ServerAddress::public(&server.origin());
    let person = Server::new(&address, Arc::new(MemoryCredentials::default())).unwrap();
    person.sign_in("Léo").await.unwrap();
    let me = person.api().sign_in("Léo").await.unwrap().id;

    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path());
    left_in(&journal, &address, "no-such-session", &me);
    left_in(&journal, &address, &session, &me);
    left_in(&journal, &address, &session, "somebody else");
    let mut status = journal.status();
    tokio::spawn(outbox::run(journal.clone(), TestAccounts(person)));
    let all_refused = status.wait_for(|status| {
        status.left.len() == 3 && status.left.iter().all(|stay| stay.refused.is_some())
    });
    let refused = tokio::time::timeout(PATIENCE, all_refused)
        .await
        .expect("all are refused")
        .unwrap()
        .clone();
    let why = |session: &str, user: &str| {
        let mut left = refused.left.iter();
        let found = left.find(|s| s.record.session_id == session && s.record.user_id == user);
        found.unwrap().refused.clone().unwrap()
    };
    assert!(why("no-such-session", &me).contains("404"));
    assert!(why(&session, &me).contains("403"));
    assert!(why(&session, "somebody else").contains("account"));
    assert!(outbox::drained(&journal, Duration::from_secs(1)).await);
}
