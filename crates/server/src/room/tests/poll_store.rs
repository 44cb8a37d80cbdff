//! `activePoll`: web clients that know polls as a value of the store only.

use serde_json::{Value, json};

use super::polls::{choice, class, start, vote};
use super::world::World;

/// As the web product writes a new poll.
fn web_poll(id: &str) -> Value {
    json!({
        "pollId": id, "question": "Clear so far?",
        "options": [{"id": "yes", "text": "Yes", "votes": 0}, {"id": "no", "text": "No", "votes": 0}],
        "totalVotes": 0, "isActive": true, "createdAt": 1_800_000_000_000u64,
    })
}

/// A copy with one option raised by one, as the web product votes.
fn raised(copy: &Value, option: usize) -> Value {
    let mut voted = copy.clone();
    for count in ["totalVotes", &format!("options/{option}/votes")] {
        let count = voted.pointer_mut(&format!("/{count}")).unwrap();
        *count = json!(count.as_u64().unwrap() + 1);
    }
    voted
}

fn shown(world: &mut World) -> Value {
    world.ok("b", "get-metadata", json!({"key": "activePoll"}))["data"].clone()
}

fn tally(value: &Value) -> (Vec<u64>, u64) {
    let options = value["options"].as_array().unwrap();
    let votes = options
        .iter()
        .map(|option| option["votes"].as_u64().unwrap());
    (votes.collect(), value["totalVotes"].as_u64().unwrap())
}

#[test]
fn a_poll_made_by_writing_the_key_is_a_poll_for_all() {
    let mut world = class();
    world.listen("a", &["activePoll"]);
    let written = world.set("h", "activePoll", web_poll("w1")).unwrap();
    assert_eq!(written["data"]["pollId"], "w1");
    assert_eq!(
        written["data"]["options"][1],
        json!({"id": "no", "text": "No", "votes": 0})
    );
    assert_eq!(world.clients["a"].values["activePoll"]["isActive"], true);
    let started = world.notices("b", "on-poll-start");
    assert_eq!(started[0]["polls"][0]["poll_id"], "w1");
    assert_eq!(started[0]["polls"][0]["title"], "Clear so far?");

    // One votes by the protocol, the other by the key.
    vote(&mut world, "b", "w1", 2).unwrap();
    world.pass(1_000);
    let copy = world.clients["a"].values["activePoll"].clone();
    assert_eq!(tally(&copy), (vec![0, 1], 1));
    world.set("a", "activePoll", raised(&copy, 0)).unwrap();
    world.pass(1_000);
    assert_eq!(tally(&shown(&mut world)), (vec![1, 1], 2));
    assert_eq!(vote(&mut world, "a", "w1", 2), Err(400), "a has voted");
    let again = raised(&shown(&mut world), 0);
    assert_eq!(world.set("b", "activePoll", again), Err(400), "b too");

    // The host closes it as the web product does: with the flag, or by clearing the key.
    let mut closed = copy;
    closed["isActive"] = json!(false);
    assert_eq!(world.set("a", "activePoll", closed.clone()), Err(403));
    let answer = world.set("h", "activePoll", closed).unwrap();
    assert_eq!(answer["data"]["isActive"], false);
    assert_eq!(
        tally(&answer["data"]),
        (vec![1, 1], 2),
        "a stale copy changes no tally"
    );
    assert_eq!(world.notices("b", "on-poll-stop").len(), 1);
    assert_eq!(
        world.set("p", "activePoll", web_poll("w1")),
        Err(400),
        "it is over"
    );
    assert_eq!(world.set("a", "activePoll", Value::Null), Err(403));
    world.set("h", "activePoll", Value::Null).unwrap();
    assert_eq!(shown(&mut world), Value::Null);
    assert_eq!(world.room.poll_summaries()[0].voters, 2);
}

#[test]
fn a_stop_is_never_taken_for_a_vote() {
    let mut world = class();
    world.set("h", "activePoll", web_poll("w")).unwrap();
    vote(&mut world, "a", "w", 1).unwrap();
    world.pass(1_000);
    // The present tally is also one more than the one before it.
    let mut stop = shown(&mut world);
    stop["isActive"] = json!(false);
    world.set("h", "activePoll", stop).unwrap();
    let summary = &world.room.poll_summaries()[0];
    assert_eq!(summary.voters, 1, "the host has not voted");
    assert!(summary.stopped_at.is_some());
}

#[test]
fn a_new_poll_takes_the_place_of_the_one_that_is_shown() {
    let mut world = class();
    world.set("h", "activePoll", web_poll("w1")).unwrap();
    let copy = shown(&mut world);
    world.set("p", "activePoll", web_poll("w2")).unwrap();
    assert_eq!(shown(&mut world)["pollId"], "w2");
    let summaries = world.room.poll_summaries();
    assert!(summaries[0].stopped_at.is_some() && summaries[1].stopped_at.is_none());
    assert_eq!(
        world.set("a", "activePoll", raised(&copy, 0)),
        Err(403),
        "for another poll"
    );
    assert_eq!(world.set("h", "activePoll", copy), Err(400));
    assert_eq!(shown(&mut world)["pollId"], "w2");
    // The repetition of a write whose answer was lost.
    world.set("p", "activePoll", web_poll("w2")).unwrap();
    assert_eq!(world.room.poll_summaries().len(), 2);
}

