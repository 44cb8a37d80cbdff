//! Which part of the list of people is looked at.

use super::view::PeopleListView;

/// How long a search text may be, in characters.
const QUERY_LIMIT: usize = 80;

/// The part of the list that the screen shows.
#[derive(Debug, Default)]
pub(super) struct PeopleWindow {
    asked: Option<Asked>,
    /// It was asked for anew, or scrolled: answered at once, whatever the pace.
    fresh: bool,
    sent: Option<PeopleListView>,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// As typed.
    pub(super) query: String,
    /// For comparing: trimmed, in small letters.
    pub(super) wanted: String,
    pub(super) first: usize,
    pub(super) count: usize,
}

impl Asked {
    /// Whether somebody of this name is found.
    pub(super) fn finds(&self, name: &str) -> bool {
        self.wanted.is_empty() || name.to_lowercase().contains(&self.wanted)
    }
}

impl PeopleWindow {
    /// Looks at another part; `count` 0 stops looking.
    pub(super) fn look(&mut self, query: &str, first: u32, count: u32) {
        let wide = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        let query: String = query.chars().take(QUERY_LIMIT).collect();
        self.sent = None;
        self.fresh = count > 0;
        self.asked = (count > 0).then(|| Asked {
            wanted: query.trim().to_lowercase(),
            query,
            first: wide(first),
            count: wide(count).min(PeopleListView::ROWS),
        });
    }

    pub(super) fn asked(&self) -> Option<&Asked> {
        self.asked.as_ref()
    }

    /// Whether it must be answered at once.
    pub(super) fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// Gives the view if it is another one than was sent last.
    pub(super) fn send(&mut self, view: PeopleListView) -> Option<PeopleListView> {
        self.fresh = false;
        if self.sent.as_ref() == Some(&view) {
            return None;
        }
        self.sent = Some(view.clone());
        Some(view)
    }
}
