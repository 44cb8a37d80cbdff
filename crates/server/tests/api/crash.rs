//! The server is killed, or cannot write: nothing that it acknowledged is lost, nothing
//! is counted twice, and it pays once.

use std::time::Duration;

use kulti_protocol::api::{HeartbeatResponse, Session};
use kulti_watch::IntervalSet;
use parking_lot::Mutex;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};
use reqwest::StatusCode;
use serde_json::json;
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{
    past::{MINUTE, Past},
    program::{Program, command},
    support::{Client, client, eventually, now_ms, passed_ms, send},
};

const LEARNERS: usize = 4;
const ROUNDS: usize = 6;
/// What each learner watches: so much of every ten seconds.
const SECONDS_OF_TEN: u64 = 7;

/// One learner's client: it reports again what is not acknowledged.
struct Reporter {
    watched: Vec<(u64, u64)>,
    acknowledged: Mutex<IntervalSet>,
}

impl Reporter {
    fn new(began: u64, offset: u64) -> Self {
        let starts = (0..180).map(|n| began + offset + n * 10_000);
        Self {
            watched: starts.map(|at| (at, at + SECONDS_OF_TEN * 1_000)).collect(),
            acknowledged: Mutex::default(),
        }
    }

    fn truth(&self) -> IntervalSet {
        self.watched.iter().copied().collect()
    }

    /// Sends some stretches, in pieces that overlap; what was acknowledged is kept.
    async fn beat(&self, client: &Client, session: &Session, stretches: &[(u64, u64)]) {
        let sent = client
            .request(reqwest::Method::POST, "/api/analytics/heartbeat")
            .json(&json!({"sessionId": session.id, "isActive": true, "intervals": stretches}))
            .timeout(Duration::from_secs(10))
            .send()
            .await;
        // Killed before it could answer.
        let Ok(answer) = sent else { return };
        if answer.status() != StatusCode::OK {
            return;
        }
        let Ok(answer) = answer.json::<HeartbeatResponse>().await else {
            return;
        };
        let mut acknowledged = self.acknowledged.lock();
        for [start, end] in answer.acknowledged.unwrap_or_default() {
            acknowledged.insert(start.try_into().unwrap(), end.try_into().unwrap());
        }
    }

    /// Everything that is not acknowledged yet in random order, with duplicates, until
    /// the server is gone.
    async fn report(&self, client: &Client, session: &Session, mut random: StdRng) {
        let mut stretches = self.watched.clone();
        let known = self.acknowledged.lock().clone();
        stretches.retain(|&(start, end)| !known.covers(&[(start, end)].into_iter().collect()));
        stretches.shuffle(&mut random);
        stretches.truncate(40);
        for some in stretches.chunks(5) {
            let beat = self.beat(client, session, some);
            if random.random_bool(0.3) {
                tokio::join!(beat, self.beat(client, session, some));
            } else {
                beat.await;
            }
        }
    }
}

