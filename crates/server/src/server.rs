//! Starting and stopping a whole server.

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use kulti_media::sfu::SfuError;
use kulti_protocol::{
    receipt::ReceiptKey,
    token::{HmsKeys, TokenClaims, TokenError},
};
use tokio::{net::TcpListener, sync::mpsc, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    accounts::Accounts,
    api,
    app::{App, RateLimits},
    clock::ServerClock,
    connections::Signalling,
    db::{Db, DbOpenError},
    hms_keys::{self, HmsKeysError},
    ledger::Ledger,
    network::{self, Reach},
    receipt_key::{self, ReceiptKeyError},
    room_archive::{FileArchive, ServerArchive},
    rooms::{MediaPlane, MediaReach, Rooms},
    serve::Front,
    sessions::Sessions,
    settings::Settings,
    tls::{self, TlsError},
};

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The database cannot be used.
    #[error(transparent)]
    Db(#[from] DbOpenError),
    /// The key pair cannot be used.
    #[error(transparent)]
    Keys(#[from] HmsKeysError),
    /// The key of receipts cannot be used.
    #[error(transparent)]
    ReceiptKey(#[from] ReceiptKeyError),
    /// TLS cannot be used as the settings say.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Saved rooms cannot be kept.
    #[error("rooms cannot be kept in {folder}: {source}")]
    Rooms {
        /// The data folder.
        folder: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The media socket cannot be used.
    #[error("live media cannot be carried: {0}")]
    Media(#[from] SfuError),
    /// What was stored cannot be read.
    #[error("what is stored in the data folder cannot be read: {0}")]
    Stored(String),
}

/// Why the server was not opened to the network.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The port cannot be listened on.
    #[error("cannot listen on port {port}: {source}")]
    Listen {
        /// Which port.
        port: u16,
        /// Why not.
        source: io::Error,
    },
    /// There is no certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A server that is to be started.
#[derive(Debug)]
pub struct Server;

impl Server {
    /// Starts a server. It accepts connections when this returns, and runs until
    /// [`RunningServer::shutdown`] is called or the handle is dropped.
    ///
    /// # Errors
    /// [`StartError`] says what is in the way.
    pub async fn start(mut settings: Settings) -> Result<RunningServer, StartError> {
        let for_this_machine = settings.is_for_this_machine();
        settings.allowed_origins = settings.allowed_origins.decided(for_this_machine);
        let tls = match (&settings.tls_cert, &settings.tls_key) {
            (Some(certificate), Some(key)) => Some(tls::from_files(certificate, key)?),
            _ => None,
        };
        let db = Db::open(&settings.data).await?;
        let keys = hms_keys::load_or_create(&settings.hms, &settings.data)?;
        let receipt_key = receipt_key::load_or_create(&settings.receipts, &settings.data)?;
        let files = FileArchive::open(&settings.data).map_err(|source| StartError::Rooms {
            folder: settings.data.clone(),
            source,
        })?;
        let archive = ServerArchive {
            files,
            db: db.clone(),
        };
        let listener = TcpListener::bind(settings.listen)
            .await
            .and_then(|listener| listener.local_addr().map(|address| (listener, address)));
        let (listener, address) = listener.map_err(|source| StartError::Listen {
            address: settings.listen,
            source,
        })?;

        let policy = settings.room.room_policy.policy();
        let (policy, media) = if settings.media.on {
            let reach = settings.media_reach(address.ip());
            let media = MediaPlane::start(&settings.media, reach)?;
            (policy.with_media(), Some(Arc::new(media)))
        } else {
            (policy, None)
        };
        let (events, room_events) = mpsc::unbounded_channel();
        let rooms = Rooms::with_policy(
            policy,
            settings.room.room_limits(),
            Arc::new(archive),
            events,
            media.clone(),
        );
        // Attendance and the ledger must be on one clock.
        let clock = rooms.clock().clone();
        let signalling = Signalling::new(
            rooms.clone(),
            settings.room.connection_limits(&settings.limits),
            &keys.access_key,
            &keys.secret,
        );
        let app = Arc::new(
            app(settings, clock, (keys, receipt_key), db, rooms)
                .await
                .map_err(StartError::Stored)?,
        );
        let front = Front::new(api::router(app.clone(), signalling), &app.settings.limits);

        let is_tls = tls.is_some();
        let (accepting, working) = (CancellationToken::new(), CancellationToken::new());
        let origin = app
            .settings
            .public_origin
            .clone()
            .unwrap_or_else(|| local_origin(address, is_tls));
        let ledger = app.ledger.clone();
        // The ledger is written for the last time when it knows all that has happened.
        let ledger_stop = CancellationToken::new();
        let all_known = ledger_stop.clone().drop_guard();
        let following = app.clone().follow_rooms(room_events, working.clone());
        let tasks = vec![
            tokio::spawn(front.clone().accept(listener, tls, accepting.clone(), None)),
            tokio::spawn(async move {
                following.await;
                drop(all_known);
            }),
            tokio::spawn(app.clone().tidy(working.clone())),
            tokio::spawn(async move { ledger.run(ledger_stop).await }),
        ];
        Ok(RunningServer {
            address,
            tls: is_tls,
            origin,
            app,
            front,
            media,
            network: tokio::sync::Mutex::new(None),
            accepting,
            working,
            tasks,
        })
    }
}

async fn app(
    settings: Settings,
    clock: Arc<ServerClock>,
    (keys, receipt_key): (HmsKeys, ReceiptKey),
    db: Db,
    rooms: Rooms,
) -> Result<App, String> {
    let ledger = Arc::new(Ledger::new(db.clone(), clock.clone(), &settings.watch));
    let accounts = Accounts::load(db.clone(), settings.tokens.clone(), clock.now_ms())
        .await
        .map_err(|error| error.to_string())?;
    let sessions = Sessions::load(
        db.clone(),
        rooms.clone(),
        ledger.clone(),
        settings.limits.sessions_per_user,
    )
    .await
    .map_err(|error| error.to_string())?;
    Ok(App {
        limits: RateLimits::new(&settings.limits),
        settings,
        clock,
        keys,
        receipt_key,
        db,
        accounts,
        sessions,
        ledger,
        rooms,
    })
}

/// A server that accepts connections.
pub struct RunningServer {
    address: SocketAddr,
    tls: bool,
    origin: String,
    app: Arc<App>,
    front: Front,
    media: Option<Arc<MediaPlane>>,
    network: tokio::sync::Mutex<Option<OpenNetwork>>,
    accepting: CancellationToken,
    working: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

struct OpenNetwork {
    port: u16,
    pin: String,
    /// No more connections, and requests under way are the last.
    stop: CancellationToken,
    /// The end for those who came over it. Not a child of the server's own end, at which
    /// people are not sent away.
    closed: CancellationToken,
}

impl OpenNetwork {
    fn reach(&self) -> Reach {
        Reach {
            addresses: network::origins(self.port),
            pin: self.pin.clone(),
        }
    }
}

impl std::fmt::Debug for RunningServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunningServer")
            .field("address", &self.address)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

impl RunningServer {
    /// The address that is listened on, with the real port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether that address speaks TLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// The origin for programs on this machine, or the public one of the settings; like
    /// `http://127.0.0.1:8787`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Listens on the local network too, with TLS and a certificate of our own. Port 0
    /// picks a free one. Opening an open server gives the same answer, with the
    /// addresses of now.
    ///
    /// # Errors
    /// [`OpenError`] says what is in the way.
    pub async fn open_to_network(&self, port: u16) -> Result<Reach, OpenError> {
        let mut open = self.network.lock().await;
        if let Some(open) = &*open {
            return Ok(open.reach());
        }
        let listen_error = |source| OpenError::Listen { port, source };
        let data = self.app.settings.data.clone();
        let own = tokio::task::spawn_blocking(move || tls::own_certificate(&data))
            .await
            .map_err(|error| listen_error(io::Error::other(error)))??;
        let listener = network::listen(port).await.map_err(listen_error)?;
        let network = OpenNetwork {
            port: listener.local_addr().map_err(listen_error)?.port(),
            pin: own.pin,
            stop: self.accepting.child_token(),
            closed: CancellationToken::new(),
        };
        tokio::spawn(self.front.clone().accept(
            listener,
            Some(own.acceptor),
            network.stop.clone(),
            Some(network.closed.clone()),
        ));
        let reach = network.reach();
        tracing::info!(addresses = ?reach.addresses, "open to the local network");
        *open = Some(network);
        self.move_media(MediaReach::Network);
        Ok(reach)
    }

    /// How the server is reached from the local network, while it is open to it.
    pub async fn reach(&self) -> Option<Reach> {
        self.network.lock().await.as_ref().map(OpenNetwork::reach)
    }

    /// Accepts no more connections from the local network, and ends those of everyone
    /// who came over it. People on this computer stay in their sessions.
    pub async fn close_to_network(&self) {
        if let Some(network) = self.network.lock().await.take() {
            network.stop.cancel();
            network.closed.cancel();
            self.move_media(MediaReach::Machine);
            tracing::info!("closed to the local network");
        }
    }

    /// Media in rooms that have some begin anew. If that is not possible they stay where
    /// they are: programs on this computer still have them.
    fn move_media(&self, reach: MediaReach) {
        if let Some(media) = &self.media
            && let Err(error) = media.reach(reach)
        {
            tracing::error!(%error, "media cannot be carried to and from the network");
        }
    }

    /// An auth token for a room.
    ///
    /// # Errors
    /// As [`TokenClaims::sign`].
    pub fn mint_token(
        &self,
        room_id: &str,
        user_id: &str,
        role: &str,
        name: Option<&str>,
        ttl: Duration,
    ) -> Result<String, TokenError> {
        let now_s = self.app.clock.now_ms() / 1_000;
        mint_token(&self.app.keys, room_id, user_id, role, name, now_s, ttl)
    }

    /// Stops cleanly: requests under way are finished, rooms saved, watch time
    /// committed, files closed.
    pub async fn shutdown(mut self) {
        self.accepting.cancel();
        // Rooms close their connections below; nobody has left because of that.
        self.working.cancel();
        for task in std::mem::take(&mut self.tasks) {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task of the server had failed");
            }
        }
        self.app.rooms.shut_down().await;
        self.front
            .drain(self.app.settings.limits.shutdown_timeout)
            .await;
        self.app.db.close().await;
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        self.accepting.cancel();
        self.working.cancel();
    }
}

/// An auth token for a room, signed with `keys`, for one who needs no running server.
///
/// # Errors
/// As [`TokenClaims::sign`].
pub fn mint_token(
    keys: &HmsKeys,
    room_id: &str,
    user_id: &str,
    role: &str,
    name: Option<&str>,
    now_s: u64,
    ttl: Duration,
) -> Result<String, TokenError> {
    let jti = Uuid::new_v4().to_string();
    let mut claims = TokenClaims::new(room_id, user_id, role, &jti, now_s, ttl.as_secs());
    claims.name = name.map(str::to_owned);
    claims.sign(keys)
}

fn local_origin(mut address: SocketAddr, tls: bool) -> String {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    let scheme = if tls { "https" } else { "http" };
    format!("{scheme}://{address}")
}
