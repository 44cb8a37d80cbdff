//! Who sees what of polls and quizzes: results, right answers, names.

use serde_json::{Value, json};

use super::polls::{choice, class, respond, result, start, vote};
use super::world::World;

/// A quiz of one question, whose second option is right.
fn quiz(world: &mut World, info: Value) -> String {
    let mut question = choice("single-choice", &["x", "y", "z"]);
    question["answer"] = json!({"hidden": false, "option": 2});
    question["question"]["weight"] = json!(10);
    let mut merged = json!({"type": "quiz", "title": "Q"});
    merged
        .as_object_mut()
        .unwrap()
        .extend(info.as_object().unwrap().clone());
    start(world, merged, json!([question]))
}

#[test]
fn what_is_right_is_not_given_out_while_a_quiz_runs() {
    let mut world = class();
    let id = quiz(&mut world, json!({}));
    let outcome = vote(&mut world, "a", &id, 2).unwrap();
    assert_eq!(outcome["result"][0]["correct"], false, "not yet");
    vote(&mut world, "b", &id, 1).unwrap();
    world.pass(1_000);
    let questions = |world: &mut World, peer: &str| {
        world.ok(peer, "poll-questions-get", json!({"poll_id": id}))["questions"][0].clone()
    };
    assert!(questions(&mut world, "a").get("answer").is_none());
    assert_eq!(questions(&mut world, "h")["answer"]["option"], 2);
    assert_eq!(result(&mut world, "a", &id)["questions"][0]["correct"], 0);
    assert_eq!(result(&mut world, "h", &id)["questions"][0]["correct"], 1);
    let correct = |world: &World, peer: &str| {
        let notices = world.notices(peer, "on-poll-stats");
        notices.last().unwrap()["polls"][0]["questions"][0]["correct"].clone()
    };
    assert_eq!(
        (correct(&world, "a"), correct(&world, "p")),
        (json!(0), json!(1))
    );
    let board = json!({"poll_id": id, "count": 10, "offset": 0});
    assert_eq!(world.call("a", "poll-leaderboard", board.clone()), Err(403));
    assert!(world.call("h", "poll-leaderboard", board.clone()).is_ok());
    for frame in world.clients["a"]
        .frames
        .iter()
        .chain(&world.clients["b"].frames)
    {
        assert!(!frame.to_string().contains("\"answer\""), "{frame}");
    }

    world.ok("h", "poll-stop", json!({"poll_id": id}));
    assert_eq!(questions(&mut world, "a")["answer"]["option"], 2);
    assert_eq!(correct(&world, "a"), 1);
    let board = world.ok("a", "poll-leaderboard", board);
    assert_eq!(
        (&board["voted_users"], &board["correct_users"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(board["questions"][0]["peer"]["userid"], "user-a");
    assert_eq!(board["questions"][0]["peer"]["username"], "Name a");
    assert_eq!(board["questions"][0]["score"], 10);
    assert_eq!(board["questions"][1]["position"], 2);
    assert_eq!(board["avg_score"], 5.0);
    let repeated = vote(&mut world, "a", &id, 2).unwrap();
    assert_eq!(repeated["result"][0]["correct"], true);
}

#[test]
fn an_answer_that_is_hidden_stays_hidden() {
    let mut world = class();
    let mut question = choice("multiple-choice", &["x", "y", "z"]);
    question["answer"] = json!({"hidden": true, "options": [3, 1]});
    let id = start(&mut world, json!({"type": "quiz"}), json!([question]));
    respond(
        &mut world,
        "a",
        &id,
        json!([{"question": 1, "options": [1, 3]}]),
    )
    .unwrap();
    world.ok("h", "poll-stop", json!({"poll_id": id}));
    let got = world.ok("a", "poll-questions-get", json!({"poll_id": id}));
    assert!(got["questions"][0].get("answer").is_none());
    assert_eq!(result(&mut world, "a", &id)["questions"][0]["correct"], 0);
    assert_eq!(result(&mut world, "h", &id)["questions"][0]["correct"], 1);
}

#[test]
fn scores_and_times_make_the_ranking() {
    let mut world = class();
    let mut one = choice("single-choice", &["x", "y"]);
    one["answer"] = json!({"option": 1});
    one["question"]["weight"] = json!(5);
    one["question"]["negative"] = json!(true);
    let two = json!({"question": {"text": "Who?", "type": "short-answer"},
        "answer": {"text": " Grace ", "trim": true, "case": false}});
    let id = start(&mut world, json!({"type": "quiz"}), json!([one, two]));
    let answers = |option: u32, text: &str, ms: u32| {
        json!([{"question": 1, "option": option, "duration": ms},
               {"question": 2, "text": text, "duration": ms}])
    };
    respond(&mut world, "a", &id, answers(1, "grace", 2_000)).unwrap();
    respond(&mut world, "b", &id, answers(1, "GRACE", 1_000)).unwrap();
    respond(&mut world, "p", &id, answers(2, "Ada", 100)).unwrap();
    world.ok("h", "poll-stop", json!({"poll_id": id}));
    let page = |world: &mut World, offset: u32, count: u32| {
        world.ok(
            "a",
            "poll-leaderboard",
            json!({"poll_id": id, "offset": offset, "count": count}),
        )
    };
    let board = page(&mut world, 0, 2);
    assert_eq!(board["last"], false);
    let order = |board: &Value| -> Vec<(String, i64)> {
        let entries = board["questions"].as_array().unwrap();
        entries
            .iter()
            .map(|e| {
                (
                    e["peer"]["userid"].as_str().unwrap().to_owned(),
                    e["score"].as_i64().unwrap(),
                )
            })
            .collect()
    };
    assert_eq!(
        order(&board),
        [("user-b".to_owned(), 6), ("user-a".to_owned(), 6)]
    );
    let rest = page(&mut world, 2, 2);
    assert_eq!(
        (order(&rest), &rest["last"]),
        (vec![("user-p".to_owned(), -5)], &json!(true))
    );
    assert_eq!(rest["questions"][0]["position"], 3);
}

#[test]
fn an_anonymous_poll_never_says_who() {
    let mut world = class();
    let id = quiz(&mut world, json!({"anonymous": true}));
    vote(&mut world, "a", &id, 2).unwrap();
    world.ok("h", "poll-stop", json!({"poll_id": id}));
    world.pass(1_000);
    world.clear();
    let all = world.ok("h", "poll-responses", json!({"poll_id": id, "count": 50}));
    let nobody = json!({"hash": "", "peerid": "", "userid": "", "username": ""});
    assert_eq!(all["responses"][0]["peer"], nobody);
    let board = world.ok("h", "poll-leaderboard", json!({"poll_id": id}));
    assert_eq!(board["questions"][0]["peer"], nobody);
    world.ok("h", "poll-result", json!({"poll_id": id}));
    for frame in &world.clients["h"].frames {
        assert!(!frame.to_string().contains("user-a"), "{frame}");
    }
    let own = world.ok("a", "poll-responses", json!({"poll_id": id, "self": true}));
    assert_eq!(
        own["responses"][0]["peer"]["userid"], "user-a",
        "one knows oneself"
    );
    let summary = serde_json::to_string(&world.room.poll_summaries()).unwrap();
    assert!(!summary.contains("user-a"));
    assert_eq!(
        vote(&mut world, "a", &id, 1),
        Err(400),
        "still one ballot each"
    );
}

#[test]
fn results_can_stay_hidden_until_the_end_and_roles_be_shut_out() {
    let mut world = class();
    let info = json!({"vote": ["viewer"], "responses": ["host"]});
    let id = start(
        &mut world,
        info,
        json!([choice("single-choice", &["x", "y"])]),
    );
    vote(&mut world, "a", &id, 1).unwrap();
    assert_eq!(
        vote(&mut world, "p", &id, 1),
        Err(403),
        "not of a role that votes"
    );
    world.pass(1_000);
    assert!(world.notices("a", "on-poll-stats").is_empty());
    assert!(!world.notices("h", "on-poll-stats").is_empty());
    let id_only = json!({"poll_id": id});
    assert_eq!(world.call("a", "poll-result", id_only.clone()), Err(403));
    assert_eq!(world.call("a", "poll-responses", id_only.clone()), Err(403));
    assert!(
        world
            .call("a", "poll-responses", json!({"poll_id": id, "self": true}))
            .is_ok()
    );
    assert!(world.call("h", "poll-responses", id_only.clone()).is_ok());
    world.ok("h", "poll-stop", id_only.clone());
    let shown = world.notices("b", "on-poll-stats");
    assert_eq!(
        shown[0]["polls"][0]["questions"][0]["options"],
        json!([1, 0])
    );
    assert!(world.call("a", "poll-result", id_only.clone()).is_ok());
    assert_eq!(
        world.call("a", "poll-responses", id_only),
        Err(403),
        "who answered what"
    );
}

#[test]
fn results_can_be_live_for_all_and_who_answered_what_for_hosts_alone() {
    let mut world = class();
    let info = json!({"vote": ["viewer"], "responses": ["host"], "visibility": true});
    let id = start(
        &mut world,
        info,
        json!([choice("single-choice", &["x", "y"])]),
    );
    vote(&mut world, "a", &id, 1).unwrap();
    world.pass(1_000);
    let shown = world.notices("b", "on-poll-stats");
    let options = &shown[0]["polls"][0]["questions"][0]["options"];
    assert_eq!(options, &json!([1, 0]));
    let id_only = json!({"poll_id": id});
    assert!(world.call("b", "poll-result", id_only.clone()).is_ok());
    assert_eq!(world.call("b", "poll-responses", id_only.clone()), Err(403));
    assert!(world.call("h", "poll-responses", id_only.clone()).is_ok());
    world.ok("h", "poll-stop", id_only.clone());
    assert_eq!(world.call("b", "poll-responses", id_only), Err(403));
}
