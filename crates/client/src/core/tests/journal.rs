//! What is written down on this computer, and what the ledger is told of it.

use kulti_protocol::api::Exclusion;
use kulti_watch::{IntervalSet, Signal};
use proptest::prelude::*;

use super::world::{EPOCH, World};
use crate::core::{Intent, io::Input};

fn told(world: &World, id: &str) -> IntervalSet {
    let beats = world.clients[id].heartbeats.iter();
    beats
        .flat_map(|beat| beat.intervals.clone().unwrap())
        .map(|[start, end]| (start.unsigned_abs(), end.unsigned_abs()))
        .collect()
}

/// What counted by the timer until now.
fn truth(world: &World, id: &str) -> IntervalSet {
    world.clients[id].core.watch_intervals(world.boot)
}

fn signal(world: &mut World, id: &str, signal: Signal) {
    world.input(id, Input::Watch(signal));
    world.settle();
}

#[test]
fn time_that_counts_is_written_down_within_the_second_and_seldom_otherwise() {
    let mut world = World::new();
    world.join(&["viewer-1"]);
    world.client("viewer-1").heartbeats_fail = true;
    for _ in 0..600 {
        world.run(100);
        let missing =
            truth(&world, "viewer-1").difference(&world.clients["viewer-1"].journal.watched);
        assert!(missing.measure_ms() <= 1_000, "{missing:?}");
    }
    let writes = world.clients["viewer-1"].journal_writes.len();
    assert!((60..80).contains(&writes), "{writes} in a minute");

    signal(&mut world, "viewer-1", Signal::WindowHidden);
    world.run(1_000);
    let all = truth(&world, "viewer-1");
    assert_eq!(
        world.clients["viewer-1"].journal.watched, all,
        "the rest of it"
    );
    let before = world.clients["viewer-1"].journal_writes.len();
    world.run(120_000);
    let writes = world.clients["viewer-1"].journal_writes.len() - before;
    assert!(
        writes <= 5,
        "{writes} while nothing counts: with heartbeats only"
    );
}

#[test]
fn a_minute_has_sixty_writes_and_one_for_each_heartbeat_at_most() {
    let mut world = World::new();
    world.join(&["viewer-1"]);
    world.run(10_000);
    let (writes, beats) = (
        world.clients["viewer-1"].journal_writes.len(),
        world.clients["viewer-1"].heartbeats.len(),
    );
    for _ in 0..3 {
        world.run(10_700);
        signal(&mut world, "viewer-1", Signal::WindowHidden);
        world.run(300);
        signal(&mut world, "viewer-1", Signal::WindowVisible);
        world.run(9_000);
    }
    let client = &world.clients["viewer-1"];
    let writes = client.journal_writes.len() - writes;
    let beats = client.heartbeats.len() - beats;
    assert!(
        (6..=9).contains(&beats),
        "one for each change, and the usual: {beats}"
    );
    assert!(writes <= 60 + beats, "{writes} writes, {beats} heartbeats");
    assert!(writes > 50, "{writes}: a second is not kept");
}

#[test]
fn what_the_server_has_acknowledged_is_pruned() {
    let mut world = World::new();
    world.join(&["viewer-1"]);
    world.run(35_000);
    let journal = &world.clients["viewer-1"].journal;
    assert!(journal.watched.measure_ms() < 6_000, "{journal:?}");
    assert_eq!(journal.watched.len(), 1);
}

#[test]
fn on_leaving_all_that_is_left_is_written_down_and_told() {
    let mut world = World::new();
    world.join(&["viewer-1"]);
    world.client("viewer-1").heartbeats_fail = true;
    world.run(45_300);
    world.act("viewer-1", Intent::Leave);
    let client = &world.clients["viewer-1"];
    assert!(client.ended.is_some(), "nobody waits for the server");
    let all = client.core.watch_intervals(world.boot);
    assert_eq!(client.journal.watched, all);
    assert!(told(&world, "viewer-1").covers(&all));
}

#[test]
fn sleep_that_is_found_out_is_taken_out_of_the_journal() {
    let mut world = World::new();
    world.join(&["viewer-1"]);
    world.client("viewer-1").heartbeats_fail = true;
    world.run(60_000);
    signal(&mut world, "viewer-1", Signal::Slept { for_ms: 40_000 });
    world.run(1_000);
    let journal = world.clients["viewer-1"].journal.clone();
    assert!(
        (20_000..23_000).contains(&journal.watched.measure_ms()),
        "{journal:?}"
    );
    world.run(31_000);
    let excluded = world.clients["viewer-1"].journal.excluded.stretches();
    assert!(
        excluded
            .iter()
            .any(|&(start, end, why)| end - start == 40_000 && why == Exclusion::Asleep),
        "{excluded:?}"
    );
}

