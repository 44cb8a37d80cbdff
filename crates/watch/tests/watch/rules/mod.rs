//! Every rule with its numbers, to the millisecond.

mod counting;
mod person;
mod presence;

use kulti_watch::{Excluded, Policy, Reason, Report, Signal, Status, WatchTimer};

pub(crate) const SECOND: u64 = 1_000;
pub(crate) const MINUTE: u64 = 60 * SECOND;
/// The default limit.
pub(crate) const LIMIT: u64 = 15 * MINUTE;

pub(crate) fn timer(stream: &[(u64, Signal)]) -> WatchTimer {
    let mut timer = WatchTimer::new(Policy::default());
    for &(at_ms, signal) in stream {
        timer.handle(at_ms, signal);
    }
    timer
}

pub(crate) fn report(stream: &[(u64, Signal)], end: u64) -> Report {
    timer(stream).report(end)
}

pub(crate) fn status(stream: &[(u64, Signal)], now: u64) -> Status {
    timer(stream).status(now)
}

pub(crate) fn counted(stream: &[(u64, Signal)], end: u64) -> Vec<(u64, u64)> {
    report(stream, end).intervals.into()
}

pub(crate) fn excluded(stream: &[(u64, Signal)], end: u64) -> Vec<(u64, u64, Reason)> {
    let excluded = report(stream, end).excluded;
    excluded.into_iter().map(Excluded::into).collect()
}