fn counted(books: &kulti_protocol::api::SessionWatchResponse) -> IntervalSet {
    let ms = |at: i64| u64::try_from(at).unwrap();
    let intervals = books.intervals.iter();
    intervals
        .map(|[start, end]| (ms(*start), ms(*end)))
        .collect()
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_and_nothing_is_paid_twice_over_kills() {
    let mut random = StdRng::seed_from_u64(20_261_125);
    let past = Past::new(60, LEARNERS, 1).await;
    let session = &past.sessions[0];
    let reporters: Vec<_> = (0..LEARNERS as u64)
        .map(|n| Reporter::new(past.began, n * 1_111))
        .collect();
    for _ in 0..ROUNDS {
        let program = Program::serve(past.data.path());
        let life = Duration::from_millis(random.random_range(20..600));
        let reports = reporters
            .iter()
            .zip(&past.watchers)
            .map(|(reporter, watcher)| {
                let client = watcher.at(&program.origin);
                let random = StdRng::seed_from_u64(random.random());
                async move { reporter.report(&client, session, random).await }
            });
        let reports = futures_util::future::join_all(reports.collect::<Vec<_>>());
        tokio::pin!(reports);
        let ended = tokio::time::timeout(life, reports.as_mut()).await.is_ok();
        program.kill();
        if !ended {
            reports.await;
        }
    }
    let program = Program::serve(past.data.path());
    for (reporter, watcher) in reporters.iter().zip(&past.watchers) {
        let books = watcher.at(&program.origin).books(session).await;
        let counted = counted(&books);
        let acknowledged = reporter.acknowledged.lock().clone();
        assert!(!acknowledged.is_empty(), "some heartbeats got through");
        assert!(counted.covers(&acknowledged), "acknowledged, and lost");
        assert!(reporter.truth().covers(&counted), "nobody watched that");
    }

    // The end is killed at some moment, too.
    let host = past.host.at(&program.origin);
    let life = Duration::from_millis(random.random_range(0..250));
    let asked = host
        .request(reqwest::Method::POST, "/api/sessions/end")
        .json(&json!({"sessionId": session.id}))
        .send();
    let _ = tokio::time::timeout(life, asked).await;
    program.kill();

    let program = Program::serve(past.data.path());
    let host = past.host.at(&program.origin);
    let (first, second) = tokio::join!(host.end(session), host.end(session));
    assert_eq!(
        (first.status, second.status),
        (StatusCode::OK, StatusCode::OK)
    );
    for (reporter, watcher) in reporters.iter().zip(&past.watchers) {
        let client = watcher.at(&program.origin);
        // All that was watched arrives in the end, some of it after the session's.
        for _ in 0..2 {
            reporter.beat(&client, session, &reporter.watched).await;
        }
        let truth = reporter.truth();
        let books = eventually("everything is paid", async || {
            let books = client.books(session).await;
            (books.active_ms == truth.measure_ms() && books.credits.settled).then_some(books)
        })
        .await;
        assert_eq!(counted(&books), truth, "to the millisecond");
        // 21 minutes, the first session ever.
        assert_eq!(truth.measure_ms(), 21 * MINUTE);
        assert_eq!(books.credits.credits, 31);
        assert_eq!(books.balance, 31 + 100, "with one milestone");
    }
}

/// However seldom the ledger is written, whoever comes is on disk at once: a crash costs
/// them nothing either.
#[tokio::test]
async fn a_crash_right_after_somebody_came_costs_them_nothing() {
    let data = tempfile::tempdir().unwrap();
    let start = || {
        let mut command = command();
        command.args(["--commit-burst", "1", "--commit-interval", "1h"]);
        command.args(["--listen", "127.0.0.1:0", "--data"]);
        Program::start(command.arg(data.path()))
    };
    let program = start();
    let guest = async |name: &str| {
        let request = client().post(format!("{}/api/auth/guest", program.origin));
        let answer = send(request.json(&json!({ "display_name": name }))).await;
        Client {
            origin: program.origin.clone(),
            auth: answer.expect(StatusCode::OK),
        }
    };
    let (host, ben, cleo) = (guest("Ann").await, guest("Ben").await, guest("Cleo").await);
    let session = host.create("Rust").await;
    let database = SqliteConnectOptions::new().filename(data.path().join("kulti.db"));
    let on_disk = async |who: &Client| {
        let mut database = SqliteConnection::connect_with(&database).await.unwrap();
        let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM watch_evidence WHERE user_id = ?")
            .bind(&who.auth.user.id)
            .fetch_one(&mut database)
            .await
            .unwrap();
        rows > 0
    };
    let mut sockets = Vec::new();
    for (learner, peer) in [(&ben, "peer-ben"), (&cleo, "peer-cleo")] {
        sockets.push(learner.enter(&session, peer).await);
        eventually("it is on disk who is here", async || {
            on_disk(learner).await.then_some(())
        })
        .await;
    }
    let killed = now_ms();
    program.kill();

    let program = start();
    let cleo = cleo.at(&program.origin);
    let _socket = cleo.enter(&session, "peer-cleo-again").await;
    let now = passed_ms();
    let watched = json!([[killed, now]]);
    let claim = json!({"sessionId": session.id, "isActive": true, "intervals": watched});
    cleo.post("/api/analytics/heartbeat", claim).await;
    let books = cleo.books(&session).await;
    let all = [killed, now].map(|at| i64::try_from(at).unwrap());
    assert_eq!(books.intervals, [all], "{:?}", books.excluded);
}

/// A file that must not grow is what a full disk is to SQLite.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn on_a_full_disk_nothing_is_acknowledged_and_the_server_recovers() {
    use rlimit::Resource;

    use crate::past::beat;

    let past = Past::new(60, 1, 1).await;
    let session = &past.sessions[0];
    let server = command();
    let mut shell = std::process::Command::new("sh");
    shell
        .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
        .arg(server.get_program())
        .args(["--listen", "127.0.0.1:0", "--data"])
        .arg(past.data.path());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KULTI_")) {
        shell.env_remove(name);
    }
    let program = Program::start(&mut shell);
    let pid = i32::try_from(program.child.id()).unwrap();
    let limit = |bytes: u64| {
        rlimit::prlimit(pid, Resource::FSIZE, Some((bytes, rlimit::INFINITY)), None).unwrap();
    };
    let watcher = past.watchers[0].at(&program.origin);
    let minute = |n: u64| json!([[past.began + n * MINUTE, past.began + (n + 1) * MINUTE]]);
    let good = beat(&watcher, session, minute(0)).await;
    assert_eq!(good.status, StatusCode::OK);

    limit(4_096);
    for n in 1..4 {
        let answer = beat(&watcher, session, minute(n)).await;
        answer.expect_refusal(503, "unavailable");
        assert!(answer.headers.contains_key("retry-after"));
    }
    assert_eq!(
        watcher.books(session).await.status,
        kulti_protocol::api::SessionStatus::Live,
        "it goes on"
    );
    past.host
        .at(&program.origin)
        .end(session)
        .await
        .expect_refusal(503, "unavailable");
    let failures = async || {
        let text = reqwest::Client::new()
            .get(format!("{}/metrics", program.origin))
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        text.contains("kulti_db_failures_total 0\n")
    };
    assert!(!failures().await, "the operator can see it");

    limit(rlimit::INFINITY);
    let books = eventually(
        "what was not acknowledged is sent again, and paid",
        async || {
            for n in 0..4 {
                beat(&watcher, session, minute(n)).await;
            }
            let books = watcher.books(session).await;
            books.credits.settled.then_some(books)
        },
    )
    .await;
    assert_eq!(books.active_ms, 4 * MINUTE);
    assert_eq!((books.credits.credits, books.balance), (6, 106));
    program.kill();
    let program = Program::serve(past.data.path());
    let again = past.watchers[0].at(&program.origin).books(session).await;
    assert_eq!((again.active_ms, again.balance), (4 * MINUTE, 106));
}
