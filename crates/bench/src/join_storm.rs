//! Many join at once, and each join is announced to all who are there.

use std::{
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

use crate::{
    load::Observers,
    server_process::{Peer, ServerProcess, own_cpu_seconds, take_generator_core},
    statistics::ratio,
};

/// Prints how long it takes until everybody is in and nothing more is announced.
pub(crate) async fn run(joins: usize) -> anyhow::Result<()> {
    take_generator_core()?;
    println!("\n## {joins} joins, each announced to all who are there\n");
    println!(
        "| server | all in after s | all told after s | to floor | server CPU s | notices | generator |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|");
    let mut floor = 0.0;
    for peer in Peer::ALL {
        let server = ServerProcess::start(peer)?;
        let mut observers = Observers::none(peer);
        let (cpu, own) = (server.cpu_seconds()?, own_cpu_seconds()?);
        let started = Instant::now();
        observers.add(server.port, joins).await?;
        let all_in = started.elapsed().as_secs_f64();
        let all_told = told(&observers, started).await;
        let wall = started.elapsed().as_secs_f64();
        let (cpu, own) = (server.cpu_seconds()? - cpu, own_cpu_seconds()? - own);
        if peer == Peer::Tcp {
            floor = all_told;
        }
        println!(
            "| {} | {all_in:.2} | {all_told:.2} | {} | {cpu:.2} | {} | {:.0} % |",
            peer.name(),
            ratio(all_told, floor),
            observers.seen.joins.load(Relaxed),
            own / wall * 100.0,
        );
    }
    Ok(())
}

/// Seconds from the start until the last notice; told by none coming for a second.
async fn told(observers: &Observers, started: Instant) -> f64 {
    let (mut last, mut at) = (0, started.elapsed());
    loop {
        let now = observers.seen.joins.load(Relaxed);
        if now != last {
            (last, at) = (now, started.elapsed());
        } else if started.elapsed().saturating_sub(at) > Duration::from_secs(1) {
            return at.as_secs_f64();
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
