//! Accepting connections: limits, TLS, HTTP/1.1 with timeouts, a clean end.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{Router, extract::ConnectInfo};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use parking_lot::Mutex;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;

use crate::{rate_limit::counted_address, request_origin::Accepted, settings::Limits};

/// Bytes of a request's head.
const HEAD_BYTES: usize = 16 * 1024;
/// After running out of file descriptors, say.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// What every listener of a server shares.
#[derive(Clone)]
pub(crate) struct Front {
    router: Router,
    slots: Arc<Slots>,
    handshake_timeout: Duration,
    connections: TaskTracker,
}

impl Front {
    pub(crate) fn new(router: Router, limits: &Limits) -> Self {
        Self {
            router,
            slots: Arc::new(Slots {
                per_address: limits.connections_per_address,
                total: limits.connections,
                taken: Mutex::default(),
            }),
            handshake_timeout: limits.handshake_timeout,
            connections: TaskTracker::new(),
        }
    }

    /// Accepts connections until `stop`; those that are open finish their request.
    /// `network` is that of [`Accepted`].
    pub(crate) async fn accept(
        self,
        listener: TcpListener,
        tls: Option<TlsAcceptor>,
        stop: CancellationToken,
        network: Option<CancellationToken>,
    ) {
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    if !is_of_one_connection(&error) {
                        tracing::warn!(%error, "connections cannot be accepted");
                        tokio::time::sleep(ACCEPT_RETRY).await;
                    }
                    continue;
                }
            };
            let Some(slot) = Slots::take(&self.slots, peer.ip()) else {
                tracing::debug!(%peer, "too many connections from this address");
                continue;
            };
            let front = self.clone();
            let (tls, stop, network) = (tls.clone(), stop.clone(), network.clone());
            self.connections.spawn(async move {
                if let Err(error) = front.connection(stream, peer, tls, stop, network).await {
                    tracing::debug!(%peer, %error, "connection failed");
                }
                drop(slot);
            });
        }
    }

    /// Waits until all connections are closed, `patience` at most.
    pub(crate) async fn drain(&self, patience: Duration) {
        self.connections.close();
        if tokio::time::timeout(patience, self.connections.wait())
            .await
            .is_err()
        {
            tracing::warn!(
                open = self.connections.len(),
                "connections did not finish in time"
            );
        }
    }

    async fn connection(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        tls: Option<TlsAcceptor>,
        stop: CancellationToken,
        network: Option<CancellationToken>,
    ) -> Result<(), ConnectionError> {
        stream.set_nodelay(true)?;
        let accepted = Accepted {
            local: stream.local_addr()?,
            tls: tls.is_some(),
            network,
        };
        match tls {
            // Without TLS the bare stream, which the signalling connections then write to.
            None => self.http(stream, peer, accepted, stop).await,
            Some(acceptor) => {
                let stream = tokio::time::timeout(self.handshake_timeout, acceptor.accept(stream))
                    .await
                    .map_err(|_| ConnectionError::SlowHandshake)??;
                self.http(stream, peer, accepted, stop).await
            }
        }
    }

    async fn http<S>(
        &self,
        stream: S,
        peer: SocketAddr,
        accepted: Accepted,
        stop: CancellationToken,
    ) -> Result<(), ConnectionError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = self.router.clone().map_request(
            move |request: http::Request<hyper::body::Incoming>| {
                let mut request = request.map(axum::body::Body::new);
                request.extensions_mut().insert(ConnectInfo(peer));
                request.extensions_mut().insert(accepted.clone());
                request
            },
        );
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.handshake_timeout)
            .max_header_size(HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
            .with_upgrades();
        tokio::pin!(connection);
        tokio::select! {
            done = connection.as_mut() => return Ok(done?),
            () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
        }
        Ok(connection.await?)
    }
}

#[derive(Debug, thiserror::Error)]
enum ConnectionError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("the TLS handshake took too long")]
    SlowHandshake,
    #[error(transparent)]
    Http(#[from] hyper::Error),
}

/// Errors of `accept` that concern the one connection and not the listener.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}

/// Counts connections in all and from each address. (WebSockets leave this count when
/// they are upgraded, and enter that of the signalling connections.)
struct Slots {
    per_address: u32,
    total: u32,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    total: u32,
    by_address: HashMap<IpAddr, u32>,
}

struct Slot {
    slots: Arc<Slots>,
    address: Option<IpAddr>,
}

impl Slots {
    fn take(this: &Arc<Self>, peer: IpAddr) -> Option<Slot> {
        let address = counted_address(peer);
        let mut taken = this.taken.lock();
        if taken.total >= this.total {
            return None;
        }
        if let Some(address) = address {
            let count = taken.by_address.entry(address).or_default();
            if *count >= this.per_address {
                return None;
            }
            *count += 1;
        }
        taken.total += 1;
        drop(taken);
        Some(Slot {
            slots: this.clone(),
            address,
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.slots.taken.lock();
        taken.total = taken.total.saturating_sub(1);
        if let Some(address) = self.address
            && let Some(count) = taken.by_address.get_mut(&address)
        {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.by_address.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_counted_by_address_and_given_back() {
        let slots = Arc::new(Slots {
            per_address: 2,
            total: 4,
            taken: Mutex::default(),
        });
        let (a, b) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let first = Slots::take(&slots, a);
        let second = Slots::take(&slots, a);
        assert!(first.is_some() && second.is_some());
        assert!(
            Slots::take(&slots, a).is_none(),
            "two are enough for one address"
        );
        let third = Slots::take(&slots, b);
        let local = Slots::take(&slots, IpAddr::from([127, 0, 0, 1]));
        assert!(third.is_some() && local.is_some());
        assert!(Slots::take(&slots, b).is_none(), "four are enough in all");
        drop((first, second, third, local));
        assert_eq!(slots.taken.lock().total, 0);
        assert!(slots.taken.lock().by_address.is_empty());
    }
}
