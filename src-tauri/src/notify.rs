//! Announcements, and messages that call the person by name, as system notifications. Clicking one brings the window to the front.
//! (Beside them: [`still_watching`].)
//!
//! Raised from Rust and waited for on a thread of its own: the web's notifications
//! and the plugin for them lose the click.

pub(crate) mod still_watching;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use kulti_client::core::io::Announcement;
use notify_rust::Notification;

/// Notifications whose click is waited for at once; each has a thread. One that
/// comes on top is shown, but its click does nothing.
const WAITING_LIMIT: usize = 4;

/// The characters of a text that fit a notification on every desktop.
const TEXT_LIMIT: usize = 300;

/// Shows notifications.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notifier {
    waiting: Arc<AtomicUsize>,
}

impl Notifier {
    /// Shows an announcement; `clicked` is called when the person clicks it.
    /// Returns at once.
    pub(crate) fn announce(
        &self,
        announcement: Announcement,
        clicked: impl FnOnce() + Send + 'static,
    ) {
        let waiting = self.waiting.clone();
        let thread = std::thread::Builder::new().name("notification".into());
        let spawned = thread.spawn(move || {
            let place = waiting.fetch_add(1, Ordering::Relaxed);
            show(&announcement, clicked, place < WAITING_LIMIT);
            waiting.fetch_sub(1, Ordering::Relaxed);
        });
        if let Err(error) = spawned {
            tracing::warn!(%error, "no thread for a notification");
        }
    }
}

fn show(announcement: &Announcement, clicked: impl FnOnce(), wait: bool) {
    let mut notification = Notification::new();
    notification
        .appname("Kulti")
        .icon("kulti-desktop")
        .summary(&summary(announcement))
        .body(&body(&announcement.text, understands_markup()))
        .action("default", "Open the session");
    #[cfg(all(unix, not(target_os = "macos")))]
    notification.hint(notify_rust::Hint::DesktopEntry("Kulti".into()));
    match notification.show() {
        Ok(shown) if wait => wait_for_click(shown, clicked),
        Ok(_) => {}
        Err(error) => {
            tracing::info!(%error, "no notification service: announcements are in the window only");
        }
    }
}

#[cfg(all(unix, not(target_os = "macos")))]
fn wait_for_click(shown: notify_rust::NotificationHandle, clicked: impl FnOnce()) {
    let mut clicked = Some(clicked);
    shown.wait_for_action(|action| {
        if action == "default"
            && let Some(clicked) = clicked.take()
        {
            clicked();
        }
    });
}

/// Elsewhere the system brings the app to the front by itself.
#[cfg(not(all(unix, not(target_os = "macos"))))]
fn wait_for_click(_shown: notify_rust::NotificationHandle, _clicked: impl FnOnce()) {}

/// Whether the notification service takes `<b>` and the like in the body as markup.
#[cfg(all(unix, not(target_os = "macos")))]
fn understands_markup() -> bool {
    may_understand_markup(notify_rust::get_capabilities())
}

/// A service that does not say what it can do may understand markup: what a host
/// writes is better shown with `&lt;` in it than as a link.
#[cfg(all(unix, not(target_os = "macos")))]
fn may_understand_markup<E>(capabilities: Result<Vec<String>, E>) -> bool {
    capabilities.map_or(true, |all| all.iter().any(|one| one == "body-markup"))
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
fn understands_markup() -> bool {
    false
}

fn summary(announcement: &Announcement) -> String {
    let mut author = shortened(&announcement.author, 60);
    if announcement.mention {
        author.push_str(" mentioned you");
    }
    if announcement.title.is_empty() {
        author
    } else {
        format!("{author} · {}", shortened(&announcement.title, 60))
    }
}

/// What stands below the summary. Where markup is understood, what looks like it is
/// text all the same: what a host writes must not become a link or a picture.
fn body(text: &str, markup: bool) -> String {
    let text = shortened(text, TEXT_LIMIT);
    if !markup {
        return text;
    }
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn shortened(text: &str, limit: usize) -> String {
    let shown = text
        .trim()
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c });
    let shown: String = shown.collect();
    match shown.char_indices().nth(limit) {
        Some((cut, _)) => format!("{}…", shown[..cut].trim_end()),
        None => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_shown_as_it_was_written() {
        let text = r#"5 < 6 && <a href="https://evil.example">click</a> &amp; <img src=x>"#;
        let escaped = body(text, true);
        assert!(!escaped.contains(['<', '>']), "{escaped}");
        assert_eq!(
            escaped
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&amp;", "&"),
            text
        );
        assert_eq!(
            body(text, false),
            text,
            "a service that shows plain text gets plain text"
        );
    }

    #[test]
    #[cfg(all(unix, not(target_os = "macos")))]
    fn only_a_service_that_says_so_shows_plain_text() {
        let answer = |all: &[&str]| Ok::<_, ()>(all.iter().map(ToString::to_string).collect());
        assert!(may_understand_markup(answer(&["body", "body-markup"])));
        assert!(!may_understand_markup(answer(&["body", "actions"])));
        assert!(may_understand_markup(Err(())), "nothing was said");
    }

    #[test]
    fn long_texts_are_cut_before_they_are_escaped() {
        let long = "<".repeat(TEXT_LIMIT + 1);
        let escaped = body(&long, true);
        assert!(escaped.ends_with('…'));
        assert_eq!(
            escaped.matches("&lt;").count(),
            TEXT_LIMIT,
            "no entity is cut in half"
        );
    }

    #[test]
    fn the_summary_says_who_and_where() {
        let announcement = Announcement {
            id: "1".into(),
            title: "Parsers\nlive".into(),
            author: "Mara".into(),
            text: String::new(),
            mention: false,
        };
        assert_eq!(summary(&announcement), "Mara · Parsers live");
        let mention = Announcement {
            mention: true,
            ..announcement
        };
        assert_eq!(summary(&mention), "Mara mentioned you · Parsers live");
    }
}
