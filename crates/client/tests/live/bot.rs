//! The bot as a program.

use std::{
    collections::HashSet,
    process::{ExitStatus, Stdio},
};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use crate::{
    eyes::{Eyes, PATIENCE},
    server::TestServer,
};

pub(crate) struct Bot {
    pub(crate) child: Child,
    orders: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Bot {
    pub(crate) fn run(server: &TestServer, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_kulti-bot"))
            .args(["--server", &server.origin()])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let orders = child.stdin.take();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self {
            child,
            orders,
            lines,
        }
    }

    pub(crate) async fn order(&mut self, order: &str) {
        let orders = self.orders.as_mut().unwrap();
        orders.write_all(order.as_bytes()).await.unwrap();
        orders.write_all(b"\n").await.unwrap();
    }

    /// Reads events until one fits.
    pub(crate) async fn tells(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let mut told = Vec::new();
        let reading = async {
            while let Some(line) = self.lines.next_line().await.unwrap() {
                let event: Value = serde_json::from_str(&line).unwrap();
                assert!(
                    event["at_ms"].is_u64() && event["event"].is_string(),
                    "{line}"
                );
                if fits(&event) {
                    return Some(event);
                }
                told.push(line);
            }
            None
        };
        let event = tokio::time::timeout(PATIENCE, reading).await;
        event
            .ok()
            .flatten()
            .unwrap_or_else(|| panic!("not told: {what}; told: {told:#?}"))
    }

    pub(crate) async fn event(&mut self, name: &str) -> Value {
        self.tells(name, |event| event["event"] == name).await
    }

    pub(crate) async fn rest(mut self) -> (Vec<Value>, ExitStatus) {
        let reading = async {
            let mut events = Vec::new();
            while let Some(line) = self.lines.next_line().await.unwrap() {
                events.push(serde_json::from_str(&line).unwrap());
            }
            (events, self.child.wait().await.unwrap())
        };
        tokio::time::timeout(PATIENCE, reading)
            .await
            .expect("the bot ends")
    }
}

pub(crate) fn of<'e>(events: &'e [Value], name: &str) -> Vec<&'e Value> {
    events
        .iter()
        .filter(|event| event["event"] == name)
        .collect()
}

