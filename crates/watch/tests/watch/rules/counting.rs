//! What counts, and why the rest does not.

use kulti_watch::{Policy, Presence, Reason, Signal, WatchTimer};

use super::{LIMIT, MINUTE, SECOND, counted, excluded, report, status};
use Presence::{Active, Inactive};
use Reason::{Asleep, ConnectionLost, Hidden, Locked, NobodyThere};
use Signal::{
    ConnectionRestored, Input, Joined, Left, PromptShown, Resumed, Suspended, Unlocked,
    WindowHidden, WindowVisible,
};

#[test]
fn a_stay_counts_from_joining_to_leaving() {
    let stream = [
        (5, WindowVisible),
        (100, Joined),
        (1_100, Left),
        (2_000, Input),
    ];
    let report = report(&stream, 9_999);
    assert_eq!(report.intervals.iter().collect::<Vec<_>>(), [(100, 1_100)]);
    assert_eq!(report.excluded, []);
    assert_eq!(report.presence, [(100, Active), (1_100, Inactive)]);
}

#[test]
fn the_first_reason_in_order_is_given() {
    let stream = [
        (0, Joined),
        (10, Signal::ConnectionLost),
        (20, WindowHidden),
        (30, Signal::Locked),
        (40, Suspended),
        (50, Resumed),
        (60, Unlocked),
        (70, WindowVisible),
        (40_000, ConnectionRestored),
    ];
    assert_eq!(
        excluded(&stream, 50_000),
        [
            (10, 20, ConnectionLost),
            (20, 30, Hidden),
            (30, 40, Locked),
            (40, 50, Asleep),
            (50, 60, Locked),
            (60, 70, Hidden),
            (70, 40_000, ConnectionLost),
        ]
    );
    assert_eq!(counted(&stream, 50_000), [(0, 10), (40_000, 50_000)]);
}

#[test]
fn nobody_there_comes_before_connection_lost_and_after_hidden() {
    let end = 2 * LIMIT;
    let stream = [
        (0, Joined),
        (end - MINUTE, Signal::ConnectionLost),
        (end + 10, WindowHidden),
    ];
    assert_eq!(
        excluded(&stream, end + 20),
        [
            (end - MINUTE, end, ConnectionLost),
            (end, end + 10, NobodyThere),
            (end + 10, end + 20, Hidden),
        ]
    );
}

#[test]
fn touching_stretches_with_one_reason_are_one() {
    let stream = [
        (0, Joined),
        (10, Signal::Locked),
        (20, Unlocked),
        (20, Signal::Locked),
    ];
    assert_eq!(excluded(&stream, 30), [(10, 30, Locked)]);
    let two_stays = [(0, Signal::Locked), (5, Joined), (10, Left), (10, Joined)];
    assert_eq!(excluded(&two_stays, 30), [(5, 30, Locked)]);
}

#[test]
fn a_short_loss_is_bridged_and_a_long_one_counts_from_its_first_millisecond() {
    let loss = |restored| {
        [
            (0, Joined),
            (SECOND, Signal::ConnectionLost),
            (restored, ConnectionRestored),
        ]
    };
    let grace = 30 * SECOND;
    assert_eq!(counted(&loss(SECOND + grace - 1), MINUTE), [(0, MINUTE)]);
    assert_eq!(
        counted(&loss(SECOND + grace), MINUTE),
        [(0, SECOND), (SECOND + grace, MINUTE)]
    );
    let lost_twice = [
        (0, Joined),
        (SECOND, Signal::ConnectionLost),
        (20 * SECOND, Signal::ConnectionLost),
        (SECOND + grace, ConnectionRestored),
    ];
    assert_eq!(
        excluded(&lost_twice, MINUTE),
        [(SECOND, SECOND + grace, ConnectionLost)]
    );
}

#[test]
fn a_silent_connection_was_lost_from_its_first_silent_millisecond() {
    let silent = |restored| {
        [
            (0, Joined),
            (MINUTE, Signal::ConnectionSilent { for_ms: 15_000 }),
            (restored, ConnectionRestored),
        ]
    };
    let since = MINUTE - 15_000;
    let grace = 30 * SECOND;
    assert_eq!(counted(&silent(since + grace - 1), 90_000), [(0, 90_000)]);
    assert_eq!(
        excluded(&silent(since + grace), 90_000),
        [(since, since + grace, ConnectionLost)]
    );
    let now = status(&silent(since + grace)[..2], MINUTE);
    assert_eq!((now.active_ms, now.unconfirmed_ms), (MINUTE, 15_000));
    assert_eq!(now.bridge_ends_ms, Some(since + grace));
    assert_eq!(counted(&silent(since + grace)[..2], MINUTE), [(0, since)]);
}

#[test]
fn a_silence_reaches_neither_before_joining_nor_before_the_connection_was_back() {
    let joined_late = [
        (10, Joined),
        (40_000, Signal::ConnectionSilent { for_ms: 100_000 }),
    ];
    assert_eq!(
        excluded(&joined_late, 40_000),
        [(10, 40_000, ConnectionLost)]
    );
    let back = [
        (0, Joined),
        (10, Signal::ConnectionLost),
        (20, ConnectionRestored),
        (40_000, Signal::ConnectionSilent { for_ms: 100_000 }),
    ];
    assert_eq!(excluded(&back, 40_000), [(20, 40_000, ConnectionLost)]);
    let known = [
        (0, Joined),
        (30_000, Signal::ConnectionLost),
        (40_000, Signal::ConnectionSilent { for_ms: 20_000 }),
    ];
    assert_eq!(
        excluded(&known, 40_000),
        [(30_000, 40_000, ConnectionLost)],
        "what is known already stays as it is"
    );
}