#[test]
fn every_stretch_that_did_not_count_is_told_once_with_its_reason() {
    let mut world = World::new();
    world.join(&["viewer-1"]);
    world.run(10_000);
    signal(&mut world, "viewer-1", Signal::WindowHidden);
    world.run(75_000);
    signal(&mut world, "viewer-1", Signal::WindowVisible);
    world.run(40_000);
    world.offline("viewer-1");
    world.run(10_000);
    world.back("viewer-1");
    world.run(40_000);
    world.act("viewer-1", Intent::Leave);
    let beats = &world.clients["viewer-1"].heartbeats;
    let excluded: Vec<_> = beats.iter().flat_map(|beat| &beat.excluded).collect();
    assert!(excluded.len() > 1, "while it goes on, too");
    assert!(
        excluded.windows(2).all(|pair| pair[0].1 == pair[1].0),
        "each once, without a gap: {excluded:?}"
    );
    let length: i64 = excluded.iter().map(|(start, end, _)| end - start).sum();
    assert_eq!(length, 75_000);
    assert!(
        excluded.iter().all(|(.., why)| *why == Exclusion::Hidden),
        "a loss that was bridged is none: {excluded:?}"
    );
}

#[test]
fn a_lost_connection_is_told_when_it_is_certain() {
    let mut world = World::new();
    world.join(&["viewer-1"]);
    world.run(10_000);
    world.offline("viewer-1");
    world.run(120_000);
    let told = |world: &World| {
        let beats = world.clients["viewer-1"].heartbeats.iter();
        beats
            .flat_map(|beat| beat.excluded.clone())
            .map(|(start, end, why)| {
                assert_eq!(why, Exclusion::ConnectionLost);
                end - start
            })
            .sum::<i64>()
    };
    assert!(told(&world) > 60_000, "heartbeats have another way");
    world.back("viewer-1");
    world.run(60_000);
    assert!(
        (120_000..136_000).contains(&told(&world)),
        "{}",
        told(&world)
    );
}

#[test]
fn books_that_are_asked_for_are_told_the_newest_time() {
    let mut world = World::new();
    world.join(&["viewer-1"]);
    world.run(10_000);
    let all = truth(&world, "viewer-1");
    world.input("viewer-1", Input::ReportWatchTime);
    world.settle();
    assert!(told(&world, "viewer-1").covers(&all));
    let beats = world.clients["viewer-1"].heartbeats.len();
    world.run(20_000);
    assert_eq!(world.clients["viewer-1"].heartbeats.len(), beats);
}

/// What may happen to somebody who watches.
#[derive(Debug, Clone)]
enum Event {
    Signal(Signal),
    Time(u64),
    Offline,
    Back,
    /// Heartbeats reach the server, or its answers are lost, too.
    Answers(bool),
    /// The program is killed and started again.
    Crash,
    Leave,
}

fn event() -> impl Strategy<Value = Event> {
    let signals = prop_oneof![
        Just(Signal::WindowHidden),
        Just(Signal::WindowVisible),
        Just(Signal::Locked),
        Just(Signal::Unlocked),
        Just(Signal::Input),
    ];
    prop_oneof![
        4 => signals.prop_map(Event::Signal),
        6 => (1..70_000_u64).prop_map(Event::Time),
        1 => Just(Event::Offline),
        2 => Just(Event::Back),
        2 => any::<bool>().prop_map(Event::Answers),
        1 => Just(Event::Crash),
        1 => Just(Event::Leave),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Whatever happens: what the server was told, and what the disk still holds, is
    /// all that counted but for the last second before each crash; and nothing else.
    #[test]
    fn no_more_than_the_last_second_is_lost_and_nothing_is_made_up(
        events in prop::collection::vec(event(), 1..40)
    ) {
        let mut world = World::new();
        let mut stay = 0;
        let id = |stay: u32| format!("viewer-{stay}");
        world.join(&[&id(stay)]);
        let mut counted = IntervalSet::new();
        let mut server = IntervalSet::new();
        let mut crashes = 0;
        let mut answers = true;
        for event in events.into_iter().chain([Event::Leave]) {
            let me = id(stay);
            let over = match event {
                Event::Signal(what) => {
                    signal(&mut world, &me, what);
                    false
                }
                Event::Time(ms) => {
                    world.run(ms);
                    false
                }
                Event::Offline => {
                    world.offline(&me);
                    false
                }
                Event::Back => {
                    world.back(&me);
                    false
                }
                Event::Answers(come) => {
                    answers = come;
                    world.client(&me).heartbeats_fail = !come;
                    false
                }
                Event::Crash => {
                    crashes += 1;
                    true
                }
                Event::Leave => {
                    if world.clients[&me].ended.is_none() {
                        world.act(&me, Intent::Leave);
                    }
                    true
                }
            };
            if over {
                counted.merge(&truth(&world, &me));
                // A heartbeat that was not answered may have arrived all the same.
                server.merge(&told(&world, &me));
                // At the next start the rest is sent, as often as it takes.
                let left = world.clients[&me].journal.watched.clone();
                server.merge(&left);
                server.merge(&left);
                world.clients.remove(&me);
                world.room.forget(&me);
                stay += 1;
                world.run(10);
                world.join(&[&id(stay)]);
                world.client(&id(stay)).heartbeats_fail = !answers;
            }
        }
        prop_assert!(counted.covers(&server), "made up: {:?}", server.difference(&counted));
        let lost = counted.difference(&server);
        prop_assert!(lost.measure_ms() <= crashes * 1_000, "{crashes} crashes: {lost:?}");
        prop_assert!(server.bounds().is_none_or(|(start, _)| start > EPOCH));
    }
}
