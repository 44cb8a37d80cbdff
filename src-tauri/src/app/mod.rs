//! The app without its window: home, settings, joining, hosting. No Tauri in here,
//! so that the same app runs behind the desktop window and, for tests, behind a browser.

mod books;
mod clipboard;
mod csv;
mod demo;
mod downloads;
mod errors;
mod files;
mod home;
pub mod insights;
mod insights_csv;
mod joining;
mod journal;
mod keyring_entries;
pub mod links;
mod log_export;
mod log_redaction;
mod media;
pub mod model;
mod own_server;
mod poll_csv;
mod polls;
mod profile;
mod receipts;
mod recents;
mod secrets;
mod session_view;
mod stays;
#[cfg(test)]
mod tests;
mod watching;
mod web_links;

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use kulti_client::{
    core::{Intent, io::Announcement},
    drivers::{journal::Journal, stay::ActError},
};
use parking_lot::Mutex;
use tokio::sync::{broadcast, watch};

pub(crate) use self::files::create_private_dir;
use self::{
    clipboard::Clipboard,
    demo::Bots,
    files::JsonFile,
    model::{AppInfo, CommandError, ErrorCode, HomeView, Settings},
    own_server::OwnServer,
    profile::Profile,
    recents::Recents,
    secrets::Secrets,
    stays::Stays,
};
pub use self::{session_view::SessionViews, watching::OpenPrompt};
use crate::activity::{Activity, Observation};

/// How many announcements may wait to be shown.
const ANNOUNCEMENTS: usize = 16;

/// Where and how the app runs.
#[derive(Debug, Clone)]
pub struct AppConfig {
    /// Everything that the app keeps.
    pub data_dir: PathBuf,
    /// Where its logs lie.
    pub log_dir: PathBuf,
    /// Where files go that the person asks for.
    pub downloads_dir: PathBuf,
    /// Whether to show the demo session.
    pub demo: bool,
}

/// The app. Its methods that wait must be called within a tokio runtime.
#[derive(Debug)]
pub struct App {
    config: AppConfig,
    files: Files,
    kept: Mutex<Kept>,
    secrets: Arc<Secrets>,
    home: watch::Sender<HomeView>,
    own_server: OwnServer,
    /// Watch time that no server has settled yet.
    journal: Journal,
    /// Sends what earlier stays have left in the journal.
    outbox: Mutex<Option<tokio::task::JoinHandle<()>>>,
    stays: Stays,
    activity: Arc<Activity>,
    prompt: watch::Sender<Option<OpenPrompt>>,
    announcements: broadcast::Sender<Announcement>,
    clipboard: Clipboard,
    bots: Bots,
}

/// Files of the data folder.
#[derive(Debug)]
struct Files {
    profile: JsonFile,
    recents: JsonFile,
    settings: JsonFile,
}

/// What those files hold, and the link that waits for a yes.
#[derive(Debug)]
struct Kept {
    profile: Profile,
    recents: Recents,
    settings: Settings,
    pending_link: Option<String>,
}

impl App {
    /// The app of one data folder. Within a tokio runtime.
    ///
    /// # Errors
    /// If the data folder cannot be made or written to.
    pub fn open(config: AppConfig) -> io::Result<Arc<Self>> {
        let dir: &Path = &config.data_dir;
        create_private_dir(dir)?;
        let files = Files {
            profile: JsonFile::new(dir, "profile.json"),
            recents: JsonFile::new(dir, "recents.json"),
            settings: JsonFile::new(dir, "settings.json"),
        };
        let profile: Profile = files.profile.load();
        // Written at once: its id is part of the names of keyring entries.
        files.profile.save(&profile)?;
        let secrets = Secrets::new(profile.id.to_string(), dir.join("secrets"));
        let kept = Kept {
            recents: files.recents.load(),
            settings: files.settings.load(),
            profile,
            pending_link: None,
        };
        let own_server = OwnServer::new(dir.join("server"));
        let journal = Journal::open(dir);
        let status = journal.status().borrow().clone();
        let home = watch::Sender::new(home::view(&kept, secrets.place(), &status, false));
        let app = Arc::new(Self {
            files,
            kept: Mutex::new(kept),
            secrets: Arc::new(secrets),
            home,
            own_server,
            journal,
            outbox: Mutex::default(),
            stays: Stays::default(),
            activity: Arc::default(),
            prompt: watch::Sender::new(None),
            announcements: broadcast::Sender::new(ANNOUNCEMENTS),
            clipboard: Clipboard::default(),
            bots: Bots::default(),
            config,
        });
        app.probe_keyring();
        app.work_off_the_journal();
        Ok(app)
    }

    /// Facts of this build and machine.
    #[must_use]
    pub fn info(&self) -> AppInfo {
        AppInfo {
            version: env!("CARGO_PKG_VERSION").into(),
            platform: std::env::consts::OS.into(),
            demo: self.config.demo,
            log_dir: self.config.log_dir.display().to_string(),
        }
    }

    /// What the person chose.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.kept.lock().settings.clone()
    }

    /// Takes over what the person chose; returns what holds now.
    pub fn set_settings(&self, settings: Settings) -> Settings {
        self.kept.lock().settings = settings.clone();
        self.files.settings.save_or_warn(&settings);
        settings
    }

    /// The view of the stay that goes on, or of the last one: every slice once, then
    /// changes. Ends the reader before this one.
    ///
    /// # Errors
    /// [`ErrorCode::NotInSession`] before the first session.
    pub fn session_view(&self) -> Result<SessionViews, CommandError> {
        self.stays.view().ok_or_else(CommandError::not_in_session)
    }

    /// Does something in the session.
    ///
    /// # Errors
    /// [`ErrorCode::NotInSession`], or [`ErrorCode::Local`] if too much is done at once.
    pub fn act(&self, intent: Intent) -> Result<(), CommandError> {
        let stay = self
            .stays
            .current()
            .ok_or_else(CommandError::not_in_session)?;
        if intent != Intent::PromptShown {
            self.activity.observe(Observation::WindowUsed);
        }
        stay.act(intent).map_err(|error| match error {
            ActError::Over => CommandError::not_in_session(),
            ActError::TooMany => CommandError {
                code: ErrorCode::Local,
                message: error.to_string(),
            },
        })
    }

    /// New announcements of hosts, each told once.
    #[must_use]
    pub fn announcements(&self) -> broadcast::Receiver<Announcement> {
        self.announcements.subscribe()
    }

    /// The title of the session that goes on; none at home.
    #[must_use]
    pub fn session_title(&self) -> watch::Receiver<Option<String>> {
        self.stays.title()
    }

    /// Puts text on the clipboard.
    ///
    /// # Errors
    /// [`ErrorCode::Local`] if there is no clipboard.
    pub fn copy_text(&self, text: String) -> Result<(), CommandError> {
        self.clipboard.copy(text)
    }

    /// Opens a link of a message in the system's browser.
    ///
    /// # Errors
    /// [`ErrorCode::Local`] if it is none that a browser should show, or if there is no
    /// browser.
    pub fn open_link(&self, url: &str) -> Result<(), CommandError> {
        web_links::open(url)
    }

    /// Leaves whatever goes on, for the end of the program: the others are told, the
    /// last heartbeat is sent. A session that runs on this computer ends for everyone.
    /// Takes some seconds at most.
    pub async fn close(&self) {
        self.stays.close().await;
        self.bots.stop();
        self.stop_sending();
        self.journal.close().await;
        self.own_server.stop().await;
    }
}
