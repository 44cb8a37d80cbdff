//! The journal's file.

use std::{
    collections::BTreeMap,
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use sqlx::{
    Connection as _, Row as _, SqliteConnection,
    migrate::MigrateError,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteRow, SqliteSynchronous},
};

use super::{
    book::{Changes, Entry, Place, StayId, StayRecord},
    rows::{changes, from_name},
};
use crate::{
    core::unsettled::Unsettled,
    drivers::{credentials::create_private_dir, join::ServerAddress},
};

const FILE: &str = "journal.db";
const LOCK_FILE: &str = "journal.lock";
/// Small pages: a write changes one row.
const PAGE_BYTES: u32 = 1_024;
static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// Why the journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum JournalError {
    #[error("the folder {path} cannot be used: {source}")]
    Folder { path: PathBuf, source: io::Error },
    #[error("another program has the journal in {0} open")]
    InUse(PathBuf),
    /// The file is damaged, or is none of ours.
    #[error("the journal is damaged: {0}")]
    Damaged(String),
    #[error("the journal cannot be written: {0}")]
    Sqlite(sqlx::Error),
}

impl From<sqlx::Error> for JournalError {
    fn from(error: sqlx::Error) -> Self {
        // By SQLite's result codes: ERROR (a table is missing), CORRUPT, CONSTRAINT (a row
        // is missing) and NOTADB, with their extensions. What cannot be decoded was not
        // written by this program.
        let damaged = match &error {
            sqlx::Error::Database(error) => error
                .code()
                .and_then(|code| code.parse::<i32>().ok())
                .is_some_and(|code| matches!(code & 0xff, 1 | 11 | 19 | 26)),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => true,
            _ => false,
        };
        if damaged {
            Self::Damaged(error.to_string())
        } else {
            Self::Sqlite(error)
        }
    }
}

/// The open file, and what is in it.
pub(super) struct JournalFile {
    connection: SqliteConnection,
    on_disk: BTreeMap<StayId, Entry>,
    firm: bool,
    _lock: File,
}

impl JournalFile {
    /// Opens the file in this folder; makes both if they are missing. A damaged file is
    /// set aside, and where it lies now is given too.
    pub(super) async fn open(dir: &Path) -> Result<(Self, Option<PathBuf>), JournalError> {
        let lock = lock(dir)?;
        let path = dir.join(FILE);
        match load(&path).await {
            Ok((connection, on_disk)) => Ok((Self::new(connection, on_disk, lock), None)),
            Err(JournalError::Damaged(why)) => {
                let aside = set_aside(&path, &why)?;
                let (connection, on_disk) = load(&path).await?;
                Ok((Self::new(connection, on_disk, lock), Some(aside)))
            }
            Err(error) => Err(error),
        }
    }

    fn new(connection: SqliteConnection, on_disk: BTreeMap<StayId, Entry>, lock: File) -> Self {
        Self {
            connection,
            on_disk,
            firm: false,
            _lock: lock,
        }
    }

    pub(super) fn on_disk(&self) -> &BTreeMap<StayId, Entry> {
        &self.on_disk
    }

    /// Brings stays to their new state, all of them or none.
    pub(super) async fn write(&mut self, wanted: &Changes) -> Result<(), JournalError> {
        let rows: Vec<_> = wanted
            .entries
            .iter()
            // A stay of which there is nothing to keep yet is not on the disk.
            .map(|(id, entry)| (*id, entry.as_ref().filter(|e| !e.unsettled.is_empty())))
            .flat_map(|(id, entry)| changes(id, self.on_disk.get(&id), entry))
            .collect();
        if rows.is_empty() {
            return Ok(());
        }
        self.be_firm(wanted.firm).await?;
        let mut transaction = self.connection.begin().await?;
        for row in &rows {
            row.run(&mut transaction).await?;
        }
        transaction.commit().await?;
        for (id, entry) in &wanted.entries {
            match entry.as_ref().filter(|entry| !entry.unsettled.is_empty()) {
                Some(entry) => {
                    self.on_disk.insert(*id, entry.clone());
                }
                None => {
                    self.on_disk.remove(id);
                }
            }
        }
        Ok(())
    }

    /// A commit is safe from a killed process as soon as the operating system has it.
    /// With `FULL` it is safe from a power cut, too, for the price of a flush of the disk:
    /// that is paid for every page before a heartbeat, twice a minute, and not every
    /// second.
    async fn be_firm(&mut self, firm: bool) -> Result<(), JournalError> {
        if self.firm != firm {
            let pragma = if firm {
                "PRAGMA synchronous = FULL"
            } else {
                "PRAGMA synchronous = NORMAL"
            };
            sqlx::query(pragma).execute(&mut self.connection).await?;
            self.firm = firm;
        }
        Ok(())
    }

    /// Closes it and moves it out of the way. Gives its new place.
    pub(super) async fn abandon(self, dir: &Path, why: &str) -> Result<PathBuf, JournalError> {
        let _closed_well = self.connection.close().await.is_ok();
        set_aside(&dir.join(FILE), why)
    }

    pub(super) async fn close(self) {
        if let Err(error) = self.connection.close().await {
            tracing::warn!(%error, "the journal was not closed cleanly");
        }
    }
}