#[tokio::test]
async fn bots_join_for_a_while_and_leave() {
    let server = TestServer::start().await;
    let (host, code) = server.host().await;
    let mut eyes = Eyes::of(&host);
    let bot = Bot::run(
        &server,
        &["--code", code.as_str(), "--count", "3", "--for", "2s"],
    );
    eyes.people(4).await;
    let (events, status) = bot.rest().await;
    assert!(status.success());
    let joined = of(&events, "joined");
    let names: HashSet<&str> = joined.iter().map(|e| e["name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 3, "{joined:?}");
    let left = of(&events, "left");
    assert_eq!(left.len(), 3);
    assert!(
        left.iter().all(|e| e["reason"]["kind"] == "left"),
        "{left:?}"
    );
    assert!(of(&events, "counts").iter().any(|e| e["total"] == 4));
    assert!(of(&events, "error").is_empty());
    eyes.people(1).await;
}

#[tokio::test]
async fn a_bot_obeys_as_host_and_as_learner() {
    let server = TestServer::start().await;
    let mut bot = Bot::run(
        &server,
        &[
            "--host",
            "Bots only",
            "--count",
            "2",
            "--name",
            "Robo",
            "--interactive",
        ],
    );
    let code = bot.event("hosting").await["code"]
        .as_str()
        .unwrap()
        .to_owned();
    let person = server
        .person()
        .join(&code.parse().unwrap(), "Person")
        .await
        .unwrap();
    let mut eyes = Eyes::of(&person);
    eyes.people(3).await;
    eyes.until("the people by their names", |seen| {
        let names = seen.people.people.iter().map(|p| p.name.as_str());
        names.eq(["Person", "Robo 1", "Robo 2"])
    })
    .await;

    bot.order(r#"{"bot":0,"act":"announce","text":"Hear, hear"}"#)
        .await;
    eyes.until("the announcement", |seen| {
        seen.stage
            .announcement
            .as_ref()
            .is_some_and(|a| a.text == "Hear, hear")
    })
    .await;
    bot.tells("the announcement", |e| {
        e["event"] == "announcement" && e["bot"] == 1
    })
    .await;
    bot.order(r#"{"bot":1,"act":"setHand","raised":true}"#)
        .await;
    eyes.until("a hand", |seen| seen.counts.hands == 1).await;
    bot.order(r#"{"bot":1,"act":"sendMessage","text":"hello"}"#)
        .await;
    bot.tells("the message at the host", |e| {
        e["event"] == "message" && e["bot"] == 0 && e["from"] == "Robo 2" && e["text"] == "hello"
    })
    .await;
    bot.order(r#"{"bot":1,"do":"cutSocket"}"#).await;
    bot.tells("lost", |e| e["event"] == "lost" && e["bot"] == 1)
        .await;
    bot.tells("restored", |e| e["event"] == "restored" && e["bot"] == 1)
        .await;
    bot.order("jump").await;
    bot.tells("a complaint", |e| {
        e["event"] == "error" && e["line"] == "jump"
    })
    .await;
    bot.order(r#"{"bot":1,"act":"leave"}"#).await;
    bot.tells("gone", |e| e["event"] == "left" && e["bot"] == 1)
        .await;
    eyes.people(2).await;
    bot.order(r#"{"bot":1,"do":"rejoin"}"#).await;
    eyes.people(3).await;

    drop(bot.orders.take()); // the end of the orders is the end of the bots
    let (events, status) = bot.rest().await;
    assert!(status.success());
    assert_eq!(of(&events, "left").len(), 2, "{events:?}");
}

#[tokio::test]
async fn a_bot_stays_the_same_person() {
    let server = TestServer::start().await;
    let (_host, code) = server.host().await;
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().to_str().unwrap();
    let mut users = Vec::new();
    for _ in 0..2 {
        let mut bot = Bot::run(
            &server,
            &["--code", code.as_str(), "--data", data, "--for", "500ms"],
        );
        users.push(bot.event("joined").await["user_id"].clone());
        assert!(bot.rest().await.1.success());
    }
    assert_eq!(users[0], users[1]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_terminated_bot_leaves_first() {
    let server = TestServer::start().await;
    let (host, code) = server.host().await;
    let mut eyes = Eyes::of(&host);
    let mut bot = Bot::run(&server, &["--code", code.as_str()]);
    bot.event("joined").await;
    eyes.people(2).await;
    let id = bot.child.id().unwrap().to_string();
    assert!(
        Command::new("kill")
            .arg(id)
            .status()
            .await
            .unwrap()
            .success()
    );
    let (events, status) = bot.rest().await;
    assert!(status.success(), "{status:?}");
    assert_eq!(of(&events, "left")[0]["reason"]["kind"], "left");
    eyes.people(1).await;
}

#[tokio::test]
async fn bots_that_cannot_join_fail() {
    let server = TestServer::start().await;
    let bot = Bot::run(&server, &["--code", "VIBE-ZZZZ", "--count", "2"]);
    let (events, status) = bot.rest().await;
    assert_eq!(status.code(), Some(1));
    assert_eq!(of(&events, "error").len(), 2, "{events:?}");
}

#[tokio::test]
async fn lively_bots_do_not_break() {
    let server = TestServer::start().await;
    let (host, code) = server.host().await;
    let mut eyes = Eyes::of(&host);
    let mut bot = Bot::run(
        &server,
        &[
            "--code",
            code.as_str(),
            "--count",
            "12",
            "--lively",
            "--seed",
            "1",
            "--interactive",
        ],
    );
    eyes.people(13).await;
    eyes.until("somebody does something", |seen| {
        seen.counts.hands > 0 || !seen.messages.is_empty() || seen.counts.total < 13
    })
    .await;
    drop(bot.orders.take());
    let (events, status) = bot.rest().await;
    assert!(status.success());
    assert!(of(&events, "error").is_empty(), "{events:?}");
}
