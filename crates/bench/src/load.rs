//! The load generator: many observers and one writer, on one core.

use std::{
    cell::RefCell,
    collections::HashMap,
    io::ErrorKind,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use parking_lot::Mutex;
use tokio::{net::TcpStream, task::JoinSet, time::MissedTickBehavior};

use crate::{
    dialect::{self, Connection},
    markers::{Found, Markers},
    server_process::Peer,
};

/// How many connections are opened at once.
const OPENING: usize = 32;
/// All connections are read through one buffer, bytes.
const READ_BYTES: usize = 256 * 1024;

thread_local! {
    static READ_BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
}

/// One delivery of one write to one observer.
#[derive(Clone, Copy)]
pub(crate) struct Delivery {
    /// When it was written, in microseconds of the generator's clock.
    sent: u64,
    /// From writing to reading, in microseconds.
    pub(crate) latency: u64,
}

/// What the observers saw. Shared by all of them; they run on one thread.
#[derive(Default)]
pub(crate) struct Seen {
    /// What was delivered while it was measured.
    pub(crate) deliveries: Mutex<Vec<Delivery>>,
    /// Join notices.
    pub(crate) joins: AtomicU64,
    /// Connections that the server closed.
    pub(crate) closed: AtomicU64,
    measuring: AtomicBool,
}

impl Seen {
    /// All latencies, in microseconds.
    pub(crate) fn latencies(&self) -> Vec<u64> {
        let deliveries = self.deliveries.lock();
        deliveries.iter().map(|delivery| delivery.latency).collect()
    }

    /// For how long deliveries were under way: from each write to its last delivery.
    pub(crate) fn delivering(&self) -> Duration {
        let mut slowest = HashMap::<u64, u64>::new();
        for delivery in &*self.deliveries.lock() {
            let slowest = slowest.entry(delivery.sent).or_default();
            *slowest = delivery.latency.max(*slowest);
        }
        Duration::from_micros(slowest.values().sum())
    }
}

/// The observers of one room and its writer, reading until they are dropped.
pub(crate) struct Observers {
    pub(crate) seen: Arc<Seen>,
    peer: Peer,
    port: u16,
    epoch: Instant,
    writer: Arc<TcpStream>,
    streams: Vec<Arc<TcpStream>>,
    tasks: JoinSet<()>,
}

impl Observers {
    /// The writer alone: it comes first and is the host.
    pub(crate) async fn none(peer: Peer, port: u16) -> anyhow::Result<Self> {
        let connection = dialect::connect(peer, port, 0).await?;
        let writer = Arc::new(connection.stream);
        let mut tasks = JoinSet::new();
        // What it gets is read, so that it does not pile up, and counts for nothing.
        let nothing = Arc::default();
        tasks.spawn(observe(
            peer,
            Instant::now(),
            nothing,
            writer.clone(),
            connection.unread,
        ));
        Ok(Self {
            seen: Arc::default(),
            peer,
            port,
            epoch: Instant::now(),
            writer,
            streams: Vec::new(),
            tasks,
        })
    }

    /// Connects `count` more; the first of all is number 1.
    pub(crate) async fn add(&mut self, count: usize) -> anyhow::Result<()> {
        let (peer, port) = (self.peer, self.port);
        let from = self.streams.len() + 1;
        let mut opening = stream::iter(from..from + count)
            .map(|number| dialect::connect(peer, port, number))
            .buffer_unordered(OPENING);
        while let Some(Connection { stream, unread }) = opening.try_next().await? {
            let stream = Arc::new(stream);
            self.streams.push(stream.clone());
            let seen = self.seen.clone();
            self.tasks
                .spawn(observe(peer, self.epoch, seen, stream, unread));
        }
        Ok(())
    }

    /// Lets every connection say that it is alive.
    pub(crate) fn keep_alive(&self) -> anyhow::Result<()> {
        if let Some(frame) = dialect::keep_alive(self.peer)? {
            for stream in self.streams.iter().chain([&self.writer]) {
                let _ = stream.try_write(&frame);
            }
        }
        Ok(())
    }

    /// Has the writer write `rate` times a second for `time`; deliveries are kept.
    /// Returns the number of writes.
    pub(crate) async fn measure(&self, rate: u32, time: Duration) -> anyhow::Result<u64> {
        self.seen.deliveries.lock().clear();
        self.seen.measuring.store(true, Relaxed);
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let writes = u64::from(rate) * time.as_secs();
        for number in 0..writes {
            ticks.tick().await;
            let now = self.epoch.elapsed().as_micros() as u64;
            let frame = dialect::write(self.peer, now, number)?;
            let mut rest = frame.as_slice();
            while !rest.is_empty() {
                self.writer.writable().await?;
                match self.writer.try_write(rest) {
                    Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        self.settle(Duration::from_secs(1)).await;
        self.seen.measuring.store(false, Relaxed);
        Ok(writes)
    }

    /// Waits until nothing has arrived for `quiet`: neither writes nor join notices.
    pub(crate) async fn settle(&self, quiet: Duration) {
        let mut before = None;
        loop {
            let now = (
                self.seen.deliveries.lock().len(),
                self.seen.joins.load(Relaxed),
            );
            if before == Some(now) {
                return;
            }
            before = Some(now);
            tokio::time::sleep(quiet).await;
        }
    }
}

/// Reads one connection. Thousands of these share one thread and hold nothing between
/// reads but an unfinished marker.
async fn observe(
    peer: Peer,
    epoch: Instant,
    seen: Arc<Seen>,
    stream: Arc<TcpStream>,
    mut carried: Vec<u8>,
) {
    let markers = Markers::of(peer);
    let report = |found| match found {
        Found::Stamp(sent) => {
            if seen.measuring.load(Relaxed) {
                let now = epoch.elapsed().as_micros() as u64;
                let latency = now.saturating_sub(sent);
                seen.deliveries.lock().push(Delivery { sent, latency });
            }
        }
        Found::Join => {
            seen.joins.fetch_add(1, Relaxed);
        }
    };
    let used = markers.scan(&carried, report);
    carried.drain(..used);
    while stream.readable().await.is_ok() {
        let read = READ_BUFFER.with_borrow_mut(|buffer| {
            let (head, room) = buffer.split_at_mut(carried.len());
            let read = stream.try_read(room)?;
            head.copy_from_slice(&carried);
            let bytes = buffer.get(..carried.len() + read).unwrap_or_default();
            let used = markers.scan(bytes, report);
            carried.clear();
            carried.extend_from_slice(bytes.get(used..).unwrap_or_default());
            Ok(read)
        });
        match read {
            Ok(0) => break,
            Err(error) if std::io::Error::kind(&error) != ErrorKind::WouldBlock => break,
            _ => {}
        }
    }
    seen.closed.fetch_add(1, Relaxed);
}
