//! Hosts who change the stage at the same moment: nobody's field is lost.

use kulti_server::connections::ConnectionLimits;
use kulti_server::room::{Allowance, Allowances};
use kulti_server::rooms::RoomLimits;
use serde_json::{Map, Value, json};

use super::client::Client;
use super::server::{Path, TestServer};

const ROUNDS: u64 = 1_000;
const FIELDS: [&str; 3] = ["pinnedMessageId", "spotlightPeerId", "announcementText"];

/// Nobody who waits for each answer is too fast for this.
fn unhurried() -> RoomLimits {
    let plenty = Allowance {
        per_second: 100_000,
        burst: 100_000,
    };
    RoomLimits {
        silence_ms: 600_000, // the onlooker says nothing
        allowances: Allowances {
            writes: plenty,
            ..Allowances::default()
        },
        ..RoomLimits::default()
    }
}

/// A host and the copy of `uiState` that it has, as the SDK keeps it: the last frame wins.
struct Host {
    client: Client,
    copy: Map<String, Value>,
    version: u64,
}

impl Host {
    async fn join(server: &TestServer, peer: &str) -> Self {
        let mut client = Client::join(server, "room", peer, "host").await;
        let keys = json!({"keys": ["uiState"]});
        client.ok("listen-metadata-change", keys).await;
        Self {
            client,
            copy: Map::new(),
            version: 0,
        }
    }

    fn take(&mut self, value: &Value) {
        self.copy = value["data"].as_object().cloned().unwrap_or_default();
        self.version = value["change_version"].as_u64().unwrap();
    }

    /// Everything that has come meanwhile, in its order.
    fn catch_up(&mut self) {
        for frame in std::mem::take(&mut self.client.seen) {
            if frame["method"] == "on-metadata-change" {
                for value in frame["params"]["values"].as_array().unwrap() {
                    self.take(value);
                }
            }
        }
    }

    /// Writes as an unchanged web client: its whole copy with one member changed.
    async fn write_all(&mut self, field: &str, number: u64) {
        self.catch_up();
        let mut data = self.copy.clone();
        data.insert(field.to_owned(), json!(text(number)));
        data.insert("timestamp".to_owned(), json!(number));
        let params = json!({"key": "uiState", "data": data});
        let written = self.client.ok("set-metadata", params).await;
        self.catch_up();
        self.take(&written);
    }

    /// Writes as our own client: against the version that it has seen.
    async fn write_field(&mut self, field: &str, number: u64) {
        loop {
            self.catch_up();
            let mut data = self.copy.clone();
            data.insert(field.to_owned(), json!(text(number)));
            let params = json!({"key": "uiState", "data": data, "if_change_version": self.version});
            let id = self.client.request("set-metadata", params).await;
            let answer = self.client.answer(&id).await;
            self.catch_up();
            if answer.get("result").is_some() {
                self.take(&answer["result"]);
                return;
            }
            assert_eq!(answer["error"]["code"], 409, "{answer}");
            let newest = self
                .client
                .ok("get-metadata", json!({"key": "uiState"}))
                .await;
            self.catch_up();
            self.take(&newest);
        }
    }
}

fn text(number: u64) -> String {
    format!("{number:05}")
}

/// How each host writes.
#[derive(Clone, Copy)]
enum Style {
    Web,
    Ours,
}

async fn race(styles: [Style; 3]) {
    let connections = ConnectionLimits {
        messages_per_second: 100_000,
        message_burst: 100_000,
        ..ConnectionLimits::default()
    };
    let server = TestServer::with(unhurried(), connections, Path::Plain).await;
    let mut watcher = Client::join(&server, "room", "watcher", "viewer").await;
    watcher
        .ok("listen-metadata-change", json!({"keys": ["uiState"]}))
        .await;
    let mut hosts = tokio::task::JoinSet::new();
    for (n, (field, style)) in FIELDS.into_iter().zip(styles).enumerate() {
        let mut host = Host::join(&server, &format!("host-{n}")).await;
        hosts.spawn(async move {
            for number in 1..=ROUNDS {
                match style {
                    Style::Web => host.write_all(field, number).await,
                    Style::Ours => host.write_field(field, number).await,
                }
            }
            host
        });
    }
    // Whatever an onlooker sees on the way: a field that was lost or put back to an older
    // value would show as one that is missing or smaller than before.
    let mut seen: [Option<String>; 3] = Default::default();
    let last = text(ROUNDS);
    while seen.iter().any(|value| value.as_deref() != Some(&last)) {
        let value = watcher.value_where("uiState", |_| true).await;
        for (field, before) in FIELDS.iter().zip(&mut seen) {
            let now = value["data"]
                .get(field)
                .and_then(Value::as_str)
                .map(str::to_owned);
            assert!(
                now >= *before,
                "{field} went from {before:?} to {now:?}: {value}"
            );
            *before = now;
        }
    }
    while let Some(host) = hosts.join_next().await {
        let mut host = host.unwrap();
        host.client.ok("ping", json!({"timestamp": 1})).await;
        host.catch_up();
        for field in FIELDS {
            assert_eq!(host.copy[field], last.as_str(), "{:?}", host.copy);
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_rounds_of_unchanged_web_hosts_lose_no_field() {
    race([Style::Web, Style::Web, Style::Web]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_rounds_of_our_own_hosts_beside_web_ones_lose_no_field() {
    race([Style::Web, Style::Ours, Style::Ours]).await;
}
