//! A server of rooms alone, on a free port.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use axum::extract::ConnectInfo;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use kulti_protocol::token::{HmsKeys, TokenClaims};
use kulti_server::connections::{ConnectionLimits, Signalling};
use kulti_server::rooms::{ArchiveError, RoomArchive, RoomEvent, RoomLimits, Rooms};
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tower::ServiceExt as _;

/// An archive in memory, shared by the servers of one test.
#[derive(Debug, Clone, Default)]
pub struct Archive(pub Arc<Mutex<HashMap<String, Vec<u8>>>>);

#[async_trait]
impl RoomArchive for Archive {
    async fn load(&self, room_id: &str) -> Result<Option<Vec<u8>>, ArchiveError> {
        Ok(self.0.lock().get(room_id).cloned())
    }

    async fn save(&self, room_id: &str, state: Vec<u8>) -> Result<(), ArchiveError> {
        self.0.lock().insert(room_id.to_owned(), state);
        Ok(())
    }

    async fn remove(&self, room_id: &str) -> Result<(), ArchiveError> {
        self.0.lock().remove(room_id);
        Ok(())
    }
}

/// How requests are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    /// As the product does without TLS: the room writes to the sockets itself.
    Plain,
    /// Over a stream that the room cannot see through, as with TLS.
    Wrapped,
}

/// A running server.
pub struct TestServer {
    pub address: SocketAddr,
    pub rooms: Rooms,
    pub events: mpsc::UnboundedReceiver<RoomEvent>,
    pub archive: Archive,
    accepting: tokio::task::JoinHandle<()>,
}

pub fn keys() -> HmsKeys {
    HmsKeys {
        access_key: "key".to_owned(),
        secret: "secret".to_owned(),
    }
}

pub fn now_s() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

/// A good token.
pub fn token(room: &str, user: &str, role: &str) -> String {
    TokenClaims::new(room, user, role, "jti", now_s(), 3_600)
        .sign(&keys())
        .unwrap()
}

impl TestServer {
    pub async fn start() -> Self {
        Self::with(
            RoomLimits::default(),
            ConnectionLimits::default(),
            Path::Plain,
        )
        .await
    }

    pub async fn with(rooms: RoomLimits, connections: ConnectionLimits, path: Path) -> Self {
        Self::with_archive(rooms, connections, path, Archive::default()).await
    }

    pub async fn with_archive(
        limits: RoomLimits,
        connections: ConnectionLimits,
        path: Path,
        archive: Archive,
    ) -> Self {
        let (sender, events) = mpsc::unbounded_channel();
        let rooms = Rooms::new(limits, Arc::new(archive.clone()), sender);
        let keys = keys();
        let signalling =
            Signalling::new(rooms.clone(), connections, &keys.access_key, &keys.secret);
        let router = signalling.router();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let accepting = tokio::spawn(async move {
            if path == Path::Wrapped {
                let service = router.into_make_service_with_connect_info::<SocketAddr>();
                axum::serve(listener, service).await.unwrap();
                return;
            }
            loop {
                let (stream, peer) = listener.accept().await.unwrap();
                let router =
                    router
                        .clone()
                        .map_request(move |mut request: axum::http::Request<_>| {
                            request.extensions_mut().insert(ConnectInfo(peer));
                            request
                        });
                let service = TowerToHyperService::new(router);
                tokio::spawn(
                    http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .with_upgrades(),
                );
            }
        });
        Self {
            address,
            rooms,
            events,
            archive,
            accepting,
        }
    }

    /// Stops as on SIGTERM.
    pub async fn stop(self) -> Archive {
        self.accepting.abort();
        self.rooms.shut_down().await;
        self.archive.clone()
    }
}
