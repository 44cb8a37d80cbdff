//! Sets of time: the one type in which active time is kept, sent, stored and merged.

use serde::{Deserialize, Serialize};

/// A set of milliseconds, as disjoint half-open intervals `[start, end)` in
/// ascending order, no two of which touch.
///
/// With [`IntervalSet::union`] it is a join-semilattice: merging is commutative,
/// associative and idempotent. Copies that were sent twice, late or in another
/// order therefore merge to the same set, and its [measure](IntervalSet::measure_ms)
/// counts no millisecond twice.
///
/// Serialised as `[[start,end],…]`. What is read may be unsorted and overlapping; an
/// interval that ends before it starts, or a negative time, is refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<(u64, u64)>", into = "Vec<(u64, u64)>")]
pub struct IntervalSet {
    intervals: Vec<(u64, u64)>,
}

/// An interval that ends before it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("interval [{start_ms},{end_ms}) ends before it starts")]
pub struct ReversedInterval {
    /// Its start in ms.
    pub start_ms: u64,
    /// Its end in ms.
    pub end_ms: u64,
}

impl IntervalSet {
    /// The empty set.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            intervals: Vec::new(),
        }
    }

    /// Adds `[start_ms, end_ms)`; nothing if that is empty or reversed.
    pub fn insert(&mut self, start_ms: u64, end_ms: u64) {
        if start_ms >= end_ms {
            return;
        }
        // Everything in first..last touches or overlaps the new interval.
        let first = self.intervals.partition_point(|&(_, end)| end < start_ms);
        let last = self
            .intervals
            .partition_point(|&(start, _)| start <= end_ms);
        let merged = self
            .intervals
            .get(first..last)
            .unwrap_or_default()
            .iter()
            .fold((start_ms, end_ms), |(low, high), &(start, end)| {
                (low.min(start), high.max(end))
            });
        self.intervals.splice(first..last, [merged]);
    }

    /// Takes `[start_ms, end_ms)` out.
    pub fn remove(&mut self, start_ms: u64, end_ms: u64) {
        if start_ms >= end_ms {
            return;
        }
        let first = self.intervals.partition_point(|&(_, end)| end <= start_ms);
        let last = self.intervals.partition_point(|&(start, _)| start < end_ms);
        let Some(hit) = self.intervals.get(first..last) else {
            return;
        };
        let before = hit
            .first()
            .map(|&(start, _)| (start, start_ms))
            .filter(|(start, end)| start < end);
        let after = hit
            .last()
            .map(|&(_, end)| (end_ms, end))
            .filter(|(start, end)| start < end);
        self.intervals
            .splice(first..last, before.into_iter().chain(after));
    }

    /// Adds all of `other`: the semilattice's join, in place.
    pub fn merge(&mut self, other: &Self) {
        match (self.intervals.last(), other.intervals.first()) {
            (_, None) => {}
            (None, _) => self.intervals.clone_from(&other.intervals),
            _ => *self = self.union(other),
        }
    }

    /// What is in either: the semilattice's join.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut result = Self::new();
        let (mut left, mut right) = (self.iter().peekable(), other.iter().peekable());
        loop {
            let next = match (left.peek(), right.peek()) {
                (Some(a), Some(b)) if a <= b => left.next(),
                (Some(_), None) => left.next(),
                _ => right.next(),
            };
            let Some((start, end)) = next else {
                return result;
            };
            result.append(start, end);
        }
    }

    /// What is in both.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        let mut result = Self::new();
        let (mut left, mut right) = (self.iter(), other.iter());
        let (mut a, mut b) = (left.next(), right.next());
        while let (Some((a_start, a_end)), Some((b_start, b_end))) = (a, b) {
            result.append(a_start.max(b_start), a_end.min(b_end));
            if a_end <= b_end {
                a = left.next();
            } else {
                b = right.next();
            }
        }
        result
    }

    /// What lies in `[start_ms, end_ms)`.
    #[must_use]
    pub fn clip(&self, start_ms: u64, end_ms: u64) -> Self {
        let mut window = Self::new();
        window.insert(start_ms, end_ms);
        self.intersect(&window)
    }

    /// What is in this set and not in `other`: for example what has been watched
    /// and is not acknowledged yet.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let mut result = Self::new();
        let mut cuts = other.iter().peekable();
        for (mut start, end) in self.iter() {
            while start < end {
                match cuts.peek() {
                    Some(&(_, cut_end)) if cut_end <= start => {
                        cuts.next();
                    }
                    Some(&(cut_start, cut_end)) if cut_start < end => {
                        result.append(start, cut_start);
                        start = cut_end;
                    }
                    _ => {
                        result.append(start, end);
                        start = end;
                    }
                }
            }
        }
        result
    }

    /// The length of everything in the set, in ms.
    #[must_use]
    pub fn measure_ms(&self) -> u64 {
        self.iter().map(|(start, end)| end - start).sum()
    }

    /// Whether the millisecond that starts at `at_ms` is in the set.
    #[must_use]
    pub fn contains(&self, at_ms: u64) -> bool {
        let next = self.intervals.partition_point(|&(_, end)| end <= at_ms);
        self.intervals
            .get(next)
            .is_some_and(|&(start, _)| start <= at_ms)
    }

    /// Whether all of `other` is in this set.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        other.difference(self).is_empty()
    }

    /// Whether nothing is in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.intervals.is_empty()
    }

    /// Of how many disjoint intervals the set consists.
    #[must_use]
    pub fn len(&self) -> usize {
        self.intervals.len()
    }

    /// The first millisecond, and the end of the last.
    #[must_use]
    pub fn bounds(&self) -> Option<(u64, u64)> {
        let (start, _) = self.intervals.first()?;
        let (_, end) = self.intervals.last()?;
        Some((*start, *end))
    }

    /// The disjoint intervals `(start_ms, end_ms)`, ascending.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (u64, u64)> + '_ {
        self.intervals.iter().copied()
    }

    /// The set on another time scale: all times mapped by `scale`, which must be
    /// non-decreasing.
    pub(crate) fn map(&self, scale: impl Fn(u64) -> u64) -> Self {
        let mut result = Self::new();
        for (start, end) in self.iter() {
            result.append(scale(start), scale(end));
        }
        result
    }

    /// Adds an interval that starts no earlier than any so far.
    fn append(&mut self, start: u64, end: u64) {
        if start >= end {
            return;
        }
        match self.intervals.last_mut() {
            Some((_, last_end)) if start <= *last_end => *last_end = end.max(*last_end),
            _ => self.intervals.push((start, end)),
        }
    }
}

impl FromIterator<(u64, u64)> for IntervalSet {
    /// The union of intervals in any order; empty and reversed ones add nothing.
    fn from_iter<I: IntoIterator<Item = (u64, u64)>>(intervals: I) -> Self {
        let mut sorted: Vec<_> = intervals.into_iter().collect();
        sorted.sort_unstable();
        let mut result = Self::new();
        for (start, end) in sorted {
            result.append(start, end);
        }
        result
    }
}

impl TryFrom<Vec<(u64, u64)>> for IntervalSet {
    type Error = ReversedInterval;

    fn try_from(intervals: Vec<(u64, u64)>) -> Result<Self, ReversedInterval> {
        match intervals.iter().find(|(start, end)| start > end) {
            Some(&(start_ms, end_ms)) => Err(ReversedInterval { start_ms, end_ms }),
            None => Ok(intervals.into_iter().collect()),
        }
    }
}

impl From<IntervalSet> for Vec<(u64, u64)> {
    fn from(set: IntervalSet) -> Self {
        set.intervals
    }
}
