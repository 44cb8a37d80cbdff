//! Pictures on their way to the page: a slot for each track, and what happens where the
//! page does not keep up.

use std::collections::BTreeMap;

use kulti_media::client::interface::Picture;

use super::wire::{SLOT_LIMIT, ToPage, write_picture};

/// So many pictures may be under way or wait in the page.
const AHEAD: u32 = 4;
/// The page tells what it has painted every 200 ms at most; with that much again it is
/// behind.
const BEHIND_MS: u64 = 400;
/// A page that is behind gets a keyframe all the same after so long: what it says about
/// pictures that it has thrown away is nothing.
const PROBE_MS: u64 = 1_000;
/// Between two requests for a keyframe of a track.
const ASK_MS: u64 = 500;

/// What becomes of a picture.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// To be sent to the page.
    Sent(Vec<u8>),
    /// Not sent.
    Dropped {
        /// A keyframe is to be asked for.
        ask: bool,
    },
}

#[derive(Debug)]
struct Slot {
    track_id: String,
    /// The next picture's.
    sequence: u32,
    /// Sent, and not told to be painted: the first one after the last credit.
    unpainted_since: Option<u64>,
    painted: u32,
    waiting: u32,
    /// Only a keyframe goes on; since when.
    held_since: Option<u64>,
    asked_at: Option<u64>,
}

impl Slot {
    fn new(track_id: &str) -> Self {
        Self {
            track_id: track_id.to_owned(),
            sequence: 1,
            unpainted_since: None,
            painted: 0,
            waiting: 0,
            held_since: None,
            asked_at: None,
        }
    }

    fn is_behind(&self, now: u64) -> bool {
        let under_way = self.sequence.wrapping_sub(self.painted).wrapping_sub(1);
        let for_long = self
            .unpainted_since
            .is_some_and(|since| now >= since + BEHIND_MS);
        self.waiting > AHEAD || (under_way > AHEAD && for_long)
    }

    fn ask(&mut self, now: u64) -> bool {
        let soon = self.asked_at.is_some_and(|at| now < at + ASK_MS);
        if !soon {
            self.asked_at = Some(now);
        }
        !soon
    }

    fn hold(&mut self, now: u64) {
        self.held_since.get_or_insert(now);
    }

    fn take(&mut self, number: u16, picture: &Picture, follows: bool, now: u64) -> Fate {
        if !follows {
            // A gap, which tells the page to wait for a keyframe.
            self.sequence = self.sequence.wrapping_add(1);
        }
        let sequence = self.sequence;
        self.sequence = sequence.wrapping_add(1);
        if self.is_behind(now) {
            self.hold(now);
        }
        if let Some(since) = self.held_since {
            let may_go = !self.is_behind(now) || now >= since + PROBE_MS;
            if !picture.is_key || !may_go {
                let ask = self.ask(now);
                return Fate::Dropped { ask };
            }
            // Counted anew from here.
            self.held_since = None;
            self.painted = sequence.wrapping_sub(1);
            self.waiting = 0;
            self.unpainted_since = None;
        }
        self.unpainted_since.get_or_insert(now);
        Fate::Sent(write_picture(number, sequence, picture))
    }
}

/// See the module. Times are ms of any clock that goes on.
#[derive(Debug, Default)]
pub(super) struct Slots {
    slots: BTreeMap<u16, Slot>,
}

impl Slots {
    /// Pictures of this track come. None if there are too many.
    pub(super) fn opened(&mut self, track_id: &str) -> Option<ToPage> {
        if self.number(track_id).is_some() {
            return None;
        }
        let slot = (0..SLOT_LIMIT).find(|number| !self.slots.contains_key(number))?;
        self.slots.insert(slot, Slot::new(track_id));
        Some(track(slot, track_id))
    }

    /// No more of it.
    pub(super) fn closed(&mut self, track_id: &str) -> Option<ToPage> {
        let slot = self.number(track_id)?;
        self.slots.remove(&slot);
        Some(ToPage::Gone { slot })
    }

    /// The next picture.
    pub(super) fn picture(
        &mut self,
        track_id: &str,
        picture: &Picture,
        follows: bool,
        now: u64,
    ) -> Fate {
        let found = self.slots.iter_mut();
        match found
            .map(|(number, slot)| (*number, slot))
            .find(|(_, slot)| slot.track_id == track_id)
        {
            Some((number, slot)) => slot.take(number, picture, follows, now),
            None => Fate::Dropped { ask: false },
        }
    }

    /// The page has painted so far. The track of which a keyframe is to be asked for,
    /// now that it can be shown.
    pub(super) fn painted(
        &mut self,
        number: u16,
        sequence: u32,
        waiting: u32,
        now: u64,
    ) -> Option<String> {
        let slot = self.slots.get_mut(&number)?;
        let ahead = slot.sequence.wrapping_sub(sequence);
        // Of an earlier count, or made up.
        if ahead == 0 || ahead > u32::MAX / 2 || slot.painted.wrapping_sub(sequence) < u32::MAX / 2
        {
            return None;
        }
        slot.painted = sequence;
        slot.waiting = waiting;
        slot.unpainted_since = (ahead > 1).then_some(now);
        let caught_up = slot.held_since.is_some() && !slot.is_behind(now);
        (caught_up && slot.ask(now)).then(|| slot.track_id.clone())
    }

