//! How the room did over time: how many were here and watched, who came and went, how
//! much was said. Sums over everybody, never a person; bounded however long it lasts.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// Stretches that are kept. An hour at the finest; then two become one.
const STRETCHES: usize = 360;
/// The finest stretch, ms.
const FINEST_MS: u64 = 10_000;

/// What happened in one stretch of time. Sums, so that two stretches add up to one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Row", into = "Row")]
struct Stretch {
    /// Time of all who were here, added up: two people for a second are 2,000.
    here_ms: u64,
    /// As much of it as they watched.
    active_ms: u64,
    messages: u32,
    came: u32,
    went: u32,
}

/// A stretch as it is kept: there are hundreds.
type Row = (u64, u64, u32, u32, u32);

impl From<Row> for Stretch {
    fn from((here_ms, active_ms, messages, came, went): Row) -> Self {
        Self {
            here_ms,
            active_ms,
            messages,
            came,
            went,
        }
    }
}

impl From<Stretch> for Row {
    fn from(stretch: Stretch) -> Self {
        (
            stretch.here_ms,
            stretch.active_ms,
            stretch.messages,
            stretch.came,
            stretch.went,
        )
    }
}

impl Stretch {
    fn add(&mut self, later: Self) {
        self.here_ms += later.here_ms;
        self.active_ms += later.active_ms;
        self.messages = self.messages.saturating_add(later.messages);
        self.came = self.came.saturating_add(later.came);
        self.went = self.went.saturating_add(later.went);
    }
}

/// The most that watched at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peak {
    /// How many.
    pub active: u32,
    /// Since when, ms since the epoch.
    pub at_ms: u64,
}

/// The room's story in numbers. Times are ms since the epoch; they never go back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chronicle {
    started_at: u64,
    /// Everything before it is told.
    until: u64,
    /// How long each stretch is, ms.
    step_ms: u64,
    stretches: Vec<Stretch>,
    here: u32,
    active: u32,
    peak: Option<Peak>,
}

impl Chronicle {
    /// A story that starts at `now`, with nobody here.
    #[must_use]
    pub fn new(now: u64) -> Self {
        Self {
            started_at: now,
            until: now,
            step_ms: FINEST_MS,
            stretches: Vec::new(),
            here: 0,
            active: 0,
            peak: None,
        }
    }

    /// From `now` on so many are here, and so many of them watch.
    pub fn count(&mut self, now: u64, here: u32, active: u32) {
        self.tell_until(now);
        (self.here, self.active) = (here, active);
        if active > self.peak.map_or(0, |peak| peak.active) {
            self.peak = Some(Peak {
                active,
                at_ms: self.until,
            });
        }
    }

    /// Somebody came who was not here.
    pub fn came(&mut self, now: u64) {
        if let Some(stretch) = self.at(now) {
            stretch.came = stretch.came.saturating_add(1);
        }
    }

    /// Somebody went who is here no more.
    pub fn went(&mut self, now: u64) {
        if let Some(stretch) = self.at(now) {
            stretch.went = stretch.went.saturating_add(1);
        }
    }

    /// Somebody wrote in the chat.
    pub fn said(&mut self, now: u64) {
        if let Some(stretch) = self.at(now) {
            stretch.messages = stretch.messages.saturating_add(1);
        }
    }

    /// Nothing was seen from `until` on, for the room slept: the last count holds for
    /// `grace_ms`, and then nobody is counted.
    pub fn sleep(&mut self, now: u64, grace_ms: u64) {
        self.tell_until(self.until.saturating_add(grace_ms).min(now));
        (self.here, self.active) = (0, 0);
        self.tell_until(now);
    }

    /// The story until `end`: what came later is left out, and the last stretch is as
    /// long as it lasted.
    #[must_use]
    pub fn told(&self, end: u64) -> Self {
        let mut told = self.clone();
        told.tell_until(end);
        if told.until <= end {
            return told;
        }
        let lasted = end.saturating_sub(told.started_at);
        let whole = usize::try_from(lasted.div_ceil(told.step_ms)).unwrap_or(usize::MAX);
        told.stretches.truncate(whole.max(1));
        let last_ms = told.last_ms();
        told.until = end.max(told.started_at);
        told.peak = told.peak.filter(|peak| peak.at_ms <= end);
        let cut_ms = told.last_ms();
        // What cannot be told apart any more is shared out evenly over the stretch.
        if let Some(last) = told.stretches.last_mut()
            && cut_ms < last_ms
        {
            last.here_ms = last.here_ms * cut_ms / last_ms.max(1);
            last.active_ms = last.active_ms * cut_ms / last_ms.max(1);
        }
        told
    }

    /// When the story starts.
    #[must_use]
    pub fn started_at(&self) -> u64 {
        self.started_at
    }

