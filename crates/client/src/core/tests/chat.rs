//! The chat beyond plain messages: to whom, replies, marks, history, mentions.

use kulti_protocol::{
    chat::{MARK, MESSAGES, Mark, MarkRequest},
    signalling::{BroadcastInfo, OnBroadcast, RpcError, ServerNotification as Told, method},
};

use super::world::World;
use crate::core::{
    Intent,
    view::{Audience, Delivery, JoinedView, MarkKind, MarkView, MessageView, Notice},
};

fn to(text: &str, audience: Audience) -> Intent {
    Intent::SendMessage {
        text: text.to_owned(),
        audience,
        reply_to: None,
    }
}

fn person(id: &str) -> Audience {
    Audience::Person {
        user_id: format!("user-{id}"),
        name: format!("Name {id}"),
    }
}

fn hosts() -> Audience {
    Audience::Roles {
        roles: vec!["host".to_owned()],
    }
}

fn messages<'a>(world: &'a World, id: &str) -> &'a [MessageView] {
    &world.shown(id).chat.messages
}

fn texts(world: &World, id: &str) -> Vec<String> {
    let messages = messages(world, id).iter();
    messages.map(|message| message.text.clone()).collect()
}

fn mark(world: &mut World, who: &str, message_id: &str, mark: MarkKind, on: bool) {
    let message_id = message_id.to_owned();
    world.act(
        who,
        Intent::MarkMessage {
            message_id,
            mark,
            on,
        },
    );
}

fn marks(world: &World, who: &str) -> Vec<(MarkKind, u32, bool)> {
    let marks = messages(world, who)[0].marks.iter();
    marks
        .map(|&MarkView { mark, count, mine }| (mark, count, mine))
        .collect()
}

#[test]
fn a_message_goes_to_whom_it_is_for_and_says_so() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1", "viewer-2"]);
    world.act("viewer-1", to("only you", person("viewer-2")));
    world.act("viewer-1", to("hosts", hosts()));
    assert_eq!(texts(&world, "viewer-1"), ["only you", "hosts"]);
    assert_eq!(texts(&world, "viewer-2"), ["only you"]);
    assert_eq!(texts(&world, "host-1"), ["hosts"]);
    let [mine, ..] = messages(&world, "viewer-1") else {
        panic!("nothing was said");
    };
    assert_eq!(mine.audience, person("viewer-2"));
    assert_eq!(messages(&world, "viewer-2")[0].audience, person("viewer-2"));
    assert_eq!(messages(&world, "host-1")[0].audience, hosts());
}

#[test]
fn nobody_is_written_to_who_has_left() {
    let mut world = World::new();
    world.join(&["viewer-1", "viewer-2"]);
    world.act("viewer-2", Intent::Leave);
    world.run(1_000);
    world.act("viewer-1", to("still there?", person("viewer-2")));
    assert!(messages(&world, "viewer-1").is_empty());
    let refused = |notice: &Notice| matches!(notice, Notice::Refused { code: 404, .. });
    assert!(world.clients["viewer-1"].notices.iter().any(refused));
}

#[test]
fn a_private_message_that_failed_is_not_sent_to_everyone_later() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1", "viewer-2"]);
    let refusal = RpcError::new(403, "no");
    world.room.faults.insert(method::BROADCAST, vec![refusal]);
    world.act("viewer-1", to("between us", person("viewer-2")));
    let failed = messages(&world, "viewer-1")[0].clone();
    assert_eq!(failed.delivery, Delivery::Failed);
    let again = Intent::ResendMessage { id: failed.id };
    world.act("viewer-1", again);
    assert_eq!(texts(&world, "viewer-2"), ["between us"]);
    assert_eq!(texts(&world, "host-1"), Vec::<String>::new());
}

