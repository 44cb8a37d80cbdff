//! Broadcasts.

use serde_json::{Value, json};

use super::world::World;

fn world() -> World {
    let mut world = World::new();
    world.join("h", "host");
    world.join("a", "viewer");
    world.join("b", "viewer");
    world
}

fn say(world: &mut World, peer: &str, text: &str, to: &Value) -> Result<String, u64> {
    let mut params = json!({"info": {"message": text, "type": "chat"}});
    params
        .as_object_mut()
        .unwrap()
        .extend(to.as_object().unwrap().clone());
    world
        .call(peer, "broadcast", params)
        .map(|result| result["message_id"].as_str().unwrap().to_owned())
}

#[test]
fn receivers_are_all_a_role_or_one_and_never_the_sender() {
    let mut world = world();
    let all = say(&mut world, "a", "all", &json!({})).unwrap();
    let role = say(&mut world, "a", "role", &json!({"roles": ["viewer"]})).unwrap();
    let one = say(&mut world, "a", "one", &json!({"peer_id": "h"})).unwrap();
    say(&mut world, "a", "me", &json!({"peer_id": "a"})).unwrap();
    assert_eq!(world.clients["a"].heard, Vec::<String>::new());
    assert_eq!(world.clients["b"].heard, [all.clone(), role]);
    assert_eq!(world.clients["h"].heard, [all, one]);
    let private: Vec<Value> = world
        .notices("h", "on-broadcast")
        .iter()
        .map(|notice| notice["private"].clone())
        .collect();
    assert_eq!(private, [json!(false), json!(true)]);
    assert_eq!(
        world.notices("b", "on-broadcast")[1]["roles"],
        json!(["viewer"])
    );
    assert_eq!(world.notices("b", "on-broadcast")[0]["roles"], json!([]));
    assert_eq!(
        say(&mut world, "a", "x", &json!({"peer_id": "nobody"})),
        Err(404)
    );
    assert_eq!(say(&mut world, "a", "  ", &json!({})), Err(400));
    assert_eq!(
        say(&mut world, "a", &"x".repeat(20_000), &json!({})),
        Err(413)
    );
}

#[test]
fn a_message_repeated_after_a_loss_is_said_once() {
    let mut world = world();
    let first = say(&mut world, "a", "hello", &json!({})).unwrap();
    world.cut("a"); // its answer is lost
    world.pass(2_000);
    world.open("a", "viewer");
    world.pass(3_000);
    assert_eq!(say(&mut world, "a", "hello", &json!({})).unwrap(), first);
    assert_eq!(world.clients["h"].heard, std::slice::from_ref(&first));
    let meant = say(&mut world, "a", "hello", &json!({})).unwrap();
    assert_ne!(meant, first, "said once more, it is meant");
    assert_eq!(world.clients["h"].heard.len(), 2);
}

#[test]
fn the_ledger_is_told_of_each_chat_message_once() {
    let mut world = world();
    say(&mut world, "a", "hello", &json!({})).unwrap();
    say(&mut world, "h", "only you", &json!({"peer_id": "a"})).unwrap();
    world.cut("a"); // its answer is lost
    world.open("a", "viewer");
    say(&mut world, "a", "hello", &json!({})).unwrap();
    say(&mut world, "b", "  ", &json!({})).unwrap_err();
    say(&mut world, "b", "a note", &json!({"peer_id": "b"})).unwrap();
    let reaction = json!({"info": {"message": "heart", "type": "reaction"}});
    world.call("b", "broadcast", reaction).unwrap();
    assert_eq!(world.said, ["user-a", "user-h"]);
}

#[test]
fn equal_messages_without_a_loss_or_long_before_it_are_meant() {
    let mut world = world();
    say(&mut world, "a", "ok", &json!({})).unwrap();
    say(&mut world, "a", "ok", &json!({})).unwrap();
    assert_eq!(world.clients["h"].heard.len(), 2);
    world.pass(60_000);
    world.cut("a");
    world.open("a", "viewer");
    say(&mut world, "a", "ok", &json!({})).unwrap();
    assert_eq!(world.clients["h"].heard.len(), 3);
    // To somebody else is something else.
    world.cut("a");
    world.open("a", "viewer");
    say(&mut world, "a", "ok", &json!({"peer_id": "h"})).unwrap();
    assert_eq!(world.clients["h"].heard.len(), 4);
}

#[test]
fn a_message_is_known_again_where_the_loss_was_noticed_by_the_client_only() {
    let mut world = world();
    let first = say(&mut world, "a", "hello", &json!({})).unwrap();
    world.pass(13_000);
    world.open("a", "viewer"); // the old socket looks alive still
    assert_eq!(say(&mut world, "a", "hello", &json!({})).unwrap(), first);
    assert_eq!(world.clients["h"].heard, [first]);
}

#[test]
fn messages_wait_for_those_in_their_grace() {
    let mut world = world();
    world.cut("b");
    let ids: Vec<String> = (0..10)
        .map(|n| say(&mut world, "a", &n.to_string(), &json!({})).unwrap())
        .collect();
    say(&mut world, "a", "for hosts", &json!({"roles": ["host"]})).unwrap();
    world.pass(30_000);
    world.open("b", "viewer");
    assert_eq!(
        world.clients["b"].heard, ids,
        "in order, with their own ids"
    );
    world.cut("b");
    world.open("b", "viewer");
    assert_eq!(world.clients["b"].heard, ids, "once");
}

#[test]
fn what_is_kept_for_the_absent_is_bounded() {
    let mut world = world();
    world.room.limits.allowances.messages.burst = 300;
    world.cut("b");
    for n in 0..300 {
        say(
            &mut world,
            "a",
            &format!("{n} {}", "x".repeat(2_000)),
            &json!({}),
        )
        .unwrap();
    }
    world.open("b", "viewer");
    let heard = world.clients["b"].heard.len();
    assert!((50..=200).contains(&heard), "{heard} were kept");
    let last = world.notices("a", "on-broadcast").len();
    assert_eq!(last, 0);
}

#[test]
fn one_user_cannot_flood_the_others() {
    let mut world = World::new();
    world.join("a", "viewer");
    world.join("b", "viewer");
    world.open_as("a2", "user-a", "viewer");
    world.ok("a2", "join", json!({"name": "A", "data": ""}));
    let message = json!({"info": {"message": "x", "type": "chat"}});
    for n in 0..30 {
        let peer = if n % 2 == 0 { "a" } else { "a2" };
        world.ok(peer, "broadcast", message.clone());
    }
    for peer in ["a", "a2"] {
        assert_eq!(world.call(peer, "broadcast", message.clone()), Err(429));
    }
    assert_eq!(world.notices("b", "on-broadcast").len(), 30);
    world.ok("b", "broadcast", message.clone());
    world.pass(200);
    world.ok("a", "broadcast", message);
}
