//! The log: a file that does not grow without end, and standard error.
//!
//! `RUST_LOG` decides what is logged (`info` of our own crates without it). Tokens
//! and the texts of messages are never logged, whatever it says.

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

use kulti_client::drivers::log_filter::without_secrets;
use parking_lot::Mutex;
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::FilterExt,
    layer::{Filter, SubscriberExt},
    util::SubscriberInitExt,
};

/// A file longer than this, in bytes, is put aside.
const FILE_LIMIT: u64 = 2 * 1024 * 1024;

/// So many files are kept, the current one included.
const FILES: u32 = 4;

/// What is logged without `RUST_LOG`.
const DEFAULT_FILTER: &str = "warn,kulti_desktop=info,kulti_client=info,kulti_server=info";

/// Starts logging to `dir` and to standard error. Without a place to write to,
/// standard error is all there is.
pub(crate) fn start(dir: &Path) {
    let (file, failure) = match RotatingFile::open(dir) {
        Ok(file) => (Some(file), None),
        Err(error) => (None, Some(error)),
    };
    let to_file = file.map(|file| {
        tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer(Mutexed(Mutex::new(file)))
            .with_filter(filter())
    });
    let to_stderr = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_filter(filter());
    let started = tracing_subscriber::registry()
        .with(to_file)
        .with(to_stderr)
        .try_init();
    if started.is_err() {
        return; // a test has set up its own
    }
    if let Some(error) = failure {
        tracing::warn!(dir = %dir.display(), %error, "no log file can be written");
    }
}

fn filter<S>() -> impl Filter<S> {
    let chosen =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    chosen.and(without_secrets())
}

/// `kulti.log`, with older parts beside it as `kulti.1.log` and so on.
#[derive(Debug)]
struct RotatingFile {
    dir: PathBuf,
    file: fs::File,
    length: u64,
}

impl RotatingFile {
    fn open(dir: &Path) -> io::Result<Self> {
        crate::app::create_private_dir(dir)?;
        let file = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(dir.join("kulti.log"))?;
        let length = file.metadata()?.len();
        Ok(Self {
            dir: dir.to_owned(),
            file,
            length,
        })
    }

    fn path(&self, age: u32) -> PathBuf {
        match age {
            0 => self.dir.join("kulti.log"),
            _ => self.dir.join(format!("kulti.{age}.log")),
        }
    }

    fn rotate(&mut self) -> io::Result<()> {
        for age in (0..FILES - 1).rev() {
            match fs::rename(self.path(age), self.path(age + 1)) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
                _ => {}
            }
        }
        *self = Self::open(&self.dir)?;
        Ok(())
    }
}

impl Write for RotatingFile {
    /// One call is one line.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.length > 0 && self.length + line.len() as u64 > FILE_LIMIT {
            self.rotate()?;
        }
        self.file.write_all(line)?;
        self.length += line.len() as u64;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Lets many threads write lines to one file.
struct Mutexed(Mutex<RotatingFile>);

impl<'a> tracing_subscriber::fmt::MakeWriter<'a> for Mutexed {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        Line(self.0.lock())
    }
}

/// The file, held for one line.
struct Line<'a>(parking_lot::MutexGuard<'a, RotatingFile>);

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_log_does_not_grow_without_end_and_loses_the_oldest_only() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = RotatingFile::open(dir.path()).unwrap();
        let filler = vec![b'.'; 64 * 1024];
        for n in 0..200 {
            log.write_all(format!("{n:03} ").as_bytes()).unwrap();
            log.write_all(&filler).unwrap();
        }
        let mut sizes = 0;
        let mut files = 0;
        for entry in fs::read_dir(dir.path()).unwrap() {
            files += 1;
            sizes += entry.unwrap().metadata().unwrap().len();
        }
        assert_eq!(files, FILES);
        assert!(sizes <= u64::from(FILES) * FILE_LIMIT, "{sizes}");
        let newest = fs::read(log.path(0)).unwrap();
        assert!(
            newest.windows(4).any(|w| w == b"199 "),
            "the newest line is in kulti.log"
        );
    }

    #[test]
    fn a_second_start_goes_on_in_the_same_file() {
        let dir = tempfile::tempdir().unwrap();
        for line in ["first\n", "second\n"] {
            RotatingFile::open(dir.path())
                .unwrap()
                .write_all(line.as_bytes())
                .unwrap();
        }
        let text = fs::read_to_string(dir.path().join("kulti.log")).unwrap();
        assert_eq!(text, "first\nsecond\n");
    }
}
