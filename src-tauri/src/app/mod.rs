#![allow(missing_docs)]
//! The app without its window: home, settings, joining, hosting. No Tauri in here,
//! so that the same app runs behind the desktop window and, for tests, behind a browser.

pub mod model;
pub mod view_feed;

use std::sync::Arc;

use kulti_client::core::Intent;
use tokio::sync::watch;

use self::{
    model::{
        AppInfo, CommandError, ErrorCode, HomeView, HostRequest, JoinTarget, ReachView,
        SecretStore, SessionPreview, Settings,
    },
    view_feed::ViewSubscription,
};

/// The app.
#[derive(Debug)]
pub struct App {
    home: watch::Sender<HomeView>,
}

impl App {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            home: watch::Sender::new(HomeView {
                display_name: String::new(),
                server: String::new(),
                servers: vec![],
                recents: vec![],
                secrets: SecretStore::Keyring,
                pending_link: None,
                in_session: false,
            }),
        })
    }
    /// Facts of this build and machine.
    pub fn info(&self) -> AppInfo {
        AppInfo {
            version: env!("CARGO_PKG_VERSION").into(),
            platform: std::env::consts::OS.into(),
            demo: false,
            log_dir: String::new(),
        }
    }
    /// The home screen.
    pub fn home(&self) -> HomeView {
        self.home.borrow().clone()
    }
    pub fn home_changes(&self) -> watch::Receiver<HomeView> {
        self.home.subscribe()
    }
    pub fn set_display_name(&self, _name: &str) -> Result<HomeView, CommandError> {
        Ok(self.home())
    }
    pub async fn look_up(
        &self,
        _text: &str,
        _server: Option<&str>,
    ) -> Result<SessionPreview, CommandError> {
        Err(missing())
    }
    pub async fn join(
        self: &Arc<Self>,
        _target: JoinTarget,
        _allow_plain: bool,
    ) -> Result<(), CommandError> {
        Err(missing())
    }
    pub async fn host(self: &Arc<Self>, _request: HostRequest) -> Result<(), CommandError> {
        Err(missing())
    }
    pub fn session_view(&self) -> Result<ViewSubscription, CommandError> {
        Err(missing())
    }
    pub async fn act(&self, _intent: Intent) -> Result<(), CommandError> {
        Err(missing())
    }
    pub fn settings(&self) -> Settings {
        Settings::default()
    }
    pub fn set_settings(&self, settings: Settings) -> Settings {
        settings
    }
    pub fn reach(&self) -> ReachView {
        ReachView {
            open_to_network: false,
            addresses: vec![],
            pin: None,
        }
    }
    pub async fn set_open_to_network(
        self: &Arc<Self>,
        _open: bool,
    ) -> Result<ReachView, CommandError> {
        Err(missing())
    }
    pub fn forget_recent(&self, _id: &str) -> HomeView {
        self.home()
    }
    pub fn dismiss_link(&self) -> HomeView {
        self.home()
    }
    pub fn window_visible(&self, _visible: bool) {}
    pub fn copy_text(&self, _text: String) -> Result<(), CommandError> {
        Err(missing())
    }
}
fn missing() -> CommandError {
    CommandError {
        code: ErrorCode::NotInSession,
        message: String::new(),
    }
}
