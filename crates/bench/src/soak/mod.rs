//! Kills the app, the server, and both, at random moments, while a bad network loses,
//! repeats and reorders heartbeats, and compares the ledger with the truth.

mod app;
mod bad_network;
mod desktop;
mod end;
mod lateness;
mod learner;
mod programs;
mod report;
mod truth;

use std::{io::Write as _, path::Path, time::Duration};

use anyhow::{Context as _, bail, ensure};
use kulti_protocol::api::{Session, SessionWatchResponse};
use kulti_watch::IntervalSet;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};
use serde_json::json;
use tokio::time::sleep;

pub(crate) use self::app::Which;
use self::{
    bad_network::BadNetwork,
    learner::Watched,
    programs::{Learner, PATIENCE, Server, now_ms},
    report::Report,
};
use crate::http::Api;

/// Late copies of heartbeats are all there by then.
const AFTERWARDS: Duration = Duration::from_secs(10);

/// Who is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    App,
    Server,
    Both,
}

impl Victim {
    const ALL: [Self; 3] = [Self::App, Self::Server, Self::Both];

    /// As many of each, in random order.
    fn plan(kills: usize, rng: &mut StdRng) -> Vec<Self> {
        let mut plan = Vec::new();
        while plan.len() < kills {
            let mut each = Self::ALL;
            each.shuffle(rng);
            plan.extend(each);
        }
        plan.truncate(kills);
        plan
    }
}

/// Runs it and prints a report.
///
/// # Errors
/// When the ledger does not agree with the truth, or something did not work at all.
pub(crate) async fn run(which: Which, kills: usize, seed: Option<u64>) -> anyhow::Result<()> {
    if which == Which::Desktop {
        desktop::check_display()?;
    }
    let seed = seed.unwrap_or_else(now_ms);
    println!("Soak: {kills} kills, seed {seed}");
    let folder = tempfile::Builder::new().prefix("kulti-soak-").tempdir()?;
    let outcome = tokio::select! {
        outcome = soak(folder.path(), which, kills, seed) => outcome,
        () = told_to_stop() => Err(anyhow::anyhow!("it was told to stop")),
    };
    if outcome.is_err() {
        println!("Logs and data are kept in {}", folder.keep().display());
    }
    outcome.with_context(|| format!("the soak with seed {seed} failed"))
}

/// Waits for Ctrl-C or SIGTERM. The programs must not outlive this one.
async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

async fn soak(folder: &Path, which: Which, kills: usize, seed: u64) -> anyhow::Result<()> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut server = Server::start(&folder.join("server")).await?;
    let network = BadNetwork::before(server.port, StdRng::from_rng(&mut rng)).await?;
    let (host, _) = Api::guest(server.port, "Host").await?;
    let session = host
        .post("/api/sessions/create", &json!({ "title": "Soak" }))
        .await?;
    let session: Session = serde_json::from_value(session)?;
    let learner = Learner {
        origin: format!("http://127.0.0.1:{}", network.port),
        code: session.room_code.clone(),
        data: folder.join("learner"),
    };
    let mut watched = Watched::new(which, learner);
    watched.start().await?;
    watched.is_in(&network).await?;

    // Beside what the programs have said, for when something goes wrong.
    let mut log = std::fs::File::create(folder.join("kills.log"))?;
    let started = now_ms();
    let plan = Victim::plan(kills, &mut rng);
    let mut server_kills = 0;
    for (number, &victim) in (1..).zip(&plan) {
        live(&mut watched, &network, &mut rng).await?;
        writeln!(log, "{} kill {number}: {victim:?}", now_ms())?;
        kill(victim, &mut watched, &mut server, &network, &mut rng).await?;
        server_kills += u32::from(victim != Victim::App);
        watched.is_in(&network).await?;
        if number % 20 == 0 {
            let minutes = (now_ms() - started) / 60_000;
            println!("{number} of {kills} kills, {minutes} min");
        }
    }
    live(&mut watched, &network, &mut rng).await?;
    watched.leaves(&network).await?;
    sleep(AFTERWARDS).await;

    let learner = Api {
        port: server.port,
        bearer: network.bearer(),
    };
    let mut restarts = 0;
    let mut books = settled_books(&learner, &session.id, &watched).await?;
    while !watched.truth.verdict(&set(&books)?).violations().is_empty() && restarts < 2 {
        // What could not be sent before the app ended is sent when it starts again.
        restarts += 1;
        watched.start().await?;
        watched.is_in(&network).await?;
        watched.lives(&network, Duration::from_secs(1)).await;
        watched.leaves(&network).await?;
        books = settled_books(&learner, &session.id, &watched).await?;
    }
    let verdict = watched.truth.verdict(&set(&books)?);
    let mut violations = verdict.violations();
    violations.extend(not_in_order(&books));
    let paid = end::session(&mut server, &host, &learner, &session.id, &mut rng).await?;
    violations.extend(paid.violations.iter().cloned());

    let report = Report {
        which,
        seed,
        lasted_ms: now_ms() - started,
        kills,
        server_kills,
        app_kills: watched.app_kills,
        restarts,
    };
    report.print(&verdict, &network.treated, &paid);
    println!();
    if violations.is_empty() {
        println!("The ledger agrees with the truth.");
        return Ok(());
    }
    for violation in &violations {
        println!("VIOLATION: {violation}");
    }
    bail!("{} violations", violations.len());
}

