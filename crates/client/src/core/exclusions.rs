//! Stretches that did not count, by reason.

use kulti_protocol::api::{ExcludedInterval, Exclusion};
use kulti_watch::IntervalSet;

/// What did not count and why, ms of server time: for every reason a set, so that a
/// stretch that is told twice changes nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exclusions {
    /// Ordered by the reason; none twice, none without time.
    by_reason: Vec<(Exclusion, IntervalSet)>,
}

impl Exclusions {
    /// Adds a stretch; nothing if it is empty or reversed.
    pub fn insert(&mut self, start_ms: u64, end_ms: u64, reason: Exclusion) {
        if start_ms >= end_ms {
            return;
        }
        let number = |reason: Exclusion| reason as u8;
        let place = |(known, _): &(Exclusion, IntervalSet)| number(*known).cmp(&number(reason));
        let at = self.by_reason.binary_search_by(place).unwrap_or_else(|at| {
            self.by_reason.insert(at, (reason, IntervalSet::new()));
            at
        });
        if let Some((_, set)) = self.by_reason.get_mut(at) {
            set.insert(start_ms, end_ms);
        }
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: &Self) {
        for (start, end, reason) in other.stretches() {
            self.insert(start, end, reason);
        }
    }

    /// What is in this and not in `other` for the same reason.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let left = |(reason, set): &(Exclusion, IntervalSet)| {
            let left = other
                .of(*reason)
                .map_or_else(|| set.clone(), |told| set.difference(told));
            (!left.is_empty()).then_some((*reason, left))
        };
        Self {
            by_reason: self.by_reason.iter().filter_map(left).collect(),
        }
    }

    /// Every stretch, earliest first.
    #[must_use]
    pub fn stretches(&self) -> Vec<(u64, u64, Exclusion)> {
        let mut all: Vec<_> = self
            .by_reason
            .iter()
            .flat_map(|(reason, set)| set.iter().map(|(start, end)| (start, end, *reason)))
            .collect();
        all.sort_by_key(|&(start, end, _)| (start, end));
        all
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_reason.is_empty()
    }

    fn of(&self, reason: Exclusion) -> Option<&IntervalSet> {
        let mut sets = self.by_reason.iter();
        sets.find(|(known, _)| *known == reason).map(|(_, set)| set)
    }
}

impl FromIterator<(u64, u64, Exclusion)> for Exclusions {
    fn from_iter<I: IntoIterator<Item = (u64, u64, Exclusion)>>(stretches: I) -> Self {
        let mut all = Self::default();
        for (start, end, reason) in stretches {
            all.insert(start, end, reason);
        }
        all
    }
}

/// As a heartbeat carries it; none for a time that no calendar has.
pub(super) fn to_wire((start, end, reason): (u64, u64, Exclusion)) -> Option<ExcludedInterval> {
    Some((i64::try_from(start).ok()?, i64::try_from(end).ok()?, reason))
}

/// Out of a heartbeat.
pub(super) fn from_wire(&(start, end, reason): &ExcludedInterval) -> Option<(u64, u64, Exclusion)> {
    Some((u64::try_from(start).ok()?, u64::try_from(end).ok()?, reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_for_one_reason_is_not_told_for_another() {
        let all: Exclusions = [
            (0, 10, Exclusion::Hidden),
            (10, 20, Exclusion::Locked),
            (20, 20, Exclusion::Cap),
        ]
        .into_iter()
        .collect();
        let told: Exclusions = [(0, 4, Exclusion::Hidden), (10, 20, Exclusion::Hidden)]
            .into_iter()
            .collect();
        assert_eq!(
            all.difference(&told).stretches(),
            [(4, 10, Exclusion::Hidden), (10, 20, Exclusion::Locked)]
        );
        assert!(all.difference(&all).is_empty());
        let mut again = all.clone();
        again.merge(&all);
        assert_eq!(again.stretches(), all.stretches());
    }
}
