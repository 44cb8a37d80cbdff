//! What the app knows of the person's watching, and what the person is told of it.

use std::sync::Arc;

use kulti_client::core::view::{PauseReason, WatchView};
use tokio::sync::watch;

use super::{App, model::ActivitySource};
use crate::activity::{Activity, Observation};

/// "Still watching?", while it waits for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenPrompt {
    /// The session's title; empty before it is known.
    pub title: String,
    /// How long until time stops counting.
    pub stops_in_ms: u32,
}

impl App {
    /// What is known of the person's watching.
    #[must_use]
    pub fn activity(&self) -> &Arc<Activity> {
        &self.activity
    }

    /// What tells whether the person watches.
    #[must_use]
    pub fn activity_sources(&self) -> Vec<ActivitySource> {
        self.activity.sources()
    }

    /// The page says whether it can be seen.
    pub fn window_visible(&self, visible: bool) {
        self.activity.observe(Observation::Page { visible });
    }

    /// "Still watching?", told anew while it is open, about once a second; none when
    /// it is answered or over.
    #[must_use]
    pub fn prompt(&self) -> watch::Receiver<Option<OpenPrompt>> {
        self.prompt.subscribe()
    }

    /// Takes note of whether the view asks "Still watching?", and whether it says that
    /// nobody is there.
    pub(super) fn note_prompt(&self, watch: Option<&WatchView>) {
        let paused_by = watch.and_then(|watch| watch.paused_by);
        let alone = paused_by == Some(PauseReason::NobodyThere);
        self.activity.is_alone(alone);
        let open = watch
            .and_then(|watch| watch.prompt)
            .map(|prompt| OpenPrompt {
                title: self.session_title().borrow().clone().unwrap_or_default(),
                stops_in_ms: prompt.stops_in_ms,
            });
        self.prompt.send_if_modified(|known| {
            let changed = *known != open;
            *known = open;
            changed
        });
    }
}