    /// How long each stretch is, ms; the last may be shorter.
    #[must_use]
    pub fn step_ms(&self) -> u64 {
        self.step_ms
    }

    /// The most that watched at once; none while nobody has.
    #[must_use]
    pub fn peak(&self) -> Option<Peak> {
        self.peak
    }

    /// How many were here in each stretch, on average.
    pub fn here(&self) -> impl Iterator<Item = u32> {
        self.averages(self.here, |stretch| stretch.here_ms)
    }

    /// How many watched in each stretch, on average.
    pub fn active(&self) -> impl Iterator<Item = u32> {
        self.averages(self.active, |stretch| stretch.active_ms)
    }

    /// How much was said in each stretch.
    pub fn messages(&self) -> impl Iterator<Item = u32> {
        self.stretches.iter().map(|stretch| stretch.messages)
    }

    /// How many came in each stretch.
    pub fn arrivals(&self) -> impl Iterator<Item = u32> {
        self.stretches.iter().map(|stretch| stretch.came)
    }

    /// How many went in each stretch.
    pub fn departures(&self) -> impl Iterator<Item = u32> {
        self.stretches.iter().map(|stretch| stretch.went)
    }

    /// `now` is for a last stretch that is about to begin.
    fn averages(&self, now: u32, of: impl Fn(&Stretch) -> u64) -> impl Iterator<Item = u32> {
        let last = self.stretches.len().saturating_sub(1);
        self.stretches
            .iter()
            .enumerate()
            .map(move |(index, stretch)| {
                let ms = if index == last {
                    self.last_ms()
                } else {
                    self.step_ms
                };
                let rounded = (of(stretch) + ms / 2).checked_div(ms);
                rounded.map_or(now, |average| u32::try_from(average).unwrap_or(u32::MAX))
            })
    }

    /// How much of the last stretch has passed.
    fn last_ms(&self) -> u64 {
        let before = self.stretches.len().saturating_sub(1) as u64 * self.step_ms;
        (self.until - self.started_at)
            .saturating_sub(before)
            .min(self.step_ms)
    }

    /// The stretch of a moment; what came before is told.
    fn at(&mut self, now: u64) -> Option<&mut Stretch> {
        self.tell_until(now);
        self.make_room(self.until);
        self.stretches.last_mut()
    }

    fn tell_until(&mut self, now: u64) {
        if now <= self.until {
            return;
        }
        self.make_room(now - 1);
        let mut at = self.until;
        while at < now {
            let index = (at - self.started_at) / self.step_ms;
            let end = (self.started_at + (index + 1) * self.step_ms).min(now);
            let Some(stretch) = usize::try_from(index)
                .ok()
                .and_then(|index| self.stretches.get_mut(index))
            else {
                break;
            };
            stretch.here_ms += (end - at) * u64::from(self.here);
            stretch.active_ms += (end - at) * u64::from(self.active);
            at = end;
        }
        self.until = now;
    }

    /// Makes stretches up to the one that holds `moment`; two become one until they
    /// are few enough.
    fn make_room(&mut self, moment: u64) {
        let passed = moment.saturating_sub(self.started_at);
        while passed / self.step_ms >= STRETCHES as u64 {
            self.step_ms *= 2;
            self.stretches = self
                .stretches
                .chunks(2)
                .map(|pair| {
                    let mut sum = Stretch::default();
                    pair.iter().for_each(|stretch| sum.add(*stretch));
                    sum
                })
                .collect();
        }
        let needed = usize::try_from(passed / self.step_ms).unwrap_or(STRETCHES) + 1;
        if needed > self.stretches.len() {
            self.stretches.resize(needed, Stretch::default());
        }
    }
}

/// How many peers of each user are here: a person with two devices comes and goes once.
#[derive(Debug, Default)]
pub(super) struct Headcount(HashMap<String, u32>);

impl Headcount {
    /// Whether this user's first peer came.
    pub(super) fn came(&mut self, user_id: &str) -> bool {
        let peers = self.0.entry(user_id.to_owned()).or_default();
        *peers += 1;
        *peers == 1
    }

    /// One of this user's peers went. Tells whether it was the last.
    pub(super) fn went(&mut self, user_id: &str) -> bool {
        match self.0.get_mut(user_id) {
            Some(peers) if *peers > 1 => {
                *peers -= 1;
                false
            }
            Some(_) => self.0.remove(user_id).is_some(),
            None => false,
        }
    }

