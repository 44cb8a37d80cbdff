//! Polls over time: their end, those who come late or come back, the server's restart.

use serde_json::{Value, json};

use super::polls::{choice, class, draft, listed, result, running, start, vote};

#[test]
fn a_timed_poll_stops_by_itself_to_the_millisecond() {
    let mut world = class();
    let id = start(
        &mut world,
        json!({"duration": 30}),
        json!([choice("single-choice", &["x"])]),
    );
    let end = world.now + 30_000;
    world.pass(29_999);
    vote(&mut world, "a", &id, 1).unwrap();
    // A vote that comes before the room's timer is as late as one after it.
    world.now = end;
    assert_eq!(vote(&mut world, "b", &id, 1), Err(400));
    let stop = world.notices("a", "on-poll-stop");
    assert_eq!(stop[0]["polls"][0]["stopped_by"], "");
    assert_eq!(stop[0]["polls"][0]["stopped_at"], end);
    assert_eq!(world.room.poll_summaries()[0].voters, 1);
}

#[test]
fn late_joiners_and_those_who_come_back_find_what_runs() {
    let mut world = class();
    let (one, two, three) = (
        running(&mut world),
        running(&mut world),
        running(&mut world),
    );
    vote(&mut world, "a", &one, 3).unwrap();
    world.join("late", "viewer");
    let starts: Vec<Value> = world.notices("late", "on-poll-start");
    let ids: Vec<&Value> = starts
        .iter()
        .map(|notice| &notice["polls"][0]["poll_id"])
        .collect();
    assert_eq!(
        ids,
        [&json!(one), &json!(two), &json!(three)],
        "one in each notice"
    );
    let stats = world.notices("late", "on-poll-stats");
    assert_eq!(
        stats[0]["polls"][0]["questions"][0]["options"],
        json!([0, 0, 1])
    );

    world.pass(60_000);
    world.cut("b");
    world.pass(10_000);
    world.ok("h", "poll-stop", json!({"poll_id": one}));
    let four = running(&mut world);
    vote(&mut world, "a", &four, 1).unwrap();
    world.clear();
    world.open("b", "viewer");
    let stops = world.notices("b", "on-poll-stop");
    assert_eq!(stops.len(), 1);
    assert_eq!(stops[0]["polls"][0]["poll_id"], one);
    let starts = world.notices("b", "on-poll-start");
    assert_eq!(starts.len(), 1, "two and three would be announced again");
    assert_eq!(starts[0]["polls"][0]["poll_id"], four);
    assert_eq!(world.notices("b", "on-poll-stats").len(), 1);
    assert!(
        world.notices("a", "on-poll-stop").is_empty(),
        "nobody else is told again"
    );
    vote(&mut world, "b", &four, 1).unwrap();
    assert_eq!(result(&mut world, "h", &four)["user_count"], 2);
}

#[test]
fn results_are_told_a_few_times_a_second_and_the_last_ones_always() {
    let mut world = class();
    for n in 0..100 {
        world.join(&format!("v{n}"), "viewer");
    }
    let id = running(&mut world);
    world.clear();
    for n in 0..100 {
        vote(&mut world, &format!("v{n}"), &id, 1 + n % 3).unwrap();
        world.pass(10);
    }
    world.pass(1_000);
    let told = world.notices("a", "on-poll-stats");
    assert!(
        (2..=6).contains(&told.len()),
        "{} times in a second",
        told.len()
    );
    assert_eq!(told.last().unwrap()["polls"][0]["user_count"], 100);
    assert_eq!(world.notices("a", "on-poll-stats").len(), told.len());
}

#[test]
fn polls_survive_the_server() {
    for clean in [true, false] {
        let mut world = class();
        let id = start(
            &mut world,
            json!({"title": "T", "duration": 60}),
            json!([choice("single-choice", &["x", "y"])]),
        );
        let kept = draft(&mut world, "h", json!({"title": "Later"}), json!([]));
        vote(&mut world, "a", &id, 2).unwrap();
        let before = world.room.poll_summaries();
        world.restart(clean);
        assert_eq!(world.room.poll_summaries(), before);
        world.pass(1_000);
        for peer in ["h", "a", "b"] {
            world.open(peer, if peer == "h" { "host" } else { "viewer" });
        }
        assert_eq!(world.notices("b", "on-poll-start").len(), 2);
        assert_eq!(
            vote(&mut world, "a", &id, 1),
            Err(400),
            "the ballot was kept"
        );
        vote(&mut world, "b", &id, 2).unwrap();
        assert_eq!(listed(&mut world, "h", "created"), [kept]);
        world.pass(60_000);
        assert_eq!(
            world.notices("b", "on-poll-stop").len(),
            1,
            "its time went on"
        );
        assert_eq!(world.room.poll_summaries()[0].voters, 2);
    }
}

#[test]
fn the_end_of_the_session_stops_polls_and_keeps_what_became_of_them() {
    let mut world = class();
    let id = running(&mut world);
    vote(&mut world, "a", &id, 1).unwrap();
    draft(&mut world, "h", json!({"title": "Never"}), json!([]));
    world.ok("h", "end-room", json!({"lock": true, "reason": ""}));
    let ended = world.now;
    world.restart(true);
    let summaries = world.room.poll_summaries();
    assert_eq!(summaries.len(), 1, "drafts took no part");
    let summary = serde_json::to_value(&summaries[0]).unwrap();
    assert_eq!(
        summary,
        json!({
            "id": id, "title": "T", "kind": "poll", "state": "stopped", "anonymous": false,
            "voters": 1, "people": 4, "startedAt": ended, "stoppedAt": ended,
            "questions": [{
                "text": "Which?", "kind": "single-choice", "answered": 1, "skipped": 0,
                "options": [
                    {"text": "x", "votes": 1, "isRight": false},
                    {"text": "y", "votes": 0, "isRight": false},
                    {"text": "z", "votes": 0, "isRight": false},
                ],
            }],
        })
    );
}
