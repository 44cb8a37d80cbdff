//! Messages: saying something, hearing it, marking it, and what was said earlier.

use kulti_protocol::{
    chat::{MARK, MARKED, MESSAGES, MarkNotice, MarkRequest, MessagePage, MessagesRequest},
    signalling::{Broadcast, BroadcastInfo, BroadcastResult, OnBroadcast, RpcError, code, method},
};
use serde_json::Value;

use super::{Purpose, SessionCore};
use crate::core::{
    chat::{Draft, KIND, Me},
    io::{Announcement, Output},
    requests::{AfterLoss, CODE_CONNECTION_LOST},
    view::{Audience, ChatView, MessageView, ViewEvent},
};

/// So many messages are asked for at once.
const PAGE: u32 = 100;
/// After a loss pages are fetched until nothing is missing, but no more than so many.
const PAGES: u32 = 25;
/// Joins are told in the chat where they are few: not in rooms with more people …
const FEW_PEOPLE: usize = 50;
/// … nor when more come at once.
const FEW_JOINS: u32 = 5;

/// A page of earlier messages that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PageWanted {
    /// Those before this moment; else the newest.
    before: Option<u64>,
    /// How many may be asked for after it, to catch up after a loss.
    pages_left: u32,
}

impl SessionCore {
    pub(super) fn send_message(
        &mut self,
        text: &str,
        audience: Audience,
        reply_to: Option<String>,
    ) {
        let length = text.trim().chars().count();
        if length > ChatView::TEXT_LIMIT {
            let words = format!("{length} characters, {} fit.", ChatView::TEXT_LIMIT);
            self.refused("sendMessage", code::TOO_LARGE, &words);
            return;
        }
        if let Audience::Person { user_id, .. } = &audience
            && self.peer_of(user_id).is_none()
        {
            self.refused("sendMessage", code::NOT_FOUND, "That person has left.");
            return;
        }
        let server_ms = self.server_ms();
        let name = self.my_name();
        let me = Me {
            user_id: &self.config.user_id,
            name: &name,
            role: self.roles.mine(),
        };
        let draft = Draft {
            text,
            audience,
            reply_to,
        };
        if let Some(view) = self.chat.compose(draft, &me, server_ms) {
            self.broadcast(view);
        }
    }

    pub(super) fn resend_message(&mut self, id: &str) {
        if let Some(view) = self.chat.again(id) {
            self.broadcast(view);
        }
    }

    fn broadcast(&mut self, view: MessageView) {
        let (roles, peer_id) = match &view.audience {
            Audience::Everyone => (None, None),
            Audience::Roles { roles } => (Some(roles.clone()), None),
            Audience::Person { user_id, .. } => {
                let Some(peer_id) = self.peer_of(user_id) else {
                    self.show(self.chat.get(&view.id).cloned());
                    let failed = self.chat.failed(&view.id);
                    self.show(failed);
                    self.refused("sendMessage", code::NOT_FOUND, "That person has left.");
                    return;
                };
                (None, Some(peer_id))
            }
        };
        let params = Broadcast {
            info: BroadcastInfo {
                message: view.text.clone(),
                kind: KIND.to_owned(),
                reply_to: view.reply_to.clone(),
            },
            roles,
            peer_id,
        };
        let local_id = view.id.clone();
        self.show(Some(view));
        // As the SDK does: rather twice than never. Our server drops the second.
        self.request(
            Purpose::Message(local_id),
            method::BROADCAST,
            params,
            AfterLoss::Repeat,
        );
    }

    /// The connection of a user who is here, the newest of several.
    fn peer_of(&self, user_id: &str) -> Option<String> {
        let of_user = self
            .roster
            .iter()
            .filter(|person| person.user_id == user_id);
        of_user
            .max_by_key(|person| (person.joined_at, &person.peer_id))
            .map(|person| person.peer_id.clone())
    }

    pub(super) fn message_sent(&mut self, local_id: &str, result: Result<Value, RpcError>) {
        let view = match result {
            Ok(value) => {
                let sent = serde_json::from_value(value).unwrap_or_else(|_| BroadcastResult {
                    message_id: String::new(),
                    timestamp: 0,
                });
                self.chat.confirmed(local_id, &sent)
            }
            Err(error) => {
                if error.code != CODE_CONNECTION_LOST {
                    self.refused("sendMessage", error.code, &error.message);
                }
                self.chat.failed(local_id)
            }
        };
        self.show(view);
    }

    /// A broadcast came.
    pub(super) fn heard(&mut self, message: &OnBroadcast) {
        match message.info.kind.as_str() {
            KIND => self.message_heard(message),
            // Only the server speaks without a sender.
            MARKED if message.peer.is_none() => {
                if let Ok(notice) = serde_json::from_str::<MarkNotice>(&message.info.message) {
                    let view = self.chat.counted(&notice, &self.config.user_id);
                    self.show(view);
                }
            }
            // Our server counts marks, and does not pass them on.
            MARK if !self.config.server_counts_viewers => {
                if let Some(peer) = &message.peer
                    && let Ok(request) = serde_json::from_str::<MarkRequest>(&message.info.message)
                {
                    let view = self.chat.marked_by(&request, &peer.info.user_id);
                    self.show(view);
                }
            }
            _ => {}
        }
    }

