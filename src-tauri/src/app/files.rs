//! Small JSON files in the data folder: written whole, never half.

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// One value in one file.
#[derive(Debug, Clone)]
pub(crate) struct JsonFile {
    path: PathBuf,
}

impl JsonFile {
    /// The file `name` in the folder `dir`; neither need exist.
    pub(crate) fn new(dir: &Path, name: &str) -> Self {
        Self {
            path: dir.join(name),
        }
    }

    /// What the file holds; fields that it lacks are the default's. A file that can't
    /// be understood is set aside, so that nothing in it is lost, and the default holds.
    pub(crate) fn load<T: Default + Serialize + DeserializeOwned>(&self) -> T {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return T::default(),
            Err(e) => {
                self.set_aside(&e.to_string());
                return T::default();
            }
        };
        match parse(&text) {
            Ok(value) => value,
            Err(e) => {
                self.set_aside(&e.to_string());
                T::default()
            }
        }
    }

    /// Replaces the file in one step: a crash leaves the old or the new one.
    pub(crate) fn save<T: Serialize>(&self, value: &T) -> io::Result<()> {
        if let Some(dir) = self.path.parent() {
            create_private_dir(dir)?;
        }
        let beside = self.path.with_extension("new");
        let mut file = fs::File::create(&beside)?;
        file.write_all(&serde_json::to_vec_pretty(value)?)?;
        file.sync_all()?;
        fs::rename(&beside, &self.path)
    }

    /// Saves, and says in the log when that fails: for what may be lost without harm.
    pub(crate) fn save_or_warn<T: Serialize>(&self, value: &T) {
        if let Err(error) = self.save(value) {
            tracing::warn!(path = %self.path.display(), %error, "cannot be written; the change holds until the app is closed");
        }
    }

    fn set_aside(&self, why: &str) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let stamp = now.map_or(0, |d| d.as_millis());
        let aside = self.path.with_extension(format!("broken-{stamp}.json"));
        match fs::rename(&self.path, &aside) {
            Ok(()) => tracing::warn!(
                path = %self.path.display(), why, kept = %aside.display(),
                "the file cannot be understood: kept under another name, started anew"
            ),
            Err(error) => tracing::warn!(
                path = %self.path.display(), why, %error,
                "the file can neither be understood nor renamed"
            ),
        }
    }
}

/// Reads a value, taking fields that are missing from the default.
fn parse<T: Default + Serialize + DeserializeOwned>(text: &str) -> serde_json::Result<T> {
    let read: Value = serde_json::from_str(text)?;
    let mut value = serde_json::to_value(T::default())?;
    match (&mut value, read) {
        (Value::Object(all), Value::Object(read)) => all.extend(read),
        (all, read) => *all = read,
    }
    serde_json::from_value(value)
}

/// Makes a folder that only its owner can look into. One that exists becomes such a
/// folder; where that cannot be (a file system without permissions), the log says so.
pub(crate) fn create_private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)?;
    #[cfg(unix)]
    make_private(dir);
    Ok(())
}

#[cfg(unix)]
fn make_private(dir: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let is_private = |about: fs::Metadata| about.permissions().mode().trailing_zeros() >= 6;
    if fs::metadata(dir).is_ok_and(is_private) {
        return;
    }
    if let Err(error) = fs::set_permissions(dir, fs::Permissions::from_mode(0o700)) {
        tracing::warn!(dir = %dir.display(), %error, "other users may look into this folder");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::app::model::{Settings, Theme};

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap();
        entries
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn what_was_saved_is_loaded_and_nothing_lies_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = JsonFile::new(&dir.path().join("new"), "settings.json");
        assert_eq!(file.load::<Settings>(), Settings::default(), "no file yet");
        let chosen = Settings {
            theme: Theme::Light,
            ..Settings::default()
        };
        file.save(&chosen).unwrap();
        assert_eq!(file.load::<Settings>(), chosen);
        assert_eq!(names(&dir.path().join("new")), ["settings.json"]);
    }

    #[test]
    #[cfg(unix)]
    fn a_folder_that_others_could_look_into_is_closed_to_them() {
        use std::os::unix::fs::PermissionsExt;
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("data");
        fs::create_dir(&dir).unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
        let file = JsonFile::new(&dir, "settings.json");
        file.save(&Settings::default()).unwrap();
        let mode = fs::metadata(&dir).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn a_file_of_an_older_version_keeps_what_it_says() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("s.json"), r#"{"theme":"dark","gone":1}"#).unwrap();
        let settings: Settings = JsonFile::new(dir.path(), "s.json").load();
        assert_eq!(settings.theme, Theme::Dark);
        assert!(
            settings.notifications,
            "the default of a field that the file lacks"
        );
    }

    #[test]
    fn a_broken_file_is_set_aside_and_kept() {
        for broken in ["", "{\"theme\": \"da", "[1,2]", "{\"theme\": \"plaid\"}"] {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join("s.json"), broken).unwrap();
            let file = JsonFile::new(dir.path(), "s.json");
            assert_eq!(file.load::<Settings>(), Settings::default(), "{broken}");
            let kept = names(dir.path());
            assert_eq!(kept.len(), 1, "{broken}");
            assert!(kept[0].starts_with("s.broken-"), "{kept:?}");
            let text = fs::read_to_string(dir.path().join(&kept[0])).unwrap();
            assert_eq!(text, broken, "nothing in it is lost");
        }
    }
}
