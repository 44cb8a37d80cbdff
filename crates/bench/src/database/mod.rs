//! What watch time costs: the server's database, its heartbeats, the app's journal.

mod journal;
mod learner;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use kulti_protocol::api::Session;
use parking_lot::Mutex;
use serde_json::json;
use tokio::{task::JoinSet, time::sleep};

use self::{journal::Participant, learner::Learner};
use crate::{
    cores::CpuTime,
    http::Api,
    server_process::{Peer, ServerProcess},
    statistics::{ms, quantile},
};

/// Commits that were saved up are used up meanwhile, so that the rest is the pace of an
/// hour.
const AT_FIRST: Duration = Duration::from_secs(120);
const HOUR_S: f64 = 3_600.0;
/// The web product, a user and hour: a heartbeat every 30 s reads three times and writes
/// once.
const WEB_BEATS: f64 = 120.0;
const WEB_READS: f64 = 3.0;
/// How many sign in at the same time.
const JOINING: usize = 8;

/// The answered heartbeats of all learners, in microseconds.
type Latencies = Arc<Mutex<Vec<u64>>>;

/// What the database has done so far.
#[derive(Debug, Clone, Copy)]
struct Work {
    reads: f64,
    commits: f64,
    rows: f64,
}

impl Work {
    async fn so_far(api: &Api) -> anyhow::Result<Self> {
        let text = api.text("GET", "/metrics", "").await?;
        let of = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|value| value.trim().parse().ok())
                .with_context(|| format!("/metrics has no {name}"))
        };
        Ok(Self {
            reads: of("kulti_db_reads_total ")?,
            commits: of("kulti_db_commits_total ")?,
            rows: of("kulti_db_rows_written_total ")?,
        })
    }

    fn since(self, earlier: Self) -> Self {
        Self {
            reads: self.reads - earlier.reads,
            commits: self.commits - earlier.commits,
            rows: self.rows - earlier.rows,
        }
    }

    /// An hour that begins like `first` and goes on like `self`, of `seconds` length.
    fn hour(self, seconds: f64, first: Self) -> Self {
        let rest = (HOUR_S - AT_FIRST.as_secs_f64()) / seconds;
        Self {
            reads: first.reads + self.reads * rest,
            commits: first.commits + self.commits * rest,
            rows: first.rows + self.rows * rest,
        }
    }
}

/// Prints both tables.
pub(crate) async fn run(users: &[usize], seconds: u64) -> anyhow::Result<()> {
    let machine = CpuTime::now(None)?;
    println!("\n## Watch time: what it costs, an hour\n");
    println!(
        "Measured for {} s at the pace of real clients, then for {seconds} s more; the hour is the first part, and the second one as often as it fits into the rest.\n",
        AT_FIRST.as_secs()
    );
    println!(
        "| users | reads | web product's | write transactions | web product's | rows written | heartbeats measured | p50 ms | p99 ms | server CPU s |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    let mut journals = None;
    for &count in users {
        journals = Some(measure(count, seconds).await?);
    }
    if let Some(journals) = journals {
        println!("\n### The journal of one active participant, an hour\n");
        journal::print(&journals);
    }
    println!();
    machine.print_disturbance()
}

async fn measure(users: usize, seconds: u64) -> anyhow::Result<[journal::Cost; 2]> {
    let server = ServerProcess::start(Peer::Kulti)?;
    let (host, _) = Api::guest(server.port, "Host").await?;
    let session = host
        .post("/api/sessions/create", &json!({ "title": "Benchmark" }))
        .await?;
    let session: Arc<Session> = Arc::new(serde_json::from_value(session)?);
    let learners: Vec<Learner> = stream::iter(0..users)
        .map(|number| Learner::join(server.port, session.clone(), number))
        .buffer_unordered(JOINING)
        .try_collect()
        .await?;
    let folder = tempfile::tempdir()?;
    let participants = [
        Participant::start(server.port, &session.room_code, Some(folder.path())).await?,
        Participant::start(server.port, &session.room_code, None).await?,
    ];
    let latencies = Latencies::default();
    let mut lives = JoinSet::new();
    for learner in learners {
        lives.spawn(learner.live(latencies.clone()));
    }

    let at_start = Work::so_far(&host).await?;
    sleep(AT_FIRST).await;
    let first = Work::so_far(&host).await?;
    let cpu = CpuTime::now(Some(server.id()))?;
    let costs = [participants[0].so_far()?, participants[1].so_far()?];
    let started = Instant::now();
    sleep(Duration::from_secs(seconds)).await;
    let measured_s = started.elapsed().as_secs_f64();
    let last = Work::so_far(&host).await?;
    let used = CpuTime::now(Some(server.id()))?.since(&cpu);
    let journals = [
        participants[0]
            .so_far()?
            .an_hour_since(costs[0], measured_s),
        participants[1]
            .so_far()?
            .an_hour_since(costs[1], measured_s),
    ];

    // One that has ended could not go on: say why.
    if let Some(ended) = lives.try_join_next() {
        ended??;
    }
    let hour = last.since(first).hour(measured_s, first.since(at_start));
    let mut latencies = std::mem::take(&mut *latencies.lock());
    let web_beats = users as f64 * WEB_BEATS;
    println!(
        "| {users} | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} | {} | {} | {} | {:.1} |",
        hour.reads,
        web_beats * WEB_READS,
        hour.commits,
        web_beats,
        hour.rows,
        latencies.len(),
        ms(quantile(&mut latencies, 500)),
        ms(quantile(&mut latencies, 990)),
        used.server.as_secs_f64() * HOUR_S / measured_s,
    );
    Ok(journals)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_has_its_first_part_once() {
        let work = |reads, commits, rows| Work {
            reads,
            commits,
            rows,
        };
        // 20 commits at first, then one in 36 s.
        let hour = work(0.0, 10.0, 100.0).hour(360.0, work(0.0, 20.0, 50.0));
        assert!((hour.commits - 116.67).abs() < 0.01, "{hour:?}");
        assert!(hour.reads.abs() < f64::EPSILON);
    }
}
