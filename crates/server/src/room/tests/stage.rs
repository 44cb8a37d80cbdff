//! `uiState` of several hosts at once.

use serde_json::{Value, json};

use super::world::World;

fn world() -> World {
    let mut world = World::new();
    for host in ["a", "b"] {
        world.join(host, "host");
        world.listen(host, &["uiState"]);
    }
    world
}

/// Writes as the web client does: its copy with one member changed.
fn write(world: &mut World, peer: &str, copy: &Value, member: &str, value: Value) -> Value {
    let mut data = copy.as_object().cloned().unwrap_or_default();
    data.insert(member.to_owned(), value);
    data.insert("timestamp".to_owned(), json!(world.now));
    world.set(peer, "uiState", Value::Object(data)).unwrap()["data"].clone()
}

fn stage(world: &World, peer: &str) -> Value {
    world.clients[peer]
        .values
        .get("uiState")
        .cloned()
        .unwrap_or(Value::Null)
}

#[test]
fn writes_under_way_at_once_do_not_erase_each_other() {
    let mut world = world();
    world.slow = true;
    let copy = stage(&world, "a");
    // Each writes before it has got the other's write.
    let text = json!({"method": "set-metadata", "id": "x", "params": {"key": "uiState",
        "data": {"announcementText": "hello", "timestamp": 1}}});
    world.send("a", &text);
    write(&mut world, "b", &copy, "pinnedMessageId", json!("m"));
    world.deliver();
    for peer in ["a", "b"] {
        assert_eq!(stage(&world, peer)["announcementText"], "hello", "{peer}");
        assert_eq!(stage(&world, peer)["pinnedMessageId"], "m", "{peer}");
    }
}

#[test]
fn a_write_repeated_after_a_loss_leaves_what_changed_meanwhile() {
    let mut world = world();
    let copy = write(
        &mut world,
        "a",
        &json!({}),
        "announcementText",
        json!("old"),
    );
    world.cut("a");
    write(&mut world, "b", &copy, "announcementText", json!("new"));
    world.pass(3_000);
    world.open("a", "host"); // it gets the new value, and repeats what it had written before
    let merged = write(&mut world, "a", &copy, "spotlightPeerId", json!("b"));
    assert_eq!(merged["announcementText"], "new");
    assert_eq!(merged["spotlightPeerId"], "b");
}

#[test]
fn a_late_write_changes_what_its_writer_sees() {
    let mut world = world();
    let copy = write(&mut world, "a", &json!({}), "pinnedMessageId", json!("m"));
    let copy = write(&mut world, "b", &copy, "announcementText", json!("x"));
    world.pass(60_000);
    let merged = write(&mut world, "a", &copy, "pinnedMessageId", Value::Null);
    assert_eq!(merged.get("pinnedMessageId"), None, "it is taken back");
    assert_eq!(merged["announcementText"], "x");
    let mut left_out = merged;
    left_out.as_object_mut().unwrap().remove("announcementText");
    let merged = world.set("b", "uiState", left_out).unwrap();
    assert_eq!(merged["data"].get("announcementText"), None);
}

#[test]
fn a_host_that_has_seen_nothing_erases_nothing() {
    let mut world = world();
    write(&mut world, "a", &json!({}), "announcementText", json!("x"));
    world.join("c", "host");
    let data = json!({"pinnedMessageId": "m", "spotlightPeerId": null, "announcementText": null});
    let merged = world.set("c", "uiState", data).unwrap();
    assert_eq!(merged["data"]["announcementText"], "x");
    assert_eq!(merged["data"]["pinnedMessageId"], "m");
    // Having been answered, it knows; and it does not observe the key.
    world.pass(60_000);
    let merged = world
        .set("c", "uiState", json!({"pinnedMessageId": "m"}))
        .unwrap();
    assert_eq!(merged["data"].get("announcementText"), None);
}

#[test]
fn deleting_the_stage_removes_what_was_seen() {
    let mut world = world();
    write(&mut world, "a", &json!({}), "announcementText", json!("x"));
    world.pass(60_000);
    assert_eq!(
        world.set("b", "uiState", Value::Null).unwrap()["data"],
        Value::Null
    );
    assert_eq!(stage(&world, "a"), Value::Null);
    assert_eq!(world.set("b", "uiState", json!("text")), Err(400));
}

#[test]
fn our_own_client_writes_against_a_version() {
    let mut world = world();
    let set = |world: &mut World, peer: &str, data: Value, version: u64| {
        let params = json!({"key": "uiState", "data": data, "if_change_version": version});
        world.call(peer, "set-metadata", params)
    };
    set(&mut world, "a", json!({"pinnedMessageId": "m"}), 0).unwrap();
    assert_eq!(
        set(&mut world, "b", json!({"announcementText": "x"}), 0),
        Err(409)
    );
    let written = set(&mut world, "b", json!({"announcementText": "x"}), 1).unwrap();
    assert_eq!(
        written["data"],
        json!({"announcementText": "x"}),
        "exactly what was written"
    );
}

/// Two hosts who change different members, with and without each other's last write
/// in their copies: nothing is lost in a thousand rounds.
#[test]
fn a_thousand_races_lose_no_member() {
    let mut world = world();
    world.slow = true;
    for round in 0..1_000u32 {
        let copies = [stage(&world, "a"), stage(&world, "b")];
        let members = [("a", "pinnedMessageId"), ("b", "announcementText")];
        for (n, (peer, member)) in members.into_iter().enumerate() {
            let mut data = copies[n].as_object().cloned().unwrap_or_default();
            data.insert(member.to_owned(), json!(format!("{peer}{round}")));
            data.insert("timestamp".to_owned(), json!(round));
            let frame = json!({"method": "set-metadata", "id": format!("{peer}{round}"),
                               "params": {"key": "uiState", "data": data}});
            world.send(peer, &frame);
            if round % 3 == 0 {
                world.deliver();
            }
        }
        world.pass(u64::from(round % 7) * 100);
        world.deliver();
        let now = stage(&world, "a");
        assert_eq!(now, stage(&world, "b"));
        assert_eq!(now["pinnedMessageId"], format!("a{round}"));
        assert_eq!(now["announcementText"], format!("b{round}"));
        world.clear();
    }
}

/// A host behind a slow network writes from a copy that is many versions old.
#[test]
fn a_write_from_a_copy_of_many_versions_ago_changes_its_own_member_alone() {
    let mut world = world();
    let first = json!({"announcementText": "old", "spotlightPeerId": "s0"});
    let copy = world.set("b", "uiState", first).unwrap()["data"].clone();
    let mut newest = copy.clone();
    for n in 0..500 {
        newest = write(&mut world, "a", &newest, "announcementText", json!(n));
        world.pass(20);
    }
    let merged = write(&mut world, "b", &copy, "spotlightPeerId", json!("s1"));
    assert_eq!(merged["announcementText"], 499);
    assert_eq!(merged["spotlightPeerId"], "s1");
}