#[test]
fn a_loss_is_bridged_only_within_one_stay() {
    let left = [
        (0, Joined),
        (10, Signal::ConnectionLost),
        (20, Left),
        (25, ConnectionRestored),
    ];
    assert_eq!(excluded(&left, 30), [(10, 20, ConnectionLost)]);
    let lost_before = [
        (0, Signal::ConnectionLost),
        (10, Joined),
        (20, ConnectionRestored),
    ];
    assert_eq!(excluded(&lost_before, 30), [(10, 20, ConnectionLost)]);
    let over_two_stays = [
        (0, Joined),
        (10, Signal::ConnectionLost),
        (20, Left),
        (22, Joined),
        (25, ConnectionRestored),
    ];
    assert_eq!(
        excluded(&over_two_stays, 30),
        [(10, 20, ConnectionLost), (22, 25, ConnectionLost)]
    );
}

#[test]
fn a_loss_counts_for_now_and_is_reported_only_when_certain() {
    let stream = [(0, Joined), (MINUTE, Signal::ConnectionLost)];
    let now = MINUTE + 10 * SECOND;
    let soon = status(&stream, now);
    assert!(soon.counting);
    assert_eq!((soon.active_ms, soon.unconfirmed_ms), (now, 10 * SECOND));
    assert_eq!(soon.bridge_ends_ms, Some(MINUTE + 30 * SECOND));
    assert_eq!(soon.next_deadline_ms, Some(MINUTE + 30 * SECOND));
    assert_eq!(counted(&stream, now), [(0, MINUTE)]);

    let late = status(&stream, MINUTE + 30 * SECOND);
    assert_eq!(late.paused_by, Some(ConnectionLost));
    assert_eq!((late.active_ms, late.unconfirmed_ms), (MINUTE, 0));
    assert_eq!(late.bridge_ends_ms, None);
    assert_eq!(late.presence, Active, "presence ignores the connection");
}

#[test]
fn sleep_reaches_back_over_stays_and_not_beyond_them() {
    let stream = [
        (100, Joined),
        (200, Signal::Locked),
        (300, Left),
        (400, Joined),
        (450, Signal::Slept { for_ms: 10_000 }),
    ];
    assert_eq!(
        excluded(&stream, 500),
        [(100, 300, Asleep), (400, 450, Asleep), (450, 500, Locked)]
    );
}

#[test]
fn a_clock_correction_moves_no_stay_that_has_begun() {
    let stream = [
        (0, Signal::ClockOffset { offset_ms: 9 }),
        (0, Signal::ClockOffset { offset_ms: 1_000 }),
        (10, Joined),
        (20, Signal::ClockOffset { offset_ms: -5 }),
        (30, Left),
        (40, Joined),
    ];
    let report = report(&stream, 50);
    assert_eq!(
        report.intervals.iter().collect::<Vec<_>>(),
        [(35, 45), (1_010, 1_030)]
    );
    assert_eq!(
        report.presence,
        [(1_010, Active), (1_030, Inactive), (35, Active)]
    );
}

#[test]
fn stays_on_the_same_server_time_count_once() {
    let stream = [
        (0, Joined),
        (50, WindowHidden),
        (100, Left),
        (100, Signal::ClockOffset { offset_ms: -100 }),
        (100, WindowVisible),
        (100, Joined),
        (170, WindowHidden),
    ];
    let report = report(&stream, 200);
    assert_eq!(report.intervals.iter().collect::<Vec<_>>(), [(0, 70)]);
    assert_eq!(report.active_ms, 70);
    assert_eq!(report.excluded, [(70, 100, Hidden).into()]);
}

#[test]
fn outside_of_a_stay_nothing_counts() {
    let before = status(&[(0, Input)], 10);
    assert!(!before.in_stay && !before.counting);
    assert_eq!((before.paused_by, before.next_deadline_ms), (None, None));
    let after = status(&[(0, Joined), (50, Left)], 80);
    assert!(!after.in_stay && !after.counting);
    assert_eq!((after.active_ms, after.elapsed_ms), (50, 50));
    assert_eq!(after.presence, Inactive);
}

#[test]
fn the_largest_times_overflow_nothing() {
    let huge = u64::MAX - 5;
    let mut timer = WatchTimer::new(Policy {
        idle_limit_ms: u64::MAX,
        away_grace_ms: u64::MAX,
        reconnect_grace_ms: u64::MAX,
    });
    timer.handle(
        0,
        Signal::ClockOffset {
            offset_ms: i64::MAX,
        },
    );
    timer.handle(0, Joined);
    timer.handle(1, PromptShown);
    timer.handle(2, Signal::ConnectionLost);
    timer.handle(huge, ConnectionRestored);
    timer.handle(huge, Signal::Slept { for_ms: u64::MAX });
    timer.handle(u64::MAX, Left);
    assert_eq!(timer.status(0).active_ms, 5);
    assert!(timer.report(u64::MAX).active_ms <= 5);
}
