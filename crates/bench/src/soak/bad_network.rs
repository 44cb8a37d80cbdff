//! A network between client and server that loses, repeats, delays and reorders
//! heartbeats. Everything else passes; when the server is gone, connections break.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use parking_lot::Mutex;
use rand::{Rng as _, rngs::StdRng};
use tokio::{
    io::{AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::sleep,
};

use super::programs::now_ms;
use crate::http::{Message, exchange};

/// How the network treated heartbeats so far.
#[derive(Debug, Default)]
pub(super) struct Treated {
    pub(super) heartbeats: AtomicU64,
    pub(super) lost: AtomicU64,
    pub(super) answers_lost: AtomicU64,
    pub(super) doubled: AtomicU64,
    pub(super) delayed: AtomicU64,
    /// Arrived once more, after later ones.
    pub(super) late_copies: AtomicU64,
}

/// What becomes of one heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Passes,
    IsLost,
    AnswerIsLost,
    IsDoubled,
    IsDelayed(Duration),
    ComesAgain(Duration),
}

impl Fate {
    fn draw(rng: &mut StdRng) -> Self {
        match rng.random_range(0..100) {
            0..12 => Self::IsLost,
            12..30 => Self::AnswerIsLost,
            30..48 => Self::IsDoubled,
            48..60 => Self::IsDelayed(Duration::from_millis(rng.random_range(50..3_000))),
            60..80 => Self::ComesAgain(Duration::from_millis(rng.random_range(200..9_000))),
            _ => Self::Passes,
        }
    }
}

/// The network. It is gone when this is dropped.
pub(super) struct BadNetwork {
    /// Where clients find the server.
    pub(super) port: u16,
    pub(super) treated: Arc<Treated>,
    state: Arc<State>,
    task: JoinHandle<()>,
}

struct State {
    server: u16,
    rng: Mutex<StdRng>,
    /// The bearer token that the last heartbeat came with.
    bearer: Mutex<String>,
    /// When the last WebSocket was asked for, ms since the epoch.
    handshake_ms: AtomicU64,
    treated: Arc<Treated>,
}

impl BadNetwork {
    pub(super) async fn before(server: u16, rng: StdRng) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let treated = Arc::<Treated>::default();
        let state = Arc::new(State {
            server,
            rng: Mutex::new(rng),
            bearer: Mutex::default(),
            handshake_ms: AtomicU64::new(0),
            treated: treated.clone(),
        });
        let carrying = state.clone();
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let state = carrying.clone();
                tokio::spawn(async move {
                    // An error is what a network does.
                    let _ = carry(client, state).await;
                });
            }
        });
        Ok(Self {
            port,
            treated,
            state,
            task,
        })
    }

    /// The token of whoever sent the last heartbeat.
    pub(super) fn bearer(&self) -> String {
        self.state.bearer.lock().clone()
    }

    /// When somebody last asked for a WebSocket, ms since the epoch: nobody is in the
    /// session before.
    pub(super) fn last_handshake_ms(&self) -> u64 {
        self.state.handshake_ms.load(Relaxed)
    }
}

impl Drop for BadNetwork {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(mut client: TcpStream, state: Arc<State>) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    let request = Message::read(&mut client).await?;
    if request.header("upgrade").is_some() {
        state.handshake_ms.store(now_ms(), Relaxed);
        let mut server = TcpStream::connect(("127.0.0.1", state.server)).await?;
        server.set_nodelay(true)?;
        server.write_all(&request.bytes()).await?;
        copy_bidirectional(&mut client, &mut server).await?;
        return Ok(());
    }
    let bytes = request.for_one_connection();
    if !request.head.starts_with("POST /api/analytics/heartbeat ") {
        let answer = exchange(state.server, &bytes).await?;
        return client.write_all(&answer).await;
    }
    if let Some(bearer) = request
        .header("authorization")
        .and_then(|value| value.strip_prefix("Bearer "))
    {
        bearer.clone_into(&mut state.bearer.lock());
    }
    state.treated.heartbeats.fetch_add(1, Relaxed);
    let fate = Fate::draw(&mut state.rng.lock());
    let answer = match fate {
        Fate::Passes => exchange(state.server, &bytes).await?,
        Fate::IsLost => {
            state.treated.lost.fetch_add(1, Relaxed);
            return Ok(());
        }
        Fate::AnswerIsLost => {
            state.treated.answers_lost.fetch_add(1, Relaxed);
            exchange(state.server, &bytes).await?;
            return Ok(());
        }
        Fate::IsDoubled => {
            state.treated.doubled.fetch_add(1, Relaxed);
            let (first, second) = tokio::join!(
                exchange(state.server, &bytes),
                exchange(state.server, &bytes)
            );
            first.or(second)?
        }
        Fate::IsDelayed(time) => {
            state.treated.delayed.fetch_add(1, Relaxed);
            sleep(time).await;
            exchange(state.server, &bytes).await?
        }
        Fate::ComesAgain(time) => {
            let (copy, late) = (bytes.clone(), state.clone());
            tokio::spawn(async move {
                sleep(time).await;
                if exchange(late.server, &copy).await.is_ok() {
                    late.treated.late_copies.fetch_add(1, Relaxed);
                }
            });
            exchange(state.server, &bytes).await?
        }
    };
    client.write_all(&answer).await
}
