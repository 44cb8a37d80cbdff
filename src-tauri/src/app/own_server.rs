//! This computer's own server: started when it is first needed, on this computer
//! only, until the person opens it to the local network.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use futures_util::future::BoxFuture;
use kulti_client::drivers::join::SharedAddress;
use kulti_server::{Reach, RunningServer, Server, Settings, StartError};
use parking_lot::Mutex;
use tokio::sync::watch;

use super::model::{CommandError, ReachView};

/// How long stopping waits for requests under way: the app is being closed.
const SHUTDOWN: Duration = Duration::from_secs(3);

/// The server inside the app.
#[derive(Debug)]
pub(crate) struct OwnServer {
    data_dir: PathBuf,
    running: tokio::sync::Mutex<Option<RunningServer>>,
    shown: Mutex<Shown>,
    shared_at: watch::Sender<SharedAddress>,
}

/// What the screen shows of it, kept aside so that nobody waits for it.
#[derive(Debug, Default)]
struct Shown {
    port: Option<u16>,
    reach: Option<Reach>,
}

impl OwnServer {
    /// A server that keeps its data in this folder. It is not started yet.
    pub(crate) fn new(data_dir: PathBuf) -> Self {
        let nowhere = SharedAddress {
            origin: String::new(),
            pin: None,
        };
        Self {
            data_dir,
            running: tokio::sync::Mutex::new(None),
            shown: Mutex::default(),
            shared_at: watch::Sender::new(nowhere),
        }
    }

    /// Its port on this computer, while it runs.
    pub(crate) fn port(&self) -> Option<u16> {
        self.shown.lock().port
    }

    /// Where others reach it: changes when it is opened or closed.
    pub(crate) fn shared_at(&self) -> watch::Receiver<SharedAddress> {
        self.shared_at.subscribe()
    }

    /// Who can reach it.
    pub(crate) fn reach(&self) -> ReachView {
        let shown = self.shown.lock();
        ReachView {
            open_to_network: shown.reach.is_some(),
            addresses: shown
                .reach
                .as_ref()
                .map_or_else(Vec::new, |r| r.addresses.clone()),
            pin: shown.reach.as_ref().map(|r| r.pin.clone()),
        }
    }

    /// Starts it, if it does not run yet, on the port that it had last or on a free
    /// one. Gives the port.
    pub(crate) async fn start(&self, last_port: u16) -> Result<u16, CommandError> {
        let mut running = self.running.lock().await;
        if let Some(running) = &*running {
            return Ok(running.address().port());
        }
        let server = match launch(self.settings(last_port)).await {
            Err(StartError::Listen { .. }) if last_port != 0 => {
                tracing::info!(last_port, "taken by another program; using a free port");
                launch(self.settings(0)).await
            }
            started => started,
        };
        let server = server
            .map_err(|error| CommandError::local("this computer's server cannot start", &error))?;
        let port = server.address().port();
        self.shown.lock().port = Some(port);
        *running = Some(server);
        self.share();
        Ok(port)
    }

    /// Opens it to the local network, on the port that it had there last or on a free
    /// one. It must have been started. Gives the port.
    pub(crate) async fn open_to_network(&self, last_port: u16) -> Result<u16, CommandError> {
        let running = self.running.lock().await;
        let Some(server) = &*running else {
            return Err(CommandError::local(
                "this computer's server",
                &"it does not run",
            ));
        };
        let opened = match server.open_to_network(last_port).await {
            Err(_) if last_port != 0 => server.open_to_network(0).await,
            opened => opened,
        };
        let reach = opened
            .map_err(|error| CommandError::local("cannot open to the local network", &error))?;
        let port = reach.addresses.first().and_then(|address| {
            let url = url::Url::parse(address).ok()?;
            url.port_or_known_default()
        });
        self.shown.lock().reach = Some(reach);
        self.share();
        Ok(port.unwrap_or(0))
    }

    /// Takes nobody new from the local network.
    pub(crate) async fn close_to_network(&self) {
        if let Some(server) = &*self.running.lock().await {
            server.close_to_network().await;
        }
        self.shown.lock().reach = None;
        self.share();
    }

    /// Stops it cleanly, if it runs.
    pub(crate) async fn stop(&self) {
        let running = self.running.lock().await.take();
        *self.shown.lock() = Shown::default();
        if let Some(server) = running {
            server.shutdown().await;
        }
    }

    fn settings(&self, port: u16) -> Settings {
        let mut settings = Settings::embedded(&self.data_dir);
        settings.listen = SocketAddr::new(settings.listen.ip(), port);
        settings.limits.shutdown_timeout = SHUTDOWN;
        settings
    }

    fn share(&self) {
        let address = {
            let shown = self.shown.lock();
            let Some(port) = shown.port else {
                return;
            };
            let network = shown.reach.as_ref().and_then(|reach| {
                Some(SharedAddress {
                    origin: reach.addresses.first()?.clone(),
                    pin: Some(reach.pin.parse().ok()?),
                })
            });
            network.unwrap_or_else(|| SharedAddress {
                origin: format!("http://127.0.0.1:{port}"),
                pin: None,
            })
        };
        self.shared_at.send_if_modified(|shared| {
            let changed = *shared != address;
            *shared = address;
            changed
        });
    }
}

/// Boxed, so that the compiler proves once, and here, that this may run on any thread.
fn launch(settings: Settings) -> BoxFuture<'static, Result<RunningServer, StartError>> {
    Box::pin(Server::start(settings))
}
