//! Polls and quizzes, through the wire.

use serde_json::{Value, json};

use super::world::World;
use crate::room::RoomLimits;

/// A host `h`, a presenter `p`, viewers `a` and `b`.
pub(super) fn class() -> World {
    let mut world = World::new();
    world.join("h", "host");
    world.join("p", "presenter");
    world.join("a", "viewer");
    world.join("b", "viewer");
    world.clear();
    world
}

/// A question with these options.
pub(super) fn choice(kind: &str, options: &[&str]) -> Value {
    let options: Vec<Value> = options.iter().map(|text| json!({"text": text})).collect();
    json!({"question": {"text": "Which?", "type": kind}, "options": options})
}

/// Makes a poll; gives its id.
pub(super) fn draft(world: &mut World, by: &str, info: Value, questions: Value) -> String {
    let made = world.ok(by, "poll-info-set", info);
    let id = made["poll_id"].as_str().unwrap().to_owned();
    let params = json!({"poll_id": id, "questions": questions});
    let set = world.ok(by, "poll-questions-set", params);
    assert_eq!(set["poll_id"], id);
    id
}

/// Makes a poll and starts it.
pub(super) fn start(world: &mut World, info: Value, questions: Value) -> String {
    let id = draft(world, "h", info, questions);
    world.ok("h", "poll-start", json!({"poll_id": id}));
    id
}

/// A running poll of one single choice of three.
pub(super) fn running(world: &mut World) -> String {
    start(
        world,
        json!({"title": "T"}),
        json!([choice("single-choice", &["x", "y", "z"])]),
    )
}

/// Votes for an option of the first question.
pub(super) fn vote(world: &mut World, peer: &str, id: &str, option: u32) -> Result<Value, u64> {
    let answer = json!({"question": 1, "type": "single-choice", "option": option, "duration": 0});
    respond(world, peer, id, json!([answer]))
}

pub(super) fn respond(
    world: &mut World,
    peer: &str,
    id: &str,
    responses: Value,
) -> Result<Value, u64> {
    world.call(
        peer,
        "poll-response",
        json!({"poll_id": id, "responses": responses}),
    )
}

pub(super) fn result(world: &mut World, peer: &str, id: &str) -> Value {
    world.ok(peer, "poll-result", json!({"poll_id": id}))
}

