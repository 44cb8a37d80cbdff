//! One writer, many observers: latency, CPU and memory of each server.

use std::time::Duration;

use anyhow::ensure;

use crate::{
    dialect,
    load::Observers,
    server_process::{Peer, ServerProcess, own_cpu_seconds, take_generator_core},
    statistics::{ms, quantile, ratio},
};

const WRITES_PER_SECOND: u32 = 20;
/// Above this share of its core the generator may be what is measured.
const GENERATOR_LIMIT: f64 = 0.7;

struct Row {
    peer: Peer,
    p50: Option<u64>,
    p99: Option<u64>,
    cpu_per_100k: f64,
    kb_per_connection: f64,
    delivered: f64,
    generator_share: f64,
}

/// Prints one table for each number of observers.
pub(crate) async fn run(observers: &[usize], seconds: u64) -> anyhow::Result<()> {
    take_generator_core()?;
    for &count in observers {
        let mut rows = Vec::new();
        for peer in Peer::ALL {
            rows.push(measure(peer, count, Duration::from_secs(seconds)).await?);
        }
        print(count, &rows);
    }
    Ok(())
}

async fn measure(peer: Peer, count: usize, time: Duration) -> anyhow::Result<Row> {
    let server = ServerProcess::start(peer)?;
    // The writer comes first: it is the host, and its room's first memory is not a connection's.
    let writer = dialect::connect(peer, server.port, 0).await?;
    let empty_kb = server.resident_kb()?;
    let mut observers = Observers::none(peer);
    observers.add(server.port, count).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let full_kb = server.resident_kb()?;
    observers.keep_alive()?;

    let (cpu, own_cpu) = (server.cpu_seconds()?, own_cpu_seconds()?);
    let started = std::time::Instant::now();
    let writes = observers.measure(&writer, WRITES_PER_SECOND, time).await?;
    let wall = started.elapsed().as_secs_f64();
    let (cpu, own_cpu) = (server.cpu_seconds()? - cpu, own_cpu_seconds()? - own_cpu);

    let mut latencies = observers.seen.latencies.lock();
    let expected = writes * count as u64;
    let delivered = latencies.len() as f64 / expected as f64;
    ensure!(!latencies.is_empty(), "{} delivered nothing", peer.name());
    Ok(Row {
        peer,
        p50: quantile(&mut latencies, 500),
        p99: quantile(&mut latencies, 990),
        cpu_per_100k: cpu * 100_000.0 / latencies.len() as f64,
        kb_per_connection: full_kb.saturating_sub(empty_kb) as f64 / count as f64,
        delivered,
        generator_share: own_cpu / wall,
    })
}

fn print(count: usize, rows: &[Row]) {
    println!("\n## Fan-out to {count} observers ({WRITES_PER_SECOND} writes/s, 150 bytes)\n");
    println!(
        "| server | p50 ms | p99 ms | to floor | CPU s per 100k | to floor | kB per connection | delivered | generator |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|");
    let floor = rows.first();
    for row in rows {
        let of = |value: fn(&Row) -> f64| ratio(value(row), floor.map_or(0.0, value));
        println!(
            "| {} | {} | {} | {} | {:.2} | {} | {:.0} | {:.1} % | {:.0} %{} |",
            row.peer.name(),
            ms(row.p50),
            ms(row.p99),
            of(|r| r.p99.unwrap_or(0) as f64),
            row.cpu_per_100k,
            of(|r| r.cpu_per_100k),
            row.kb_per_connection,
            row.delivered * 100.0,
            row.generator_share * 100.0,
            if row.generator_share > GENERATOR_LIMIT {
                " (bottleneck)"
            } else {
                ""
            },
        );
    }
}

/// Many idle connections in one room of our server.
pub(crate) async fn idle(count: usize) -> anyhow::Result<()> {
    take_generator_core()?;
    let server = ServerProcess::start(Peer::Kulti)?;
    let writer = dialect::connect(Peer::Kulti, server.port, 0).await?;
    let empty_kb = server.resident_kb()?;
    let mut observers = Observers::none(Peer::Kulti);
    let started = std::time::Instant::now();
    // In steps, each of which also says that the earlier ones are alive.
    for step in 0..count.div_ceil(1_000) {
        observers
            .add(server.port, (count - step * 1_000).min(1_000))
            .await?;
        observers.keep_alive()?;
    }
    let joined_in = started.elapsed();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let kb = server.resident_kb()?.saturating_sub(empty_kb) as f64 / count as f64;
    observers
        .measure(&writer, 1, Duration::from_secs(5))
        .await?;
    let mut latencies = observers.seen.latencies.lock();
    println!("\n## {count} connections in one room (kulti-server)\n");
    println!(
        "joined in {:.1} s; {kb:.1} kB a connection; one write a second reaches all: {} of {} deliveries, p50 {} ms, p99 {} ms; closed by the server: {}",
        joined_in.as_secs_f64(),
        latencies.len(),
        5 * count,
        ms(quantile(&mut latencies, 500)),
        ms(quantile(&mut latencies, 990)),
        observers
            .seen
            .closed
            .load(std::sync::atomic::Ordering::Relaxed),
    );
    Ok(())
}
