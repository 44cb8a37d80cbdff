//! The load generator: many observers and one writer, on one core.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use parking_lot::Mutex;
use tokio::net::TcpStream;

use crate::{
    dialect::{self, MARKER, STAMP_DIGITS},
    server_process::Peer,
};

/// How many connections are opened at once.
const OPENING: usize = 32;

/// What the observers saw. Shared by all of them; they run on one thread.
#[derive(Default)]
pub(crate) struct Seen {
    /// From writing to reading, in microseconds, while `measuring`.
    pub(crate) latencies: Mutex<Vec<u64>>,
    /// Join notices.
    pub(crate) joins: AtomicU64,
    /// Connections that the server closed.
    pub(crate) closed: AtomicU64,
    measuring: AtomicBool,
}

/// The observers of one room, reading until they are dropped.
pub(crate) struct Observers {
    pub(crate) seen: Arc<Seen>,
    peer: Peer,
    epoch: Instant,
    streams: Vec<Arc<TcpStream>>,
    tasks: tokio::task::JoinSet<()>,
}

impl Observers {
    pub(crate) fn none(peer: Peer) -> Self {
        Self {
            seen: Arc::default(),
            peer,
            epoch: Instant::now(),
            streams: Vec::new(),
            tasks: tokio::task::JoinSet::new(),
        }
    }

    /// Connects `count` more; the first of all is number 1.
    pub(crate) async fn add(&mut self, port: u16, count: usize) -> anyhow::Result<()> {
        let peer = self.peer;
        let from = self.streams.len() + 1;
        let mut opening = stream::iter(from..from + count)
            .map(|number| dialect::connect(peer, port, number))
            .buffer_unordered(OPENING);
        while let Some(stream) = opening.try_next().await? {
            let stream = Arc::new(stream);
            self.streams.push(stream.clone());
            self.tasks
                .spawn(observe(self.peer, self.epoch, self.seen.clone(), stream));
        }
        Ok(())
    }

    /// Lets every connection say that it is alive.
    pub(crate) fn keep_alive(&self) -> anyhow::Result<()> {
        if let Some(frame) = dialect::keep_alive(self.peer)? {
            for stream in &self.streams {
                let _ = stream.try_write(&frame);
            }
        }
        Ok(())
    }

    /// Has `writer` write `rate` times a second for `time`; latencies are kept.
    pub(crate) async fn measure(
        &self,
        writer: &TcpStream,
        rate: u32,
        time: Duration,
    ) -> anyhow::Result<u64> {
        self.seen.latencies.lock().clear();
        self.seen.measuring.store(true, Relaxed);
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
        let writes = u64::from(rate) * time.as_secs();
        for number in 0..writes {
            ticks.tick().await;
            let now = self.epoch.elapsed().as_micros() as u64;
            let frame = dialect::write(self.peer, now, number)?;
            writer.writable().await?;
            writer.try_write(&frame)?;
            // Answers to the writer are read, so that they do not pile up.
            let mut answers = [0; 4_096];
            while matches!(writer.try_read(&mut answers), Ok(read) if read > 0) {}
        }
        self.settle().await;
        self.seen.measuring.store(false, Relaxed);
        Ok(writes)
    }

    /// Waits until nothing has arrived for half a second.
    async fn settle(&self) {
        let mut before = usize::MAX;
        loop {
            let now = self.seen.latencies.lock().len();
            if now == before {
                return;
            }
            before = now;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

async fn observe(peer: Peer, epoch: Instant, seen: Arc<Seen>, stream: Arc<TcpStream>) {
    let join_marker = dialect::join_marker(peer);
    let mut carried = Vec::new();
    // One buffer for each turn, on the stack of this task's poll: thousands of tasks
    // share one thread and hold nothing between reads but an unfinished marker.
    loop {
        if stream.readable().await.is_err() {
            break;
        }
        let mut buffer = [0u8; 16_384];
        let read = match stream.try_read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => continue,
            Err(_) => break,
        };
        let fresh = buffer.get(..read).unwrap_or_default();
        carried.extend_from_slice(fresh);
        let used = scan(&carried, join_marker, |found| match found {
            Found::Stamp(sent) => {
                if seen.measuring.load(Relaxed) {
                    let now = epoch.elapsed().as_micros() as u64;
                    seen.latencies.lock().push(now.saturating_sub(sent));
                }
            }
            Found::Join => {
                seen.joins.fetch_add(1, Relaxed);
            }
        });
        carried.drain(..used);
        if carried.is_empty() {
            carried = Vec::new();
        }
    }
    seen.closed.fetch_add(1, Relaxed);
}

enum Found {
    Stamp(u64),
    Join,
}

/// Reports every marker in `bytes`; returns how many bytes need not be seen again.
fn scan(bytes: &[u8], join_marker: &[u8], mut report: impl FnMut(Found)) -> usize {
    let longest = (MARKER.len() + STAMP_DIGITS).max(join_marker.len());
    let mut at = 0;
    while let Some(rest) = bytes.get(at..) {
        let stamp = dialect::find(rest, MARKER);
        let join = dialect::find(rest, join_marker);
        match (stamp, join) {
            (Some(s), j) if j.is_none_or(|j| s < j) => {
                let digits = rest.get(s + MARKER.len()..s + MARKER.len() + STAMP_DIGITS);
                let Some(digits) = digits else {
                    return at + s;
                };
                if let Some(sent) = std::str::from_utf8(digits)
                    .ok()
                    .and_then(|d| d.parse().ok())
                {
                    report(Found::Stamp(sent));
                }
                at += s + MARKER.len() + STAMP_DIGITS;
            }
            (_, Some(j)) => {
                report(Found::Join);
                at += j + join_marker.len();
            }
            _ => return bytes.len().saturating_sub(longest - 1).max(at),
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_found_however_the_bytes_are_cut() {
        let text = b"..sent@0000000000000042 x \"on-peer-join\" sent@0000000000000043 sent@00";
        for cut in 0..text.len() {
            let (mut stamps, mut joins, mut carried) = (Vec::new(), 0, Vec::new());
            for part in [&text[..cut], &text[cut..]] {
                carried.extend_from_slice(part);
                let used = scan(&carried, b"\"on-peer-join\"", |found| match found {
                    Found::Stamp(sent) => stamps.push(sent),
                    Found::Join => joins += 1,
                });
                carried.drain(..used);
            }
            assert_eq!((stamps, joins), (vec![42, 43], 1), "cut at {cut}");
        }
    }
}
