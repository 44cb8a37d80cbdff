#![allow(clippy::unwrap_used)]

use kulti_protocol::{
    chat::{Addressee, Mark, MarkCount, MarkNotice, MarkRequest},
    signalling::{BriefPeer, BroadcastInfo, PeerInfo},
};

use super::*;
use crate::core::view::{MarkKind, MarkView};

const ME: Me<'_> = Me {
    user_id: "me",
    name: "Zoë",
    role: "viewer",
};

fn message(id: &str, text: &str) -> OnBroadcast {
    OnBroadcast {
        peer: Some(BriefPeer {
            peer_id: "p".into(),
            role: "viewer".into(),
            groups: Vec::new(),
            info: PeerInfo {
                name: "Søren Bak".into(),
                user_id: "u".into(),
                ..PeerInfo::default()
            },
        }),
        roles: Vec::new(),
        private: false,
        message_id: id.into(),
        timestamp: 77,
        info: BroadcastInfo {
            message: text.into(),
            kind: KIND.into(),
            reply_to: None,
        },
    }
}

fn past(id: &str, timestamp: u64) -> PastMessage {
    PastMessage {
        message_id: id.into(),
        timestamp,
        user_id: "u".into(),
        name: "Søren Bak".into(),
        role: "viewer".into(),
        roles: Vec::new(),
        to: None,
        reply_to: None,
        message: format!("text {id}"),
        marks: Vec::new(),
    }
}

fn draft(text: &str) -> Draft<'_> {
    Draft {
        text,
        ..Draft::default()
    }
}

fn ids(chat: &Chat) -> Vec<&str> {
    let messages = chat.messages.values();
    messages.map(|message| message.id.as_str()).collect()
}

#[test]
fn a_message_is_taken_once() {
    let mut chat = Chat::default();
    let view = chat.received(&message("m1", "hello"), &ME, 5).unwrap();
    assert_eq!((view.initials.as_str(), view.sent_at_ms), ("SB", 77));
    assert!(chat.received(&message("m1", "hello"), &ME, 6).is_none());
    assert!(chat.past(&past("m1", 77), &ME).is_none());
    assert_eq!(ids(&chat), ["m1"]);
}

#[test]
fn what_is_no_chat_message_is_not_shown() {
    let mut chat = Chat::default();
    let mut other = message("m1", "{}");
    other.info.kind = "hms_transcript".into();
    assert!(chat.received(&other, &ME, 1).is_none());
    assert!(chat.received(&message("m2", " \n "), &ME, 1).is_none());
    assert!(chat.received(&message("", "text"), &ME, 1).is_none());
}

#[test]
fn my_message_takes_the_servers_id_and_place() {
    let mut chat = Chat::default();
    let local = chat.compose(draft("hi"), &ME, 10).unwrap().id;
    chat.past(&past("m20", 20), &ME).unwrap();
    assert_eq!(ids(&chat), ["m20", &local], "what is not sent stands last");
    let result = BroadcastResult {
        message_id: "m12".into(),
        timestamp: 12,
    };
    let view = chat.confirmed(&local, &result).unwrap();
    assert_eq!(view.replaces.as_deref(), Some(local.as_str()));
    assert_eq!((view.id.as_str(), view.delivery), ("m12", Delivery::Sent));
    assert_eq!(ids(&chat), ["m12", "m20"], "the server's order");
    let echo = chat.received(&message("m12", "hi"), &ME, 13);
    assert!(echo.is_none(), "an echo is no second message");
}

#[test]
fn my_message_that_came_back_with_the_history_is_one_message() {
    let mut chat = Chat::default();
    let local = chat.compose(draft("hi"), &ME, 10).unwrap().id;
    let mut mine = past("m1", 11);
    mine.user_id = "me".into();
    assert!(chat.past(&mine, &ME).unwrap().mine);
    let result = BroadcastResult {
        message_id: "m1".into(),
        timestamp: 11,
    };
    chat.confirmed(&local, &result).unwrap();
    assert_eq!(ids(&chat), ["m1"]);
    assert_eq!(chat.places.len(), 1);
}

#[test]
fn a_servers_id_cannot_take_the_place_of_a_local_one() {
    let mut chat = Chat::default();
    let mut theirs = message("local-1", "theirs");
    theirs.timestamp = u64::MAX;
    let shown = chat.received(&theirs, &ME, 1).unwrap();
    assert!(
        shown.sent_at_ms < u64::MAX,
        "no date is later than dates go"
    );
    assert_ne!(chat.compose(draft("mine"), &ME, 2).unwrap().id, "local-1");
}

#[test]
fn a_failed_message_can_be_sent_again() {
    let mut chat = Chat::default();
    let local = chat.compose(draft("hi"), &ME, 10).unwrap().id;
    assert!(chat.again(&local).is_none(), "it has not failed");
    assert_eq!(chat.failed(&local).unwrap().delivery, Delivery::Failed);
    assert_eq!(chat.again(&local).unwrap().delivery, Delivery::Sending);
}

