//! What an app tells its server of watched time, read from the wire.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use kulti_watch::IntervalSet;
use parking_lot::Mutex;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy},
    net::{TcpListener, TcpStream},
};

/// Passes everything on to a server, and notes the intervals in heartbeats.
pub(crate) struct HeartbeatTap {
    /// `http://127.0.0.1:PORT`, to be used instead of the server's origin.
    pub(crate) origin: String,
    told: Arc<Mutex<IntervalSet>>,
}

impl HeartbeatTap {
    /// A tap in front of `target` (`http://host:port`).
    pub(crate) async fn before(target: &str) -> Self {
        let target = target.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let told = Arc::new(Mutex::new(IntervalSet::default()));
        let collected = told.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = TcpStream::connect(&target).await else {
                    return;
                };
                tokio::spawn(pass_on(near, far, collected.clone()));
            }
        });
        Self { origin, told }
    }

    /// All that has been told so far, in ms of server time. The server of a test runs
    /// on this machine: its time is this machine's wall clock.
    pub(crate) fn told(&self) -> IntervalSet {
        self.told.lock().clone()
    }
}

/// Server time, as long as the server is on this machine.
pub(crate) fn server_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    u64::try_from(now.expect("after 1970").as_millis()).expect("before the end of time")
}

async fn pass_on(near: TcpStream, far: TcpStream, told: Arc<Mutex<IntervalSet>>) {
    let (mut from_near, mut to_near) = near.into_split();
    let (mut from_far, mut to_far) = far.into_split();
    let back = tokio::spawn(async move { copy(&mut from_far, &mut to_near).await });
    let mut seen = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length) = from_near.read(&mut buffer).await {
        if length == 0 {
            break;
        }
        seen.extend_from_slice(&buffer[..length]);
        take_intervals(&mut seen, &mut told.lock());
        if to_far.write_all(&buffer[..length]).await.is_err() {
            break;
        }
    }
    drop(to_far);
    let _ = back.await;
}

/// Takes whole lists of intervals out of what has been seen of a connection.
fn take_intervals(seen: &mut Vec<u8>, told: &mut IntervalSet) {
    const KEY: &[u8] = b"\"intervals\":";
    while let Some(at) = seen.windows(KEY.len()).position(|part| part == KEY) {
        let rest = &seen[at + KEY.len()..];
        let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<Vec<[u64; 2]>>();
        match values.next() {
            Some(Ok(intervals)) => {
                for [start, end] in intervals {
                    told.insert(start, end);
                }
                let read = at + KEY.len() + values.byte_offset();
                seen.drain(..read);
            }
            // The rest of it is still to come.
            _ => return,
        }
    }
    // The key may be cut in two.
    let keep = seen.len().saturating_sub(KEY.len());
    seen.drain(..keep);
}