#[test]
fn a_reply_names_what_it_answers() {
    let mut world = World::new();
    world.join(&["viewer-1", "viewer-2"]);
    world.act("viewer-1", Intent::say("why?"));
    let question = messages(&world, "viewer-2")[0].id.clone();
    let reply = Intent::SendMessage {
        text: "because".into(),
        audience: Audience::Everyone,
        reply_to: Some(question.clone()),
    };
    world.act("viewer-2", reply);
    for who in ["viewer-1", "viewer-2"] {
        let reply = &messages(&world, who)[1];
        assert_eq!(reply.reply_to.as_ref(), Some(&question));
    }
}

#[test]
fn marks_show_at_once_and_agree_everywhere() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1", "viewer-2"]);
    world.act("viewer-1", Intent::say("a question"));
    let id = messages(&world, "host-1")[0].id.clone();
    for who in ["host-1", "viewer-2"] {
        mark(&mut world, who, &id, MarkKind::Upvote, true);
        mark(&mut world, who, &id, MarkKind::Upvote, true);
    }
    mark(&mut world, "host-1", &id, MarkKind::Heart, true);
    assert_eq!(
        marks(&world, "host-1"),
        [(MarkKind::Upvote, 2, true), (MarkKind::Heart, 1, true)]
    );
    assert_eq!(
        marks(&world, "viewer-1"),
        [(MarkKind::Upvote, 2, false), (MarkKind::Heart, 1, false)]
    );
    mark(&mut world, "host-1", &id, MarkKind::Upvote, false);
    assert_eq!(marks(&world, "viewer-2")[0], (MarkKind::Upvote, 1, true));
    assert_eq!(world.room.heard("host-1", method::BROADCAST).len(), 3);
}

#[test]
fn a_mark_that_is_refused_goes_away_again() {
    let mut world = World::new();
    world.join(&["viewer-1", "viewer-2"]);
    world.act("viewer-1", Intent::say("mine"));
    let id = messages(&world, "viewer-2")[0].id.clone();
    let refusal = RpcError::new(403, "Only a host can do that.");
    world.room.faults.insert(method::BROADCAST, vec![refusal]);
    mark(&mut world, "viewer-2", &id, MarkKind::Helpful, true);
    assert_eq!(marks(&world, "viewer-2"), []);
    let refused = |notice: &Notice| matches!(notice, Notice::Refused { action, .. } if action == "markMessage");
    assert!(world.clients["viewer-2"].notices.iter().any(refused));
}

#[test]
fn on_the_cloud_marks_are_counted_by_each_client() {
    let mut world = World::cloud();
    world.join(&["host-1", "viewer-1", "viewer-2"]);
    world.act("viewer-1", Intent::say("a question"));
    let id = messages(&world, "host-1")[0].id.clone();
    mark(&mut world, "host-1", &id, MarkKind::Upvote, true);
    mark(&mut world, "viewer-2", &id, MarkKind::Upvote, true);
    mark(&mut world, "host-1", &id, MarkKind::Upvote, false);
    for (who, mine) in [("host-1", false), ("viewer-1", false), ("viewer-2", true)] {
        assert_eq!(marks(&world, who), [(MarkKind::Upvote, 1, mine)], "{who}");
    }
    assert!(world.room.heard("host-1", MESSAGES).is_empty());
}

#[test]
fn who_comes_late_sees_what_was_said() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    for n in 0..130 {
        world.act("host-1", Intent::say(n.to_string()));
        world.run(10);
    }
    world.act("host-1", to("for hosts", hosts()));
    let id = messages(&world, "viewer-1")[129].id.clone();
    mark(&mut world, "viewer-1", &id, MarkKind::Heart, true);
    world.join(&["viewer-2"]);
    let shown = &world.shown("viewer-2").chat;
    assert_eq!(shown.messages.len(), 100);
    assert!(shown.earlier);
    let last = shown.messages.last().unwrap();
    assert_eq!((last.text.as_str(), last.mine), ("129", false));
    assert_eq!(last.marks[0].count, 1);
    world.act("viewer-2", Intent::EarlierMessages);
    let expected: Vec<String> = (0..130).map(|n| n.to_string()).collect();
    assert_eq!(texts(&world, "viewer-2"), expected);
    assert!(!world.shown("viewer-2").chat.earlier);
    world.act("viewer-2", Intent::EarlierMessages);
    assert_eq!(world.room.heard("viewer-2", MESSAGES).len(), 2);
}