pub(super) fn listed(world: &mut World, peer: &str, state: &str) -> Vec<String> {
    let list = world.ok(peer, "poll-list", json!({"state": state, "count": 50}));
    assert_eq!(list["last"], true);
    let polls = list["polls"].as_array().unwrap();
    polls
        .iter()
        .map(|poll| poll["poll_id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_poll_from_draft_to_end() {
    let mut world = class();
    // As the SDK sends it, with copies that are to be ignored.
    let info = json!({"title": "T", "type": "poll", "id": "x", "questions": [{"text": "Which?"}],
        "rolesThatCanVote": [], "poll_id": null, "mode": null, "duration": null});
    let id = draft(
        &mut world,
        "h",
        info,
        json!([choice("single-choice", &["x", "y"])]),
    );
    assert!(
        world.clients["a"].frames.is_empty(),
        "drafts are told to nobody"
    );
    assert_eq!(listed(&mut world, "p", "created"), [id.as_str()]);
    assert!(listed(&mut world, "a", "created").is_empty());
    for method in [
        "poll-info-get",
        "poll-questions-get",
        "poll-responses",
        "poll-result",
    ] {
        let params = json!({"poll_id": id});
        assert_eq!(
            world.call("a", method, params.clone()),
            Err(404),
            "{method}"
        );
        assert!(world.call("p", method, params).is_ok(), "{method}");
    }

    world.clear();
    let started = world.ok("h", "poll-start", json!({"poll_id": id}));
    assert_eq!(started, json!({"poll_id": id, "duration": 0}));
    for peer in ["h", "p", "a", "b"] {
        let notices = world.notices(peer, "on-poll-start");
        assert_eq!(notices.len(), 1, "{peer}");
        assert_eq!(notices[0]["polls"][0]["poll_id"], id);
        assert_eq!(notices[0]["polls"][0]["state"], "started");
        assert_eq!(notices[0]["polls"][0]["started_by"], "h");
        assert_eq!(notices[0]["polls"][0]["questions_count"], 1);
    }
    let first = &world.clients["h"].frames[0];
    assert!(
        first["result"].is_object(),
        "the answer comes before the notice"
    );
    world.ok("h", "poll-start", json!({"poll_id": id}));
    assert_eq!(world.notices("a", "on-poll-start").len(), 1, "started once");
    let questions = world.ok(
        "a",
        "poll-questions-get",
        json!({"poll_id": id, "index": 0, "count": 50}),
    );
    assert_eq!(questions["questions"][0]["question"]["index"], 1);
    assert_eq!(
        questions["questions"][0]["options"][1],
        json!({"index": 2, "text": "y"})
    );

    let outcome = vote(&mut world, "a", &id, 2).unwrap();
    assert_eq!(
        outcome,
        json!({"poll_id": id, "result": [{"question": 1, "correct": false}]})
    );
    vote(&mut world, "b", &id, 2).unwrap();
    world.pass(1_000);
    let stats = world.notices("p", "on-poll-stats");
    let stats = &stats.last().unwrap()["polls"][0];
    assert_eq!(stats["user_count"], 2);
    assert_eq!(stats["max_user"], 4);
    assert_eq!(stats["questions"][0]["options"], json!([0, 2]));
    assert_eq!(*stats, result(&mut world, "a", &id));

    world.clear();
    world.ok("p", "poll-stop", json!({"poll_id": id}));
    for peer in ["h", "a"] {
        let notices = world.notices(peer, "on-poll-stop");
        assert_eq!(notices.len(), 1);
        let stopped = json!({"poll_id": id, "stopped_at": world.now, "stopped_by": "p"});
        assert_eq!(notices[0]["polls"], json!([stopped]));
    }
    assert_eq!(vote(&mut world, "p", &id, 1), Err(400), "it is over");
    assert!(
        vote(&mut world, "a", &id, 2).is_ok(),
        "the answer to it may have been lost"
    );
    assert_eq!(vote(&mut world, "a", &id, 1), Err(400));
    assert_eq!(
        world.call("h", "poll-start", json!({"poll_id": id})),
        Err(400)
    );
    assert_eq!(listed(&mut world, "a", "stopped"), [id]);
}

#[test]
fn an_answer_is_changed_only_where_the_maker_lets_it() {
    let mut world = class();
    let mut changeable = choice("single-choice", &["x", "y"]);
    changeable["question"]["once"] = json!(false);
    let id = start(
        &mut world,
        json!({}),
        json!([choice("single-choice", &["x", "y"]), changeable]),
    );
    let both = |one: u32, two: u32| json!([{"question": 1, "option": one}, {"question": 2, "option": two}]);
    respond(&mut world, "a", &id, both(1, 1)).unwrap();
    assert_eq!(respond(&mut world, "a", &id, both(2, 2)), Err(400));
    let stats = result(&mut world, "h", &id);
    assert_eq!(
        stats["questions"][1]["options"],
        json!([1, 0]),
        "all or none"
    );
    respond(&mut world, "a", &id, both(1, 2)).unwrap();
    let stats = result(&mut world, "h", &id);
    assert_eq!(stats["questions"][0]["options"], json!([1, 0]));
    assert_eq!(stats["questions"][1]["options"], json!([0, 1]));
    assert_eq!(
        (&stats["user_count"], &stats["total_response"]),
        (&json!(1), &json!(2))
    );
    let own = world.ok("a", "poll-responses", json!({"poll_id": id, "self": true}));
    assert_eq!(own["responses"].as_array().unwrap().len(), 2);
    assert_eq!(own["responses"][0]["final"], true);
    assert_eq!(own["responses"][1]["final"], false);
    assert_eq!(own["responses"][1]["response"]["update"], true);
    assert_eq!(own["responses"][1]["response"]["option"], 2);
}

#[test]
fn answers_that_do_not_fit_are_refused_and_change_nothing() {
    let mut world = class();
    let mut words = json!({"question": {"text": "Why?", "type": "short-answer"}});
    words["question"]["answer_min_len"] = json!(3);
    words["question"]["skippable"] = json!(true);
    let questions = json!([
        choice("single-choice", &["x", "y"]),
        choice("multiple-choice", &["x", "y", "z"]),
        words,
    ]);
    let id = start(&mut world, json!({}), questions);
    let long = "ä".repeat(2_001);
    let bad = [
        json!([]),
        json!([{"question": 0, "option": 1}]),
        json!([{"question": 4, "option": 1}]),
        json!([{"question": 1}]),
        json!([{"question": 1, "option": -1}]),
        json!([{"question": 1, "option": 0}]),
        json!([{"question": 1, "option": 3}]),
        json!([{"question": 1, "options": [1, 2]}]),
        json!([{"question": 1, "skipped": true}]),
        json!([{"question": 2, "options": []}]),
        json!([{"question": 2, "options": [1, 4]}]),
        json!([{"question": 3, "text": "ab"}]),
        json!([{"question": 3, "option": 1}]),
        json!([{"question": 1, "option": 1}, {"question": 1, "option": 2}]),
        json!([{"question": 1, "option": 1}, {"question": 2}]),
    ];
    for responses in bad {
        let outcome = respond(&mut world, "a", &id, responses.clone());
        assert_eq!(outcome, Err(400), "{responses}");
    }
    let long = respond(&mut world, "a", &id, json!([{"question": 3, "text": long}]));
    assert_eq!(long, Err(413));
    assert_eq!(result(&mut world, "h", &id)["user_count"], 0);

    let good = json!([
        {"question": 1, "type": "multiple-choice", "option": 2.0},
        {"question": 2, "options": [3, 1, 3]},
        {"question": 3, "skipped": true},
    ]);
    respond(&mut world, "a", &id, good).unwrap();
    respond(&mut world, "b", &id, json!([{"question": 2, "option": 1}])).unwrap();
    respond(
        &mut world,
        "p",
        &id,
        json!([{"question": 3, "text": "because"}]),
    )
    .unwrap();
    let stats = result(&mut world, "h", &id);
    assert_eq!(stats["user_count"], 3, "voters, not selections");
    assert_eq!(stats["questions"][1]["options"], json!([2, 0, 1]));
    assert_eq!(stats["questions"][1]["total"], 2);
    let words = &stats["questions"][2];
    assert!(words.get("options").is_none());
    assert_eq!((&words["skipped"], &words["total"]), (&json!(1), &json!(2)));
}

#[test]
fn a_user_has_one_ballot_on_all_devices_unless_the_poll_says_otherwise() {
    let mut world = class();
    world.open_as("a2", "user-a", "viewer");
    world.ok("a2", "join", json!({"name": "Again", "data": ""}));
    let by_user = running(&mut world);
    let info = json!({"mode": "peerid"});
    let by_peer = start(
        &mut world,
        info,
        json!([choice("single-choice", &["x", "y", "z"])]),
    );
    vote(&mut world, "a", &by_user, 1).unwrap();
    assert_eq!(vote(&mut world, "a2", &by_user, 2), Err(400));
    vote(&mut world, "a", &by_peer, 1).unwrap();
    vote(&mut world, "a2", &by_peer, 2).unwrap();
    assert_eq!(result(&mut world, "h", &by_user)["user_count"], 1);
    assert_eq!(
        result(&mut world, "h", &by_user)["max_user"],
        4,
        "people, not devices"
    );
    assert_eq!(result(&mut world, "h", &by_peer)["user_count"], 2);
}

#[test]
fn what_is_too_large_is_refused_in_words() {
    let mut world = World::with(RoomLimits::default());
    world.join("h", "host");
    let long = "ü".repeat(1_025);
    assert_eq!(
        world.call("h", "poll-info-set", json!({"title": long})),
        Err(413)
    );
    assert_eq!(
        world.call("h", "poll-info-set", json!({"duration": 86_401})),
        Err(400)
    );
    assert_eq!(
        world.call("h", "poll-info-set", json!({"vote": vec!["r"; 101]})),
        Err(413)
    );
    let id = draft(&mut world, "h", json!({}), json!([]));
    assert_eq!(
        world.call("h", "poll-start", json!({"poll_id": id})),
        Err(400),
        "no questions"
    );
    let option = ["x"];
    let bad = [
        (json!(vec![choice("single-choice", &option); 51]), 413),
        (json!([choice("single-choice", &[""; 51])]), 413),
        (json!([choice("single-choice", &[&long])]), 413),
        (json!([choice("single-choice", &[])]), 400),
        (json!([choice("a-kind-of-tomorrow", &option)]), 400),
        (
            json!([{"question": {"text": "?", "type": "single-choice"}}]),
            400,
        ),
        (
            json!([{"question": {"text": "?"}, "options": [{"text": "x"}], "answer": {"option": 2}}]),
            400,
        ),
    ];
    for (questions, expected) in bad {
        let params = json!({"poll_id": id, "questions": questions});
        assert_eq!(
            world.call("h", "poll-questions-set", params),
            Err(expected),
            "{questions:.80}"
        );
    }
    for n in 1..200 {
        world.pass(250); // its maker's pace
        assert!(
            world
                .call("h", "poll-info-set", json!({"title": "T"}))
                .is_ok(),
            "{n}"
        );
    }
    world.pass(250);
    assert_eq!(
        world.call("h", "poll-info-set", json!({"title": "T"})),
        Err(413)
    );
    let page = world.ok("h", "poll-list", json!({"state": "created", "count": 50}));
    assert_eq!(
        (page["polls"].as_array().unwrap().len(), &page["last"]),
        (50, &json!(false))
    );
    let last = page["polls"][49]["poll_id"].clone();
    let next = world.ok(
        "h",
        "poll-list",
        json!({"state": "created", "count": 500, "start": last}),
    );
    assert_eq!(
        (next["polls"].as_array().unwrap().len(), &next["last"]),
        (150, &json!(true))
    );
}