    fn message_heard(&mut self, message: &OnBroadcast) {
        let server_ms = self.server_ms();
        let name = self.my_name();
        let me = Me {
            user_id: &self.config.user_id,
            name: &name,
            role: self.roles.mine(),
        };
        let Some(view) = self.chat.received(message, &me, server_ms) else {
            return;
        };
        if view.mentions_me {
            self.emit(Output::Announce(Announcement {
                id: view.id.clone(),
                title: self.config.title.clone(),
                author: view.name.clone(),
                text: view.text.clone(),
                mention: true,
            }));
        }
        // A pin may have waited for it.
        self.screen.dirty.stage = true;
        self.show(Some(view));
    }

    pub(super) fn mark_message(&mut self, request: MarkRequest) {
        let Some(view) = self.chat.mark(&request) else {
            return;
        };
        self.show(Some(view));
        let Ok(message) = serde_json::to_string(&request) else {
            return;
        };
        let params = Broadcast {
            info: BroadcastInfo {
                message,
                kind: MARK.to_owned(),
                reply_to: None,
            },
            roles: None,
            peer_id: None,
        };
        // It says what is to be, so that twice is once.
        self.request(
            Purpose::Mark(request),
            method::BROADCAST,
            params,
            AfterLoss::Repeat,
        );
    }

    pub(super) fn mark_answered(&mut self, request: MarkRequest, result: Result<Value, RpcError>) {
        let Err(error) = result else {
            return;
        };
        let back = MarkRequest {
            on: !request.on,
            ..request
        };
        let view = self.chat.mark(&back);
        self.show(view);
        if error.code != CODE_CONNECTION_LOST {
            self.refused("markMessage", error.code, &error.message);
        }
    }

    /// In the room, for the first time or again: what was said before?
    pub(super) fn catch_up(&mut self) {
        if self.config.server_counts_viewers {
            self.ask_for_messages(PageWanted {
                before: None,
                pages_left: PAGES,
            });
        }
    }

    /// The person wants to see more of what was said before.
    pub(super) fn earlier_messages(&mut self) {
        let under_way = self
            .requests
            .any(|purpose| matches!(purpose, Purpose::Messages(_)));
        if self.chat.has_earlier() && !under_way {
            self.ask_for_messages(PageWanted {
                before: self.chat.oldest_ms(),
                pages_left: 0,
            });
        }
    }

    fn ask_for_messages(&mut self, wanted: PageWanted) {
        let params = MessagesRequest {
            before: wanted.before,
            limit: Some(PAGE),
        };
        // The next connection asks anew.
        self.request(Purpose::Messages(wanted), MESSAGES, params, AfterLoss::Fail);
    }

    pub(super) fn messages_came(&mut self, wanted: PageWanted, result: Result<Value, RpcError>) {
        let page = match result.map(serde_json::from_value::<MessagePage>) {
            Ok(Ok(page)) => page,
            Ok(Err(error)) => {
                tracing::warn!(%error, "a page of messages could not be read");
                return self.show_all(Vec::new());
            }
            Err(error) => {
                if error.code != CODE_CONNECTION_LOST {
                    tracing::info!(code = error.code, message = %error.message, "no history");
                }
                // Whoever waits for it waits no longer.
                return self.show_all(Vec::new());
            }
        };
        let name = self.my_name();
        let me = Me {
            user_id: &self.config.user_id,
            name: &name,
            role: self.roles.mine(),
        };
        let had_earlier = self.chat.has_earlier();
        let news = page.messages.iter();
        let news: Vec<MessageView> = news.filter_map(|past| self.chat.past(past, &me)).collect();
        let first = page.messages.first().map(|past| past.timestamp);
        let is_oldest = match (first, self.chat.oldest_ms()) {
            (Some(first), Some(oldest)) => first <= oldest,
            (None, _) | (_, None) => true,
        };
        if is_oldest {
            self.chat.set_earlier(page.more);
        }
        self.screen.dirty.stage = true;
        if !news.is_empty() || had_earlier != self.chat.has_earlier() || wanted.pages_left == 0 {
            self.show_all(news);
        }
        let missing = self.chat.complete_until().zip(first);
        match missing {
            Some((until, first)) if page.more && first > until && wanted.pages_left > 0 => {
                self.ask_for_messages(PageWanted {
                    before: Some(first),
                    pages_left: wanted.pages_left - 1,
                });
            }
            _ => self.chat.caught_up(),
        }
    }

    /// People came: in small rooms the chat says so.
    pub(super) fn tell_joins_in_chat(&mut self, name: &str, count: u32) {
        if count <= FEW_JOINS && self.roster.len() <= FEW_PEOPLE {
            let server_ms = self.server_ms();
            let view = self.chat.people_joined(name, count, server_ms);
            self.show(view);
        }
    }

    fn show(&mut self, view: Option<MessageView>) {
        if let Some(view) = view {
            self.show_all(vec![view]);
        }
    }

    /// Shows messages that are new or have changed.
    fn show_all(&mut self, messages: Vec<MessageView>) {
        self.emit(Output::View(ViewEvent::Messages(ChatView {
            messages,
            earlier: self.chat.has_earlier(),
        })));
    }
}
