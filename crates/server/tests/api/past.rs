//! Sessions that began some time ago, made by changing the records of a server that is
//! stopped.

use kulti_protocol::api::{HeartbeatResponse, Session};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::support::{Answer, Client, TestServer, now_ms};

pub const MINUTE: u64 = 60_000;

/// People and sessions in which all of them were connected from the begin until now.
pub struct Past {
    pub data: tempfile::TempDir,
    pub host: Client,
    pub watchers: Vec<Client>,
    pub sessions: Vec<Session>,
    pub began: u64,
}

impl Past {
    pub async fn new(minutes: u64, watchers: usize, sessions: usize) -> Self {
        let server = TestServer::start_with(|settings| {
            settings.limits.sessions_per_user = 1_000;
        })
        .await;
        let host = server.guest("Ann").await;
        let mut people = Vec::new();
        for n in 0..watchers {
            people.push(server.guest(&format!("Learner {n}")).await);
        }
        let mut created = Vec::new();
        for n in 0..sessions {
            let session = host.create(&format!("Rust {n}")).await;
            for watcher in &people {
                watcher.token(&session).await;
            }
            created.push(session);
        }
        let began = now_ms() - minutes * MINUTE;
        let path = server.database();
        let data = server.stop().await;
        let mut db = open(&path).await;
        let attended = format!("[[{began},{}]]", now_ms());
        for change in [
            "UPDATE sessions SET started_at = ?1 WHERE ?2 = ?2",
            "UPDATE participants SET joined_at = ?1 WHERE ?2 = ?2",
            "INSERT INTO watch_evidence (session_id, user_id, claimed, attended) \
             SELECT session_id, user_id, '[]', ?2 FROM participants WHERE ?1 = ?1",
        ] {
            sqlx::query(change)
                .bind(i64::try_from(began).unwrap())
                .bind(&attended)
                .execute(&mut db)
                .await
                .unwrap();
        }
        db.close().await.unwrap();
        Self {
            data,
            host,
            watchers: people,
            sessions: created,
            began,
        }
    }

    /// Goes on, at a server that runs here.
    pub async fn go_on(self) -> (TestServer, Client, Vec<Client>, Vec<Session>, u64) {
        let server = TestServer::start_on(self.data, |_| {}).await;
        let origin = server.server.origin();
        let host = self.host.at(origin);
        let watchers = self.watchers.iter().map(|w| w.at(origin)).collect();
        (server, host, watchers, self.sessions, self.began)
    }
}

pub async fn open(database: &std::path::Path) -> SqliteConnection {
    SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(database))
        .await
        .unwrap()
}

/// A session that began an hour ago: `host` and `watcher` were connected ever since,
/// until a moment ago.
pub async fn an_hour_old() -> (TestServer, Client, Client, Session, u64) {
    let (server, host, mut watchers, mut sessions, began) = Past::new(60, 1, 1).await.go_on().await;
    (server, host, watchers.remove(0), sessions.remove(0), began)
}

pub async fn beat(client: &Client, session: &Session, intervals: Value) -> Answer {
    client
        .post(
            "/api/analytics/heartbeat",
            json!({"sessionId": session.id, "isActive": true, "intervals": intervals}),
        )
        .await
}

pub async fn good_beat(client: &Client, session: &Session, intervals: Value) -> HeartbeatResponse {
    beat(client, session, intervals)
        .await
        .expect(StatusCode::OK)
}
