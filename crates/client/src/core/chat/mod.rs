//! The chat: what was said, and what of mine is on its way.

mod marks;
mod mentions;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use kulti_protocol::{
    chat::PastMessage,
    signalling::{BroadcastResult, OnBroadcast},
};

use self::marks::Voters;
use super::{
    clock::showable_ms,
    person, plain_text,
    view::{Audience, ChatView, Delivery, JoinedView, MessageView, ViewEvent},
};

pub(super) use kulti_protocol::chat::CHAT as KIND;

/// How long a message id may be.
const ID_LIMIT: usize = 256;
/// How many roles a message may be for.
const ROLES_LIMIT: usize = 20;

/// Who reads and writes here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Me<'a> {
    pub(super) user_id: &'a str,
    pub(super) name: &'a str,
    pub(super) role: &'a str,
}

/// A message of mine that is to be sent.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft<'a> {
    pub(super) text: &'a str,
    pub(super) audience: Audience,
    pub(super) reply_to: Option<String>,
}

/// A message's place: when it was sent, and of equals which came first. What has not been
/// sent stands behind everything else.
type Place = (u64, u64);

/// The messages that are kept.
#[derive(Debug, Default)]
pub(super) struct Chat {
    messages: BTreeMap<Place, MessageView>,
    places: HashMap<String, Place>,
    /// How many have found a place.
    placed: u64,
    /// How many local ids were given out.
    local_ids: u64,
    /// Whether the server has earlier ones.
    earlier: bool,
    /// Up to which moment all is here, while it is being fetched what was missed since.
    complete_until: Option<u64>,
    voters: Voters,
}

