//! The log as a file that can be handed on.

use std::{
    fs,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use super::{App, downloads, log_redaction::redact, model::CommandError};

/// Parts of the log, the newest first (see `crate::logging`).
const PARTS: [&str; 4] = ["kulti.log", "kulti.1.log", "kulti.2.log", "kulti.3.log"];
/// No more than this goes into the file, bytes: the newest.
const LIMIT: usize = 4 * 1024 * 1024;

impl App {
    /// Saves the log, without what is private, into the downloads folder; gives the
    /// file's path.
    ///
    /// # Errors
    /// [`super::model::ErrorCode::Local`] if there is no log, or the file cannot be
    /// written.
    pub fn save_log(&self) -> Result<String, CommandError> {
        let failed = |error: std::io::Error| CommandError::local("the log cannot be saved", &error);
        let log = read(&self.config.log_dir).map_err(failed)?;
        let home = std::env::var("HOME").or_else(|_| std::env::var("USERPROFILE"));
        let log = redact(&log, home.ok().as_deref());
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0));
        let name = downloads::file_name("log", env!("CARGO_PKG_VERSION"), now);
        let folders = [&self.config.downloads_dir, &self.config.data_dir];
        let path = downloads::save(&name, "txt", log.as_bytes(), folders).map_err(failed)?;
        Ok(path.display().to_string())
    }
}

/// The newest lines of all parts, oldest first.
fn read(dir: &Path) -> std::io::Result<String> {
    let mut newest = fs::read(dir.join(PARTS[0]))?;
    for part in &PARTS[1..] {
        if newest.len() >= LIMIT {
            break;
        }
        if let Ok(mut older) = fs::read(dir.join(part)) {
            older.append(&mut newest);
            newest = older;
        }
    }
    let from = newest.len().saturating_sub(LIMIT);
    // The first line of what is left may be half a one.
    let start = match from {
        0 => 0,
        _ => newest[from..]
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(newest.len(), |at| from + at + 1),
    };
    Ok(String::from_utf8_lossy(&newest[start..]).into_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::app::AppConfig;

    #[tokio::test]
    async fn the_newest_lines_are_saved_without_what_is_private() {
        let dir = tempfile::tempdir().unwrap();
        let logs = dir.path().join("logs");
        fs::create_dir(&logs).unwrap();
        let filler = "older line\n".repeat(LIMIT / 11);
        fs::write(logs.join("kulti.1.log"), filler).unwrap();
        fs::write(
            logs.join("kulti.log"),
            "first\nfrom 203.0.113.9:4711 token=abc\nlast\n",
        )
        .unwrap();
        let app = App::open(AppConfig {
            data_dir: dir.path().join("data"),
            log_dir: logs,
            downloads_dir: dir.path().join("Downloads"),
            demo: false,
        })
        .unwrap();
        let path = app.save_log().unwrap();
        let saved = fs::read_to_string(&path).unwrap();
        assert!(path.contains("Downloads"), "{path}");
        assert!(saved.len() <= LIMIT);
        assert!(saved.starts_with("older line\n"), "no half a line");
        assert!(saved.ends_with("first\nfrom <address> token=<secret>\nlast\n"));
    }
}
