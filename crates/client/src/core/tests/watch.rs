//! Watch time through the whole core.

use kulti_watch::Signal;

use super::world::{EPOCH, World};
use crate::core::{
    Intent,
    io::Input,
    view::{Notice, PauseReason, ViewEvent},
};

#[test]
fn views_come_once_a_second_while_it_counts() {
    let mut world = World::new();
    world.join(&["viewer-1"]);
    let before = world.clients["viewer-1"].views.len();
    world.run(30_000);
    let watch: Vec<u64> = world.clients["viewer-1"].views[before..]
        .iter()
        .filter_map(|view| match view {
            ViewEvent::Watch(view) => Some(view.active_ms),
            _ => None,
        })
        .collect();
    assert_eq!(watch.len(), 30);
    assert!(
        watch.iter().all(|ms| ms % 1_000 == 0),
        "at whole seconds: {watch:?}"
    );
}

#[test]
fn a_hidden_window_pauses_at_once_and_says_why() {
    let mut world = World::new();
    world.join(&["viewer-1"]);
    world.run(10_000);
    world.input("viewer-1", Input::Watch(Signal::WindowHidden));
    let watch = world.shown("viewer-1").watch.clone().unwrap();
    assert!(!watch.counting);
    assert_eq!(watch.paused_by, Some(PauseReason::Hidden));
    assert_eq!(watch.active_ms, 10_500);
    world.run(60_000);
    world.input("viewer-1", Input::Watch(Signal::WindowVisible));
    world.run(10_000);
    world.input("viewer-1", Input::Tick);
    let watch = world.clients["viewer-1"].snapshot().watch.unwrap();
    assert!(watch.counting);
    assert_eq!(watch.active_ms, 20_500);
    assert_eq!(watch.ribbon.len(), 3);
    assert_eq!(watch.ribbon[1].reason, Some(PauseReason::Hidden));
    assert_eq!(
        watch.ribbon.last().map(|span| span.end_ms),
        Some(watch.elapsed_ms),
        "the stretches touch"
    );
}

#[test]
fn a_silent_loss_does_not_count_from_its_first_moment() {
    let mut world = World::new();
    world.join(&["viewer-1"]);
    world.run(60_000);
    let before = world.clients["viewer-1"].snapshot().watch.unwrap();
    world.client("viewer-1").silent = true;
    world.run(60_000);
    let watch = world.clients["viewer-1"].snapshot().watch.unwrap();
    assert_eq!(watch.paused_by, Some(PauseReason::ConnectionLost));
    // The last frame came with the last ping's answer, a few seconds before.
    let beyond = before.active_ms.saturating_sub(watch.active_ms);
    assert!(
        beyond <= 4_000,
        "{} after {}",
        watch.active_ms,
        before.active_ms
    );
    assert!(watch.active_ms <= before.active_ms);
    let lost = watch.ribbon.last().map(|span| (span.start_ms, span.reason));
    assert_eq!(
        lost,
        Some((watch.active_ms, Some(PauseReason::ConnectionLost)))
    );
}

#[test]
fn a_credit_is_earned_after_a_minute_and_five_by_hosts() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    world.run(62_000);
    let earned = |id: &str| {
        let notices = &world.clients[id].notices;
        notices
            .iter()
            .filter(|notice| matches!(notice, Notice::CreditEarned { .. }))
            .count()
    };
    assert_eq!((earned("viewer-1"), earned("host-1")), (1, 5));
    let watch = world.shown("viewer-1").watch.clone().unwrap();
    assert_eq!((watch.credits, watch.credits_per_minute), (1, 1));
    assert_eq!(world.shown("host-1").watch.as_ref().unwrap().credits, 5);
}

#[test]
fn heartbeats_carry_intervals_in_server_time_until_they_are_settled() {
    let mut world = World::new();
    let joined_at = world.boot;
    world.join(&["viewer-1"]);
    world.client("viewer-1").heartbeats_fail = true;
    world.run(95_000);
    let sent = world.clients["viewer-1"].heartbeats.last().unwrap().clone();
    let [start, end] = sent.intervals.unwrap()[0];
    let server = i64::try_from(EPOCH + joined_at).unwrap();
    assert!(
        (start - server).abs() < 50,
        "server time, not that of a wall clock that is an hour off: {start}"
    );
    assert!(end - start > 60_000);
    assert_eq!(
        world.shown("viewer-1").watch.as_ref().unwrap().confirmed_ms,
        0
    );

    world.client("viewer-1").heartbeats_fail = false;
    world.run(65_000);
    let watch = world.shown("viewer-1").watch.clone().unwrap();
    assert!(watch.confirmed_ms > 90_000, "{watch:?}");
    let sent = world.clients["viewer-1"].heartbeats.last().unwrap().clone();
    let [start, end] = sent.intervals.unwrap()[0];
    assert!(end - start <= 45_000, "only what was not settled");
}

#[test]
fn hours_without_the_socket_do_not_count_but_what_was_watched_is_kept() {
    let mut world = World::new();
    world.join(&["viewer-1"]);
    world.run(59_500);
    world.offline("viewer-1");
    world.run(3_600_000);
    world.back("viewer-1");
    world.run(20_000);
    let watch = world.shown("viewer-1").watch.clone().unwrap();
    assert!(
        (60_000..81_000).contains(&watch.active_ms),
        "{}",
        watch.active_ms
    );
    assert!(
        watch
            .ribbon
            .iter()
            .any(|span| span.reason == Some(PauseReason::ConnectionLost))
    );
}

#[test]
fn any_act_is_a_sign_of_life() {
    let mut world = World::new();
    world.join(&["viewer-1"]);
    world.run(20 * 60_000);
    world.act("viewer-1", Intent::ShowPage { page: 0 });
    let status = world.clients["viewer-1"].core.watch_status(world.boot);
    assert_eq!(status.evidence_ends_ms, Some(world.boot + 30 * 60_000));
    world.run(31 * 60_000);
    let status = world.clients["viewer-1"].core.watch_status(world.boot);
    assert!(!status.counting, "nobody is there for ever");
    let journal = world.clients["viewer-1"].core.watch_intervals(world.boot);
    assert_eq!(journal.measure_ms(), status.active_ms);
}