impl Chat {
    /// Takes a message of somebody else. `None` if it is no chat message, is blank, or
    /// was received before.
    pub(super) fn received(
        &mut self,
        message: &OnBroadcast,
        me: &Me<'_>,
        now_ms: u64,
    ) -> Option<MessageView> {
        if message.info.kind != KIND {
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
        let audience = if message.private {
            Audience::Person {
                user_id: me.user_id.to_owned(),
                name: me.name.to_owned(),
            }
        } else {
            for_roles(&message.roles)
        };
        let sent_at_ms = if message.timestamp > 0 {
            showable_ms(message.timestamp)
        } else {
            now_ms
        };
        let view = view(&message.message_id, (user_id, &name, role), sent_at_ms);
        self.take_in(
            MessageView {
                text: plain_text::block(&message.info.message, ChatView::TEXT_LIMIT),
                audience,
                reply_to: message.info.reply_to.clone(),
                ..view
            },
            me,
        )
    }

    /// Takes a message of the server's history. `None` if it is here already and nothing
    /// about it is new.
    pub(super) fn past(&mut self, past: &PastMessage, me: &Me<'_>) -> Option<MessageView> {
        if let Some(known) = self.get_mut(&past.message_id) {
            return marks::set_all(known, &past.marks).then(|| known.clone());
        }
        let name = person::display_name(&past.name);
        let author = (past.user_id.as_str(), name.as_str(), past.role.as_str());
        let mut view = view(&past.message_id, author, showable_ms(past.timestamp));
        marks::set_all(&mut view, &past.marks);
        self.take_in(
            MessageView {
                text: plain_text::block(&past.message, ChatView::TEXT_LIMIT),
                audience: match &past.to {
                    Some(to) => Audience::Person {
                        user_id: to.user_id.clone(),
                        name: person::display_name(&to.name),
                    },
                    None => for_roles(&past.roles),
                },
                reply_to: past.reply_to.clone(),
                ..view
            },
            me,
        )
    }

    /// Checks a message that others wrote, and adds it.
    fn take_in(&mut self, mut message: MessageView, me: &Me<'_>) -> Option<MessageView> {
        let id = &message.id;
        let fits = !id.is_empty() && id.len() <= ID_LIMIT && !self.places.contains_key(id);
        if !fits || plain_text::is_blank(&message.text) {
            return None;
        }
        message.reply_to = message.reply_to.filter(|id| fits_as_id(id));
        message.mine = message.user_id == me.user_id;
        message.mentions_me = !message.mine && mentions::calls(&message.text, me.name);
        self.add(message)
    }

    /// Adds a message of mine that is to be sent. `None` if there is nothing in it.
    pub(super) fn compose(
        &mut self,
        draft: Draft<'_>,
        me: &Me<'_>,
        now_ms: u64,
    ) -> Option<MessageView> {
        let text = plain_text::block(draft.text, ChatView::TEXT_LIMIT);
        if plain_text::is_blank(&text) {
            return None;
        }
        let id = self.local_id("local");
        let author = (me.user_id, me.name, me.role);
        self.add(MessageView {
            text,
            audience: draft.audience,
            reply_to: draft.reply_to.filter(|id| fits_as_id(id)),
            mine: true,
            delivery: Delivery::Sending,
            ..view(&id, author, now_ms)
        })
    }

    /// Adds a line that says that people came.
    pub(super) fn people_joined(
        &mut self,
        name: &str,
        count: u32,
        now_ms: u64,
    ) -> Option<MessageView> {
        let id = self.local_id("joined");
        let joined = JoinedView {
            name: name.to_owned(),
            count,
        };
        self.add(MessageView {
            joined: Some(joined),
            ..view(&id, ("", "", ""), now_ms)
        })
    }

    /// An id that no message here has, whatever a server calls its own.
    fn local_id(&mut self, kind: &str) -> String {
        loop {
            self.local_ids += 1;
            let id = format!("{kind}-{}", self.local_ids);
            if !self.places.contains_key(&id) {
                return id;
            }
        }
    }

    /// Puts a message in its place. `None` if it is older than all of a full chat.
    fn add(&mut self, message: MessageView) -> Option<MessageView> {
        self.placed += 1;
        let place = match message.delivery {
            Delivery::Sent => (message.sent_at_ms, self.placed),
            Delivery::Sending | Delivery::Failed => (u64::MAX, self.placed),
        };
        let id = message.id.clone();
        self.places.insert(id.clone(), place);
        self.messages.insert(place, message);
        if self.messages.len() > ChatView::LIMIT
            && let Some((_, oldest)) = self.messages.pop_first()
        {
            self.places.remove(&oldest.id);
            self.earlier = true;
        }
        self.get(&id).cloned()
    }

    /// The server has a message of mine.
    pub(super) fn confirmed(
        &mut self,
        local_id: &str,
        result: &BroadcastResult,
    ) -> Option<MessageView> {
        let place = self.places.remove(local_id)?;
        let mut message = self.messages.remove(&place)?;
        message.delivery = Delivery::Sent;
        if result.timestamp > 0 {
            message.sent_at_ms = showable_ms(result.timestamp);
        }
        let id = &result.message_id;
        if fits_as_id(id) {
            message.replaces = Some(std::mem::replace(&mut message.id, id.clone()));
            // It may have come back with the history before its answer did.
            if let Some(place) = self.places.remove(id)
                && let Some(past) = self.messages.remove(&place)
            {
                message.marks = past.marks;
            }
        }
        self.add(message)
    }

    /// A message of mine was refused or lost.
    pub(super) fn failed(&mut self, local_id: &str) -> Option<MessageView> {
        self.deliver(local_id, Delivery::Sending, Delivery::Failed)
    }

    /// A failed message is to be sent again.
    pub(super) fn again(&mut self, local_id: &str) -> Option<MessageView> {
        self.deliver(local_id, Delivery::Failed, Delivery::Sending)
    }

    fn deliver(&mut self, id: &str, from: Delivery, to: Delivery) -> Option<MessageView> {
        let message = self.get_mut(id)?;
        if message.delivery != from {
            return None;
        }
        message.delivery = to;
        Some(message.clone())
    }

    pub(super) fn get(&self, id: &str) -> Option<&MessageView> {
        self.messages.get(self.places.get(id)?)
    }

    fn get_mut(&mut self, id: &str) -> Option<&mut MessageView> {
        self.messages.get_mut(self.places.get(id)?)
    }

    /// Those that have been sent, oldest first.
    fn sent(&self) -> impl DoubleEndedIterator<Item = &MessageView> {
        let sent = self.messages.range(..(u64::MAX, 0));
        sent.map(|(_, message)| message)
            .filter(|message| message.joined.is_none())
    }

    /// When the oldest was sent.
    pub(super) fn oldest_ms(&self) -> Option<u64> {
        self.sent().next().map(|message| message.sent_at_ms)
    }

    /// Whether the server has earlier ones.
    pub(super) fn has_earlier(&self) -> bool {
        self.earlier
    }

    pub(super) fn set_earlier(&mut self, earlier: bool) {
        self.earlier = earlier && self.messages.len() < ChatView::LIMIT;
    }

    /// The connection is lost: from here on messages may be missed.
    pub(super) fn connection_lost(&mut self) {
        let newest = self.sent().next_back().map(|message| message.sent_at_ms);
        self.complete_until = self.complete_until.or(newest);
    }

    /// Up to which moment all is here, if something may have been missed.
    pub(super) fn complete_until(&self) -> Option<u64> {
        self.complete_until
    }

    /// All that was missed has been fetched.
    pub(super) fn caught_up(&mut self) {
        self.complete_until = None;
    }

    /// All of it for a new reader: the newest first, so that something can be seen at once.
    pub(super) fn events(&self) -> Vec<ViewEvent> {
        let all: Vec<&MessageView> = self.messages.values().collect();
        let batch = |messages: &[&MessageView]| ChatView {
            messages: messages.iter().copied().cloned().collect(),
            earlier: self.earlier,
        };
        let mut batches = all.rchunks(ChatView::BATCH).map(batch);
        let newest = batches.next().unwrap_or_else(|| batch(&[]));
        let mut events = vec![ViewEvent::Chat(newest)];
        events.extend(batches.map(ViewEvent::Messages));
        events
    }
}

fn fits_as_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= ID_LIMIT
}

fn for_roles(roles: &[String]) -> Audience {
    if roles.is_empty() {
        return Audience::Everyone;
    }
    let roles = roles.iter().take(ROLES_LIMIT);
    Audience::Roles {
        roles: roles.map(|role| plain_text::line(role, ID_LIMIT)).collect(),
    }
}

/// A message of somebody, with nothing in it.
fn view(id: &str, (user_id, name, role): (&str, &str, &str), sent_at_ms: u64) -> MessageView {
    MessageView {
        id: id.to_owned(),
        replaces: None,
        user_id: user_id.to_owned(),
        name: name.to_owned(),
        initials: person::initials(name),
        hue: person::hue(user_id),
        role: role.to_owned(),
        text: String::new(),
        sent_at_ms,
        mine: false,
        audience: Audience::Everyone,
        reply_to: None,
        marks: Vec::new(),
        mentions_me: false,
        joined: None,
        delivery: Delivery::Sent,
    }
}
