//! A TCP link to a server that can be cut and mended, like a network.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::heartbeat_tap::server_ms;

/// How requests for a WebSocket begin.
const SOCKET: &[u8] = b"GET /ws";

/// Listens on a port of its own and passes everything on, until it is cut.
pub(crate) struct CuttableLink {
    /// `http://127.0.0.1:PORT`, to be used instead of the server's origin.
    pub(crate) origin: String,
    open: Arc<AtomicBool>,
    joined_ms: Arc<AtomicU64>,
    cuts: watch::Sender<u32>,
}

impl CuttableLink {
    /// A link to `target` (`http://host:port`).
    pub(crate) async fn to(target: &str) -> Self {
        let target = target.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let open = Arc::new(AtomicBool::new(true));
        let (cuts, cut) = watch::channel(0);
        let joined_ms = Arc::new(AtomicU64::new(0));
        let is_open = open.clone();
        let joined = joined_ms.clone();
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                if !is_open.load(SeqCst) {
                    continue; // dropped: the connection is refused
                }
                let target = target.clone();
                let mut cut = cut.clone();
                let joined = joined.clone();
                tokio::spawn(async move {
                    cut.mark_unchanged();
                    let Ok(mut far) = TcpStream::connect(&target).await else {
                        return;
                    };
                    let mut head = [0; SOCKET.len()];
                    if near.peek(&mut head).await.is_ok() && head == SOCKET {
                        joined.store(server_ms(), SeqCst);
                    }
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        _ = cut.changed() => {}
                    }
                });
            }
        });
        Self {
            origin,
            open,
            joined_ms,
            cuts,
        }
    }

    /// When a WebSocket was asked for last, ms since the epoch.
    pub(crate) fn joined_ms(&self) -> u64 {
        self.joined_ms.load(SeqCst)
    }

    /// Breaks all connections, and refuses new ones until it is mended.
    pub(crate) fn cut(&self) {
        self.open.store(false, SeqCst);
        self.cuts.send_modify(|count| *count += 1);
    }

    /// Lets connections through again.
    pub(crate) fn mend(&self) {
        self.open.store(true, SeqCst);
    }
}