    /// The page's decoder needs a keyframe: of this track.
    pub(super) fn lost(&mut self, number: u16, now: u64) -> Option<String> {
        let slot = self.slots.get_mut(&number)?;
        slot.hold(now);
        slot.waiting = 0;
        slot.ask(now).then(|| slot.track_id.clone())
    }

    /// Another page, which knows nothing: what it is told, and the tracks of which a
    /// keyframe is to be asked for.
    pub(super) fn begin_anew(&mut self, now: u64) -> (Vec<ToPage>, Vec<String>) {
        let told = self.slots.iter();
        let told = told
            .map(|(number, slot)| track(*number, &slot.track_id))
            .collect();
        for slot in self.slots.values_mut() {
            *slot = Slot::new(&slot.track_id);
            slot.hold(now);
            slot.asked_at = Some(now);
        }
        let tracks = self.slots.values();
        (told, tracks.map(|slot| slot.track_id.clone()).collect())
    }

    fn number(&self, track_id: &str) -> Option<u16> {
        let mut slots = self.slots.iter();
        let found = slots.find(|(_, slot)| slot.track_id == track_id)?;
        Some(*found.0)
    }
}

fn track(slot: u16, track_id: &str) -> ToPage {
    ToPage::Track {
        slot,
        track_id: track_id.to_owned(),
        codec: "vp8",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    fn picture(is_key: bool) -> Picture {
        Picture {
            is_key,
            at_us: 0,
            data: vec![1],
        }
    }

    fn sequence(fate: &Fate) -> u32 {
        match fate {
            Fate::Sent(message) => u32::from_le_bytes(message[4..8].try_into().unwrap()),
            Fate::Dropped { .. } => panic!("dropped"),
        }
    }

    fn one() -> Slots {
        let mut slots = Slots::default();
        assert!(slots.opened("a").is_some());
        slots
    }

    #[test]
    fn a_page_that_keeps_up_gets_everything() {
        let mut slots = one();
        for n in 0..300_u64 {
            let now = n * 33;
            let fate = slots.picture("a", &picture(n == 0), true, now);
            assert_eq!(u64::from(sequence(&fate)), n + 1);
            if n % 6 == 5 {
                let painted = u32::try_from(n).unwrap();
                assert_eq!(slots.painted(0, painted, 1, now), None);
            }
        }
    }

    #[test]
    fn a_page_that_stands_still_gets_a_keyframe_when_it_goes_on() {
        let mut slots = one();
        let mut now = 0;
        let dropped = loop {
            let fate = slots.picture("a", &picture(now == 0), true, now);
            if fate == (Fate::Dropped { ask: true }) {
                break now;
            }
            now += 33;
            assert!(now < 1_000, "nothing is held back");
        };
        assert!(dropped >= BEHIND_MS);
        let again = slots.picture("a", &picture(false), true, now + 33);
        assert_eq!(again, Fate::Dropped { ask: false }, "asked a moment ago");
        let key = slots.picture("a", &picture(true), true, now + 66);
        assert_eq!(key, Fate::Dropped { ask: false }, "it is still behind");
        now += 700;
        assert_eq!(slots.painted(0, 10, 0, now).as_deref(), Some("a"));
        let delta = slots.picture("a", &picture(false), true, now + 10);
        assert_eq!(delta, Fate::Dropped { ask: false });
        let key = slots.picture("a", &picture(true), true, now + 20);
        assert!(sequence(&key) > 12, "with a gap before it: {key:?}");
        let next = slots.picture("a", &picture(false), true, now + 53);
        assert_eq!(sequence(&next), sequence(&key) + 1);
    }

    #[test]
    fn a_page_that_threw_everything_away_is_tried_again() {
        let mut slots = one();
        let mut sent = 0;
        for n in 0..600_u64 {
            // Keyframes come once a second, and nothing is ever painted.
            let fate = slots.picture("a", &picture(n % 30 == 0), true, n * 33);
            sent += u32::from(matches!(fate, Fate::Sent(_)) && n > 60);
        }
        assert!(sent > 10, "{sent}");
    }

    #[test]
    fn lost_pictures_leave_a_gap() {
        let mut slots = one();
        let first = sequence(&slots.picture("a", &picture(true), true, 0));
        let next = sequence(&slots.picture("a", &picture(true), false, 33));
        assert_eq!(next, first + 2);
    }

    #[test]
    fn slots_are_used_again_and_a_new_page_is_told_all() {
        let mut slots = one();
        slots.opened("b");
        assert_eq!(slots.opened("b"), None, "it is there");
        assert_eq!(slots.closed("a"), Some(ToPage::Gone { slot: 0 }));
        assert_eq!(slots.opened("c"), Some(track(0, "c")));
        let (told, asked) = slots.begin_anew(0);
        assert_eq!(told, [track(0, "c"), track(1, "b")]);
        assert_eq!(asked, ["c", "b"]);
        let delta = slots.picture("c", &picture(false), true, 10);
        assert_eq!(
            delta,
            Fate::Dropped { ask: false },
            "it would need a keyframe"
        );
        assert!(matches!(
            slots.picture("c", &picture(true), true, 20),
            Fate::Sent(_)
        ));
        assert_eq!(slots.painted(9, 1, 0, 0), None, "no such slot");
        assert_eq!(slots.painted(0, 4_000, 0, 0), None, "never sent");
    }
}
