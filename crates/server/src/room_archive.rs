//! Saved rooms: one file each in the data folder. They change every few seconds while
//! a room is busy, so they are kept out of the database and its commits.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};

use crate::{
    data_folder,
    rooms::{ArchiveError, RoomArchive},
};

const FOLDER: &str = "rooms";

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
}
