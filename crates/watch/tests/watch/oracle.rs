//! The rules once more, written as definitions: for every tick the whole stream is
//! searched, with hindsight. Slow, and unlike the timer, which goes through the
//! signals once and keeps only what it needs.

use std::collections::BTreeMap;

use kulti_watch::{Policy, Presence, Reason, Signal};

use crate::streams::TICK_MS;

const ANSWER_MS: u64 = 60_000;

/// What became of each tick of server time in a stay: why it did not count, or none.
pub(crate) type Ticks = BTreeMap<u64, Option<Reason>>;

struct Stay {
    /// Index of `joined`.
    first: usize,
    /// Index of `left`; the stream's length if there is none.
    last: usize,
    from: u64,
    to: u64,
    offset: u64,
}

pub(crate) struct Oracle<'a> {
    pub(crate) policy: Policy,
    pub(crate) stream: &'a [(u64, Signal)],
    /// Where a stay ends that was not left.
    pub(crate) end: u64,
}

struct Loss {
    since: u64,
    /// The index at which it became known.
    found: usize,
    restored: Option<usize>,
}

impl Oracle<'_> {
    pub(crate) fn ticks(&self) -> Ticks {
        let mut ticks = Ticks::new();
        for stay in self.stays() {
            let mut at = stay.from;
            while at < stay.to {
                let seen = self.stream.partition_point(|&(when, _)| when <= at);
                let outcome = self.outcome(&stay, seen.min(stay.last), at);
                ticks
                    .entry(at + stay.offset)
                    .and_modify(|known| {
                        // Two stays on the same tick: counted in either counts.
                        *known = known.zip(outcome).map(|(a, b)| a.min(b));
                    })
                    .or_insert(outcome);
                at += TICK_MS;
            }
        }
        ticks
    }

    pub(crate) fn presence(&self) -> Vec<(u64, Presence)> {
        let mut changes = Vec::new();
        for stay in self.stays() {
            let mut of_stay = Vec::new();
            self.presence_of(&stay, &mut of_stay);
            let placed = of_stay
                .into_iter()
                .map(|(at, state)| (at + stay.offset, state));
            changes.extend(placed);
        }
        changes
    }

    /// Why the tick after the end of the stream does not count, as far as one can know
    /// then: a loss may still be bridged.
    pub(crate) fn live_reason(&self) -> Option<Option<Reason>> {
        let stays = self.stays();
        let stay = stays.last().filter(|stay| stay.last == self.stream.len())?;
        let reason = self.obstacle(self.stream.len()).or_else(|| {
            if !self.someone_there(stay, self.stream.len(), self.end) {
                return Some(Reason::NobodyThere);
            }
            let lost = self.loss(self.stream.len(), self.end)?;
            let hopeful =
                lost.found > stay.first && self.end - lost.since < self.policy.reconnect_grace_ms;
            (!hopeful).then_some(Reason::ConnectionLost)
        });
        Some(reason)
    }

    fn at(&self, index: usize) -> u64 {
        self.stream[index].0
    }

    fn stays(&self) -> Vec<Stay> {
        let mut stays: Vec<Stay> = Vec::new();
        let mut offset = 0;
        let mut joined = false;
        for (index, &(at, signal)) in self.stream.iter().enumerate() {
            match signal {
                Signal::ClockOffset { offset_ms } => offset = u64::try_from(offset_ms).unwrap(),
                Signal::Joined if !joined => {
                    joined = true;
                    stays.push(Stay {
                        first: index,
                        last: self.stream.len(),
                        from: at,
                        to: self.end,
                        offset,
                    });
                }
                Signal::Left if joined => {
                    joined = false;
                    let stay = stays.last_mut().unwrap();
                    (stay.last, stay.to) = (index, at);
                }
                _ => {}
            }
        }
        stays
    }

    /// The last of two opposite signals among the first `seen`.
    fn last_of(&self, seen: usize, on: Signal, off: Signal) -> Option<Signal> {
        let signals = self.stream[..seen].iter().map(|&(_, signal)| signal);
        signals.rev().find(|signal| *signal == on || *signal == off)
    }

    fn obstacle(&self, seen: usize) -> Option<Reason> {
        let is = |on, off| self.last_of(seen, on, off) == Some(on);
        if is(Signal::Suspended, Signal::Resumed) {
            Some(Reason::Asleep)
        } else if is(Signal::Locked, Signal::Unlocked) {
            Some(Reason::Locked)
        } else if is(Signal::WindowHidden, Signal::WindowVisible) {
            Some(Reason::Hidden)
        } else {
            None
        }
    }

    fn is_evidence(&self, index: usize) -> bool {
        match self.stream[index].1 {
            Signal::Act | Signal::PromptAnswered => true,
            Signal::Input => {
                self.last_of(index, Signal::IdleUnknown, Signal::IdleKnown)
                    != Some(Signal::IdleUnknown)
            }
            _ => false,
        }
    }

    fn someone_there(&self, stay: &Stay, seen: usize, at: u64) -> bool {
        let evidence = (stay.first + 1..seen)
            .rev()
            .find(|&index| self.is_evidence(index))
            .unwrap_or(stay.first);
        let limit = self.policy.idle_limit_ms;
        let expires = self.at(evidence) + limit;
        let prompt = (evidence..seen)
            .find(|&index| self.stream[index].1 == Signal::PromptShown)
            .map(|index| self.at(index))
            .filter(|shown| *shown <= expires + limit);
        match prompt {
            Some(shown) => at < expires || at < shown + ANSWER_MS,
            None => at < expires + limit,
        }
    }

    /// Every loss of the connection in the stream.
    fn losses(&self) -> Vec<Loss> {
        let stays = self.stays();
        let mut losses: Vec<Loss> = Vec::new();
        let mut lost: Option<Loss> = None;
        for (index, &(at, signal)) in self.stream.iter().enumerate() {
            let since = match signal {
                Signal::ConnectionLost => at,
                Signal::ConnectionSilent { for_ms } => {
                    let stay = stays.iter().find(|s| s.first < index && index < s.last);
                    let back = losses.last().and_then(|loss| loss.restored);
                    let back = back.map_or(0, |index| self.at(index));
                    (at.saturating_sub(for_ms))
                        .max(back)
                        .max(stay.map_or(at, |s| s.from))
                }
                Signal::ConnectionRestored => {
                    losses.extend(lost.take().map(|loss| Loss {
                        restored: Some(index),
                        ..loss
                    }));
                    continue;
                }
                _ => continue,
            };
            lost.get_or_insert(Loss {
                since,
                found: index,
                restored: None,
            });
        }
        losses.extend(lost);
        losses
    }

    /// The loss that holds at a tick of a stay, also if it is found out only later.
    fn loss(&self, seen: usize, at: u64) -> Option<Loss> {
        self.losses().into_iter().find(|loss| {
            (loss.found < seen || loss.since <= at) && loss.restored.is_none_or(|r| r >= seen)
        })
    }

    fn is_bridged(&self, stay: &Stay, loss: &Loss) -> bool {
        let in_time = |index| self.at(index) - loss.since < self.policy.reconnect_grace_ms;
        let restored = loss.restored.filter(|index| *index < stay.last);
        loss.found > stay.first && restored.is_some_and(in_time)
    }

    fn outcome(&self, stay: &Stay, seen: usize, at: u64) -> Option<Reason> {
        let slept = self.stream.iter().any(|&(found_out, signal)| match signal {
            Signal::Slept { for_ms } => at < found_out && found_out <= at + for_ms,
            _ => false,
        });
        if slept {
            return Some(Reason::Asleep);
        }
        if let Some(obstacle) = self.obstacle(seen) {
            return Some(obstacle);
        }
        if !self.someone_there(stay, seen, at) {
            return Some(Reason::NobodyThere);
        }
        let lost = self.loss(seen, at)?;
        (!self.is_bridged(stay, &lost)).then_some(Reason::ConnectionLost)
    }

    /// Looks at every tick twice or more: before the signals of that moment, and after
    /// each of them.
    fn presence_of(&self, stay: &Stay, changes: &mut Vec<(u64, Presence)>) {
        let watching = |seen: usize, at: u64| {
            self.obstacle(seen).is_none() && self.someone_there(stay, seen, at)
        };
        let mut active = watching(stay.first + 1, stay.from);
        changes.push((
            stay.from,
            if active {
                Presence::Active
            } else {
                Presence::Inactive
            },
        ));
        let mut away_since = (!active).then_some(stay.from);
        let mut look = |seen: usize, at: u64, active: &mut bool| {
            if watching(seen, at) {
                away_since = None;
                if !*active {
                    *active = true;
                    changes.push((at, Presence::Active));
                }
            } else {
                let since = *away_since.get_or_insert(at);
                if *active && at - since >= self.policy.away_grace_ms {
                    *active = false;
                    changes.push((at, Presence::Inactive));
                }
            }
        };
        let mut seen = stay.first + 1;
        let mut at = stay.from;
        while at <= stay.to {
            look(seen, at, &mut active);
            while seen < stay.last && self.at(seen) == at {
                seen += 1;
                look(seen, at, &mut active);
            }
            at += TICK_MS;
        }
        if active && stay.last < self.stream.len() {
            changes.push((stay.to, Presence::Inactive));
        }
    }
}
