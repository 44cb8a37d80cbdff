//! Which source tells what, and what it cannot tell: for the person to see.

use crate::app::model::{ActivityKind, ActivitySource, ActivitySourceName, BlindSpot};

/// One entry for each [`ActivityKind`].
#[derive(Debug)]
pub(super) struct Sources {
    list: [ActivitySource; 4],
    /// Whether a desktop's screen saver tells of the lock, where nothing else does.
    screen_saver: bool,
}

impl Default for Sources {
    /// Before anything has been started: the page tells whether it can be seen, and
    /// the stay itself compares clocks.
    fn default() -> Self {
        let nothing = |about| ActivitySource {
            about,
            source: None,
            blind_to: Vec::new(),
        };
        let list = [
            ActivitySource {
                source: Some(ActivitySourceName::Page),
                blind_to: vec![BlindSpot::OtherWorkspace, BlindSpot::Covered],
                ..nothing(ActivityKind::Window)
            },
            nothing(ActivityKind::Input),
            nothing(ActivityKind::Lock),
            by_clocks(),
        ];
        Self {
            list,
            screen_saver: false,
        }
    }
}

impl Sources {
    pub(super) fn list(&self) -> Vec<ActivitySource> {
        self.list.to_vec()
    }

    /// Whether that changes anything.
    pub(super) fn set(
        &mut self,
        about: ActivityKind,
        source: Option<ActivitySourceName>,
        blind_to: &[BlindSpot],
    ) -> bool {
        let new = match (about, source) {
            (ActivityKind::Sleep, None) => by_clocks(),
            (ActivityKind::Lock, None) if self.screen_saver => by_desktop(),
            _ => ActivitySource {
                about,
                source,
                blind_to: blind_to.to_vec(),
            },
        };
        let Some(entry) = self.list.iter_mut().find(|entry| entry.about == about) else {
            return false;
        };
        let changed = *entry != new;
        *entry = new;
        changed
    }

    /// A desktop's screen saver is there, or is not any more. Whether that changes
    /// anything.
    pub(super) fn set_screen_saver(&mut self, there: bool) -> bool {
        self.screen_saver = there;
        let in_use = |entry: &ActivitySource| *entry == by_desktop() || entry.source.is_none();
        let lock = |entry: &&ActivitySource| entry.about == ActivityKind::Lock;
        match self.list.iter().find(lock) {
            Some(entry) if in_use(entry) => self.set(ActivityKind::Lock, None, &[]),
            _ => false,
        }
    }
}

/// The desktop itself says when it locks the screen.
fn by_desktop() -> ActivitySource {
    ActivitySource {
        about: ActivityKind::Lock,
        source: Some(ActivitySourceName::OperatingSystem),
        blind_to: Vec::new(),
    }
}

/// Sleep that nobody announces is found by the stay itself, which compares a clock
/// that goes on during sleep with one that stands still. Windows has no such clock.
fn by_clocks() -> ActivitySource {
    let has_both = cfg!(not(windows));
    ActivitySource {
        about: ActivityKind::Sleep,
        source: has_both.then_some(ActivitySourceName::Clocks),
        blind_to: if has_both {
            vec![BlindSpot::InAdvance]
        } else {
            Vec::new()
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_has_one_entry_and_sleep_is_always_found_afterwards() {
        let mut sources = Sources::default();
        let logind = Some(ActivitySourceName::Logind);
        assert!(sources.set(ActivityKind::Sleep, logind, &[]));
        assert!(
            !sources.set(ActivityKind::Sleep, logind, &[]),
            "known already"
        );
        assert!(sources.set(ActivityKind::Sleep, None, &[]));
        let list = sources.list();
        assert_eq!(list.len(), 4);
        assert_eq!(list[3], by_clocks());
    }

    #[test]
    fn the_screen_saver_tells_of_the_lock_where_logind_does_not() {
        let mut sources = Sources::default();
        assert!(sources.set_screen_saver(true));
        assert_eq!(sources.list()[2], by_desktop());
        let logind = Some(ActivitySourceName::Logind);
        assert!(sources.set(ActivityKind::Lock, logind, &[]));
        assert!(!sources.set_screen_saver(true), "logind is the better one");
        assert!(sources.set(ActivityKind::Lock, None, &[]));
        assert_eq!(sources.list()[2], by_desktop());
        assert!(sources.set_screen_saver(false));
        assert_eq!(sources.list()[2].source, None);
    }
}
