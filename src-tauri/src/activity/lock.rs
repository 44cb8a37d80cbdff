//! Whether the screen is locked, put together from all that say something about it.

/// What each source said last.
///
/// A desktop tells logind that it is locked (the hint), or says on the session bus
/// that its screen saver covers the screen, or does neither: then all that there is
/// is somebody's request to lock, and nobody will say when the person has unlocked.
/// Such a request holds until the person is at the window again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct LockState {
    hint: bool,
    saver: bool,
    requested: bool,
}

impl LockState {
    /// logind's hint, which the desktop keeps.
    pub(super) fn hint(&mut self, locked: bool) {
        // It has been locked and unlocked: the request is done with.
        self.requested &= !self.hint || locked;
        self.hint = locked;
    }

    /// The desktop's screen saver covers the screen, or does not any more.
    pub(super) fn saver(&mut self, active: bool) {
        self.requested &= !self.saver || active;
        self.saver = active;
    }

    /// logind asked the desktop to lock.
    pub(super) fn lock_requested(&mut self) {
        self.requested = true;
    }

    /// logind asked the desktop to unlock.
    pub(super) fn unlock_requested(&mut self) {
        self.requested = false;
    }

    /// The person did something with the window, so that nothing can lie over it.
    pub(super) fn window_used(&mut self) {
        self.requested = false;
    }

    /// logind is gone, and with it all that it said.
    pub(super) fn logind_lost(&mut self) {
        self.hint = false;
        self.requested = false;
    }

    /// Whether the screen is locked.
    #[must_use]
    pub(super) const fn locked(self) -> bool {
        self.hint || self.saver || self.requested
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_the_desktop_confirms_ends_with_the_hint() {
        let mut lock = LockState::default();
        lock.lock_requested();
        assert!(lock.locked(), "at once, before the desktop has locked");
        lock.hint(true);
        lock.hint(false);
        assert!(!lock.locked(), "no unlock request is needed");
    }

    #[test]
    fn a_hint_that_says_nothing_new_does_not_end_a_request() {
        let mut lock = LockState::default();
        lock.lock_requested();
        lock.hint(false);
        assert!(lock.locked(), "the desktop has not locked yet");
        lock.unlock_requested();
        assert!(!lock.locked());
    }

    #[test]
    fn a_request_that_nobody_confirms_ends_at_the_window() {
        let mut lock = LockState::default();
        lock.lock_requested();
        lock.window_used();
        assert!(!lock.locked());
        lock.hint(true);
        lock.window_used();
        assert!(lock.locked(), "the hint knows better");
    }

    #[test]
    fn any_source_locks_and_all_must_unlock() {
        let mut lock = LockState::default();
        lock.hint(true);
        lock.saver(true);
        lock.hint(false);
        assert!(lock.locked());
        lock.saver(false);
        assert!(!lock.locked());
        lock.hint(true);
        lock.logind_lost();
        assert!(!lock.locked());
    }
}
