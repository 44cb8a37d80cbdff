//! A stretch of time cut into what counted and what did not, reason by reason.

use crate::{Excluded, IntervalSet, Reason, Span};

/// What counted and what did not. The sets are disjoint; together they cover
/// everything that was recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tiling {
    pub(crate) counted: IntervalSet,
    excluded: [IntervalSet; Reason::ALL.len()],
}

impl Tiling {
    /// Records a stretch after all recorded so far.
    pub(crate) fn record(&mut self, start_ms: u64, end_ms: u64, reason: Option<Reason>) {
        match reason {
            None => self.counted.insert(start_ms, end_ms),
            Some(reason) => self.set_mut(reason).insert(start_ms, end_ms),
        }
    }

    /// `[start_ms, end_ms)`, which must have been recorded, turns out to have been sleep.
    pub(crate) fn slept(&mut self, start_ms: u64, end_ms: u64) {
        self.counted.remove(start_ms, end_ms);
        for set in &mut self.excluded {
            set.remove(start_ms, end_ms);
        }
        self.set_mut(Reason::Asleep).insert(start_ms, end_ms);
    }

    /// What counted in `[start_ms, end_ms)` does not: the connection was lost.
    pub(crate) fn lost(&mut self, start_ms: u64, end_ms: u64) {
        let lost = self.counted.clip(start_ms, end_ms);
        self.counted.remove(start_ms, end_ms);
        self.set_mut(Reason::ConnectionLost).merge(&lost);
    }

    /// The same on another time scale.
    pub(crate) fn map(&self, scale: impl Fn(u64) -> u64 + Copy) -> Self {
        Self {
            counted: self.counted.map(scale),
            excluded: self.excluded.each_ref().map(|set| set.map(scale)),
        }
    }

    /// Adds another one, which may overlap (two stays placed by different clock
    /// offsets): what counted in either counts; else the first reason is given.
    pub(crate) fn absorb(&mut self, other: &Self) {
        self.counted.merge(&other.counted);
        let mut taken = self.counted.clone();
        for (mine, theirs) in self.excluded.iter_mut().zip(&other.excluded) {
            *mine = mine.union(theirs).difference(&taken);
            taken.merge(mine);
        }
    }

    /// All stretches in order; neighbours differ in their reason.
    pub(crate) fn spans(&self) -> Vec<Span> {
        let mut spans: Vec<Span> = self
            .sets()
            .flat_map(|(reason, set)| {
                set.iter().map(move |(start_ms, end_ms)| Span {
                    start_ms,
                    end_ms,
                    reason,
                })
            })
            .collect();
        spans.sort_unstable_by_key(|span| span.start_ms);
        spans
    }

    /// What did not count, in order.
    pub(crate) fn excluded(&self) -> Vec<Excluded> {
        self.spans()
            .into_iter()
            .filter_map(|span| Some((span.start_ms, span.end_ms, span.reason?).into()))
            .collect()
    }

    fn sets(&self) -> impl Iterator<Item = (Option<Reason>, &IntervalSet)> {
        std::iter::once((None, &self.counted))
            .chain(Reason::ALL.map(Some).into_iter().zip(&self.excluded))
    }

    fn set_mut(&mut self, reason: Reason) -> &mut IntervalSet {
        let [asleep, locked, hidden, nobody_there, connection_lost] = &mut self.excluded;
        match reason {
            Reason::Asleep => asleep,
            Reason::Locked => locked,
            Reason::Hidden => hidden,
            Reason::NobodyThere => nobody_there,
            Reason::ConnectionLost => connection_lost,
        }
    }
}
