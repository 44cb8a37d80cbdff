//! The chat: what was said, and what of mine is on its way.

use std::collections::{HashSet, VecDeque};

use kulti_protocol::signalling::{BroadcastResult, OnBroadcast};

use super::{
    clock::showable_ms,
    person, plain_text,
    view::{ChatView, Delivery, MessageView},
};

/// The type of broadcast that is a chat message; others are an app's own affair.
pub(super) const KIND: &str = "chat";
/// How long a message id may be.
const ID_LIMIT: usize = 256;

/// Who writes a message here.
#[derive(Debug, Clone)]
pub(super) struct Author<'a> {
    pub(super) user_id: &'a str,
    pub(super) name: &'a str,
    pub(super) role: &'a str,
}

/// The messages that are kept, oldest first.
#[derive(Debug, Default)]
pub(super) struct Chat {
    messages: VecDeque<MessageView>,
    ids: HashSet<String>,
    sent: u64,
}

impl Chat {
    /// Takes a message of somebody else. `None` if it is no chat message, is blank, or
    /// was received before.
    pub(super) fn received(&mut self, message: &OnBroadcast, now_ms: u64) -> Option<&MessageView> {
        let id = &message.message_id;
        if message.info.kind != KIND
            || id.is_empty()
            || id.len() > ID_LIMIT
            || self.ids.contains(id)
        {
            return None;
        }
        let text = plain_text::block(&message.info.message, ChatView::TEXT_LIMIT);
        if plain_text::is_blank(&text) {
            return None;
        }
        let (user_id, name, role) = match &message.peer {
            Some(peer) => (
                peer.info.user_id.as_str(),
                person::display_name(&peer.info.name),
                peer.role.as_str(),
            ),
            None => ("", "Kulti".to_owned(), ""),
        };
        let message = MessageView {
            id: id.clone(),
            replaces: None,
            user_id: user_id.to_owned(),
            initials: person::initials(&name),
            hue: person::hue(user_id),
            name,
            role: role.to_owned(),
            text,
            sent_at_ms: if message.timestamp > 0 {
                showable_ms(message.timestamp)
            } else {
                now_ms
            },
            mine: false,
            private: message.private,
            delivery: Delivery::Sent,
        };
        self.add(message)
    }

    /// Adds a message of mine that is to be sent. `None` if there is nothing in it.
    pub(super) fn compose(
        &mut self,
        text: &str,
        author: &Author<'_>,
        now_ms: u64,
    ) -> Option<&MessageView> {
        let text = plain_text::block(text, ChatView::TEXT_LIMIT);
        if plain_text::is_blank(&text) {
            return None;
        }
        let id = self.local_id();
        let message = MessageView {
            id,
            replaces: None,
            user_id: author.user_id.to_owned(),
            name: author.name.to_owned(),
            initials: person::initials(author.name),
            hue: person::hue(author.user_id),
            role: author.role.to_owned(),
            text,
            sent_at_ms: now_ms,
            mine: true,
            private: false,
            delivery: Delivery::Sending,
        };
        self.add(message)
    }

    /// An id that no message here has, whatever a server calls its own.
    fn local_id(&mut self) -> String {
        loop {
            self.sent += 1;
            let id = format!("local-{}", self.sent);
            if !self.ids.contains(&id) {
                return id;
            }
        }
    }

    fn add(&mut self, message: MessageView) -> Option<&MessageView> {
        if self.messages.len() >= ChatView::LIMIT
            && let Some(oldest) = self.messages.pop_front()
        {
            self.ids.remove(&oldest.id);
        }
        self.ids.insert(message.id.clone());
        self.messages.push_back(message);
        self.messages.back()
    }

    /// The server has a message of mine.
    pub(super) fn confirmed(
        &mut self,
        local_id: &str,
        result: &BroadcastResult,
    ) -> Option<&MessageView> {
        let message = self
            .messages
            .iter_mut()
            .find(|message| message.id == local_id)?;
        message.delivery = Delivery::Sent;
        if result.timestamp > 0 {
            message.sent_at_ms = showable_ms(result.timestamp);
        }
        let id = &result.message_id;
        if !id.is_empty() && id.len() <= ID_LIMIT && !self.ids.contains(id) {
            self.ids.remove(local_id);
            self.ids.insert(id.clone());
            message.replaces = Some(std::mem::replace(&mut message.id, id.clone()));
        }
        Some(message)
    }