    /// Whether any of this user's peers is here.
    pub(super) fn has(&self, user_id: &str) -> bool {
        self.0.contains_key(user_id)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: u64 = 1_795_329_000_000;

    fn columns(story: &Chronicle) -> (Vec<u32>, Vec<u32>) {
        (story.active().collect(), story.here().collect())
    }

    #[test]
    fn each_stretch_has_its_average() {
        let mut story = Chronicle::new(START);
        story.came(START);
        story.count(START, 1, 0);
        story.count(START + 5_000, 3, 2);
        story.count(START + 15_000, 4, 4);
        story.said(START + 15_000);
        story.said(START + 19_999);
        story.went(START + 20_000);
        story.count(START + 20_000, 3, 3);
        let told = story.told(START + 22_000);
        assert_eq!(columns(&told), (vec![1, 3, 3], vec![2, 4, 3]));
        assert_eq!(told.messages().collect::<Vec<_>>(), [0, 2, 0]);
        assert_eq!(told.arrivals().collect::<Vec<_>>(), [1, 0, 0]);
        assert_eq!(told.departures().collect::<Vec<_>>(), [0, 0, 1]);
        let peak = Peak {
            active: 4,
            at_ms: START + 15_000,
        };
        assert_eq!(told.peak(), Some(peak));
        assert_eq!(story.told(START + 22_000), told, "asking changes nothing");
    }

    #[test]
    fn what_came_after_the_end_is_left_out() {
        let mut story = Chronicle::new(START);
        story.count(START, 2, 2);
        story.count(START + 60_000, 0, 0);
        let told = story.told(START + 12_000);
        assert_eq!(columns(&told), (vec![2, 2], vec![2, 2]));
        assert_eq!(columns(&story.told(START - 5)), (vec![0], vec![0]));
    }

    #[test]
    fn a_long_session_keeps_few_stretches() {
        let mut story = Chronicle::new(START);
        for minute in 0..24 * 60 {
            story.count(START + minute * 60_000, 20, 10);
            story.said(START + minute * 60_000);
        }
        let told = story.told(START + 24 * 3_600_000);
        let (active, here) = columns(&told);
        assert!(active.len() <= STRETCHES && active.len() > STRETCHES / 2);
        assert!(active.iter().all(|active| *active == 10));
        assert!(here.iter().all(|here| *here == 20));
        assert_eq!(told.messages().sum::<u32>(), 24 * 60);
    }

    #[test]
    fn nobody_is_counted_while_the_room_slept() {
        let mut story = Chronicle::new(START);
        story.count(START, 4, 4);
        story.count(START + 10_000, 4, 4);
        story.sleep(START + 100_000, 30_000);
        story.count(START + 100_000, 4, 3);
        let told = story.told(START + 110_000);
        let (active, _) = columns(&told);
        assert_eq!(active, [4, 4, 4, 4, 0, 0, 0, 0, 0, 0, 3]);
    }

    #[test]
    fn a_person_with_two_devices_comes_and_goes_once() {
        let mut heads = Headcount::default();
        assert!(heads.came("ann"));
        assert!(!heads.came("ann"));
        assert!(!heads.went("ann"));
        assert!(heads.went("ann"));
        assert!(!heads.went("ann"));
    }

    #[derive(Debug, Clone)]
    enum Step {
        Count(u32, u32),
        Came,
        Went,
        Said,
    }

    fn steps() -> impl Strategy<Value = Vec<(u64, Step)>> {
        let step = prop_oneof![
            (0u32..50, 0u32..50).prop_map(|(here, active)| Step::Count(here, active)),
            Just(Step::Came),
            Just(Step::Went),
            Just(Step::Said),
        ];
        prop::collection::vec((0u64..4_000_000, step), 0..60)
    }

    proptest! {
        /// However long it lasts and however often two stretches become one: the sums
        /// are those of what happened, and the stretches are few.
        #[test]
        fn sums_survive_thinning(steps in steps()) {
            let mut story = Chronicle::new(START);
            let (mut now, mut here, mut here_ms, mut told) = (START, 0u64, 0u64, [0u32; 3]);
            for (pause, step) in steps {
                here_ms += pause * here;
                now += pause;
                match step {
                    Step::Count(count, active) => {
                        story.count(now, count, active);
                        here = u64::from(count);
                    }
                    Step::Came => { story.came(now); told[0] += 1; }
                    Step::Went => { story.went(now); told[1] += 1; }
                    Step::Said => { story.said(now); told[2] += 1; }
                }
            }
            let end = story.told(now);
            prop_assert!(end.stretches.len() <= STRETCHES);
            prop_assert_eq!(end.stretches.iter().map(|s| s.here_ms).sum::<u64>(), here_ms);
            prop_assert_eq!(end.arrivals().sum::<u32>(), told[0]);
            prop_assert_eq!(end.departures().sum::<u32>(), told[1]);
            prop_assert_eq!(end.messages().sum::<u32>(), told[2]);
        }
    }
}
