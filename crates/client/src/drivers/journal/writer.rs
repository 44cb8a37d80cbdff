//! The one writer: brings the file to what the book says.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use super::{
    Shared,
    file::{JournalError, JournalFile},
};

/// After a failure, writing is tried again this often at least; changes of the book
/// try it sooner.
const RETRY: Duration = Duration::from_secs(5);

/// Writes until the journal is closed, then once more.
pub(super) async fn run(shared: Arc<Shared>, dir: PathBuf) {
    let mut file: Option<JournalFile> = None;
    let closing = shared.closing.subscribe();
    loop {
        let last = *closing.borrow();
        let failed = write(&shared, &dir, &mut file).await;
        if last {
            break;
        }
        tokio::select! {
            () = shared.changed.notified() => {}
            () = tokio::time::sleep(RETRY), if failed => {}
        }
    }
    if let Some(file) = file {
        file.close().await;
    }
    shared.attempted.send_replace(u64::MAX); // nobody waits for what follows
    shared.closed.send_replace(true);
}

/// Writes all changes, and says in the status how that went. True if it failed.
async fn write(shared: &Shared, dir: &Path, file: &mut Option<JournalFile>) -> bool {
    let version = shared.book.lock().version();
    let mut result = try_to_write(shared, dir, file).await;
    if matches!(result, Err(JournalError::Damaged(_))) && file.is_none() {
        result = try_to_write(shared, dir, file).await; // to a new file
    }
    let failure = result.err().map(|error| error.to_string());
    let failed = failure.is_some();
    shared.tell(|status| {
        if failure.is_some() && failure != status.not_written {
            tracing::error!(error = failure, "watch time would not survive a crash now");
        }
        status.not_written = failure;
        status.loaded = true;
    });
    shared.attempted.send_replace(version);
    failed
}

async fn try_to_write(
    shared: &Shared,
    dir: &Path,
    file: &mut Option<JournalFile>,
) -> Result<(), JournalError> {
    let open = match file {
        Some(open) => open,
        None => {
            let (opened, aside) = JournalFile::open(dir).await?;
            let left = {
                let mut book = shared.book.lock();
                book.adopt(opened.on_disk());
                book.touch_all();
                book.left()
            };
            shared.tell(|status| {
                status.left = left;
                if aside.is_some() {
                    status.set_aside = aside;
                }
            });
            file.insert(opened)
        }
    };
    let changes = shared.book.lock().take_changes();
    let written = open.write(&changes).await;
    if written.is_err() {
        shared.book.lock().give_back(&changes);
    }
    if let Err(JournalError::Damaged(why)) = &written
        && let Some(damaged) = file.take()
    {
        let aside = damaged.abandon(dir, why).await?;
        shared.tell(|status| status.set_aside = Some(aside));
    }
    written
}
