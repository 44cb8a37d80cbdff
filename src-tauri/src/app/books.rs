//! A server's books on my time in a session, and its receipt for it.

use super::{
    App,
    model::{CommandError, SessionBooks},
};

impl App {
    /// The server's books on my time in a session that I was in.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn session_books(&self, _session_id: &str) -> Result<SessionBooks, CommandError> {
        Err(CommandError::not_in_session())
    }

    /// Saves the server's signed receipt; gives its path.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn save_receipt(&self, _session_id: &str) -> Result<String, CommandError> {
        Err(CommandError::not_in_session())
    }
}
