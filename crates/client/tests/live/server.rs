//! The real session server, in this process.

use std::{net::SocketAddr, sync::Arc};

use kulti_client::drivers::{
    credentials::MemoryCredentials,
    join::{Server as ServerAccess, ServerAddress},
    stay::StayHandle,
    tls::Pin,
};
use kulti_protocol::room_code::RoomCode;
use kulti_server::{RunningServer, Server, Settings};
use tempfile::TempDir;

/// A server of its own for one test, with a data folder of its own.
pub(crate) struct TestServer {
    running: Option<RunningServer>,
    settings: Settings,
    _data: TempDir,
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut settings = Settings {
            listen: ([127, 0, 0, 1], 0).into(),
            data: data.path().to_owned(),
            ..Settings::default()
        };
        change(&mut settings);
        let running = Server::start(settings.clone()).await.unwrap();
        Self {
            running: Some(running),
            settings,
            _data: data,
        }
    }

    fn running(&self) -> &RunningServer {
        self.running.as_ref().unwrap()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.running().address()
    }

    pub(crate) fn origin(&self) -> String {
        self.running().origin().to_owned()
    }

    /// Opens it to the network; gives a TLS origin and its certificate.
    pub(crate) async fn open(&self) -> (String, Pin) {
        let reach = self.running().open_to_network(0).await.unwrap();
        let address = reach
            .addresses
            .first()
            .expect("this machine has an address");
        let port = address.rsplit(':').next().unwrap();
        (
            format!("https://127.0.0.1:{port}"),
            reach.pin.parse().unwrap(),
        )
    }

    /// Stops cleanly, until [`Self::start_again`].
    pub(crate) async fn stop(&mut self) {
        self.settings.listen = self.address();
        self.running.take().unwrap().shutdown().await;
    }

    /// At the same address with the same data.
    pub(crate) async fn start_again(&mut self) {
        self.running = Some(Server::start(self.settings.clone()).await.unwrap());
    }

    /// Stops cleanly and starts again at the same address with the same data.
    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        self.start_again().await;
    }

    /// A new person with a program of their own.
    pub(crate) fn person(&self) -> ServerAccess {
        self.person_at(&self.origin())
    }

    /// The same, who reaches the server under another origin.
    pub(crate) fn person_at(&self, origin: &str) -> ServerAccess {
        let address = ServerAddress::public(origin);
        ServerAccess::new(&address, Arc::new(MemoryCredentials::default())).unwrap()
    }

    /// Hanna hosts a session.
    pub(crate) async fn host(&self) -> (StayHandle, RoomCode) {
        let host = self.person().host("Testing", false, "Hanna").await.unwrap();
        let code = host.config().room_code.parse().unwrap();
        (host, code)
    }
}

/// Hanna hosts, Léo learns.
pub(crate) async fn host_and_learner(server: &TestServer) -> (StayHandle, StayHandle) {
    let (host, code) = server.host().await;
    let learner = server.person().join(&code, "Léo").await.unwrap();
    (host, learner)
}
