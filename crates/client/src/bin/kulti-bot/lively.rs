//! What a lively bot does next.

use std::time::Duration;

use kulti_client::core::Intent;
use kulti_watch::Signal;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};

const REMARKS: [&str; 24] = [
    "Hello from the back row 👋",
    "Can you scroll up a little?",
    "Oh, that is neat",
    "Why not a BTreeMap here?",
    "It builds here, too",
    "Same error as before: missing lifetime specifier",
    "Could you make the font larger, please?",
    "👏👏👏",
    "Which terminal is that?",
    "Got it, thanks!",
    "One moment, my build is still running …",
    "Is this the same pattern as in the last session?",
    "I would have named it differently, but fine",
    "That test is really convincing",
    "はい、わかりました",
    "¿Podrías repetir la última parte?",
    "Where can I find the repository afterwards?",
    "It works on my machine 😄",
    "Does the order of the fields matter?",
    "Brilliant",
    "So the mutex is held across the await, right? That would explain why it hangs only under load and never in the tests.",
    "+1",
    "Back in five minutes",
    "Could we see the benchmark again?",
];

/// What a lively bot does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mood {
    Act(Intent),
    Signal(Signal),
    /// Leave, and come back after this time.
    GoAway(Duration),
}

/// The temper of one bot: the same seed, the same behaviour.
#[derive(Debug)]
pub(crate) struct Lively {
    random: StdRng,
    hand_raised: bool,
    looks_away: bool,
}

impl Lively {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: StdRng::seed_from_u64(seed),
            hand_raised: false,
            looks_away: false,
        }
    }

    /// Back after having gone: with the hand down and the eyes on the screen.
    pub(crate) fn come_back(&mut self) {
        self.hand_raised = false;
        self.looks_away = false;
    }

    /// How long until the next mood.
    pub(crate) fn pause(&mut self) -> Duration {
        Duration::from_millis(self.random.random_range(3_000..25_000))
    }

    pub(crate) fn next(&mut self) -> Mood {
        // What has been begun ends soon: few hold their hand up for long.
        if self.hand_raised && self.random.random_bool(0.5) {
            self.hand_raised = false;
            return Mood::Act(Intent::SetHand { raised: false });
        }
        if self.looks_away && self.random.random_bool(0.6) {
            self.looks_away = false;
            return Mood::Signal(Signal::WindowVisible);
        }
        match self.random.random_range(0..100) {
            0..30 => {
                self.hand_raised = !self.hand_raised;
                Mood::Act(Intent::SetHand {
                    raised: self.hand_raised,
                })
            }
            30..55 => {
                self.looks_away = !self.looks_away;
                Mood::Signal(if self.looks_away {
                    Signal::WindowHidden
                } else {
                    Signal::WindowVisible
                })
            }
            55..75 => {
                let remark = REMARKS.choose(&mut self.random).copied().unwrap_or("+1");
                Mood::Act(Intent::say(remark))
            }
            75..80 => Mood::GoAway(Duration::from_millis(
                self.random.random_range(4_000..20_000),
            )),
            _ => Mood::Signal(Signal::Input),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_behaves_the_same() {
        let moods = |seed| {
            let mut lively = Lively::new(seed);
            (0..50).map(|_| lively.next()).collect::<Vec<_>>()
        };
        assert_eq!(moods(7), moods(7));
        assert_ne!(moods(7), moods(8));
    }

    #[test]
    fn every_kind_of_liveliness_occurs() {
        let mut lively = Lively::new(1);
        let moods: Vec<Mood> = (0..500).map(|_| lively.next()).collect();
        let any = |like: fn(&Mood) -> bool| moods.iter().any(like);
        assert!(any(|m| matches!(m, Mood::GoAway(_))));
        assert!(any(|m| matches!(
            m,
            Mood::Act(Intent::SetHand { raised: true })
        )));
        assert!(any(|m| matches!(
            m,
            Mood::Act(Intent::SetHand { raised: false })
        )));
        assert!(any(|m| matches!(m, Mood::Act(Intent::SendMessage { .. }))));
        assert!(any(|m| matches!(m, Mood::Signal(Signal::WindowHidden))));
    }
}
