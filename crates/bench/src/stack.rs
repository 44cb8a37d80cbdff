//! From one client's act to another client's core, through the whole client stack.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use kulti_client::{
    core::{Intent, view::ViewEvent},
    drivers::{
        credentials::MemoryCredentials,
        feed::ViewStream,
        join::{Server, ServerAddress},
        stay::StayHandle,
        transport::Transport,
    },
};
use kulti_protocol::room_code::RoomCode;
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{interval, timeout},
};

use crate::{
    cores::{CpuTime, share},
    server_process::{Peer, ServerProcess},
    statistics::{ms, quantile},
};

/// How many sign in at the same time.
const JOINING: usize = 8;
/// Between two acts of the host.
const PAUSE: Duration = Duration::from_millis(100);
/// How long is waited for what should come at once.
const PATIENCE: Duration = Duration::from_secs(20);

/// The two ways from client to client.
#[derive(Clone, Copy)]
enum Act {
    /// A message: passed on.
    Message,
    /// An announcement: a value in the session store.
    Announcement,
}

impl Act {
    const ALL: [Self; 2] = [Self::Message, Self::Announcement];

    fn name(self) -> &'static str {
        match self {
            Self::Message => "a message (passed on)",
            Self::Announcement => "an announcement (in the store)",
        }
    }

    fn intent(self, number: usize) -> Intent {
        let text = text(number);
        match self {
            Self::Message => Intent::say(text),
            Self::Announcement => Intent::Announce {
                text: Some(text),
                shown_for_ms: None,
            },
        }
    }
}

/// What one receiver has seen, and when.
struct Sight {
    number: usize,
    at: Instant,
}

/// Prints latencies from a host to `participants` − 1 others.
pub(crate) async fn run(participants: usize, acts: usize) -> anyhow::Result<()> {
    let machine = CpuTime::now(None)?;
    let server = ServerProcess::start(Peer::Kulti)?;
    let address = address(server.port);
    let transport = address.transport()?;
    let host = person(&transport, &address)?
        .host("Benchmark", false, "Host")
        .await?;
    let code: RoomCode = host.config().room_code.parse()?;
    let others: Vec<StayHandle> = stream::iter(1..participants)
        .map(|number| {
            let person = person(&transport, &address);
            let code = code.clone();
            async move {
                let name = format!("Participant {number}");
                anyhow::Ok(person?.join(&code, &name).await?)
            }
        })
        .buffer_unordered(JOINING)
        .try_collect()
        .await?;

    let (sights, mut seen) = mpsc::unbounded_channel();
    let mut watching = JoinSet::new();
    for stay in std::iter::once(&host).chain(&others) {
        wait_for_all(stay, participants).await?;
    }
    for other in &others {
        watching.spawn(watch(other.subscribe(), sights.clone()));
    }

    println!("\n## Client to client, {participants} participants through the whole client stack\n");
    println!(
        "| a host's act → the others' cores | p50 ms | p99 ms | delivered | server's core | clients' core |"
    );
    println!("|---|--:|--:|--:|--:|--:|");
    let mut number = 0;
    for act in Act::ALL {
        let before = CpuTime::now(Some(server.id()))?;
        let mut latencies = Vec::new();
        let mut delivering = Duration::ZERO;
        let mut ticks = interval(PAUSE);
        for _ in 0..acts {
            ticks.tick().await;
            number += 1;
            let acted = Instant::now();
            host.act(act.intent(number))?;
            let mut slowest = Duration::ZERO;
            for _ in 0..others.len() {
                let sight = loop {
                    match timeout(PATIENCE, seen.recv()).await {
                        Ok(Some(sight)) if sight.number < number => {}
                        Ok(Some(sight)) => break sight,
                        _ => bail!("act {number} did not reach everybody"),
                    }
                };
                let latency = sight.at.duration_since(acted);
                slowest = slowest.max(latency);
                latencies.push(latency.as_micros() as u64);
            }
            delivering += slowest;
        }
        let used = CpuTime::now(Some(server.id()))?.since(&before);
        let of = |time: Duration| time.as_secs_f64() / delivering.as_secs_f64();
        println!(
            "| {} | {} | {} | {} of {} | {:.0} % | {} |",
            act.name(),
            ms(quantile(&mut latencies, 500)),
            ms(quantile(&mut latencies, 990)),
            latencies.len(),
            acts * others.len(),
            of(used.server).min(1.0) * 100.0,
            share(of(used.generator)),
        );
    }
    println!(
        "\nAll {participants} clients share one core here: the last to be told waits for all others' work."
    );
    drop((watching, others, host, server));
    machine.print_disturbance()
}

/// The server that this process started.
pub(crate) fn address(port: u16) -> ServerAddress {
    ServerAddress {
        origin: format!("http://127.0.0.1:{port}"),
        pin: None,
        plain_allowed: false,
    }
}

/// Somebody with an account of their own.
pub(crate) fn person(transport: &Transport, address: &ServerAddress) -> anyhow::Result<Server> {
    let credentials = std::sync::Arc::new(MemoryCredentials::default());
    Ok(Server::over(transport.clone(), address, credentials)?)
}

/// Waits until a participant knows of all others.
pub(crate) async fn wait_for_all(stay: &StayHandle, participants: usize) -> anyhow::Result<()> {
    let mut view = stay.subscribe();
    let all = async {
        while let Some(event) = view.next().await {
            if matches!(event, ViewEvent::Counts(counts) if counts.total as usize == participants) {
                return Ok(());
            }
        }
        bail!("a participant was thrown out")
    };
    timeout(PATIENCE, all)
        .await
        .context("not everybody has joined in time")?
}

async fn watch(mut view: ViewStream, sights: mpsc::UnboundedSender<Sight>) {
    let mut last = 0;
    while let Some(event) = view.next().await {
        let at = Instant::now();
        let number = match &event {
            ViewEvent::Messages(batch) => {
                let numbers = batch.messages.iter();
                numbers.filter_map(|message| number_of(&message.text)).max()
            }
            ViewEvent::Stage(stage) => stage
                .announcement
                .as_ref()
                .and_then(|announcement| number_of(&announcement.text)),
            _ => None,
        };
        // A message may be shown twice, an announcement with every change of the stage.
        if let Some(number) = number.filter(|number| *number > last) {
            last = number;
            let _ = sights.send(Sight { number, at });
        }
    }
}

fn text(number: usize) -> String {
    format!("Act number {number}")
}

fn number_of(text: &str) -> Option<usize> {
    text.strip_prefix("Act number ")?.parse().ok()
}
