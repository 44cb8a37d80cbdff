//! A wall clock for one program that can be set while it runs (libfaketime). The clocks
//! that time is measured with remain the machine's.

use std::path::PathBuf;

use tempfile::TempDir;

use crate::heartbeat_tap::server_ms;

/// How well the program's clock must agree with what was set.
const AGREES_MS: i64 = 60_000;

/// The clock of whoever has its environment.
pub(crate) struct WallClock {
    offset_ms: i64,
    folder: TempDir,
}

impl WallClock {
    /// One that is right.
    pub(crate) fn new() -> Self {
        let clock = Self {
            offset_ms: 0,
            folder: TempDir::new().expect("a folder"),
        };
        clock.set();
        clock
    }

    /// What the program must find in its environment.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let file = self.file().display().to_string();
        vec![
            ("LD_PRELOAD", library().display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", file),
            ("FAKETIME_CACHE_DURATION", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("NO_FAKE_STAT", "1".to_owned()),
        ]
    }

    /// Sets the clock forward, or back. The program sees it within a second.
    pub(crate) fn jump(&mut self, by_ms: i64) {
        self.offset_ms += by_ms;
        self.set();
    }

    /// Whether a time that the program has read is that of this clock.
    pub(crate) fn agrees(&self, read_ms: i64) -> bool {
        let here_ms = server_ms().cast_signed() + self.offset_ms;
        (read_ms - here_ms).abs() < AGREES_MS
    }

    fn set(&self) {
        let beside = self.folder.path().join("new");
        std::fs::write(&beside, format!("{:+}\n", self.offset_ms / 1_000)).expect("written");
        std::fs::rename(&beside, self.file()).expect("in its place");
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("offset")
    }
}

fn library() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").expect("/usr/lib");
    folders
        .flatten()
        .map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"))
        .find(|library| library.exists())
        .expect("libfaketime is installed: `./kulti test` does that")
}
