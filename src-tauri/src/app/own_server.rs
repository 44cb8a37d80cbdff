//! This computer's own server: started when it is first needed, on this computer
//! only, until the person opens it to the local network.

use std::path::PathBuf;

use kulti_client::drivers::join::SharedAddress;
use tokio::sync::watch;

use super::model::{CommandError, ReachView};

#[derive(Debug)]
pub(crate) struct OwnServer {
    data_dir: PathBuf,
    shared_at: watch::Sender<SharedAddress>,
}

impl OwnServer {
    pub(crate) fn new(data_dir: PathBuf) -> Self {
        let nowhere = SharedAddress {
            origin: String::new(),
            pin: None,
        };
        Self {
            data_dir,
            shared_at: watch::Sender::new(nowhere),
        }
    }
    pub(crate) fn port(&self) -> Option<u16> {
        None
    }
    pub(crate) fn shared_at(&self) -> watch::Receiver<SharedAddress> {
        self.shared_at.subscribe()
    }
    pub(crate) async fn start(&self, _remembered: u16) -> Result<u16, CommandError> {
        Err(CommandError::local("x", &self.data_dir.display()))
    }
    pub(crate) async fn open_to_network(&self, _open: bool) -> Result<(), CommandError> {
        Ok(())
    }
    pub(crate) fn reach(&self) -> ReachView {
        ReachView {
            open_to_network: false,
            addresses: vec![],
            pin: None,
        }
    }
    pub(crate) async fn stop(&self) {}
}
