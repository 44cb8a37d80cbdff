//! The system's clipboard.

use parking_lot::Mutex;

use super::model::{CommandError, ErrorCode};

/// The clipboard, opened when it is first used. It is kept: on X11 the text is gone
/// when its owner is.
#[derive(Default)]
pub(crate) struct Clipboard(Mutex<Option<arboard::Clipboard>>);

impl std::fmt::Debug for Clipboard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clipboard")
    }
}

impl Clipboard {
    /// Replaces what is on the clipboard.
    pub(crate) fn copy(&self, text: String) -> Result<(), CommandError> {
        let mut clipboard = self.0.lock();
        let copied = match clipboard.as_mut() {
            Some(open) => open.set_text(text),
            None => arboard::Clipboard::new().and_then(|new| clipboard.insert(new).set_text(text)),
        };
        copied.map_err(|error| {
            // The next try opens it anew: the display server may have gone and come.
            *clipboard = None;
            CommandError {
                code: ErrorCode::Local,
                message: format!("the clipboard does not answer: {error}"),
            }
        })
    }
}
