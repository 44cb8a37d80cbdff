//! The books of one participant: every millisecond of a stay, whether it counts, and
//! else why not.

use kulti_protocol::api::{AudienceBody, Exclusion};
use kulti_watch::{IntervalSet, credits::ACTIVE_CAP_MS};

use super::exclusions::Exclusions;

/// What counts and what does not. Together they tile `[joined_at, until)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Books {
    /// ms since the epoch, as all times here.
    pub(crate) joined_at: u64,
    pub(crate) until: u64,
    pub(crate) counted: IntervalSet,
    /// In order; neighbours differ in their reason.
    pub(crate) excluded: Vec<(u64, u64, Exclusion)>,
}

impl Books {
    /// `vouched` is the part of `claimed` in the window that the server can vouch for.
    pub(super) fn new(
        (joined_at, until): (u64, u64),
        claimed: &IntervalSet,
        vouched: &IntervalSet,
        exclusions: &Exclusions,
    ) -> Self {
        let counted = first_ms(vouched, ACTIVE_CAP_MS);
        let stay = [(joined_at, until)].into_iter().collect();
        let layers = [
            (Exclusion::Cap, vouched),
            (Exclusion::NotVouchedFor, claimed),
        ];
        let layers = layers
            .into_iter()
            .chain(exclusions.sets())
            .chain([(Exclusion::NotReported, &stay)]);
        let mut taken = counted.clone();
        let mut excluded = Vec::new();
        for (reason, set) in layers {
            let set = set.clip(joined_at, until).difference(&taken);
            taken.merge(&set);
            excluded.extend(set.iter().map(|(start, end)| (start, end, reason)));
        }
        excluded.sort_unstable_by_key(|(start, _, _)| *start);
        Self {
            joined_at,
            until,
            counted,
            excluded,
        }
    }

    /// Books of one of whom the ledger has nothing.
    pub(super) fn empty(joined_at: u64, until: u64) -> Self {
        let nothing = IntervalSet::new();
        Self::new(
            (joined_at, until.max(joined_at)),
            &nothing,
            &nothing,
            &Exclusions::default(),
        )
    }
}

/// The first `limit_ms` of a set.
fn first_ms(set: &IntervalSet, limit_ms: u64) -> IntervalSet {
    let mut left = limit_ms;
    set.iter()
        .map(|(start, end)| {
            let length = (end - start).min(left);
            left -= length;
            (start, start + length)
        })
        .collect()
}

/// How an audience watched, from everybody's active time.
pub(super) fn audience(mut active_ms: Vec<u64>) -> AudienceBody {
    active_ms.sort_unstable();
    let count = active_ms.len();
    let sum: u64 = active_ms.iter().sum();
    let at = |index: usize| active_ms.get(index).copied().unwrap_or(0);
    let median = if count.is_multiple_of(2) {
        at((count / 2).saturating_sub(1)).midpoint(at(count / 2))
    } else {
        at(count / 2)
    };
    AudienceBody {
        people: u32::try_from(count).unwrap_or(u32::MAX),
        active_ms: sum,
        average_active_ms: sum
            .checked_div(u64::try_from(count).unwrap_or(u64::MAX))
            .unwrap_or(0),
        median_active_ms: median,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: u64 = 3_600_000;

    fn set(intervals: &[(u64, u64)]) -> IntervalSet {
        intervals.iter().copied().collect()
    }

    #[test]
    fn every_stretch_has_its_reason() {
        let claimed = set(&[(100, 300), (350, 400), (900, 2_000)]);
        let vouched = set(&[(100, 250), (900, 1_000)]);
        let exclusions = Exclusions::from_stretches([
            (0, 150, Exclusion::Locked),
            (380, 500, Exclusion::Hidden),
            (450, 600, Exclusion::NobodyThere),
        ]);
        let books = Books::new((100, 1_000), &claimed, &vouched, &exclusions);
        assert_eq!(books.counted, vouched);
        assert_eq!(
            books.excluded,
            [
                (250, 300, Exclusion::NotVouchedFor),
                (300, 350, Exclusion::NotReported),
                (350, 400, Exclusion::NotVouchedFor),
                (400, 500, Exclusion::Hidden),
                (500, 600, Exclusion::NobodyThere),
                (600, 900, Exclusion::NotReported),
            ]
        );
    }

    #[test]
    fn the_first_four_hours_count() {
        let all = set(&[(0, 3 * HOUR), (4 * HOUR, 7 * HOUR)]);
        let books = Books::new((0, 7 * HOUR), &all, &all, &Exclusions::default());
        assert_eq!(books.counted, set(&[(0, 3 * HOUR), (4 * HOUR, 5 * HOUR)]));
        assert_eq!(
            books.excluded,
            [
                (3 * HOUR, 4 * HOUR, Exclusion::NotReported),
                (5 * HOUR, 7 * HOUR, Exclusion::Cap),
            ]
        );
    }

    #[test]
    fn the_audience_is_summed_up_without_names() {
        let numbers = |active: &[u64]| {
            let body = audience(active.to_vec());
            (
                body.people,
                body.active_ms,
                body.average_active_ms,
                body.median_active_ms,
            )
        };
        assert_eq!(numbers(&[]), (0, 0, 0, 0));
        assert_eq!(numbers(&[7]), (1, 7, 7, 7));
        assert_eq!(numbers(&[9, 1]), (2, 10, 5, 5));
        assert_eq!(numbers(&[100, 1, 4]), (3, 105, 35, 4));
    }

    fn sets() -> impl Strategy<Value = IntervalSet> {
        prop::collection::vec((0u64..200, 0u64..40), 0..8)
            .prop_map(|parts| parts.into_iter().map(|(s, l)| (s, s + l)).collect())
    }

    fn reason() -> impl Strategy<Value = Exclusion> {
        prop::sample::select(vec![
            Exclusion::Asleep,
            Exclusion::Hidden,
            Exclusion::ConnectionLost,
            Exclusion::Cap,
            Exclusion::Other,
        ])
    }

    proptest! {
        /// Whatever was claimed, seen and explained: the books tile the stay exactly, and
        /// what counts is what was claimed and vouched for.
        #[test]
        fn books_tile_the_stay(
            claimed in sets(),
            seen in sets(),
            explained in prop::collection::vec((0u64..200, 0u64..40, reason()), 0..8),
            joined_at in 0u64..100,
            stay in 0u64..150,
        ) {
            let until = joined_at + stay;
            let vouched = claimed.clip(joined_at, until).intersect(&seen);
            let explained = explained.into_iter().map(|(s, l, r)| (s, s + l, r));
            let exclusions = Exclusions::from_stretches(explained);
            let books = Books::new((joined_at, until), &claimed, &vouched, &exclusions);
            prop_assert_eq!(&books.counted, &vouched);
            let mut tiles: Vec<_> = books.counted.iter().map(|(s, e)| (s, e, None)).collect();
            tiles.extend(books.excluded.iter().map(|(s, e, r)| (*s, *e, Some(*r))));
            tiles.sort_unstable_by_key(|(start, _, _)| *start);
            let mut at = joined_at;
            let mut last = None;
            for (start, end, reason) in tiles {
                prop_assert_eq!(start, at, "no gap and no overlap");
                prop_assert!(start < end);
                prop_assert!(last != Some(reason), "neighbours differ");
                last = Some(reason);
                at = end;
            }
            prop_assert_eq!(at, until);
        }
    }
}
