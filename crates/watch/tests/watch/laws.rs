//! Laws that hold for every stream of signals.

use kulti_watch::{IntervalSet, Policy, Presence, Reason, Signal, Status, WatchTimer};
use proptest::{prelude::*, sample::Index};

use crate::streams::{TICK_MS, end_of, fed, policy, signal, stream};

/// What a person sees change without a signal.
type Visible = (bool, Option<Reason>, Presence, bool, bool);

fn visible(status: &Status) -> Visible {
    (
        status.counting,
        status.paused_by,
        status.presence,
        status.prompt_due,
        status.prompt_open,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn total_never_exceeds_elapsed(policy in policy(), stream in stream(), quiet in 0..40u64) {
        let end = end_of(&stream) + quiet * TICK_MS;
        let timer = fed(policy, &stream);
        let status = timer.status(end);
        prop_assert!(status.active_ms <= status.elapsed_ms);
        prop_assert!(status.unconfirmed_ms <= status.active_ms);
        prop_assert!(timer.report(end).active_ms <= end);
    }

    /// What was journalled or sent is never taken back (but for sleep and silence that
    /// are found out), so any split of a stay into heartbeats merges to the same set.
    #[test]
    fn any_split_gives_the_same_set(policy in policy(), stream in stream(), pause in 0..3u64) {
        let mut timer = WatchTimer::new(policy);
        let mut sent = IntervalSet::new();
        let mut acknowledged = IntervalSet::new();
        let mut found_out = false;
        for (index, &(at_ms, signal)) in stream.iter().enumerate() {
            if (index as u64).is_multiple_of(pause + 1) {
                let new = timer.intervals(at_ms).difference(&acknowledged);
                acknowledged.merge(&new);
                sent.merge(&new);
                sent.merge(&new);
            }
            timer.handle(at_ms, signal);
            found_out |= matches!(signal, Signal::Slept { .. } | Signal::ConnectionSilent { .. });
        }
        let whole = timer.intervals(end_of(&stream));
        if found_out {
            // Such time in the past may have been sent; nothing else differs.
            prop_assert!(sent.union(&whole).covers(&whole));
        } else {
            prop_assert!(whole.covers(&sent));
        }
        sent.merge(&whole.difference(&acknowledged));
        prop_assert!(sent.covers(&whole));
        if !found_out {
            prop_assert_eq!(sent, whole);
        }
    }

    #[test]
    fn sleep_found_out_takes_out_that_sleep_only(
        policy in policy(),
        stream in stream(),
        for_ticks in 0..30u64,
    ) {
        let end = end_of(&stream);
        let mut timer = fed(policy, &stream);
        let before = timer.report(end);
        timer.handle(end, Signal::Slept { for_ms: for_ticks * TICK_MS });
        let after = timer.report(end);
        prop_assert_eq!(&after.presence, &before.presence);
        prop_assert!(before.intervals.covers(&after.intervals));
        let taken = before.intervals.difference(&after.intervals);
        prop_assert!(taken.measure_ms() <= for_ticks * TICK_MS);
        let asleep: IntervalSet = after
            .excluded
            .iter()
            .filter(|stretch| stretch.reason == Reason::Asleep)
            .map(|stretch| (stretch.start, stretch.end))
            .collect();
        prop_assert!(asleep.covers(&taken));
    }

    #[test]
    fn late_signals_change_nothing(
        policy in policy(),
        stream in stream(),
        late in signal(),
        by_ms in prop_oneof![Just(1), 1..100_000u64],
    ) {
        let mut timer = fed(policy, &stream);
        if let Some(at_ms) = end_of(&stream).checked_sub(by_ms) {
            let before = timer.clone();
            timer.handle(at_ms, late);
            prop_assert_eq!(timer, before);
        }
    }

    #[test]
    fn duplicated_signals_change_nothing(policy in policy(), stream in stream(), again in any::<Index>()) {
        let timer = fed(policy, &stream);
        let doubled: Vec<_> = stream.iter().flat_map(|&entry| [entry, entry]).collect();
        prop_assert_eq!(&fed(policy, &doubled), &timer);

        // Everything up to somewhere is delivered once more, later.
        if !stream.is_empty() {
            let (before, after) = stream.split_at(again.index(stream.len()));
            let newest = end_of(before);
            let overtaken = before.iter().filter(|&&(at_ms, _)| at_ms < newest);
            let redelivered: Vec<_> =
                before.iter().chain(overtaken).chain(after).copied().collect();
            prop_assert_eq!(&fed(policy, &redelivered), &timer);
        }
    }

    #[test]
    fn questions_change_nothing(policy in policy(), stream in stream(), quiet in 0..40u64) {
        let mut asked = WatchTimer::new(policy);
        for &(at_ms, signal) in &stream {
            asked.handle(at_ms, signal);
            let _ = asked.report(at_ms + quiet * TICK_MS);
            let _ = asked.status(at_ms + quiet * TICK_MS);
        }
        prop_assert_eq!(asked, fed(policy, &stream));
    }

    /// Whoever only wakes up at the deadlines sees every change at its very moment.
    #[test]
    fn nothing_changes_between_deadlines(policy in policy(), stream in stream()) {
        let timer = fed(policy, &stream);
        let start = end_of(&stream);
        let mut deadline = timer.next_deadline_ms(start);
        let mut shown = visible(&timer.status(start));
        for tick in 1..60 {
            let now = start + tick * TICK_MS;
            let next = visible(&timer.status(now));
            if deadline == Some(now) {
                shown = next;
                deadline = timer.next_deadline_ms(now);
                prop_assert!(deadline.is_none_or(|later| later > now));
            }
            prop_assert_eq!(shown, next, "at {}", now);
        }
        prop_assert_eq!(deadline, None, "without signals everything comes to rest");
    }

    #[test]
    fn two_devices_merge_to_what_either_saw(
        policy in policy(),
        one in stream(),
        other in stream(),
    ) {
        let first = fed(policy, &one).intervals(end_of(&one));
        let second = fed(policy, &other).intervals(end_of(&other));
        let both = first.union(&second);
        prop_assert!(both.covers(&first) && both.covers(&second));
        prop_assert_eq!(
            both.measure_ms() + first.intersect(&second).measure_ms(),
            first.measure_ms() + second.measure_ms()
        );
    }
}

#[test]
fn four_hours_with_input_every_second_take_no_memory() {
    let mut timer = WatchTimer::new(Policy::default());
    timer.handle(0, Signal::Joined);
    let start_size = format!("{timer:?}").len();
    for second in 1..=4 * 3_600 {
        timer.handle(second * 1_000, Signal::Input);
        timer.handle(second * 1_000, Signal::PromptShown);
        timer.handle(second * 1_000, Signal::WindowVisible);
        timer.handle(second * 1_000 + 10, Signal::ConnectionLost);
        timer.handle(second * 1_000 + 20, Signal::ConnectionRestored);
    }
    assert_eq!(timer.report(14_400_020).active_ms, 14_400_020);
    let grown = format!("{timer:?}").len() - start_size;
    assert!(grown < 200, "grew by {grown} characters");
}
