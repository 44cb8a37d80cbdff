//! Watch time that is on this computer and not at its server yet: how it is shown, and
//! with which accounts it is sent.

use std::sync::{Arc, Weak};

use futures_util::{FutureExt, future::BoxFuture};
use kulti_client::drivers::{
    api::Api,
    join::Server,
    journal::{JournalStatus, Place as JournalPlace, StayRecord},
    outbox::{self, Accounts, NoAccount},
};

use super::{
    App,
    joining::Place,
    model::{HomeView, JournalView, UnsentTime},
};

pub(super) fn view(status: &JournalStatus) -> JournalView {
    let unsent = status
        .left
        .iter()
        // Mere reasons why time did not count are sent, too, but nobody waits for them.
        .filter(|stay| stay.active_ms > 0)
        .map(|stay| UnsentTime {
            session_id: stay.record.session_id.clone(),
            title: stay.record.title.clone(),
            server: match &stay.record.place {
                JournalPlace::ThisComputer => String::new(),
                JournalPlace::At(address) => address.origin.clone(),
            },
            active_ms: stay.active_ms,
            refused: stay.refused.clone(),
        })
        .collect();
    JournalView {
        unsent,
        set_aside: status
            .set_aside
            .as_ref()
            .map(|path| path.display().to_string()),
        not_written: status.not_written.clone(),
    }
}

impl App {
    /// Shows how the journal is doing, and sends what earlier stays have left in it, for
    /// as long as there is an app.
    pub(super) fn work_off_the_journal(self: &Arc<Self>) {
        let mut status = self.journal.status();
        let app = Arc::downgrade(self);
        tokio::spawn(async move {
            while status.changed().await.is_ok()
                && let Some(app) = app.upgrade()
            {
                app.show_home();
            }
        });
        let accounts = AppAccounts(Arc::downgrade(self));
        let sending = outbox::run(self.journal.clone(), accounts);
        *self.outbox.lock() = Some(tokio::spawn(sending));
    }

    /// Removes the time from this computer that servers will never take.
    pub fn forget_refused(&self) -> HomeView {
        self.journal.forget_refused();
        self.show_home()
    }

    /// Ends sending; what is left is sent at the next start.
    pub(super) fn stop_sending(&self) {
        if let Some(sending) = self.outbox.lock().take() {
            sending.abort();
        }
    }

    /// The account of a stay that is over. This computer's own server is started for it.
    async fn account_of(&self, record: &StayRecord) -> Result<Api, NoAccount> {
        let later = |error: &dyn std::fmt::Display| NoAccount::Now(error.to_string());
        let place = match &record.place {
            JournalPlace::ThisComputer => {
                let origin = self.own_origin().await;
                Place::this_computer(&origin.map_err(|error| later(&error))?)
            }
            JournalPlace::At(address) => {
                let mut address = address.clone();
                // What the person allows now holds, not what they allowed then.
                let settings = &self.kept.lock().settings;
                address.plain_allowed = settings.plain_servers.contains(&address.origin);
                Place::elsewhere(address)
            }
        };
        let credentials = self.secrets.credentials(&place.kept_as);
        let server = Server::new(&place.address, credentials).map_err(|error| later(&error))?;
        outbox::signed_in(server.api().clone(), record).await
    }
}

/// The accounts of the app, for as long as it is there.
struct AppAccounts(Weak<App>);

impl Accounts for AppAccounts {
    fn api<'a>(&'a self, record: &'a StayRecord) -> BoxFuture<'a, Result<Api, NoAccount>> {
        async move {
            match self.0.upgrade() {
                Some(app) => app.account_of(record).await,
                None => Err(NoAccount::Now("the app is being closed".to_owned())),
            }
        }
        .boxed()
    }
}
