//! The one writer: everything that waits goes into one transaction (group commit),
//! each job in a savepoint of its own, and is answered after the commit.
//!
//! Transactions are begun and ended in plain SQL, and after a failure the connection is
//! thrown away: on a full disk SQLite rolls back by itself, and whoever counts levels of
//! transactions then takes the release of a savepoint for a commit.

use std::sync::{Arc, atomic::Ordering};

use parking_lot::Mutex;
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use super::{DbCounters, DbError, Write};

/// Jobs that may wait; more make their senders wait.
const QUEUE: usize = 4_096;
/// Jobs of one transaction, so that a long queue does not make everybody wait for its end.
const JOBS_PER_COMMIT: usize = 512;

struct Job {
    writes: Vec<Write>,
    done: oneshot::Sender<Result<(), DbError>>,
}

#[derive(Clone)]
pub(super) struct Writer {
    jobs: Arc<Mutex<Option<mpsc::Sender<Job>>>>,
    task: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Writer {
    /// `options` are those of the connection, for when another one is needed.
    pub(super) fn start(
        connection: SqliteConnection,
        options: SqliteConnectOptions,
        counters: Arc<DbCounters>,
    ) -> Self {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let file = WriterFile {
            connection: Some(connection),
            options,
        };
        let task = tokio::spawn(run(file, queue, counters));
        Self {
            jobs: Arc::new(Mutex::new(Some(jobs))),
            task: Arc::new(Mutex::new(Some(task))),
        }
    }

    pub(super) async fn commit(&self, writes: Vec<Write>) -> Result<(), DbError> {
        let jobs = self.jobs.lock().clone().ok_or(DbError::Closed)?;
        let (done, result) = oneshot::channel();
        jobs.send(Job { writes, done })
            .await
            .map_err(|_| DbError::Closed)?;
        result.await.map_err(|_| DbError::Closed)?
    }

    pub(super) async fn close(&self) {
        drop(self.jobs.lock().take());
        let task = self.task.lock().take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the database's writer has failed");
        }
    }
}

/// The database as the writer has it open.
struct WriterFile {
    /// None after a failure.
    connection: Option<SqliteConnection>,
    options: SqliteConnectOptions,
}

async fn run(mut file: WriterFile, mut queue: mpsc::Receiver<Job>, counters: Arc<DbCounters>) {
    let mut jobs = Vec::new();
    while queue.recv_many(&mut jobs, JOBS_PER_COMMIT).await > 0 {
        let batch = std::mem::take(&mut jobs);
        let (writes, waiting): (Vec<_>, Vec<_>) =
            batch.into_iter().map(|job| (job.writes, job.done)).unzip();
        match file.write(&writes, &counters).await {
            Ok(results) => {
                counters.commits.fetch_add(1, Ordering::Relaxed);
                for (done, result) in waiting.into_iter().zip(results) {
                    let _ = done.send(result);
                }
            }
            Err(error) => {
                counters.failures.fetch_add(1, Ordering::Relaxed);
                tracing::error!(%error, "a write transaction failed; nothing of it was acknowledged");
                for done in waiting {
                    let _ = done.send(Err(error.clone()));
                }
            }
        }
    }
    if let Some(connection) = file.connection
        && let Err(error) = connection.close().await
    {
        tracing::error!(%error, "the database was not closed cleanly");
    }
}

impl WriterFile {
    async fn write(
        &mut self,
        jobs: &[Vec<Write>],
        counters: &DbCounters,
    ) -> Result<Vec<Result<(), DbError>>, DbError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => SqliteConnection::connect_with(&self.options).await?,
        };
        let written = transaction(&mut connection, jobs, counters).await;
        if written.is_ok() {
            self.connection = Some(connection);
        } else if let Err(error) = connection.close().await {
            tracing::debug!(%error, "the failed connection was not closed cleanly");
        }
        written
    }
}

async fn transaction(
    db: &mut SqliteConnection,
    jobs: &[Vec<Write>],
    counters: &DbCounters,
) -> Result<Vec<Result<(), DbError>>, DbError> {
    let mut results = Vec::with_capacity(jobs.len());
    let mut rows = 0;
    execute(db, "BEGIN IMMEDIATE").await?;
    for writes in jobs {
        execute(db, "SAVEPOINT job").await?;
        let mut result = Ok(());
        for write in writes {
            match write.run(db, counters).await {
                Ok(written) => rows += written,
                Err(error) => {
                    result = Err(DbError::from(error));
                    break;
                }
            }
        }
        if let Err(error) = &result {
            tracing::error!(%error, "a write was refused");
            execute(db, "ROLLBACK TO job").await?;
        }
        execute(db, "RELEASE job").await?;
        results.push(result);
    }
    execute(db, "COMMIT").await?;
    counters.rows.fetch_add(rows, Ordering::Relaxed);
    Ok(results)
}

async fn execute(db: &mut SqliteConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    sqlx::query(sql).execute(db).await.map(|_| ())
}
