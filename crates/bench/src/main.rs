//! Measures the session server and the client beside their peers, in one run.
//!
//! Servers run on one core, the load generator (this process) on another, both on
//! loopback. Absolute times are this machine's; the ratios are what to compare.

#![allow(clippy::print_stdout)] // the tables are the product of this binary

mod cores;
mod dialect;
mod fanout;
mod join_storm;
mod load;
mod markers;
mod open_files;
mod plain_tcp;
mod plain_websocket;
mod server_process;
mod statistics;

use std::{io::Write as _, process::ExitCode};

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
        #[arg(long, default_values_t = [50, 500, 2_000])]
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
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    open_files::raise_limit();
    match what {
        Some(What::ServeTcp) => return runtime.block_on(plain_tcp::serve()),
        Some(What::ServeWebsocket) => return runtime.block_on(plain_websocket::serve()),
        _ => cores::take_generator_core()?,
    }
    runtime.block_on(async {
        match what {
            Some(What::Fanout { observers, seconds }) => fanout::run(&observers, seconds).await,
            Some(What::JoinStorm { joins }) => join_storm::run(joins).await,
            Some(What::Idle { connections }) => fanout::idle(connections).await,
            _ => {
                fanout::run(&[50, 500, 2_000], 8).await?;
                join_storm::run(1_000).await?;
                fanout::idle(10_000).await
            }
        }
    })
}