#[test]
fn what_was_missed_is_fetched_however_much_it_was() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    world.act("host-1", Intent::say("before"));
    world.run(10);
    world.offline("viewer-1");
    for n in 0..350 {
        world.act("host-1", Intent::say(n.to_string()));
        world.run(10);
    }
    world.back("viewer-1");
    world.run(60_000);
    let mut expected = vec!["before".to_owned()];
    expected.extend((0..350).map(|n| n.to_string()));
    assert_eq!(texts(&world, "viewer-1"), expected, "in order, each once");
    assert_eq!(
        world.client("viewer-1").snapshot().chat,
        world.shown("viewer-1").chat
    );
}

#[test]
fn a_message_whose_answer_was_lost_is_one_message_also_in_the_history() {
    let mut world = World::new();
    world.join(&["viewer-1", "viewer-2"]);
    world.room.mute.insert(method::BROADCAST);
    world.act("viewer-1", Intent::say("once"));
    world.room.mute.clear();
    world.cut("viewer-1");
    world.run(5_000);
    assert_eq!(texts(&world, "viewer-1"), ["once"]);
}

#[test]
fn whoever_is_called_is_told_once() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1", "viewer-2"]);
    world.act("host-1", Intent::say("@name viewer-1: your turn"));
    let told = &world.clients["viewer-1"].announced;
    assert_eq!(told.len(), 1);
    assert!(told[0].mention && told[0].text.starts_with("@name"));
    assert!(messages(&world, "viewer-1")[0].mentions_me);
    assert!(world.clients["viewer-2"].announced.is_empty());
    world.cut("viewer-1");
    world.run(5_000);
    assert_eq!(world.clients["viewer-1"].announced.len(), 1);
}

#[test]
fn joins_are_told_in_the_chat_where_they_are_few() {
    let mut world = World::new();
    world.join(&["host-1"]);
    world.join(&["viewer-1", "viewer-2"]);
    world.run(6_000);
    let two = JoinedView {
        name: "Name viewer-1".into(),
        count: 2,
    };
    assert_eq!(world.shown("host-1").joined, [two]);
    for n in 0..9 {
        world.room.extra(&format!("viewer-x{n}"), "viewer");
    }
    world.run(6_000);
    assert_eq!(world.shown("host-1").joined.len(), 1, "nine are not few");
}

#[test]
fn nobody_but_the_server_counts_marks() {
    let mut world = World::new();
    world.join(&["host-1", "viewer-1"]);
    world.act("host-1", Intent::say("hello"));
    let id = messages(&world, "viewer-1")[0].id.clone();
    let request = MarkRequest {
        message_id: id.clone(),
        mark: Mark::Upvote,
        on: true,
    };
    let forged = format!(
        r#"{{"message_id":"{id}","mark":"upvote","count":99,"user_id":"user-viewer-1","on":true}}"#
    );
    for (kind, text) in [
        (MARK, serde_json::to_string(&request).unwrap()),
        ("kulti.marked", forged),
        ("kulti.marked", "no JSON".to_owned()),
    ] {
        let told = Told::Broadcast(OnBroadcast {
            peer: Some((&world.room.peers["host-1"]).into()),
            roles: Vec::new(),
            private: false,
            message_id: "x".into(),
            timestamp: 1,
            info: BroadcastInfo {
                message: text,
                kind: kind.to_owned(),
                reply_to: None,
            },
        });
        world.room.tell("viewer-1", &told);
        world.settle();
    }
    assert_eq!(marks(&world, "viewer-1"), []);
    assert_eq!(messages(&world, "viewer-1").len(), 1);
}
