//! Measures the session server and the client beside their peers, in one run.
//!
//! Servers run on one core, the load generator (this process) on another, both on
//! loopback. Absolute times are this machine's; the ratios are what to compare.

#![allow(clippy::print_stdout)] // the tables are the product of this binary

mod app;
mod app_window;
mod cores;
mod database;
mod dialect;
mod fanout;
mod http;
mod join_storm;
mod load;
mod machine;
mod markers;
mod media;
mod open_files;
mod plain_tcp;
mod plain_websocket;
mod process_tree;
mod server_process;
mod soak;
mod stack;
mod statistics;
mod watch;

use std::{
    io::Write as _,
    process::{Command, ExitCode},
};

use anyhow::ensure;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Subcommand)]
enum What {
    /// One writer, 50, 500 and 2,000 observers: latency, CPU, memory.
    Fanout {
        /// Observers; may be repeated.
        #[arg(long, num_args = 1.., default_values_t = [50, 500, 2_000])]
        observers: Vec<usize>,
        /// How long each is measured.
        #[arg(long, default_value_t = 8)]
        seconds: u64,
    },
    /// 1,000 joins, each announced to all who are there.
    JoinStorm {
        /// How many join.
        #[arg(long, default_value_t = 1_000)]
        joins: usize,
    },
    /// Idle connections in one room: memory of each, and whether they are all served.
    Idle {
        /// How many.
        #[arg(long, default_value_t = 10_000)]
        connections: usize,
    },
    /// 50 participants through the whole client stack: from one's act to the others' cores.
    Stack {
        /// How many take part.
        #[arg(long, default_value_t = 50)]
        participants: usize,
        /// Acts of each kind.
        #[arg(long, default_value_t = 100)]
        acts: usize,
    },
    /// Learners who report watch time: the database's work, heartbeats, the journal.
    Database {
        /// How many; may be repeated.
        #[arg(long, num_args = 1.., default_values_t = [20, 500])]
        users: Vec<usize>,
        /// How long each is measured, after two minutes: by default seven times the time
        /// between two commits.
        #[arg(long, default_value_t = 252)]
        seconds: u64,
    },
    /// One camera, 10, 50 and 100 who watch it: what forwarding it costs.
    Media {
        /// Who watch; may be repeated.
        #[arg(long, num_args = 1.., default_values_t = [10, 50, 100])]
        receivers: Vec<usize>,
        /// How long each is measured.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
    },
    /// The desktop app: start, memory, idle CPU, from another's act to its screen.
    App {
        /// How often it is started.
        #[arg(long, default_value_t = 5)]
        starts: usize,
        /// Acts of another client.
        #[arg(long, default_value_t = 100)]
        acts: usize,
    },
    /// A scripted hour: how exactly each rule counts what was watched. Takes no time.
    Watch,
    /// Kills app, server and both at random moments, on a bad network: ledger = truth?
    Soak {
        /// The app that is killed. The desktop app needs a display of its own.
        #[arg(long, value_enum, default_value_t = soak::Which::Headless)]
        app: soak::Which,
        /// How often.
        #[arg(long, default_value_t = 200)]
        kills: usize,
        /// Makes the same plan again; the moments are the machine's.
        #[arg(long)]
        seed: Option<u64>,
    },
    /// (internal) Serves the length-prefixed TCP fan-out.
    #[command(hide = true)]
    ServeTcp,
    /// (internal) Serves the tokio-tungstenite fan-out.
    #[command(hide = true)]
    ServeWebsocket,
}

fn main() -> ExitCode {
    match carry_out(Arguments::parse().what) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "kulti-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out(what: Option<What>) -> anyhow::Result<()> {
    open_files::raise_limit();
    let Some(what) = what else {
        return all();
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match what {
        What::ServeTcp => return runtime.block_on(plain_tcp::serve()),
        What::ServeWebsocket => return runtime.block_on(plain_websocket::serve()),
        What::Watch => return watch::run(),
        What::Soak { app, kills, seed } => {
            return runtime.block_on(soak::run(app, kills, seed));
        }
        // A person's app has all cores.
        What::App { starts, acts } => return runtime.block_on(app::run(starts, acts)),
        _ => cores::take_generator_core()?,
    }
    if let What::Media { receivers, seconds } = &what {
        return media::run(receivers, *seconds);
    }
    runtime.block_on(async {
        match what {
            What::Fanout { observers, seconds } => fanout::run(&observers, seconds).await,
            What::JoinStorm { joins } => join_storm::run(joins).await,
            What::Idle { connections } => fanout::idle(connections).await,
            What::Stack { participants, acts } => stack::run(participants, acts).await,
            What::Database { users, seconds } => database::run(&users, seconds).await,
            What::ServeTcp
            | What::ServeWebsocket
            | What::App { .. }
            | What::Media { .. }
            | What::Watch
            | What::Soak { .. } => Ok(()),
        }
    })
}

/// Each in a process of its own, so that none finds what another has left.
fn all() -> anyhow::Result<()> {
    machine::print()?;
    let this = std::env::current_exe()?;
    for what in [
        "watch",
        "fanout",
        "join-storm",
        "idle",
        "stack",
        "database",
        "media",
        "app",
    ] {
        let status = Command::new(&this).arg(what).status()?;
        ensure!(status.success(), "{what} did not finish");
    }
    Ok(())
}
