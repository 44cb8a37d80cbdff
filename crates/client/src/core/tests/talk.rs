//! The chat.

use kulti_protocol::signalling::{RpcError, method};

use super::world::World;
use crate::core::{
    Intent,
    view::{Delivery, Notice, ViewEvent},
};

fn say(text: &str) -> Intent {
    Intent::say(text)
}

fn texts(world: &World, id: &str) -> Vec<String> {
    let messages = &world.shown(id).chat.messages;
    messages
        .iter()
        .map(|message| message.text.clone())
        .collect()
}

#[test]
fn a_message_is_shown_at_once_and_then_confirmed() {
    let mut world = World::new();
    world.join(&["viewer-1", "viewer-2"]);
    world.act("viewer-1", say("  hello \u{202E}there "));
    let states: Vec<Delivery> = world.clients["viewer-1"]
        .views
        .iter()
        .filter_map(|view| match view {
            ViewEvent::Messages(batch) => Some(batch.messages[0].delivery),
            _ => None,
        })
        .collect();
    assert_eq!(states, [Delivery::Sending, Delivery::Sent]);
    for id in ["viewer-1", "viewer-2"] {
        assert_eq!(texts(&world, id), ["hello there"]);
    }
    let (mine, theirs) = (
        &world.shown("viewer-1").chat.messages[0],
        &world.shown("viewer-2").chat.messages[0],
    );
    assert_eq!(mine.id, theirs.id);
    assert!(mine.mine && !theirs.mine);
    assert_eq!(mine.sent_at_ms, theirs.sent_at_ms);
}

#[test]
fn order_is_kept_when_many_are_sent_without_waiting() {
    let mut world = World::new();
    world.join(&["viewer-1", "viewer-2"]);
    for n in 0..30 {
        world.input(
            "viewer-1",
            crate::core::io::Input::Intent(say(&n.to_string())),
        );
    }
    world.settle();
    let expected: Vec<String> = (0..30).map(|n| n.to_string()).collect();
    assert_eq!(texts(&world, "viewer-2"), expected);
    assert_eq!(texts(&world, "viewer-1"), expected);
}

#[test]
fn what_is_said_during_a_loss_is_sent_afterwards() {
    let mut world = World::new();
    world.join(&["viewer-1", "viewer-2"]);
    world.offline("viewer-1");
    world.act("viewer-1", say("can you hear me"));
    assert_eq!(
        world.shown("viewer-1").chat.messages[0].delivery,
        Delivery::Sending
    );
    world.back("viewer-1");
    world.run(5_000);
    assert_eq!(
        world.shown("viewer-1").chat.messages[0].delivery,
        Delivery::Sent
    );
    assert_eq!(texts(&world, "viewer-2"), ["can you hear me"]);
}

#[test]
fn an_answer_lost_with_the_socket_makes_no_second_line_for_the_sender() {
    let mut world = World::new();
    world.join(&["viewer-1"]);
    world.room.mute.insert(method::BROADCAST);
    world.act("viewer-1", say("once"));
    world.room.mute.clear();
    world.cut("viewer-1");
    world.run(5_000);
    assert_eq!(texts(&world, "viewer-1"), ["once"]);
    assert_eq!(world.room.heard("viewer-1", method::BROADCAST).len(), 2);
}

#[test]
fn a_message_fails_after_a_minute_and_can_be_sent_again() {
    let mut world = World::new();
    world.join(&["viewer-1", "viewer-2"]);
    world.offline("viewer-1");
    world.act("viewer-1", say("late"));
    world.run(61_000);
    let message = world.shown("viewer-1").chat.messages[0].clone();
    assert_eq!(message.delivery, Delivery::Failed);
    world.back("viewer-1");
    world.run(20_000);
    assert_eq!(texts(&world, "viewer-2"), Vec::<String>::new());
    world.act("viewer-1", Intent::ResendMessage { id: message.id });
    assert_eq!(texts(&world, "viewer-2"), ["late"]);
    assert_eq!(texts(&world, "viewer-1"), ["late"]);
}

#[test]
fn a_refusal_is_told_with_its_reason() {
    let mut world = World::new();
    world.join(&["viewer-1"]);
    world.room.faults.insert(
        method::BROADCAST,
        vec![RpcError::new(403, "The chat is closed.")],
    );
    world.act("viewer-1", say("hello"));
    assert_eq!(
        world.shown("viewer-1").chat.messages[0].delivery,
        Delivery::Failed
    );
    let refused = Notice::Refused {
        action: "sendMessage".into(),
        code: 403,
        message: "The chat is closed.".into(),
    };
    assert_eq!(world.clients["viewer-1"].notices, [refused]);
}

#[test]
fn too_long_is_refused_before_it_is_sent_and_nothing_is_not_sent() {
    let mut world = World::new();
    world.join(&["viewer-1"]);
    world.act("viewer-1", say(&"x".repeat(2_001)));
    world.act("viewer-1", say(" \n "));
    assert!(world.room.heard("viewer-1", method::BROADCAST).is_empty());
    assert!(matches!(
        &world.clients["viewer-1"].notices[..],
        [Notice::Refused { code: 413, .. }]
    ));
}
