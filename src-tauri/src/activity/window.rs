//! Whether the window can be seen.
//!
//! Two sources, because neither sees everything: the page knows when it is hidden,
//! and the window system knows what it does with the window. It counts as seen
//! while both say so.

/// What both sources said last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WindowSight {
    page: bool,
    window_system: bool,
}

impl Default for WindowSight {
    /// A window that has just been opened is seen.
    fn default() -> Self {
        Self {
            page: true,
            window_system: true,
        }
    }
}

impl WindowSight {
    /// The page's `visibilitychange`.
    pub(super) fn page(&mut self, visible: bool) {
        self.page = visible;
    }

    /// The window system says whether the window can be seen, or cannot tell (any more).
    ///
    /// When it shows the window again, what the page said before is out of date: the
    /// page learns of it later, when it gets to draw.
    pub(super) fn window_system(&mut self, seen: Option<bool>) {
        let seen = seen.unwrap_or(true);
        if seen && !self.window_system {
            self.page = true;
        }
        self.window_system = seen;
    }

    /// Whether the window can be seen.
    #[must_use]
    pub(super) const fn seen(self) -> bool {
        self.page && self.window_system
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_source_hides() {
        let mut sight = WindowSight::default();
        assert!(sight.seen());
        sight.page(false);
        assert!(!sight.seen(), "the page says so");
        sight.page(true);
        sight.window_system(Some(false));
        assert!(!sight.seen(), "covered, and the page does not know");
        sight.page(true);
        assert!(!sight.seen());
    }

    #[test]
    fn the_page_that_learns_late_takes_no_time_away() {
        let mut sight = WindowSight::default();
        sight.window_system(Some(false));
        sight.page(false);
        sight.window_system(Some(true));
        assert!(sight.seen(), "the page was told before");
        sight.page(true);
        assert!(sight.seen());
        sight.page(false);
        sight.window_system(Some(true));
        assert!(!sight.seen(), "the window system says nothing new");
    }

    #[test]
    fn a_window_system_that_is_lost_hides_nothing() {
        let mut sight = WindowSight::default();
        sight.window_system(Some(false));
        sight.window_system(None);
        assert!(sight.seen());
    }
}
