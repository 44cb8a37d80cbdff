//! The view of a stay, handed out to readers that may be slow.
//!
//! The view is state, not a log: a reader that lags gets the newest value of each
//! slice. Messages and notices are kept in order, but not without end: messages gather in
//! one batch, too many of them become the whole chat, too many notices lose the oldest.

use std::{
    collections::VecDeque,
    future::poll_fn,
    mem::discriminant,
    pin::Pin,
    sync::{Arc, Weak},
    task::{Context, Poll, Waker},
};

use futures_util::Stream;
use parking_lot::Mutex;

use crate::core::view::{ChatView, ViewEvent};

/// How many notices may wait for one reader.
const WAITING_LIMIT: usize = 128;
/// How many changes of messages may wait for one reader.
const MESSAGES_LIMIT: usize = 2_000;

/// What one reader has not read yet.
#[derive(Debug, Default)]
struct Waiting {
    events: VecDeque<ViewEvent>,
    /// Set once nothing can follow.
    over: bool,
    waker: Option<Waker>,
}

/// The reader's end: first every slice as it is, then what changes. It ends after
/// [`ViewEvent::Ended`].
#[derive(Debug)]
pub struct ViewStream {
    waiting: Arc<Mutex<Waiting>>,
}

/// The writer's end of one [`ViewStream`].
#[derive(Debug)]
pub(crate) struct Reader {
    waiting: Weak<Mutex<Waiting>>,
}

/// A new pair. Until it is [`Feed::add`]ed, the stream waits.
pub(crate) fn stream() -> (Reader, ViewStream) {
    let waiting = Arc::default();
    let reader = Reader {
        waiting: Arc::downgrade(&waiting),
    };
    (reader, ViewStream { waiting })
}

