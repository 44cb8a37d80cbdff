//! The JSON lines on standard output.

use std::{
    io::Write,
    sync::mpsc::{SyncSender, sync_channel},
    thread::JoinHandle,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

/// How many lines may wait for a reader that is slow; then the bots wait too.
const WAITING: usize = 65_536;

/// Writes one JSON object a line, at once. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    lines: SyncSender<Option<String>>,
    writer: std::sync::Arc<parking_lot::Mutex<Option<JoinHandle<()>>>>,
}

impl Report {
    /// A report on standard output. If nobody reads it any more, the program goes on.
    pub(crate) fn to_stdout() -> Self {
        let (lines, waiting) = sync_channel::<Option<String>>(WAITING);
        let writer = std::thread::spawn(move || {
            let mut stdout = std::io::stdout().lock();
            while let Ok(Some(line)) = waiting.recv() {
                if writeln!(stdout, "{line}")
                    .and_then(|()| stdout.flush())
                    .is_err()
                {
                    return;
                }
            }
        });
        Self {
            lines,
            writer: std::sync::Arc::new(parking_lot::Mutex::new(Some(writer))),
        }
    }

    /// Something happened to `bot`, or to all. `details` is an object.
    pub(crate) fn event(&self, bot: Option<u32>, event: &str, details: Value) {
        let at_ms = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_millis());
        let mut line = json!({ "at_ms": u64::try_from(at_ms).unwrap_or(u64::MAX), "event": event });
        if let Value::Object(line) = &mut line {
            if let Some(bot) = bot {
                line.insert("bot".to_owned(), bot.into());
            }
            if let Value::Object(details) = details {
                line.extend(details);
            }
        }
        // An error says that nobody reads.
        let _read = self.lines.send(Some(line.to_string())).is_ok();
    }

    /// Something went wrong.
    pub(crate) fn error(&self, bot: Option<u32>, message: &str) {
        self.event(bot, "error", json!({ "message": message }));
    }

    /// Waits until every line is written.
    pub(crate) fn finish(&self) {
        let _read = self.lines.send(None).is_ok();
        if let Some(writer) = self.writer.lock().take() {
            let _ended_well = writer.join().is_ok();
        }
    }
}
