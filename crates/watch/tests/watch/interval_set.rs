//! Interval sets against plain sets of milliseconds.

use std::collections::BTreeSet;

use kulti_watch::IntervalSet;
use proptest::{collection::vec, prelude::*};

const SPAN: u64 = 48;

fn pairs() -> impl Strategy<Value = Vec<(u64, u64)>> {
    vec((0..SPAN, 0..SPAN), 0..12)
}

fn set() -> impl Strategy<Value = IntervalSet> {
    pairs().prop_map(|pairs| pairs.into_iter().collect())
}

fn points(set: &IntervalSet) -> BTreeSet<u64> {
    set.iter().flat_map(|(start, end)| start..end).collect()
}

/// Every set has one form only, else equality would not mean equality.
fn is_normal(set: &IntervalSet) -> bool {
    let pairs: Vec<_> = set.iter().collect();
    pairs.iter().all(|(start, end)| start < end)
        && pairs.windows(2).all(|pair| pair[0].1 < pair[1].0)
}

proptest! {
    #[test]
    fn union_is_a_semilattice(a in set(), b in set(), c in set()) {
        prop_assert_eq!(a.union(&b), b.union(&a), "commutative");
        prop_assert_eq!(a.union(&b).union(&c), a.union(&b.union(&c)), "associative");
        prop_assert_eq!(a.union(&a), a.clone(), "idempotent");
        prop_assert_eq!(a.union(&IntervalSet::new()), a.clone(), "neutral element");
        let mut merged = a.clone();
        merged.merge(&b);
        prop_assert_eq!(merged, a.union(&b));
    }

    #[test]
    fn operations_are_those_of_sets(a in set(), b in set(), low in 0..SPAN, high in 0..SPAN) {
        let (pa, pb) = (points(&a), points(&b));
        let window: BTreeSet<u64> = (low..high).collect();
        let cases = [
            (a.union(&b), &pa | &pb),
            (a.intersect(&b), &pa & &pb),
            (a.difference(&b), &pa - &pb),
            (a.clip(low, high), &pa & &window),
        ];
        for (result, expected) in cases {
            prop_assert!(is_normal(&result), "{:?}", result);
            prop_assert_eq!(points(&result), expected);
        }
        prop_assert_eq!(a.measure_ms(), pa.len() as u64);
        prop_assert_eq!(a.is_empty(), pa.is_empty());
        prop_assert_eq!(a.covers(&b), pb.is_subset(&pa));
        let bounds = pa.first().zip(pa.last()).map(|(low, high)| (*low, high + 1));
        prop_assert_eq!(a.bounds(), bounds);
        for at in 0..SPAN {
            prop_assert_eq!(a.contains(at), pa.contains(&at));
        }
    }

    #[test]
    fn inserting_and_removing_in_any_order_keeps_the_normal_form(
        steps in vec((any::<bool>(), 0..SPAN, 0..SPAN), 0..30),
    ) {
        let mut set = IntervalSet::new();
        let mut expected = BTreeSet::new();
        for (insert, start, end) in steps {
            if insert {
                set.insert(start, end);
                expected.extend(start..end);
            } else {
                set.remove(start, end);
                expected.retain(|at| !(start..end).contains(at));
            }
            prop_assert!(is_normal(&set), "{:?}", set);
            prop_assert_eq!(points(&set), expected.clone());
        }
    }

    #[test]
    fn what_is_written_is_read_back(set in set()) {
        let json = serde_json::to_string(&set).unwrap();
        prop_assert_eq!(serde_json::from_str::<IntervalSet>(&json).unwrap(), set);
    }

    #[test]
    fn what_is_read_is_put_in_order(pairs in pairs()) {
        let json = serde_json::to_string(&pairs).unwrap();
        let read = serde_json::from_str::<IntervalSet>(&json);
        if pairs.iter().any(|(start, end)| start > end) {
            prop_assert!(read.is_err());
        } else {
            let read = read.unwrap();
            prop_assert!(is_normal(&read), "{:?}", read);
            prop_assert_eq!(read, pairs.into_iter().collect::<IntervalSet>());
        }
    }
}

#[test]
fn the_serialised_form_is_a_list_of_pairs() {
    let set: IntervalSet = [(7, 9), (1, 3), (3, 5), (8, 8)].into_iter().collect();
    assert_eq!(serde_json::to_string(&set).unwrap(), "[[1,5],[7,9]]");
    assert_eq!(
        serde_json::from_str::<IntervalSet>("[]").unwrap(),
        IntervalSet::new()
    );
}

#[test]
fn what_is_no_interval_is_refused() {
    let refused = [
        "[[3,1]]",
        "[[-3,1]]",
        "[[1.5,2]]",
        "[[1]]",
        "[[1,2,3]]",
        "[1,2]",
        "{}",
        "null",
        "[[0,18446744073709551616]]",
    ];
    for json in refused {
        assert!(serde_json::from_str::<IntervalSet>(json).is_err(), "{json}");
    }
    let error = serde_json::from_str::<IntervalSet>("[[3,1]]")
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("interval [3,1) ends before it starts"),
        "{error}"
    );
}

#[test]
fn the_largest_interval_does_not_overflow() {
    let mut set = IntervalSet::new();
    set.insert(0, u64::MAX);
    set.insert(u64::MAX - 1, u64::MAX);
    assert_eq!(set.measure_ms(), u64::MAX);
}
