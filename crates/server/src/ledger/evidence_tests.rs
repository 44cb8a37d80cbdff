#![allow(clippy::unwrap_used)]
use super::*;

const GRACE: u64 = 30_000;

fn set(intervals: &[(u64, u64)]) -> IntervalSet {
    intervals.iter().copied().collect()
}

fn intervals(intervals: &[(u64, u64)]) -> Beat {
    Beat::Intervals(set(intervals))
}

fn connected_from(at: u64) -> Evidence {
    let mut evidence = Evidence::new(1_000, false);
    evidence.connect(at, 0);
    evidence
}

#[test]
fn claims_count_where_the_server_saw_the_participant() {
    let mut evidence = connected_from(2_000);
    evidence
        .claim(&intervals(&[(0, 60_000)]), 60_000, 60_000, 10)
        .unwrap();
    assert_eq!(evidence.vouched(60_000, GRACE), set(&[(2_000, 60_000)]));
    evidence.disconnect(10_000);
    assert_eq!(
        evidence.vouched(60_000, GRACE),
        set(&[(2_000, 40_000)]),
        "the grace period goes on top"
    );
}

#[test]
fn the_future_is_neither_counted_nor_acknowledged() {
    let mut evidence = connected_from(1_000);
    let beat = intervals(&[(500, 9_000)]);
    evidence.claim(&beat, 5_000, 5_000, 10).unwrap();
    assert_eq!(
        evidence.acknowledge(&beat, None),
        set(&[(500, 1_000)]),
        "nothing is on disk yet"
    );
    let written = evidence.clone();
    evidence.on_disk(&written);
    assert_eq!(evidence.acknowledge(&beat, None), set(&[(500, 5_000)]));
    assert_eq!(
        evidence.acknowledge(&beat, Some(5_000)),
        set(&[(500, 9_000)]),
        "after the end nothing more can come"
    );
}

#[test]
fn what_came_while_writing_is_not_taken_for_written() {
    let mut evidence = connected_from(1_000);
    evidence
        .claim(&intervals(&[(1_000, 2_000)]), 2_000, 2_000, 10)
        .unwrap();
    let written = evidence.clone();
    evidence
        .claim(&intervals(&[(2_000, 3_000)]), 3_000, 3_000, 10)
        .unwrap();
    evidence.disconnect(3_000);
    evidence.on_disk(&written);
    assert!(evidence.has_unwritten_report());
    assert!(evidence.is_unwritten());
    let beat = intervals(&[(1_000, 3_000)]);
    assert_eq!(evidence.acknowledge(&beat, None), set(&[(1_000, 2_000)]));
}

#[test]
fn plain_beats_count_from_an_active_beat_to_the_next() {
    let mut evidence = connected_from(1_000);
    for (at, active) in [
        (10_000, true),
        (40_000, true),
        (70_000, false),
        (100_000, true),
    ] {
        evidence.claim(&Beat::Plain { active }, at, at, 10).unwrap();
    }
    assert_eq!(
        evidence.vouched(100_000, GRACE),
        set(&[(10_000, 70_000)]),
        "until the beat that says inactive, and not over the absence"
    );
    evidence
        .claim(&Beat::Plain { active: true }, 400_000, 400_000, 10)
        .unwrap();
    assert_eq!(
        evidence.claimed,
        set(&[(10_000, 70_000), (280_000, 400_000)])
    );
}

#[test]
fn a_crash_of_the_server_costs_nothing_if_the_participant_returns_at_once() {
    let row = |connected_until| EvidenceRow {
        user_id: "u".into(),
        claimed: "[]".into(),
        attended: "[[1000,5000]]".into(),
        excluded: "[]".into(),
        messages: 3,
        settled_ms: None,
        connected_until,
    };
    let restarted_at = 50_000;
    let return_until = restarted_at + GRACE;

    let mut back = Evidence::from_row(1_000, false, &row(Some(5_000))).unwrap();
    back.connect(60_000, return_until);
    assert_eq!(back.attended_until(61_000), set(&[(1_000, 61_000)]));

    let mut late = Evidence::from_row(1_000, false, &row(Some(5_000))).unwrap();
    late.connect(90_000, return_until);
    assert_eq!(
        late.attended_until(91_000),
        set(&[(1_000, 5_000), (90_000, 91_000)])
    );

    let mut had_left = Evidence::from_row(1_000, false, &row(None)).unwrap();
    had_left.connect(60_000, return_until);
    assert_eq!(
        had_left.attended_until(61_000),
        set(&[(1_000, 5_000), (60_000, 61_000)])
    );
}

#[test]
fn claims_in_too_many_pieces_change_nothing() {
    let mut evidence = connected_from(1_000);
    let pieces: Vec<_> = (0..11).map(|n| (2_000 + n * 10, 2_001 + n * 10)).collect();
    assert_eq!(evidence.claim(&intervals(&pieces), 9_000, 9_000, 10), None);
    assert!(evidence.claimed.is_empty());
}

#[test]
fn a_second_restart_does_not_bridge_an_absence() {
    let row = EvidenceRow {
        user_id: "u".into(),
        claimed: "[]".into(),
        attended: "[[1000,5000]]".into(),
        excluded: "[]".into(),
        messages: 0,
        settled_ms: None,
        connected_until: Some(5_000),
    };
    let mut evidence = Evidence::from_row(1_000, false, &row).unwrap();
    assert!(!evidence.is_unwritten());
    evidence.stayed_away();
    assert!(evidence.is_unwritten(), "the next server must know it");
    evidence.connect(900_000, 930_000);
    assert_eq!(
        evidence.attended_until(900_100),
        set(&[(1_000, 5_000), (900_000, 900_100)])
    );
}

#[test]
fn an_older_commit_that_is_known_later_takes_nothing_back() {
    let mut evidence = connected_from(1_000);
    let beat = intervals(&[(1_000, 3_000)]);
    let older = evidence.clone();
    evidence.claim(&beat, 3_000, 3_000, 10).unwrap();
    evidence.disconnect(3_000);
    let newer = evidence.clone();
    evidence.on_disk(&newer);
    evidence.on_disk(&older);
    assert!(!evidence.is_unwritten());
    assert_eq!(evidence.acknowledge(&beat, None), set(&[(1_000, 3_000)]));
}