fn lock(dir: &Path) -> Result<File, JournalError> {
    let folder = |source| JournalError::Folder {
        path: dir.to_owned(),
        source,
    };
    create_private_dir(dir).map_err(folder)?;
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(dir.join(LOCK_FILE))
        .map_err(folder)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(JournalError::InUse(dir.to_owned())),
        Err(TryLockError::Error(source)) => Err(folder(source)),
    }
}

async fn load(path: &Path) -> Result<(SqliteConnection, BTreeMap<StayId, Entry>), JournalError> {
    make_private(path);
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .page_size(PAGE_BYTES)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .pragma("journal_size_limit", "262144")
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(2));
    let mut connection = SqliteConnection::connect_with(&options).await?;
    match read(&mut connection).await {
        Ok(on_disk) => Ok((connection, on_disk)),
        Err(error) => {
            let _closed_well = connection.close().await.is_ok();
            Err(error)
        }
    }
}

async fn read(connection: &mut SqliteConnection) -> Result<BTreeMap<StayId, Entry>, JournalError> {
    let health: String = sqlx::query_scalar("PRAGMA quick_check(1)")
        .fetch_one(&mut *connection)
        .await?;
    if health != "ok" {
        return Err(JournalError::Damaged(health));
    }
    // Not `run`: its future cannot be proven to be Send outside of sqlx.
    MIGRATIONS
        .run_direct(None, connection, false)
        .await
        .map_err(|error| match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
            // Tables of another program, or of a newer version of this one.
            other => JournalError::Damaged(other.to_string()),
        })?;
    let mut stays = BTreeMap::new();
    let rows = sqlx::query(
        "SELECT id, origin, pin, plain_allowed, session_id, title, user_id, role, joined_at_ms, \
         refused FROM stays",
    )
    .fetch_all(&mut *connection)
    .await?;
    for row in &rows {
        stays.insert(row.try_get(0)?, stay(row)?);
    }
    let rows = sqlx::query("SELECT stay, start_ms, end_ms FROM watched ORDER BY stay, start_ms")
        .fetch_all(&mut *connection)
        .await?;
    for row in &rows {
        if let Some(entry) = stays.get_mut(&row.try_get(0)?) {
            let watched = &mut entry.unsettled.watched;
            watched.insert(moment(row, 1)?, moment(row, 2)?);
        }
    }
    let rows = sqlx::query("SELECT stay, start_ms, end_ms, reason FROM uncounted")
        .fetch_all(&mut *connection)
        .await?;
    for row in &rows {
        if let Some(entry) = stays.get_mut(&row.try_get(0)?) {
            let reason = from_name(row.try_get(3)?);
            let excluded = &mut entry.unsettled.excluded;
            excluded.insert(moment(row, 1)?, moment(row, 2)?, reason);
        }
    }
    Ok(stays)
}

fn stay(row: &SqliteRow) -> Result<Entry, JournalError> {
    let origin: Option<String> = row.try_get(1)?;
    let pin: Option<String> = row.try_get(2)?;
    let pin = pin
        .map(|pin| pin.parse())
        .transpose()
        .map_err(|_| JournalError::Damaged("it has a pin that is none".to_owned()))?;
    let place = match origin {
        None => Place::ThisComputer,
        Some(origin) => Place::At(ServerAddress {
            origin,
            pin,
            plain_allowed: row.try_get(3)?,
        }),
    };
    Ok(Entry {
        record: Arc::new(StayRecord {
            place,
            session_id: row.try_get(4)?,
            title: row.try_get(5)?,
            user_id: row.try_get(6)?,
            role: row.try_get(7)?,
            joined_at_ms: moment(row, 8)?,
        }),
        unsettled: Unsettled::default(),
        refused: row.try_get(9)?,
    })
}

fn moment(row: &SqliteRow, column: usize) -> Result<u64, JournalError> {
    let ms: i64 = row.try_get(column)?;
    u64::try_from(ms).map_err(|_| JournalError::Damaged("it has a time before 1970".to_owned()))
}

/// Moves a damaged file and what belongs to it out of the way, so that nothing in it is
/// lost. Gives its new place.
fn set_aside(path: &Path, why: &str) -> Result<PathBuf, JournalError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let stamp = now.map_or(0, |d| d.as_millis());
    let aside = path.with_extension(format!("broken-{stamp}.db"));
    let with = |path: &Path, suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    for suffix in ["", "-wal", "-shm"] {
        match std::fs::rename(with(path, suffix), with(&aside, suffix)) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(JournalError::Folder {
                    path: path.to_owned(),
                    source,
                });
            }
            _ => {}
        }
    }
    tracing::error!(why, kept = %aside.display(), "the journal is damaged: kept under another name, begun anew");
    Ok(aside)
}

/// The folder is private already; the file is made so too, before SQLite writes to it.
/// SQLite gives its other files the same permissions.
fn make_private(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
        let mut made = File::options();
        let made = made.create(true).append(true).mode(0o600).open(path);
        let private = std::fs::Permissions::from_mode(0o600);
        // Whatever is wrong with the file, opening it says so.
        let _private = made.and_then(|file| file.set_permissions(private)).is_ok();
    }
    #[cfg(not(unix))]
    let _ = path;
}