#[test]
fn the_newest_ten_thousand_are_kept() {
    let mut chat = Chat::default();
    for n in 0..=ChatView::LIMIT as u64 {
        chat.past(&past(&format!("m{n}"), 1_000 + n), &ME);
    }
    assert_eq!(chat.messages.len(), ChatView::LIMIT);
    assert_eq!(chat.places.len(), ChatView::LIMIT);
    assert!(chat.get("m0").is_none() && chat.get("m1").is_some());
    assert!(chat.past(&past("old", 1), &ME).is_none(), "it has no place");
    let events = chat.events();
    assert_eq!(events.len(), ChatView::LIMIT / ChatView::BATCH);
    assert!(matches!(&events[0], ViewEvent::Chat(newest)
        if newest.messages.len() == ChatView::BATCH && newest.messages[499].id == "m10000"));
}

#[test]
fn long_texts_are_cut() {
    let mut chat = Chat::default();
    let long = "é".repeat(ChatView::TEXT_LIMIT + 1);
    let view = chat.received(&message("m", &long), &ME, 1).unwrap();
    assert_eq!(view.text.chars().count(), ChatView::TEXT_LIMIT);
}

#[test]
fn it_is_known_for_whom_a_message_is_and_whom_it_calls() {
    let mut chat = Chat::default();
    let mut private = message("m1", "@zoë: look");
    private.private = true;
    let private = chat.received(&private, &ME, 1).unwrap();
    assert!(private.mentions_me);
    assert_eq!(
        private.audience,
        Audience::Person {
            user_id: "me".into(),
            name: "Zoë".into()
        }
    );
    let mut hosts = message("m2", "@Zoëline");
    hosts.roles = vec!["host".into()];
    let hosts = chat.received(&hosts, &ME, 1).unwrap();
    assert!(!hosts.mentions_me);
    assert_eq!(
        hosts.audience,
        Audience::Roles {
            roles: vec!["host".into()]
        }
    );
    let mut mine = past("m3", 90);
    mine.user_id = "me".into();
    mine.message = "I am @Zoë".into();
    mine.to = Some(Addressee {
        user_id: "u".into(),
        name: "Søren".into(),
    });
    let mine = chat.past(&mine, &ME).unwrap();
    assert!(mine.mine && !mine.mentions_me);
    assert!(matches!(mine.audience, Audience::Person { name, .. } if name == "Søren"));
}

fn marks(chat: &Chat, id: &str) -> Vec<MarkView> {
    chat.get(id).unwrap().marks.clone()
}

fn mark(mark: MarkKind, count: u32, mine: bool) -> MarkView {
    MarkView { mark, count, mine }
}

#[test]
fn the_servers_count_holds() {
    let mut chat = Chat::default();
    let mut first = past("m1", 5);
    first.marks = vec![MarkCount {
        mark: Mark::Upvote,
        count: 3,
        mine: false,
    }];
    chat.past(&first, &ME).unwrap();
    let request = MarkRequest {
        message_id: "m1".into(),
        mark: Mark::Upvote,
        on: true,
    };
    assert!(chat.mark(&request).is_some());
    assert_eq!(marks(&chat, "m1"), [mark(MarkKind::Upvote, 4, true)]);
    assert!(chat.mark(&request).is_none(), "once");
    let notice = |user_id: &str, on, count| MarkNotice {
        message_id: "m1".into(),
        mark: Mark::Upvote,
        count,
        user_id: user_id.into(),
        on,
    };
    chat.counted(&notice("u7", true, 5), "me").unwrap();
    assert_eq!(marks(&chat, "m1"), [mark(MarkKind::Upvote, 5, true)]);
    chat.counted(&notice("me", false, 4), "me").unwrap();
    assert_eq!(marks(&chat, "m1"), [mark(MarkKind::Upvote, 4, false)]);
    chat.past(&past("m1", 5), &ME).unwrap();
    assert_eq!(
        marks(&chat, "m1"),
        [],
        "the history says that there is none"
    );
    let gone = MarkNotice {
        message_id: "m0".into(),
        ..notice("u", true, 1)
    };
    assert!(chat.counted(&gone, "me").is_none());
}

#[test]
fn where_no_server_counts_each_person_counts_once() {
    let mut chat = Chat::default();
    chat.received(&message("m1", "text"), &ME, 1).unwrap();
    let heart = |on| MarkRequest {
        message_id: "m1".into(),
        mark: Mark::Heart,
        on,
    };
    assert!(chat.marked_by(&heart(true), "a").is_some());
    assert!(chat.marked_by(&heart(true), "a").is_none());
    assert!(chat.marked_by(&heart(true), "b").is_some());
    assert_eq!(marks(&chat, "m1"), [mark(MarkKind::Heart, 2, false)]);
    assert!(chat.marked_by(&heart(false), "a").is_some());
    assert!(chat.marked_by(&heart(false), "a").is_none());
    assert_eq!(marks(&chat, "m1"), [mark(MarkKind::Heart, 1, false)]);
    let own = MarkRequest {
        mark: Mark::Upvote,
        ..heart(true)
    };
    assert!(chat.marked_by(&own, "u").is_none(), "not on one's own");
}
