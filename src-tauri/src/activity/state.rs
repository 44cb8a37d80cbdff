//! What is known of the person's watching right now.

use std::time::Duration;

use kulti_watch::Signal;

use super::{lock::LockState, window::WindowSight};

/// Something that a source has found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observation {
    /// The page is visible, or hidden.
    Page {
        /// Which.
        visible: bool,
    },
    /// The window system shows the window, or does not; none if it cannot tell.
    WindowSystem {
        /// Which.
        seen: Option<bool>,
    },
    /// The person did something with the window.
    WindowUsed,
    /// There was input somewhere in the operating system.
    Input {
        /// How long ago.
        ago: Duration,
    },
    /// Whether a source tells of input.
    InputKnown(bool),
    /// logind's hint that the screen is locked.
    LockHint(bool),
    /// logind asked for the lock (true) or the unlock.
    LockRequested(bool),
    /// logind does not answer any more.
    LogindLost,
    /// The desktop's screen saver covers the screen.
    ScreenSaver(bool),
    /// The machine goes to sleep (true), or is awake again.
    Sleep(bool),
}

/// What is known right now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct State {
    sight: WindowSight,
    lock: LockState,
    asleep: bool,
    input_known: bool,
}

impl State {
    /// The signals that tell all of it, for a stay that begins.
    #[must_use]
    pub(super) fn signals(&self) -> [Signal; 4] {
        [
            if self.input_known {
                Signal::IdleKnown
            } else {
                Signal::IdleUnknown
            },
            if self.asleep {
                Signal::Suspended
            } else {
                Signal::Resumed
            },
            if self.lock.locked() {
                Signal::Locked
            } else {
                Signal::Unlocked
            },
            if self.sight.seen() {
                Signal::WindowVisible
            } else {
                Signal::WindowHidden
            },
        ]
    }

    /// Takes an observation in. The signals of what that changes.
    pub(super) fn observe(&mut self, observation: Observation) -> Vec<Signal> {
        let before = self.signals();
        match observation {
            Observation::Page { visible } => self.sight.page(visible),
            Observation::WindowSystem { seen } => self.sight.window_system(seen),
            Observation::WindowUsed => self.lock.window_used(),
            Observation::Input { .. } => {
                return self
                    .input_known
                    .then_some(Signal::Input)
                    .into_iter()
                    .collect();
            }
            Observation::InputKnown(known) => self.input_known = known,
            Observation::LockHint(locked) => self.lock.hint(locked),
            Observation::LockRequested(true) => self.lock.lock_requested(),
            Observation::LockRequested(false) => self.lock.unlock_requested(),
            Observation::LogindLost => {
                self.lock.logind_lost();
                // Whoever would have told of the wake-up is gone; the clocks will.
                self.asleep = false;
            }
            Observation::ScreenSaver(active) => self.lock.saver(active),
            Observation::Sleep(asleep) => self.asleep = asleep,
        }
        let changed = self.signals().into_iter().zip(before);
        changed
            .filter(|(after, before)| after != before)
            .map(|(after, _)| after)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changes_become_signals() {
        let mut state = State::default();
        assert_eq!(state.observe(Observation::Page { visible: true }), []);
        assert_eq!(
            state.observe(Observation::WindowSystem { seen: Some(false) }),
            [Signal::WindowHidden]
        );
        assert_eq!(state.observe(Observation::Page { visible: false }), []);
        assert_eq!(
            state.observe(Observation::WindowSystem { seen: Some(true) }),
            [Signal::WindowVisible]
        );
    }

    #[test]
    fn input_is_unknown_until_a_source_is_found_and_when_it_is_lost() {
        const INPUT: Observation = Observation::Input {
            ago: Duration::ZERO,
        };
        let mut state = State::default();
        assert!(state.signals().contains(&Signal::IdleUnknown));
        assert_eq!(state.observe(INPUT), [], "nobody can have seen it");
        assert_eq!(
            state.observe(Observation::InputKnown(true)),
            [Signal::IdleKnown]
        );
        assert_eq!(state.observe(INPUT), [Signal::Input]);
        assert_eq!(state.observe(INPUT), [Signal::Input]);
        assert_eq!(
            state.observe(Observation::InputKnown(false)),
            [Signal::IdleUnknown]
        );
    }

    #[test]
    fn logind_that_is_lost_holds_nobody_back() {
        let mut state = State::default();
        state.observe(Observation::Sleep(true));
        state.observe(Observation::LockHint(true));
        assert_eq!(
            state.observe(Observation::LogindLost),
            [Signal::Resumed, Signal::Unlocked]
        );
    }
}
