//! Saved rooms: one file each in the data folder. They change every few seconds while
//! a room is busy, so they are kept out of the database and its commits.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::{
    data_folder,
    db::Db,
    rooms::{ArchiveError, RoomArchive, SavedHistory},
};

const FOLDER: &str = "rooms";

/// The part of a saved room that tells whether its session is over.
#[derive(Deserialize)]
struct SavedRoom {
    locked: bool,
}

/// Rooms as files, and what was said in them from the database.
pub(crate) struct ServerArchive {
    pub(crate) files: FileArchive,
    pub(crate) db: Db,
}

#[async_trait]
impl RoomArchive for ServerArchive {
    async fn load(&self, room_id: &str) -> Result<Option<Vec<u8>>, ArchiveError> {
        self.files.load(room_id).await
    }

    async fn save(&self, room_id: &str, state: Vec<u8>) -> Result<(), ArchiveError> {
        self.files.save(room_id, state).await
    }

    async fn remove(&self, room_id: &str) -> Result<(), ArchiveError> {
        self.files.remove(room_id).await
    }

    async fn history(&self, room_id: &str) -> Result<SavedHistory, ArchiveError> {
        let history = self.db.room_history(room_id).await;
        history.map_err(|error| ArchiveError(error.to_string()))
    }
}

/// Rooms as files.
pub(crate) struct FileArchive {
    folder: PathBuf,
}

impl FileArchive {
    pub(crate) fn open(data: &Path) -> io::Result<Self> {
        let folder = data.join(FOLDER);
        data_folder::create(&folder)?;
        Ok(Self { folder })
    }

    /// Removes the rooms that were ended and not touched for `age`: every token for them
    /// has run out by then. Gives how many.
    pub(crate) fn remove_ended(data: &Path, age: Duration, now: SystemTime) -> io::Result<usize> {
        let mut removed = 0;
        for file in fs::read_dir(data.join(FOLDER))? {
            let path = file?.path();
            let Ok(touched) = fs::metadata(&path).and_then(|file| file.modified()) else {
                continue; // removed or replaced just now
            };
            let is_old = now.duration_since(touched).is_ok_and(|since| since >= age);
            if !is_old || path.extension().is_none_or(|form| form != "json") {
                continue;
            }
            let is_over = fs::read(&path).is_ok_and(|state| {
                serde_json::from_slice::<SavedRoom>(&state).is_ok_and(|room| room.locked)
            });
            if is_over {
                fs::remove_file(&path)?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Room ids come from tokens and may contain anything: the file is named by hash.
    fn path(&self, room_id: &str) -> PathBuf {
        let name: String = Sha256::digest(room_id.as_bytes())
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        self.folder.join(name).with_extension("json")
    }
}

#[async_trait]
impl RoomArchive for FileArchive {
    async fn load(&self, room_id: &str) -> Result<Option<Vec<u8>>, ArchiveError> {
        let path = self.path(room_id);
        on_file(move || match fs::read(path) {
            Ok(state) => Ok(Some(state)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        })
        .await
    }

    async fn save(&self, room_id: &str, state: Vec<u8>) -> Result<(), ArchiveError> {
        let path = self.path(room_id);
        on_file(move || data_folder::replace(&path, &state)).await
    }

    async fn remove(&self, room_id: &str) -> Result<(), ArchiveError> {
        let path = self.path(room_id);
        on_file(move || match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        })
        .await
    }
}

async fn on_file<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, ArchiveError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| ArchiveError(error.to_string()))?
        .map_err(|error| ArchiveError(error.to_string()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn rooms_are_kept_whatever_they_are_called() {
        let data = tempfile::tempdir().unwrap();
        let archive = FileArchive::open(data.path()).unwrap();
        for id in ["../../etc/passwd", "a/b", "", "room"] {
            assert_eq!(archive.load(id).await.unwrap(), None);
            archive.save(id, b"one".to_vec()).await.unwrap();
            archive.save(id, id.as_bytes().to_vec()).await.unwrap();
        }
        assert_eq!(archive.load("a/b").await.unwrap().unwrap(), b"a/b");
        archive.remove("a/b").await.unwrap();
        archive.remove("a/b").await.unwrap();
        assert_eq!(archive.load("a/b").await.unwrap(), None);
        assert_eq!(fs::read_dir(data.path().join(FOLDER)).unwrap().count(), 3);
        assert_eq!(
            fs::read_dir(data.path()).unwrap().count(),
            1,
            "nothing outside of it"
        );
    }

    #[tokio::test]
    async fn rooms_of_ended_sessions_go_when_nobody_can_come_any_more() {
        let data = tempfile::tempdir().unwrap();
        let archive = FileArchive::open(data.path()).unwrap();
        for (id, state) in [
            ("over", r#"{"locked":true}"#),
            ("live", r#"{"locked":false}"#),
            ("odd", "no JSON"),
        ] {
            archive.save(id, state.into()).await.unwrap();
        }
        let age = Duration::from_secs(60);
        let now = SystemTime::now();
        let remove = |now| FileArchive::remove_ended(data.path(), age, now).unwrap();
        assert_eq!(remove(now), 0, "tokens may still be good");
        assert_eq!(remove(now + age * 2), 1);
        assert_eq!(archive.load("over").await.unwrap(), None);
        assert!(archive.load("live").await.unwrap().is_some());
        assert!(archive.load("odd").await.unwrap().is_some());
    }
}
