//! One writer, many observers: latency, CPU and memory of each server.

use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::{
    cores::{CpuTime, share},
    load::Observers,
    server_process::{Peer, ServerProcess},
    statistics::{ms, quantile, ratio},
};

const WRITES_PER_SECOND: u32 = 20;
/// Before anything is measured, so that caches and just-in-time compilers are warm.
const WARM_UP: Duration = Duration::from_secs(1);
/// After many joins a server may be silent for seconds while it writes their notices.
const QUIET_AFTER_JOINS: Duration = Duration::from_secs(5);

struct Row {
    peer: Peer,
    p50: Option<u64>,
    p99: Option<u64>,
    cpu_per_100k: f64,
    kb_per_connection: f64,
    delivered: f64,
    server_share: f64,
    generator_share: f64,
}

/// Prints one table for each number of observers.
pub(crate) async fn run(observers: &[usize], seconds: u64) -> anyhow::Result<()> {
    for &count in observers {
        let before = CpuTime::now(None)?;
        let mut rows = Vec::new();
        let mut failures = Vec::new();
        for peer in Peer::ALL {
            match measure(peer, count, Duration::from_secs(seconds)).await {
                Ok(row) => rows.push(row),
                // One server's failure is a result too, and not the others'.
                Err(error) => failures.push(format!("{} failed: {error:#}", peer.name())),
            }
        }
        print(count, &rows);
        for failure in failures {
            println!("\n{failure}.");
        }
        before.print_disturbance()?;
    }
    Ok(())
}

async fn measure(peer: Peer, count: usize, time: Duration) -> anyhow::Result<Row> {
    let server = ServerProcess::start(peer)?;
    let mut observers = Observers::none(peer, server.port).await?;
    // The room's first memory is not a connection's.
    let empty_kb = server.resident_kb()?;
    observers.add(count).await?;
    observers.settle(QUIET_AFTER_JOINS).await;
    let full_kb = server.resident_kb()?;
    observers.keep_alive()?;
    observers.measure(WRITES_PER_SECOND, WARM_UP).await?;

    let before = CpuTime::now(Some(server.id()))?;
    let writes = observers.measure(WRITES_PER_SECOND, time).await?;
    let used = CpuTime::now(Some(server.id()))?.since(&before);

    let mut latencies = observers.seen.latencies();
    let delivering = observers.seen.delivering();
    ensure!(
        !latencies.is_empty(),
        "{} delivered nothing of {WRITES_PER_SECOND} writes a second to {count} in time: more than it can do on this core",
        peer.name()
    );
    let delivered = latencies.len() as f64;
    Ok(Row {
        peer,
        p50: quantile(&mut latencies, 500),
        p99: quantile(&mut latencies, 990),
        cpu_per_100k: used.server.as_secs_f64() * 100_000.0 / delivered,
        kb_per_connection: full_kb.saturating_sub(empty_kb) as f64 / count as f64,
        delivered: delivered / (writes * count as u64) as f64,
        server_share: used.server.as_secs_f64() / delivering.as_secs_f64(),
        generator_share: used.generator.as_secs_f64() / delivering.as_secs_f64(),
    })
}

fn print(count: usize, rows: &[Row]) {
    println!("\n## Fan-out to {count} observers ({WRITES_PER_SECOND} writes/s, 150 bytes)\n");
    println!(
        "| server | p50 ms | p99 ms | to floor | CPU s per 100k | to floor | kB per connection | delivered | server's core | generator's core |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    let floor = rows.iter().find(|row| row.peer == Peer::Tcp);
    for row in rows {
        let of = |value: fn(&Row) -> f64| ratio(value(row), floor.map_or(0.0, value));
        println!(
            "| {} | {} | {} | {} | {:.2} | {} | {:.0} | {:.1} % | {:.0} % | {} |",
            row.peer.name(),
            ms(row.p50),
            ms(row.p99),
            of(|r| r.p99.unwrap_or(0) as f64),
            row.cpu_per_100k,
            of(|r| r.cpu_per_100k),
            row.kb_per_connection,
            row.delivered * 100.0,
            row.server_share.min(1.0) * 100.0,
            share(row.generator_share),
        );
    }
    println!("\nShares of cores: while deliveries are under way.");
}

/// Many idle connections in one room of our server.
pub(crate) async fn idle(wanted: usize) -> anyhow::Result<()> {
    let count = crate::open_files::connections(wanted);
    let machine = CpuTime::now(None)?;
    let server = ServerProcess::start(Peer::Kulti)?;
    let mut observers = Observers::none(Peer::Kulti, server.port).await?;
    let empty_kb = server.resident_kb()?;
    let before = CpuTime::now(Some(server.id()))?;
    let started = Instant::now();
    // In steps, each of which also says that the earlier ones are alive.
    for step in 0..count.div_ceil(500) {
        observers.add((count - step * 500).min(500)).await?;
        observers.keep_alive()?;
    }
    let joined_in = started.elapsed();
    let joining = CpuTime::now(Some(server.id()))?.since(&before);
    observers.settle(QUIET_AFTER_JOINS).await;
    let kb = server.resident_kb()?.saturating_sub(empty_kb) as f64 / count as f64;
    observers.keep_alive()?;
    let before = CpuTime::now(Some(server.id()))?;
    let writes = observers.measure(1, Duration::from_secs(5)).await?;
    let used = CpuTime::now(Some(server.id()))?.since(&before);
    let delivering = observers.seen.delivering().as_secs_f64();
    let mut latencies = observers.seen.latencies();
    let p50 = quantile(&mut latencies, 500);
    let p99 = quantile(&mut latencies, 990);
    println!("\n## {count} connections in one room (kulti-server)\n");
    if count < wanted {
        println!("(not {wanted}: only so many files may be open, see `ulimit -Hn`)\n");
    }
    println!("| what | value |");
    println!("|---|--:|");
    println!(
        "| all joined after | {:.1} s (server {:.1} CPU s) |",
        joined_in.as_secs_f64(),
        joining.server.as_secs_f64()
    );
    println!("| resident memory of each | {kb:.1} kB |");
    println!(
        "| one write a second reaches | {:.1} % |",
        latencies.len() as f64 * 100.0 / (writes * count as u64) as f64
    );
    println!("| after, p50 / p99 | {} / {} ms |", ms(p50), ms(p99));
    println!(
        "| generator's core meanwhile | {} |",
        share(used.generator.as_secs_f64() / delivering)
    );
    println!(
        "| closed by the server | {} |",
        observers
            .seen
            .closed
            .load(std::sync::atomic::Ordering::Relaxed)
    );
    machine.print_disturbance()
}
