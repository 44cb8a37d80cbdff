//! Random streams of signals. All times lie on a grid, so that signals often come at
//! the same moment, and deadlines fall on signals.

use kulti_watch::{Policy, Signal, WatchTimer};
use proptest::{collection::vec, option, prelude::*, sample::Index};

/// The grid; a minute (the time to answer the prompt) is 6 of it.
pub(crate) const TICK_MS: u64 = 10_000;

pub(crate) type Stream = Vec<(u64, Signal)>;

pub(crate) fn signal() -> impl Strategy<Value = Signal> {
    prop_oneof![
        3 => Just(Signal::Joined),
        2 => Just(Signal::Left),
        2 => Just(Signal::WindowVisible),
        1 => Just(Signal::WindowHidden),
        1 => Just(Signal::Locked),
        2 => Just(Signal::Unlocked),
        1 => Just(Signal::Suspended),
        2 => Just(Signal::Resumed),
        1 => (0..6u64).prop_map(|ticks| Signal::Slept { for_ms: ticks * TICK_MS }),
        3 => Just(Signal::Input),
        2 => Just(Signal::Act),
        1 => Just(Signal::IdleUnknown),
        2 => Just(Signal::IdleKnown),
        4 => Just(Signal::PromptShown),
        1 => Just(Signal::PromptAnswered),
        2 => Just(Signal::ConnectionLost),
        1 => (0..9u64).prop_map(|ticks| Signal::ConnectionSilent { for_ms: ticks * TICK_MS }),
        2 => Just(Signal::ConnectionRestored),
        1 => (0..4i64).prop_map(|ticks| Signal::ClockOffset {
            offset_ms: (1_000 + 2 * ticks) * TICK_MS.cast_signed(),
        }),
    ]
}

/// A stream that usually joins early. Each has only some kinds of signals: what
/// happens rarely among all of them happens often among a few.
pub(crate) fn stream() -> impl Strategy<Value = Stream> {
    let kinds = prop_oneof![
        4 => vec(signal(), 2..12),
        1 => Just(many_stays(Signal::ConnectionLost, Signal::ConnectionRestored)),
        1 => Just(many_stays(Signal::Locked, Signal::WindowHidden)),
    ];
    let first = option::weighted(0.7, Just((1, Signal::Joined)));
    let gap = prop_oneof![4 => Just(0), 6 => 1..4u64, 2 => 4..20u64];
    (first, kinds, vec((gap, any::<Index>()), 0..40)).prop_map(|(first, kinds, rest)| {
        let rest = rest.into_iter().map(|(gap, kind)| (gap, *kind.get(&kinds)));
        let mut at_ms = 0;
        first
            .into_iter()
            .chain(rest)
            .map(|(gap, signal)| {
                at_ms += gap * TICK_MS;
                (at_ms, signal)
            })
            .collect()
    })
}

/// Kinds for a stream of many short stays, some at the same server time.
fn many_stays(one: Signal, other: Signal) -> Vec<Signal> {
    let offset = |ticks: i64| Signal::ClockOffset {
        offset_ms: ticks * TICK_MS.cast_signed(),
    };
    vec![
        Signal::Joined,
        Signal::Joined,
        Signal::Left,
        Signal::Left,
        Signal::Unlocked,
        Signal::WindowVisible,
        offset(1_000),
        offset(1_004),
        one,
        other,
    ]
}

pub(crate) fn policy() -> impl Strategy<Value = Policy> {
    (0..14u64, 0..5u64, 0..5u64).prop_map(|(idle, away, reconnect)| Policy {
        idle_limit_ms: idle * TICK_MS,
        away_grace_ms: away * TICK_MS,
        reconnect_grace_ms: reconnect * TICK_MS,
    })
}

/// A timer that has taken in these signals.
pub(crate) fn fed(policy: Policy, stream: &[(u64, Signal)]) -> WatchTimer {
    let mut timer = WatchTimer::new(policy);
    for &(at_ms, signal) in stream {
        timer.handle(at_ms, signal);
    }
    timer
}

/// The moment of the last signal.
pub(crate) fn end_of(stream: &[(u64, Signal)]) -> u64 {
    stream.last().map_or(0, |&(at_ms, _)| at_ms)
}