impl ViewStream {
    /// The next event; none after the stay is over.
    pub async fn next(&mut self) -> Option<ViewEvent> {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<ViewEvent>> {
        let mut waiting = self.waiting.lock();
        if let Some(event) = waiting.events.pop_front() {
            return Poll::Ready(Some(event));
        }
        if waiting.over {
            return Poll::Ready(None);
        }
        waiting.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Stream for ViewStream {
    type Item = ViewEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<ViewEvent>> {
        self.poll(cx)
    }
}

impl Reader {
    /// Nothing will follow `last`, if there is one.
    pub(crate) fn finish(self, last: Option<ViewEvent>) {
        if let Some(waiting) = self.waiting.upgrade() {
            waiting.lock().events.extend(last);
        }
        // Dropping it says that it is over.
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(waiting) = self.waiting.upgrade() {
            let waker = {
                let mut waiting = waiting.lock();
                waiting.over = true;
                waiting.waker.take()
            };
            waker.into_iter().for_each(Waker::wake);
        }
    }
}

/// All readers of one stay.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    readers: Vec<Reader>,
}

impl Feed {
    /// Takes up a reader, who gets `snapshot` first.
    pub(crate) fn add(&mut self, reader: Reader, snapshot: Vec<ViewEvent>) {
        if let Some(waiting) = reader.waiting.upgrade() {
            let waker = {
                let mut waiting = waiting.lock();
                waiting.events.extend(snapshot);
                waiting.waker.take()
            };
            waker.into_iter().for_each(Waker::wake);
            self.readers.push(reader);
        }
    }

    /// Hands an event to every reader. `chat` gives the whole chat, for readers that
    /// lag too far behind to be sent each message.
    pub(crate) fn publish(&mut self, event: &ViewEvent, chat: impl Fn() -> Vec<ViewEvent>) {
        self.readers.retain(|reader| {
            let Some(waiting) = reader.waiting.upgrade() else {
                return false; // its stream was dropped
            };
            let waker = {
                let mut waiting = waiting.lock();
                waiting.put(event, &chat);
                waiting.waker.take()
            };
            waker.into_iter().for_each(Waker::wake);
            true
        });
    }
}

impl Waiting {
    fn put(&mut self, event: &ViewEvent, chat: &impl Fn() -> Vec<ViewEvent>) {
        match event {
            ViewEvent::Messages(batch) => self.put_messages(batch, chat),
            ViewEvent::Notice(_) if self.count(event) >= WAITING_LIMIT => {
                let oldest = self.events.iter().position(|e| same_slice(e, event));
                if let Some(oldest) = oldest {
                    self.events.remove(oldest);
                }
                self.events.push_back(event.clone());
            }
            ViewEvent::Notice(_) => self.events.push_back(event.clone()),
            ViewEvent::Chat(_) => self.put_chat(vec![event.clone()]),
            _ => match self.events.iter_mut().find(|e| same_slice(e, event)) {
                Some(stale) => stale.clone_from(event),
                None => self.events.push_back(event.clone()),
            },
        }
    }

    /// Adds messages to the batch that waits, if one does.
    fn put_messages(&mut self, batch: &ChatView, chat: &impl Fn() -> Vec<ViewEvent>) {
        let waiting = self.events.iter_mut().rev().find_map(|event| match event {
            ViewEvent::Messages(waiting) => Some(waiting),
            _ => None,
        });
        match waiting {
            Some(waiting) if waiting.messages.len() + batch.messages.len() > MESSAGES_LIMIT => {
                self.put_chat(chat()); // holds these messages too
            }
            Some(waiting) => {
                waiting.messages.extend(batch.messages.iter().cloned());
                waiting.earlier = batch.earlier;
            }
            None => self.events.push_back(ViewEvent::Messages(batch.clone())),
        }
    }

    /// The whole chat stands for every message before it.
    fn put_chat(&mut self, chat: Vec<ViewEvent>) {
        self.events
            .retain(|e| !matches!(e, ViewEvent::Messages(_) | ViewEvent::Chat(_)));
        self.events.extend(chat);
    }

    fn count(&self, like: &ViewEvent) -> usize {
        self.events.iter().filter(|e| same_slice(e, like)).count()
    }
}

fn same_slice(a: &ViewEvent, b: &ViewEvent) -> bool {
    discriminant(a) == discriminant(b)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use futures_util::FutureExt;

    use super::*;
    use crate::core::view::{Audience, CountsView, Delivery, MessageView, Notice, StageView};

    fn counts(total: u32) -> ViewEvent {
        ViewEvent::Counts(CountsView {
            total,
            ..CountsView::default()
        })
    }

    fn message(number: usize) -> MessageView {
        MessageView {
            id: number.to_string(),
            replaces: None,
            user_id: String::new(),
            name: String::new(),
            initials: String::new(),
            hue: 0,
            role: String::new(),
            text: String::new(),
            sent_at_ms: 0,
            mine: false,
            audience: Audience::Everyone,
            reply_to: None,
            marks: Vec::new(),
            mentions_me: false,
            joined: None,
            delivery: Delivery::Sent,
        }
    }

    fn read_all(stream: &mut ViewStream) -> Vec<ViewEvent> {
        std::iter::from_fn(|| stream.next().now_or_never().flatten()).collect()
    }

    fn no_chat() -> Vec<ViewEvent> {
        Vec::new()
    }

    fn batch(messages: Vec<MessageView>) -> ChatView {
        ChatView {
            messages,
            earlier: false,
        }
    }

    #[test]
    fn a_slow_reader_gets_the_newest_of_each_slice() {
        let mut feed = Feed::default();
        let (reader, mut stream) = stream();
        feed.add(reader, vec![counts(1)]);
        let stage = ViewEvent::Stage(StageView::default());
        for event in [counts(2), stage.clone(), counts(3)] {
            feed.publish(&event, no_chat);
        }
        assert_eq!(read_all(&mut stream), [counts(3), stage]);
        feed.publish(&counts(4), no_chat);
        assert_eq!(read_all(&mut stream), [counts(4)]);
    }

    #[test]
    fn messages_gather_in_a_batch_and_too_many_become_the_whole_chat() {
        let mut feed = Feed::default();
        let (reader, mut stream) = stream();
        feed.add(reader, Vec::new());
        let mut chat = Vec::new();
        let mut say = |feed: &mut Feed, number: usize| {
            chat.push(message(number));
            let event = ViewEvent::Messages(batch(vec![message(number)]));
            feed.publish(&event, || vec![ViewEvent::Chat(batch(chat.clone()))]);
        };
        for number in 0..MESSAGES_LIMIT {
            say(&mut feed, number);
        }
        let events = read_all(&mut stream);
        assert!(matches!(&events[..], [ViewEvent::Messages(all)] if all.messages.len() == 2_000));
        for number in MESSAGES_LIMIT..2 * MESSAGES_LIMIT + 3 {
            say(&mut feed, number);
        }
        let events = read_all(&mut stream);
        assert_eq!(events.len(), 2);
        let mut ids: Vec<String> = Vec::new();
        for event in events {
            match event {
                ViewEvent::Chat(chat) => ids = chat.messages.into_iter().map(|m| m.id).collect(),
                ViewEvent::Messages(batch) => ids.extend(batch.messages.into_iter().map(|m| m.id)),
                other => panic!("{other:?}"),
            }
        }
        let all: Vec<String> = (0..2 * MESSAGES_LIMIT + 3).map(|n| n.to_string()).collect();
        assert_eq!(ids, all, "each message once, in order");
    }

    #[test]
    fn too_many_notices_lose_the_oldest() {
        let mut feed = Feed::default();
        let (reader, mut stream) = stream();
        feed.add(reader, Vec::new());
        for number in 0..=WAITING_LIMIT {
            let name = number.to_string();
            feed.publish(&ViewEvent::Notice(Notice::HandRaised { name }), no_chat);
        }
        let events = read_all(&mut stream);
        assert_eq!(events.len(), WAITING_LIMIT);
        let first = ViewEvent::Notice(Notice::HandRaised { name: "1".into() });
        assert_eq!(events.first(), Some(&first));
    }

    #[test]
    fn a_dropped_stream_is_forgotten_and_a_dropped_feed_ends_its_streams() {
        let mut feed = Feed::default();
        let (first, first_stream) = stream();
        let (second, mut second_stream) = stream();
        feed.add(first, Vec::new());
        feed.add(second, Vec::new());
        drop(first_stream);
        feed.publish(&counts(1), no_chat);
        assert_eq!(feed.readers.len(), 1);
        drop(feed);
        let next = |s: &mut ViewStream| s.next().now_or_never();
        assert_eq!(next(&mut second_stream), Some(Some(counts(1))));
        assert_eq!(next(&mut second_stream), Some(None));
    }
}
