//! The one writer: everything that waits goes into one transaction (group commit),
//! each job in a savepoint of its own, and is answered after the commit.

use std::sync::{Arc, atomic::Ordering};

use parking_lot::Mutex;
use sqlx::{Connection as _, SqliteConnection};
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
    pub(super) fn start(connection: SqliteConnection, counters: Arc<DbCounters>) -> Self {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let task = tokio::spawn(run(connection, queue, counters));
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

async fn run(
    mut connection: SqliteConnection,
    mut queue: mpsc::Receiver<Job>,
    counters: Arc<DbCounters>,
) {
    let mut jobs = Vec::new();
    while queue.recv_many(&mut jobs, JOBS_PER_COMMIT).await > 0 {
        let batch = std::mem::take(&mut jobs);
        let (writes, waiting): (Vec<_>, Vec<_>) =
            batch.into_iter().map(|job| (job.writes, job.done)).unzip();
        match transaction(&mut connection, &writes, &counters).await {
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
    if let Err(error) = connection.close().await {
        tracing::error!(%error, "the database was not closed cleanly");
    }
}

async fn transaction(
    connection: &mut SqliteConnection,
    jobs: &[Vec<Write>],
    counters: &DbCounters,
) -> Result<Vec<Result<(), DbError>>, DbError> {
    let mut transaction = connection.begin().await?;
    let mut results = Vec::with_capacity(jobs.len());
    let mut rows = 0;
    for writes in jobs {
        let mut savepoint = transaction.begin().await?;
        let mut result = Ok(());
        for write in writes {
            match write.run(&mut savepoint, counters).await {
                Ok(written) => rows += written,
                Err(error) => {
                    result = Err(DbError::from(error));
                    break;
                }
            }
        }
        match &result {
            Ok(()) => savepoint.commit().await?,
            Err(error) => {
                tracing::error!(%error, "a write was refused");
                savepoint.rollback().await?;
            }
        }
        results.push(result);
    }
    transaction.commit().await?;
    counters.rows.fetch_add(rows, Ordering::Relaxed);
    Ok(results)
}
