//! The database: SQLite in WAL mode, one writer, reads only at the start, for
//! balances, and for sessions that are over.

mod messages;
mod read;
mod settle;
mod write;
mod writer;

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sqlx::{
    Connection as _, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

pub(crate) use messages::{ChatWrite, HelpRow};
pub(crate) use read::{EvidenceRow, Paid, SessionRow};
pub(crate) use settle::{PaidCredits, SettledPerson, Settlement};
pub(crate) use write::Write;
use writer::Writer;

const FILE: &str = "kulti.db";
const LOCK_FILE: &str = "server.lock";
static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DbOpenError {
    /// The data folder cannot be made or used.
    #[error("the data folder {path} cannot be used: {source}")]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Another server has this folder open.
    #[error(
        "another server is using the data folder {0}: stop it, or choose another folder with --data"
    )]
    InUse(PathBuf),
    /// SQLite refused to open the file.
    #[error("the database {path} cannot be opened: {source}")]
    Open {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: sqlx::Error,
    },
    /// The tables could not be brought to this version's form.
    #[error("the database {path} cannot be brought to this version: {source}")]
    Migrate {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: sqlx::migrate::MigrateError,
    },
}

/// Why something could not be read or written.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum DbError {
    /// SQLite refused.
    #[error("the database failed: {0}")]
    Sqlite(Arc<sqlx::Error>),
    /// A stored value has not the form that it was written in.
    #[error("the database holds a value that cannot be read: {0}")]
    Corrupt(String),
    /// The writer has stopped: the server is shutting down.
    #[error("the database is closed")]
    Closed,
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        Self::Sqlite(Arc::new(error))
    }
}

/// How often the database was used since the start.
#[derive(Debug, Default)]
pub(crate) struct DbCounters {
    reads: AtomicU64,
    commits: AtomicU64,
    rows: AtomicU64,
    failures: AtomicU64,
}

impl DbCounters {
    /// Queries that read.
    pub(crate) fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    /// Write transactions that were committed.
    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Rows that these wrote.
    pub(crate) fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    /// Write transactions that failed.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    fn count_read(&self) {
        self.reads.fetch_add(1, Ordering::Relaxed);
    }
}

/// The open database. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Db {
    readers: SqlitePool,
    writer: Writer,
    counters: Arc<DbCounters>,
    /// Held so that no second server opens the folder.
    _lock: Arc<File>,
}

impl Db {
    /// Opens the database in `folder`, and makes folder and tables if they are missing.
    pub(crate) async fn open(folder: &Path) -> Result<Self, DbOpenError> {
        let lock = lock_folder(folder)?;
        let path = folder.join(FILE);
        let open_error = |source| DbOpenError::Open {
            path: path.clone(),
            source,
        };
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // Credits are acknowledged after a commit: it must survive a power cut too.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10));
        let mut connection = SqliteConnection::connect_with(&options)
            .await
            .map_err(open_error)?;
        // Not `run`: its future cannot be proven to be Send outside of this crate.
        MIGRATIONS
            .run_direct(None, &mut connection, false)
            .await
            .map_err(|source| DbOpenError::Migrate {
                path: path.clone(),
                source,
            })?;
        restrict_to_owner(&path);
        let readers = SqlitePoolOptions::new()
            .max_connections(4)
            .min_connections(0)
            .connect_lazy_with(options.clone().read_only(true));
        let counters = Arc::new(DbCounters::default());
        Ok(Self {
            readers,
            writer: Writer::start(connection, options, counters.clone()),
            counters,
            _lock: Arc::new(lock),
        })
    }

    /// Commits all of `writes` or none, together with whatever else is waiting.
    /// Returns after the commit.
    pub(crate) async fn commit(&self, writes: Vec<Write>) -> Result<(), DbError> {
        self.writer.commit(writes).await
    }

    pub(crate) fn counters(&self) -> &Arc<DbCounters> {
        &self.counters
    }

    /// Commits what is waiting and closes the files.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

fn lock_folder(folder: &Path) -> Result<File, DbOpenError> {
    let folder_error = |source| DbOpenError::Folder {
        path: folder.to_owned(),
        source,
    };
    crate::data_folder::create(folder).map_err(folder_error)?;
    if crate::data_folder::is_open_to_others(folder) {
        tracing::warn!(
            folder = %folder.display(),
            "other users of this machine can look into the data folder (chmod 700 keeps them out)"
        );
    }
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(folder.join(LOCK_FILE))
        .map_err(folder_error)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(DbOpenError::InUse(folder.to_owned())),
        Err(TryLockError::Error(source)) => Err(folder_error(source)),
    }
}

/// The folder is private already; the file is made so too, for when it is copied.
fn restrict_to_owner(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if let Err(error) = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)) {
            tracing::warn!(%error, "cannot restrict access to the database file");
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}