    /// A message of mine was refused or lost.
    pub(super) fn failed(&mut self, local_id: &str) -> Option<&MessageView> {
        self.deliver(local_id, Delivery::Sending, Delivery::Failed)
    }

    /// A failed message is to be sent again.
    pub(super) fn again(&mut self, local_id: &str) -> Option<&MessageView> {
        self.deliver(local_id, Delivery::Failed, Delivery::Sending)
    }

    fn deliver(&mut self, id: &str, from: Delivery, to: Delivery) -> Option<&MessageView> {
        let message = self
            .messages
            .iter_mut()
            .find(|message| message.id == id && message.delivery == from)?;
        message.delivery = to;
        Some(message)
    }

    pub(super) fn get(&self, id: &str) -> Option<&MessageView> {
        self.messages.iter().find(|message| message.id == id)
    }

    pub(super) fn view(&self) -> ChatView {
        ChatView {
            messages: self.messages.iter().cloned().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use kulti_protocol::signalling::{BriefPeer, BroadcastInfo, PeerInfo};

    use super::*;

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
            },
        }
    }

    const ME: Author<'_> = Author {
        user_id: "me",
        name: "Me",
        role: "viewer",
    };

    #[test]
    fn a_message_is_taken_once() {
        let mut chat = Chat::default();
        let view = chat.received(&message("m1", "hello"), 5).unwrap();
        assert_eq!((view.initials.as_str(), view.sent_at_ms), ("SB", 77));
        assert!(chat.received(&message("m1", "hello"), 6).is_none());
        assert_eq!(chat.view().messages.len(), 1);
    }

    #[test]
    fn what_is_no_chat_message_is_not_shown() {
        let mut chat = Chat::default();
        let mut other = message("m1", "{}");
        other.info.kind = "hms_transcript".into();
        assert!(chat.received(&other, 1).is_none());
        assert!(chat.received(&message("m2", " \n "), 1).is_none());
        assert!(chat.received(&message("", "text"), 1).is_none());
    }

    #[test]
    fn my_message_takes_the_servers_id() {
        let mut chat = Chat::default();
        let local = chat.compose("hi", &ME, 10).unwrap().id.clone();
        assert_eq!(chat.get(&local).unwrap().delivery, Delivery::Sending);
        let result = BroadcastResult {
            message_id: "m9".into(),
            timestamp: 12,
        };
        let view = chat.confirmed(&local, &result).unwrap();
        assert_eq!(view.replaces.as_deref(), Some(local.as_str()));
        assert_eq!((view.id.as_str(), view.delivery), ("m9", Delivery::Sent));
        assert!(
            chat.received(&message("m9", "hi"), 13).is_none(),
            "an echo is no second message"
        );
    }

    #[test]
    fn a_servers_id_cannot_take_the_place_of_a_local_one() {
        let mut chat = Chat::default();
        let mut theirs = message("local-1", "theirs");
        theirs.timestamp = u64::MAX;
        let shown = chat.received(&theirs, 1).unwrap();
        assert!(
            shown.sent_at_ms < u64::MAX,
            "no date is later than dates go"
        );
        assert_ne!(chat.compose("mine", &ME, 2).unwrap().id, "local-1");
    }

    #[test]
    fn a_failed_message_can_be_sent_again() {
        let mut chat = Chat::default();
        let local = chat.compose("hi", &ME, 10).unwrap().id.clone();
        assert!(chat.again(&local).is_none(), "it has not failed");
        assert_eq!(chat.failed(&local).unwrap().delivery, Delivery::Failed);
        assert_eq!(chat.again(&local).unwrap().delivery, Delivery::Sending);
    }

    #[test]
    fn the_last_five_hundred_are_kept() {
        let mut chat = Chat::default();
        for n in 0..=ChatView::LIMIT {
            chat.received(&message(&format!("m{n}"), "x"), 1);
        }
        let messages = chat.view().messages;
        assert_eq!(messages.len(), ChatView::LIMIT);
        assert_eq!(messages[0].id, "m1");
        assert!(chat.get("m0").is_none());
    }

    #[test]
    fn long_texts_are_cut() {
        let mut chat = Chat::default();
        let long = "é".repeat(ChatView::TEXT_LIMIT + 1);
        let view = chat.received(&message("m", &long), 1).unwrap();
        assert_eq!(view.text.chars().count(), ChatView::TEXT_LIMIT);
    }
}
