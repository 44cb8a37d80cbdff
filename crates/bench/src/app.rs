//! The desktop app: how fast it starts, what it needs, and when its screen shows what
//! somebody else does.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, ensure};
use kulti_client::{core::Intent, drivers::stay::StayHandle};
use kulti_protocol::room_code::RoomCode;
use serde::Deserialize;
use tokio::time::sleep;

use crate::{
    app_window::AppWindow,
    cores::CpuTime,
    server_process::{Peer, ServerProcess},
    stack::{address, person, wait_for_all},
    statistics::{ms, quantile},
};

/// Participants besides the app: all tiles of a page are full.
const OTHERS: usize = 8;
/// Between two acts.
const PAUSE: Duration = Duration::from_millis(250);
/// How long the app is left alone for the measurement of its idle time.
const IDLE: Duration = Duration::from_secs(20);

/// Notes when an act's text is in the page, and when a frame with it was drawn: a
/// callback for the next frame runs before it is drawn, a message that it posts after.
const OBSERVE: &str = r"
  window.benchSeen = [];
  const clock = () => performance.timeOrigin + performance.now();
  let last = 0;
  new MutationObserver(() => {
    const banner = document.querySelector('[data-testid=announcement]');
    const number = Number(/Act number (\d+)/.exec(banner?.textContent ?? '')?.[1] ?? 0);
    if (number <= last) return;
    last = number;
    const inPage = clock();
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => window.benchSeen.push([number, inPage, clock()]);
      channel.port2.postMessage(0);
    });
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
  return null;
";

/// When the page had something, in milliseconds since the Unix epoch.
#[derive(Deserialize)]
struct Milestones {
    /// Its first text was drawn, if the engine tells.
    painted: Option<f64>,
    /// The home screen can be used.
    usable: Option<f64>,
}

const MILESTONES: &str = r"
  const at = (name) => {
    const entry = performance.getEntriesByName(name)[0];
    return entry ? performance.timeOrigin + entry.startTime : null;
  };
  return { painted: at('first-contentful-paint'), usable: at('kulti-usable') };
";

/// Prints what the app needs.
pub(crate) async fn run(starts: usize, acts: usize) -> anyhow::Result<()> {
    let machine = CpuTime::now(None)?;
    let mut painted = Vec::new();
    let mut usable = Vec::new();
    let mut window = None;
    for _ in 0..starts.max(1) {
        drop(window.take());
        let opened = AppWindow::open().await?;
        let started = opened.processes()?.started()?.as_secs_f64() * 1_000.0;
        let milestones: Milestones = opened.script(MILESTONES, vec![]).await?;
        let since_start = |at: f64| ((at - started).max(0.0) * 1_000.0) as u64;
        painted.extend(milestones.painted.map(since_start));
        usable.push(since_start(
            milestones
                .usable
                .context("the app never said that it is usable")?,
        ));
        window = Some(opened);
    }
    let window = window.context("the app was not started")?;
    let app = window.processes()?;

    let server = ServerProcess::start(Peer::Kulti)?;
    let address = address(server.port);
    let transport = address.transport()?;
    let host = person(&transport, &address)?
        .host("Benchmark", false, "Host")
        .await?;
    let code: RoomCode = host.config().room_code.parse()?;
    let mut others: Vec<StayHandle> = Vec::new();
    for number in 1..OTHERS {
        let person = person(&transport, &address)?;
        others.push(person.join(&code, &format!("Participant {number}")).await?);
    }
    window
        .join("The app", &host.config().share_link, OTHERS + 1)
        .await?;
    wait_for_all(&host, OTHERS + 1).await?;
    // Let what the joining brought about fade away.
    sleep(Duration::from_secs(5)).await;

    let before = app.cpu_time();
    sleep(IDLE).await;
    let idle = (app.cpu_time() - before).as_secs_f64() / IDLE.as_secs_f64();
    let memory = app.memory()?;

    let (mut in_page, mut drawn) = screen_latencies(&window, &host, acts).await?;

    println!("\n## The desktop app\n");
    println!("| what | value |");
    println!("|---|--:|");
    let start = |mut times: Vec<u64>| ms(quantile(&mut times, 500));
    println!(
        "| process start → first text drawn (median of {starts}) | {} ms |",
        start(painted)
    );
    println!(
        "| process start → home screen usable (median of {starts}) | {} ms |",
        start(usable)
    );
    println!(
        "| another client's act → in the page, p50 / p99 of {acts} | {} / {} ms |",
        ms(quantile(&mut in_page, 500)),
        ms(quantile(&mut in_page, 990)),
    );
    println!(
        "| another client's act → drawn, p50 / p99 of {acts} | {} / {} ms |",
        ms(quantile(&mut drawn, 500)),
        ms(quantile(&mut drawn, 990)),
    );
    let total: u64 = memory.iter().map(|(_, kb)| kb).sum();
    println!(
        "| memory of all processes (PSS), {} tiles | {:.0} MB |",
        OTHERS + 1,
        total as f64 / 1_000.0
    );
    for (name, kb) in &memory {
        println!("| – {name} | {:.0} MB |", *kb as f64 / 1_000.0);
    }
    println!(
        "| CPU in the room when nobody acts, {} s | {:.1} % |",
        IDLE.as_secs(),
        idle * 100.0
    );
    println!("\nTimes of the page are exact to 1 ms, starts to 20 ms.");
    drop((window, others, host, server));
    machine.print_disturbance()
}

/// From acts of the host to the page and to the screen, in microseconds.
async fn screen_latencies(
    window: &AppWindow,
    host: &StayHandle,
    acts: usize,
) -> anyhow::Result<(Vec<u64>, Vec<u64>)> {
    let _: Option<()> = window.script(OBSERVE, vec![]).await?;
    let mut acted = Vec::new();
    for number in 1..=acts {
        let text = Some(format!("Act number {number}"));
        acted.push(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64() * 1_000.0);
        host.act(Intent::Announce {
            text,
            shown_for_ms: None,
        })?;
        sleep(PAUSE).await;
    }
    sleep(PAUSE).await;
    let seen: Vec<(usize, f64, f64)> = window.script("return window.benchSeen", vec![]).await?;
    ensure!(
        seen.len() == acts,
        "the app showed {} of {acts} acts: is its window covered?",
        seen.len()
    );
    let since = |number: usize, at: f64| {
        let acted = acted.get(number.saturating_sub(1)).copied().unwrap_or(at);
        ((at - acted).max(0.0) * 1_000.0) as u64
    };
    let in_page = seen.iter().map(|(number, at, _)| since(*number, *at));
    let drawn = seen.iter().map(|(number, _, at)| since(*number, *at));
    Ok((in_page.collect(), drawn.collect()))
}
