//! Many join at once, and each join is announced to all who are there.

use std::{
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

use crate::{
    cores::{CpuTime, share},
    load::Observers,
    server_process::{Peer, ServerProcess},
    statistics::ratio,
};

/// Prints how long it takes until everybody is in and has been told of all others.
pub(crate) async fn run(joins: usize) -> anyhow::Result<()> {
    println!("\n## {joins} joins, each announced to all who are there\n");
    println!(
        "| server | all in after s | all told after s | to floor | server CPU s | told | server's core | generator's core |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    let machine = CpuTime::now(None)?;
    // Each is announced to those that came before.
    let expected = joins as u64 * (joins as u64).saturating_sub(1) / 2;
    let mut floor = 0.0;
    for peer in Peer::ALL {
        let server = ServerProcess::start(peer)?;
        let mut observers = Observers::none(peer, server.port).await?;
        let before = CpuTime::now(Some(server.id()))?;
        let started = Instant::now();
        observers.add(joins).await?;
        let all_in = started.elapsed().as_secs_f64();
        let all_told = told(&observers, expected, started).await;
        let used = CpuTime::now(Some(server.id()))?.since(&before);
        if peer == Peer::Tcp {
            floor = all_told;
        }
        println!(
            "| {} | {all_in:.2} | {all_told:.2} | {} | {:.2} | {:.1} % | {:.0} % | {} |",
            peer.name(),
            ratio(all_told, floor),
            used.server.as_secs_f64(),
            observers.seen.joins.load(Relaxed) as f64 * 100.0 / expected.max(1) as f64,
            (used.server.as_secs_f64() / all_told).min(1.0) * 100.0,
            share(used.generator.as_secs_f64() / all_told),
        );
    }
    println!();
    machine.print_disturbance()
}

/// Seconds from the start until the last notice, after which none came for a second.
async fn told(observers: &Observers, expected: u64, started: Instant) -> f64 {
    let (mut last, mut at) = (0, started.elapsed());
    loop {
        let now = observers.seen.joins.load(Relaxed);
        if now != last {
            (last, at) = (now, started.elapsed());
        }
        let silent = started.elapsed().saturating_sub(at);
        if now >= expected || silent > Duration::from_secs(1) {
            return at.as_secs_f64();
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
