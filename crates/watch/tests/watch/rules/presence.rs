//! What others see.

use kulti_watch::{Presence, Reason, Signal};

use super::{LIMIT, MINUTE, SECOND, report};
use Presence::{Active, Inactive};
use Reason::Asleep;
use Signal::{Joined, Left, PromptShown, Suspended, Unlocked, WindowHidden, WindowVisible};

#[test]
fn presence_goes_inactive_after_the_grace_and_active_at_once() {
    let grace = 30 * SECOND;
    let hidden = |until| [(0, Joined), (SECOND, WindowHidden), (until, WindowVisible)];
    let short = report(&hidden(SECOND + grace - 1), MINUTE).presence;
    assert_eq!(short, [(0, Active)]);
    let back = SECOND + grace;
    assert_eq!(
        report(&hidden(back), MINUTE).presence,
        [(0, Active), (back, Inactive), (back, Active)]
    );
    assert_eq!(
        report(&hidden(back + 7), MINUTE).presence,
        [(0, Active), (back, Inactive), (back + 7, Active)]
    );
}

#[test]
fn an_interruption_with_changing_reasons_has_no_break() {
    let stream = [
        (0, Joined),
        (10_000, WindowHidden),
        (20_000, Signal::Locked),
        (25_000, WindowVisible),
        (35_000, Suspended),
        (38_000, Unlocked),
    ];
    assert_eq!(
        report(&stream, MINUTE).presence,
        [(0, Active), (40_000, Inactive)]
    );
}

#[test]
fn presence_starts_with_the_state_at_joining() {
    let stream = [
        (0, Signal::Locked),
        (5, Joined),
        (9, Unlocked),
        (20, Signal::Locked),
        (30, Left),
    ];
    assert_eq!(
        report(&stream, 40).presence,
        [(5, Inactive), (9, Active), (30, Inactive)]
    );
    let never = [(0, Signal::Locked), (5, Joined), (30, Left)];
    assert_eq!(report(&never, 40).presence, [(5, Inactive)]);
}

#[test]
fn nobody_there_is_an_interruption_too() {
    let stream = [(0, Joined), (LIMIT - MINUTE, PromptShown)];
    let presence = report(&stream, 9 * LIMIT).presence;
    assert_eq!(presence, [(0, Active), (LIMIT + 30 * SECOND, Inactive)]);
}

#[test]
fn sleep_found_out_afterwards_takes_the_time_but_no_presence() {
    let stream = [
        (0, Joined),
        (300_000, Signal::Slept { for_ms: 200_000 }),
        (310_000, Left),
    ];
    let report = report(&stream, 310_000);
    assert_eq!(
        report.intervals.iter().collect::<Vec<_>>(),
        [(0, 100_000), (300_000, 310_000)]
    );
    assert_eq!(report.excluded, [(100_000, 300_000, Asleep).into()]);
    assert_eq!(report.presence, [(0, Active), (310_000, Inactive)]);
}