#[test]
fn votes_from_stale_copies_are_all_counted() {
    let mut world = class();
    for n in 0..30 {
        world.join(&format!("v{n}"), "viewer");
    }
    world.set("h", "activePoll", web_poll("w")).unwrap();
    let mut copies = vec![shown(&mut world)];
    let mut expected = [0u64, 0];
    for n in 0..30usize {
        let copy = copies[n * 7 % copies.len()].clone(); // mostly an old one
        let option = n % 2;
        world
            .set(&format!("v{n}"), "activePoll", raised(&copy, option))
            .unwrap();
        expected[option] += 1;
        world.pass(if n % 3 == 0 { 300 } else { 1 });
        copies.push(shown(&mut world));
        // Lost answers make clients write the same again.
        world
            .set(&format!("v{n}"), "activePoll", raised(&copy, option))
            .unwrap();
    }
    world.pass(1_000);
    assert_eq!(tally(&shown(&mut world)), (expected.to_vec(), 30));
    assert_eq!(world.room.poll_summaries()[0].voters, 30);
}

#[test]
fn what_is_no_vote_is_refused_and_changes_nothing() {
    let mut world = class();
    world.set("h", "activePoll", web_poll("w")).unwrap();
    vote(&mut world, "b", "w", 1).unwrap();
    world.pass(1_000);
    world.listen("b", &["activePoll"]);
    world.clear();
    let copy = shown(&mut world);
    let changed = |path: &str, value: Value| {
        let mut changed = raised(&copy, 0);
        *changed.pointer_mut(path).unwrap() = value;
        changed
    };
    let tampered = [
        json!("text"),
        json!({"x": 1}),
        json!([]),
        changed("/totalVotes", json!(100)),
        changed("/options/0/votes", json!(9)),
        changed("/options/1/votes", json!(1)),
        changed("/options", json!([])),
        changed("/options/0/id", json!("no")),
        changed("/pollId", json!("another")),
        changed("/isActive", json!(false)),
        raised(&raised(&copy, 0), 0),
    ];
    for data in tampered {
        assert_eq!(
            world.set("a", "activePoll", data.clone()),
            Err(403),
            "{data}"
        );
    }
    assert_eq!(shown(&mut world), copy);
    assert!(world.notices("b", "on-metadata-change").is_empty());
    assert_eq!(world.set("h", "activePoll", json!({"x": 1})), Err(400));
    let mut off = changed("/pollId", json!("new"));
    off["isActive"] = json!(false);
    assert_eq!(world.set("h", "activePoll", off), Err(400));
    let mut large = web_poll("large");
    large["question"] = json!("q".repeat(5_000));
    assert_eq!(world.set("h", "activePoll", large), Err(413));
    assert_eq!(shown(&mut world), copy);
    assert_eq!(world.room.poll_summaries().len(), 1);
    let version = json!({"key": "activePoll", "data": null, "if_change_version": 1});
    assert_eq!(world.call("h", "set-metadata", version), Err(409));
}

#[test]
fn a_copy_that_could_mean_two_things_is_a_conflict() {
    let mut world = class();
    let mut question = choice("single-choice", &["x", "y"]);
    question["question"]["once"] = json!(false);
    let id = start(&mut world, json!({}), json!([question]));
    vote(&mut world, "a", &id, 1).unwrap();
    world.pass(1_000);
    let first = shown(&mut world);
    vote(&mut world, "a", &id, 2).unwrap();
    world.pass(1_000);
    // [1, 1] is made from [1, 0] by choosing y, and from [0, 1] by choosing x.
    assert_eq!(world.set("b", "activePoll", raised(&first, 1)), Err(409));
    world.set("b", "activePoll", raised(&first, 0)).unwrap();
    world.pass(1_000);
    assert_eq!(tally(&shown(&mut world)), (vec![1, 1], 2));
}

#[test]
fn the_protocols_polls_are_shown_and_hidden_results_are_not() {
    let mut world = class();
    let hidden = json!({"responses": ["host"]});
    let id = start(
        &mut world,
        hidden,
        json!([choice("single-choice", &["x", "y"])]),
    );
    let copy = shown(&mut world);
    assert_eq!(
        copy["options"][0],
        json!({"id": "1", "text": "x", "votes": 0})
    );
    for peer in ["a", "b"] {
        world.set(peer, "activePoll", raised(&copy, 1)).unwrap();
        world.pass(1_000);
        assert_eq!(tally(&shown(&mut world)), (vec![0, 0], 0), "hidden");
    }
    // Words cannot be shown: the other one stays.
    let words = json!([{"question": {"text": "Why?", "type": "long-answer"}}]);
    start(&mut world, json!({}), words);
    assert_eq!(shown(&mut world)["pollId"], id);
    world.ok("h", "poll-stop", json!({"poll_id": id}));
    let over = shown(&mut world);
    assert_eq!(tally(&over), (vec![0, 2], 2));
    assert_eq!(over["isActive"], false);
    // What is long is shortened until it fits.
    let long = "安".repeat(1_000);
    let texts: Vec<&str> = (0..50).map(|_| long.as_str()).collect();
    let big = start(
        &mut world,
        json!({}),
        json!([choice("multiple-choice", &texts)]),
    );
    let value = shown(&mut world);
    assert_eq!(value["pollId"], big);
    assert_eq!(value["options"].as_array().unwrap().len(), 50);
}

#[test]
fn stale_copies_from_before_a_restart_still_vote() {
    let mut world = class();
    world.set("h", "activePoll", web_poll("w")).unwrap();
    let copy = shown(&mut world);
    vote(&mut world, "a", "w", 1).unwrap();
    world.restart(false);
    world.open("b", "viewer");
    world.set("b", "activePoll", raised(&copy, 1)).unwrap();
    world.pass(1_000);
    assert_eq!(tally(&shown(&mut world)), (vec![1, 1], 2));
}
