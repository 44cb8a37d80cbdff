//! Whether the window can be seen.
//!
//! Two sources, because neither sees everything: the page knows when it is hidden,
//! and the window system knows that the window is minimised, also where the page
//! is not told. The window counts as seen while both say so.

use kulti_watch::Signal;

/// What both sources said last.
#[derive(Debug, Clone, Copy)]
pub struct WindowSight {
    page_visible: bool,
    minimised: bool,
}

impl Default for WindowSight {
    /// A window that has just been opened is seen.
    fn default() -> Self {
        Self {
            page_visible: true,
            minimised: false,
        }
    }
}

impl WindowSight {
    /// The page's `visibilitychange`. The signal, if that changes anything.
    pub fn page_visible(&mut self, visible: bool) -> Option<Signal> {
        self.change(|sight| sight.page_visible = visible)
    }

    /// The window was minimised, or is not any more. The signal, if that changes
    /// anything.
    pub fn minimised(&mut self, minimised: bool) -> Option<Signal> {
        self.change(|sight| sight.minimised = minimised)
    }

    /// The signal that tells the present state.
    #[must_use]
    pub fn signal(&self) -> Signal {
        if self.page_visible && !self.minimised {
            Signal::WindowVisible
        } else {
            Signal::WindowHidden
        }
    }

    fn change(&mut self, change: impl FnOnce(&mut Self)) -> Option<Signal> {
        let before = self.signal();
        change(self);
        let after = self.signal();
        (after != before).then_some(after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_source_hides_and_both_must_show() {
        let mut sight = WindowSight::default();
        assert_eq!(sight.page_visible(true), None, "seen already");
        assert_eq!(sight.page_visible(false), Some(Signal::WindowHidden));
        assert_eq!(sight.minimised(true), None, "hidden already");
        assert_eq!(sight.page_visible(true), None, "still minimised");
        assert_eq!(sight.minimised(false), Some(Signal::WindowVisible));
    }
}
