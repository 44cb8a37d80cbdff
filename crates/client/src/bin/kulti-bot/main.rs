//! Headless participants: they join a session through the whole client stack, fill
//! demo rooms, carry load tests, and are driven by whole-system tests.

mod arguments;
mod console;
mod earlier;
mod lively;
mod names;
mod participant;
mod report;
mod telling;
mod voting;

use std::{process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context;
use clap::Parser;
use kulti_client::drivers::{
    credentials::{Credentials, FileCredentials, MemoryCredentials},
    join::Server,
    journal::Place,
    log_filter::without_secrets,
    outbox,
};
use tokio::{
    sync::{Semaphore, mpsc, watch},
    task::JoinSet,
};
use tracing_subscriber::{
    EnvFilter, Layer, filter::FilterExt, layer::SubscriberExt, util::SubscriberInitExt,
};

use crate::{
    arguments::Arguments,
    participant::{Entrance, Participant},
    report::Report,
};

/// How many bots sign in and join at the same time: a server's limits on requests
/// from one address are made for people.
const JOINING_AT_ONCE: usize = 8;

/// How long `--send-only` tries.
const SEND_ONLY: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let chosen = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    let log = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_filter(chosen.and(without_secrets()));
    tracing_subscriber::registry().with(log).init();
    let report = Report::to_stdout();
    let done = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start")
        .and_then(|runtime| {
            let done = runtime.block_on(run(arguments, report.clone()));
            // Standard input may still be waited for on a thread of its own.
            runtime.shutdown_background();
            done
        });
    let code = match done {
        Ok(0) => ExitCode::FAILURE,
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            report.error(None, &format!("{error:#}"));
            ExitCode::FAILURE
        }
    };
    report.finish();
    code
}

/// Lets the bots live; says how many of them were ever in the session.
async fn run(arguments: Arguments, report: Report) -> anyhow::Result<usize> {
    let address = arguments.address();
    let transport = address.transport()?;
    let journal = arguments
        .data
        .as_deref()
        .map(|dir| earlier::open_journal(dir, &address, &transport, &report));
    if let (true, Some(journal)) = (arguments.send_only, &journal) {
        let all = outbox::drained(journal, SEND_ONLY).await;
        journal.close().await;
        anyhow::ensure!(all, "something is left that the server has not taken");
        return Ok(1);
    }
    let (stop, stopped) = watch::channel(false);
    let turnstile = Arc::new(Semaphore::new(JOINING_AT_ONCE));
    let mut orders = Vec::new();
    let mut bots = JoinSet::new();
    let (hosted, code) = watch::channel(arguments.code.clone());
    for index in 0..arguments.count {
        let credentials: Arc<dyn Credentials> = match &arguments.data {
            Some(dir) => Arc::new(FileCredentials::new(earlier::account_file(dir, index))),
            None => Arc::new(MemoryCredentials::default()),
        };
        let (sender, inbox) = mpsc::channel(64);
        orders.push(sender);
        let entrance = match &arguments.host {
            Some(title) if index == 0 => Entrance::Host {
                title: title.clone(),
                code: hosted.clone(),
            },
            _ => Entrance::Join(code.clone()),
        };
        let mut server = Server::over(transport.clone(), &address, credentials)?;
        if let Some(endpoint) = &arguments.init_endpoint {
            server = server.with_cloud(endpoint.clone());
        }
        if let Some(journal) = &journal {
            server = server.journaled(journal.clone(), Place::At(address.clone()));
        }
        let participant = Participant {
            index,
            name: arguments.name_of(index),
            server,
            entrance,
            report: report.clone(),
            observes: arguments
                .observers
                .is_none_or(|observers| index < observers),
            views: arguments.views,
            truth: arguments.truth,
            lively: arguments.lively.then(|| arguments.seed_of(index)),
            turnstile: turnstile.clone(),
        };
        bots.spawn(participant.live(inbox, stopped.clone()));
    }
    drop((hosted, code)); // whoever still waits for a code learns that none will come
    if let Some(path) = &arguments.script {
        let script = tokio::fs::File::open(path)
            .await
            .with_context(|| format!("cannot read the script {}", path.display()))?;
        let (orders, report) = (orders.clone(), report.clone());
        tokio::spawn(async move { console::obey(script, orders, &report).await });
    }
    if arguments.interactive {
        let stop = stop.clone();
        tokio::spawn(async move {
            console::obey(tokio::io::stdin(), orders, &report).await;
            stop.send_replace(true);
        });
    } else {
        drop(orders);
    }
    tokio::spawn(async move {
        tokio::select! {
            () = interrupted() => {}
            () = elapsed(arguments.duration) => {}
        }
        stop.send_replace(true);
    });
    let mut joined = 0;
    while let Some(was_in) = bots.join_next().await {
        joined += usize::from(was_in.context("a bot broke")?);
    }
    if let Some(journal) = &journal {
        earlier::close(journal).await;
    }
    Ok(joined)
}

async fn elapsed(duration: Option<Duration>) {
    match duration {
        Some(duration) => tokio::time::sleep(duration).await,
        None => std::future::pending().await,
    }
}

/// Waits for Ctrl-C or SIGTERM.
async fn interrupted() {
    let ctrl_c = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminated = async {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut signals) => {
                signals.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        () = ctrl_c => {}
        () = terminated => {}
    }
}
