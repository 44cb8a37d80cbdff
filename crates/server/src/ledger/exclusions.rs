//! What did not count and why, as a participant's clients say. It changes no amount.

use kulti_protocol::api::Exclusion;
use kulti_watch::IntervalSet;

/// Stretches that are kept of one participant in one session. Of an honest client's
/// they are a few dozen.
const STRETCHES: usize = 2_000;
/// The reasons that clients give, in order of precedence. The others are the ledger's
/// own.
const REASONS: [Exclusion; 6] = [
    Exclusion::Asleep,
    Exclusion::Locked,
    Exclusion::Hidden,
    Exclusion::NobodyThere,
    Exclusion::ConnectionLost,
    Exclusion::Other,
];

/// Stretches by reason. The sets are disjoint: where several reasons hold, the first
/// is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Exclusions {
    sets: [IntervalSet; REASONS.len()],
}

impl Exclusions {
    pub(crate) fn from_stretches(
        stretches: impl IntoIterator<Item = (u64, u64, Exclusion)>,
    ) -> Self {
        let mut by_reason: [Vec<(u64, u64)>; REASONS.len()] = Default::default();
        for (start, end, reason) in stretches {
            let known = REASONS.iter().position(|known| *known == reason);
            if let Some(stretches) = known.and_then(|at| by_reason.get_mut(at)) {
                stretches.push((start, end));
            }
        }
        let mut exclusions = Self {
            sets: by_reason.map(|stretches| stretches.into_iter().collect()),
        };
        exclusions.make_disjoint(&IntervalSet::new());
        exclusions
    }

    pub(super) fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        let stretches: Vec<(u64, u64, Exclusion)> = serde_json::from_str(json)?;
        Ok(Self::from_stretches(stretches))
    }

    pub(super) fn to_json(&self) -> String {
        let stretches: Vec<_> = self
            .sets()
            .flat_map(|(reason, set)| set.iter().map(move |(start, end)| (start, end, reason)))
            .collect();
        serde_json::to_string(&stretches).unwrap_or_else(|_| "[]".into())
    }

    /// Adds what lies in the window `[start, end)`. What is claimed as watched needs no
    /// reason. Tells whether anything has changed. Nothing does once there would be too
    /// many stretches: then the time stays unexplained.
    pub(super) fn merge(
        &mut self,
        other: &Self,
        (start, end): (u64, u64),
        claimed: &IntervalSet,
    ) -> bool {
        let mut merged = self.clone();
        for (mine, theirs) in merged.sets.iter_mut().zip(&other.sets) {
            mine.merge(&theirs.clip(start, end));
        }
        merged.make_disjoint(claimed);
        let stretches: usize = merged.sets.iter().map(IntervalSet::len).sum();
        let changed = merged != *self && stretches <= STRETCHES;
        if changed {
            *self = merged;
        }
        changed
    }

    /// Every reason with its stretches, in order of precedence.
    pub(super) fn sets(&self) -> impl Iterator<Item = (Exclusion, &IntervalSet)> {
        REASONS.into_iter().zip(&self.sets)
    }

    /// Claims and earlier reasons only grow: what they cover now is covered for good.
    fn make_disjoint(&mut self, claimed: &IntervalSet) {
        let mut taken = claimed.clone();
        for set in &mut self.sets {
            *set = set.difference(&taken);
            taken.merge(set);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    const WINDOW: (u64, u64) = (0, 1_000);

    fn nothing() -> IntervalSet {
        IntervalSet::new()
    }

    #[test]
    fn the_first_reason_is_kept_and_the_ledgers_own_are_not_taken() {
        let mut kept = Exclusions::default();
        let device = |stretches: &[(u64, u64, Exclusion)]| {
            Exclusions::from_stretches(stretches.iter().copied())
        };
        let hidden = device(&[(0, 100, Exclusion::Hidden), (900, 2_000, Exclusion::Other)]);
        assert!(kept.merge(&hidden, WINDOW, &nothing()));
        assert!(kept.merge(&device(&[(50, 80, Exclusion::Locked)]), WINDOW, &nothing()));
        assert!(
            !kept.merge(
                &device(&[
                    (200, 300, Exclusion::Cap),
                    (300, 400, Exclusion::NotReported)
                ]),
                WINDOW,
                &nothing()
            ),
            "these are not a client's to give"
        );
        assert_eq!(
            kept.to_json(),
            r#"[[50,80,"locked"],[0,50,"hidden"],[80,100,"hidden"],[900,1000,"other"]]"#
        );
        assert_eq!(Exclusions::from_json(&kept.to_json()).unwrap(), kept);
    }

    #[test]
    fn they_are_bounded() {
        let mut kept = Exclusions::default();
        let few = |from: u64, count: u64| {
            Exclusions::from_stretches(
                (0..count).map(|n| (from + n * 2, from + n * 2 + 1, Exclusion::Hidden)),
            )
        };
        assert!(kept.merge(&few(0, 2_000), (0, 100_000), &nothing()));
        assert!(!kept.merge(&few(50_000, 1), (0, 100_000), &nothing()));
        assert_eq!(kept, few(0, 2_000));
    }

    fn report() -> impl Strategy<Value = Exclusions> {
        prop::collection::vec((0u64..60, 0u64..20, 0usize..REASONS.len()), 0..8).prop_map(|parts| {
            Exclusions::from_stretches(
                parts
                    .into_iter()
                    .map(|(start, length, reason)| (start, start + length, REASONS[reason])),
            )
        })
    }

    proptest! {
        /// Reports may come in any order and any number of times.
        #[test]
        fn merging_is_a_join(
            reports in prop::collection::vec(report(), 1..6),
            order in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let merge_all = |which: &mut dyn Iterator<Item = &Exclusions>| {
                let mut all = Exclusions::default();
                for report in which {
                    all.merge(report, WINDOW, &nothing());
                }
                all
            };
            let once = merge_all(&mut reports.iter());
            let extra = order.iter().map(|at| at.get(&reports));
            let again = merge_all(&mut extra.chain(reports.iter().rev()));
            prop_assert_eq!(once, again);
        }
    }
}
