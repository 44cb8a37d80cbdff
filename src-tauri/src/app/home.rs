//! The home screen: name, recent sessions, the link that waits.

use std::sync::Arc;

use kulti_client::{core::Intent, drivers::journal::JournalStatus};
use tokio::sync::watch;

use super::{
    App, Kept, journal, links,
    model::{CommandError, HomeView, SecretStore},
    profile::{self, Profile},
};

pub(super) fn view(
    kept: &Kept,
    secrets: SecretStore,
    status: &JournalStatus,
    in_session: bool,
) -> HomeView {
    HomeView {
        display_name: kept.profile.display_name.clone(),
        server: kept.profile.server.clone(),
        servers: kept.profile.servers.clone(),
        recents: kept.recents.sessions.clone(),
        secrets,
        journal: journal::view(status),
        pending_link: kept.pending_link.clone(),
        in_session,
    }
}

impl App {
    /// The home screen.
    #[must_use]
    pub fn home(&self) -> HomeView {
        self.home.borrow().clone()
    }

    /// The home screen and its changes.
    #[must_use]
    pub fn home_changes(&self) -> watch::Receiver<HomeView> {
        self.home.subscribe()
    }

    /// Sets the name under which others see me.
    ///
    /// # Errors
    /// [`super::ErrorCode::BadName`].
    pub fn set_display_name(&self, name: &str) -> Result<HomeView, CommandError> {
        let name = profile::clean_name(name)?;
        self.change_profile(|profile| profile.display_name.clone_from(&name));
        // In a session, the others see it at once.
        if let Some(stay) = self.stays.current()
            && let Err(error) = stay.act(Intent::Rename { name })
        {
            tracing::debug!(%error, "the session is over");
        }
        Ok(self.show_home())
    }

    /// Changes the profile, and its file if anything is different now.
    pub(super) fn change_profile(&self, change: impl FnOnce(&mut Profile)) {
        let changed = {
            let mut kept = self.kept.lock();
            let before = kept.profile.clone();
            change(&mut kept.profile);
            (kept.profile != before).then(|| kept.profile.clone())
        };
        if let Some(profile) = changed {
            self.files.profile.save_or_warn(&profile);
        }
    }

    /// Removes a session from the recent ones.
    pub fn forget_recent(&self, session_id: &str) -> HomeView {
        let changed = {
            let mut kept = self.kept.lock();
            kept.recents.forget(session_id);
            kept.recents.clone()
        };
        self.files.recents.save_or_warn(&changed);
        self.show_home()
    }

    /// The app was opened with these arguments, now or by a second start: a join link
    /// among them is shown, and waits for the person's yes.
    pub fn opened_with<S: AsRef<str>>(&self, arguments: impl IntoIterator<Item = S>) {
        if let Some(link) = links::link_among(arguments) {
            self.kept.lock().pending_link = Some(link);
            self.show_home();
        }
    }

    /// The person said no to the link that waits.
    pub fn dismiss_link(&self) -> HomeView {
        self.kept.lock().pending_link = None;
        self.show_home()
    }

    /// Makes the home screen anew and tells who watches it.
    pub(super) fn show_home(&self) -> HomeView {
        let in_session = self.stays.current().is_some();
        let status = self.journal.status().borrow().clone();
        let view = view(&self.kept.lock(), self.secrets.place(), &status, in_session);
        self.home.send_if_modified(|shown| {
            let changed = *shown != view;
            if changed {
                *shown = view.clone();
            }
            changed
        });
        view
    }

    /// Finds out in the background whether the keyring works: that may take a while,
    /// and nobody waits for it before the first token is there.
    pub(super) fn probe_keyring(self: &Arc<Self>) {
        let app = self.clone();
        tokio::task::spawn_blocking(move || {
            app.secrets.probe();
            app.show_home();
        });
    }
}