/// Watches for a while; looks away and back.
async fn live(watched: &mut Watched, network: &BadNetwork, rng: &mut StdRng) -> anyhow::Result<()> {
    for _ in 0..rng.random_range(1..=3) {
        watched.lives(network, pause(rng, 200, 1_500)).await;
        if rng.random_bool(0.6) {
            watched.toggles(network).await?;
        }
    }
    // Mostly time counts when it hits, and often a heartbeat is under way.
    let looks_back = watched.looks_away() && rng.random_bool(0.8);
    if looks_back {
        watched.toggles(network).await?;
    }
    let longest_ms = if rng.random_bool(0.4) { 150 } else { 1_800 };
    watched.lives(network, pause(rng, 0, longest_ms)).await;
    Ok(())
}

/// Kills, and starts again after a moment.
async fn kill(
    victim: Victim,
    watched: &mut Watched,
    server: &mut Server,
    network: &BadNetwork,
    rng: &mut StdRng,
) -> anyhow::Result<()> {
    match victim {
        Victim::App => {
            watched.is_killed(network).await?;
            sleep(pause(rng, 0, 1_500)).await;
            watched.start().await
        }
        Victim::Server => {
            watched.server_goes();
            server.kill()?;
            watched.lives(network, pause(rng, 0, 1_500)).await;
            server.start_again().await
        }
        Victim::Both => {
            let server_first = rng.random_bool(0.5);
            if server_first {
                watched.server_goes();
                server.kill()?;
                sleep(pause(rng, 0, 800)).await;
                watched.is_killed(network).await?;
            } else {
                watched.is_killed(network).await?;
                sleep(pause(rng, 0, 800)).await;
                server.kill()?;
            }
            sleep(pause(rng, 0, 1_000)).await;
            if rng.random_bool(0.5) {
                let (app, server) = tokio::join!(watched.start(), server.start_again());
                app.and(server)
            } else {
                server.start_again().await?;
                watched.start().await
            }
        }
    }
}

fn pause(rng: &mut StdRng, from_ms: u64, to_ms: u64) -> Duration {
    Duration::from_millis(rng.random_range(from_ms..to_ms))
}

/// The learner's books, once nothing is missing or nothing more comes.
async fn settled_books(
    learner: &Api,
    session_id: &str,
    watched: &Watched,
) -> anyhow::Result<SessionWatchResponse> {
    let started = tokio::time::Instant::now();
    loop {
        let books = learner
            .get(&format!("/api/sessions/{session_id}/watch"))
            .await?;
        let books: SessionWatchResponse = serde_json::from_value(books)?;
        let complete = watched.truth.missing(&set(&books)?).is_empty();
        if complete || started.elapsed() > PATIENCE.min(AFTERWARDS) {
            return Ok(books);
        }
        sleep(Duration::from_millis(500)).await;
    }
}

fn set(books: &SessionWatchResponse) -> anyhow::Result<IntervalSet> {
    let pairs = books.intervals.iter();
    let pairs: Result<Vec<(u64, u64)>, _> = pairs
        .map(|[start, end]| anyhow::Ok((u64::try_from(*start)?, u64::try_from(*end)?)))
        .collect();
    pairs.map(|pairs| pairs.into_iter().collect())
}

/// Whether a millisecond is in the books twice, or not at all.
fn not_in_order(books: &SessionWatchResponse) -> Option<String> {
    let check = || {
        let mut all: Vec<(i64, i64)> = books.intervals.iter().map(|&[a, b]| (a, b)).collect();
        let counted: i64 = all.iter().map(|(start, end)| end - start).sum();
        ensure!(
            u64::try_from(counted).ok() == Some(books.active_ms),
            "the intervals are {counted} ms long, and activeMs is {}",
            books.active_ms
        );
        all.extend(books.excluded.iter().map(|&(start, end, _)| (start, end)));
        all.sort_unstable();
        let mut at = i64::try_from(books.joined_at)?;
        for (start, end) in all {
            ensure!(
                start == at && end > start,
                "after {at} ms the books go on at [{start},{end})"
            );
            at = end;
        }
        ensure!(
            u64::try_from(at).ok() == Some(books.until),
            "the books end at {at} ms and not at {}",
            books.until
        );
        anyhow::Ok(())
    };
    check().err().map(|error| error.to_string())
}
