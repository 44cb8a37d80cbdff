//! What earlier runs have left: the journal, and the accounts to send it with.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};
use kulti_client::drivers::{
    api::Api,
    credentials::{Credentials, FileCredentials},
    join::{Server, ServerAddress},
    journal::{Journal, StayRecord},
    outbox::{self, Accounts, NoAccount},
    transport::Transport,
};

use crate::{report::Report, telling::tell_journal};

/// How long the end of the program waits for what is left to be sent.
const FAREWELL: Duration = Duration::from_secs(5);

/// The file with the account of one bot.
pub(crate) fn account_file(dir: &Path, bot: u32) -> PathBuf {
    dir.join(format!("bot-{bot}.json"))
}

/// The journal of a data folder, from which everything that is left is being sent.
pub(crate) fn open_journal(
    dir: &Path,
    address: &ServerAddress,
    transport: &Transport,
    report: &Report,
) -> Journal {
    let journal = Journal::open(dir);
    let accounts = BotAccounts {
        dir: dir.to_owned(),
        address: address.clone(),
        transport: transport.clone(),
    };
    tokio::spawn(outbox::run(journal.clone(), accounts));
    let (mut status, report) = (journal.status(), report.clone());
    tokio::spawn(async move {
        while status.changed().await.is_ok() {
            let now = status.borrow_and_update().clone();
            tell_journal(&report, &now);
        }
    });
    journal
}

/// Waits a moment for what is left to be sent, and closes the journal.
pub(crate) async fn close(journal: &Journal) {
    let _all = outbox::drained(journal, FAREWELL).await;
    journal.close().await;
}

/// The accounts in a data folder.
struct BotAccounts {
    dir: PathBuf,
    /// How the server is reached by this run.
    address: ServerAddress,
    transport: Transport,
}

impl BotAccounts {
    fn credentials_of(&self, user_id: &str) -> Option<FileCredentials> {
        let files = std::fs::read_dir(&self.dir).ok()?;
        files
            .flatten()
            .map(|file| file.path())
            .filter(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "json")
            })
            .map(FileCredentials::new)
            .find(|file| {
                let account = file.load().ok().flatten();
                account.is_some_and(|account| account.user.id == user_id)
            })
    }

    async fn find(&self, record: &StayRecord) -> Result<Api, NoAccount> {
        let credentials = self.credentials_of(&record.user_id).ok_or_else(|| {
            NoAccount::ForGood("no bot has the account that watched any more".to_owned())
        })?;
        // The data folder is one server's, whatever port it has got this time.
        let server = Server::over(self.transport.clone(), &self.address, Arc::new(credentials))
            .map_err(|error| NoAccount::Now(error.to_string()))?;
        outbox::signed_in(server.api().clone(), record).await
    }
}

impl Accounts for BotAccounts {
    fn api<'a>(&'a self, record: &'a StayRecord) -> BoxFuture<'a, Result<Api, NoAccount>> {
        self.find(record).boxed()
    }
}
