//! The timer against the oracle, on random streams.

use kulti_watch::{IntervalSet, Policy, Report};
use proptest::prelude::*;

use crate::{
    oracle::{Oracle, Ticks},
    streams::{Stream, TICK_MS, end_of, fed, policy, stream},
};

fn ticks_of(report: &Report) -> Ticks {
    let counted = report
        .intervals
        .iter()
        .map(|(start, end)| (start, end, None));
    let excluded = report
        .excluded
        .iter()
        .map(|stretch| (stretch.start, stretch.end, Some(stretch.reason)));
    let mut ticks = Ticks::new();
    for (start, end, reason) in counted.chain(excluded) {
        assert!(start < end, "an empty stretch: {report:?}");
        assert_eq!((start % TICK_MS, end % TICK_MS), (0, 0), "{report:?}");
        for at in (start..end).step_by(usize::try_from(TICK_MS).unwrap()) {
            assert_eq!(ticks.insert(at, reason), None, "{at} is covered twice");
        }
    }
    ticks
}

fn agree(policy: Policy, stream: &Stream, quiet_ticks: u64) {
    let end = end_of(stream) + quiet_ticks * TICK_MS;
    let oracle = Oracle {
        policy,
        stream,
        end,
    };
    let timer = fed(policy, stream);
    let report = timer.report(end);
    assert_eq!(ticks_of(&report), oracle.ticks());
    assert_eq!(report.presence, oracle.presence());
    assert_eq!(report.active_ms, report.intervals.measure_ms());
    for pair in report.excluded.windows(2) {
        let apart = pair[0].end < pair[1].start;
        let differ = pair[0].end == pair[1].start && pair[0].reason != pair[1].reason;
        assert!(apart || differ, "touching stretches are one: {pair:?}");
    }

    let status = timer.status(end);
    let expected = oracle.live_reason();
    assert_eq!(status.in_stay, expected.is_some());
    assert_eq!(status.counting, expected == Some(None));
    assert_eq!(status.paused_by, expected.flatten());
    if let Some(&(_, presence)) = report.presence.last() {
        assert_eq!(status.presence, presence);
    }
    assert_eq!(timer.intervals(end), report.intervals);

    let ribbon = timer.ribbon(end);
    let spans: IntervalSet = ribbon
        .iter()
        .map(|span| (span.start_ms, span.end_ms))
        .collect();
    let mut stay = IntervalSet::new();
    stay.insert(0, status.elapsed_ms);
    assert_eq!(spans, stay, "the ribbon covers the stay");
    let length = |counts: bool| -> u64 {
        ribbon
            .iter()
            .filter(|span| span.reason.is_none() == counts)
            .map(|span| span.end_ms - span.start_ms)
            .sum()
    };
    assert_eq!(length(true), status.active_ms);
    assert_eq!(
        length(true) + length(false),
        status.elapsed_ms,
        "no overlap"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn timer_and_oracle_agree(policy in policy(), stream in stream(), quiet in 0..40u64) {
        agree(policy, &stream, quiet);
    }
}
