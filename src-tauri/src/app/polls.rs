//! Polls beyond the room's screen: the file of a poll's results, and its notification.

use kulti_client::core::{io::Announcement, view::Notice};

use super::{App, downloads, model::CommandError, poll_csv};

/// How much of a question goes into a notification, characters.
const TITLE_LIMIT: usize = 200;

impl App {
    /// Saves the results of a poll of the session that goes on as CSV.
    ///
    /// # Errors
    /// [`CommandError`]: no session, no such poll, or a file that cannot be written.
    pub async fn save_poll_results(&self, poll_id: &str) -> Result<String, CommandError> {
        let stay = self
            .stays
            .current()
            .ok_or_else(CommandError::not_in_session)?;
        let report = stay.poll_report(poll_id).await.ok_or_else(|| {
            CommandError::local("the results cannot be saved", &"there is no such poll")
        })?;
        let name = downloads::file_name("poll", &report.title, report.started_at_ms);
        let folders = [&self.config.downloads_dir, &self.config.data_dir];
        let path = downloads::save(&name, "csv", poll_csv::csv(&report).as_bytes(), folders)
            .map_err(|error| CommandError::local("the results cannot be saved", &error))?;
        Ok(path.display().to_string())
    }
}

/// A poll that has just started, as something to notify of; `session` is the title.
pub(super) fn announcement(notice: &Notice, session: &str) -> Option<Announcement> {
    let Notice::PollStarted {
        poll_id,
        author,
        title,
        quiz,
    } = notice
    else {
        return None;
    };
    let kind = if *quiz { "Quiz" } else { "Poll" };
    let title: String = title.chars().take(TITLE_LIMIT).collect();
    Some(Announcement {
        id: format!("poll.{poll_id}"),
        title: session.to_owned(),
        author: author.clone(),
        text: format!("{kind}: {title}"),
        mention: false,
    })
}
