//! From the session core's view events to a screen that is never behind.
//!
//! A slice is state, not a log: whoever looks gets its newest value, once per
//! displayed frame at most, and a late subscriber gets every slice once. Messages
//! that were added or changed, and notices, are told one by one.

use std::{collections::VecDeque, mem, sync::Arc, time::Duration};

use kulti_client::core::view::{ChatView, ViewEvent};
use parking_lot::Mutex;
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

/// One frame of a 60 Hz display: a screen can't show more.
const FRAME: Duration = Duration::from_millis(16);

/// Notices that wait for the UI at most; the oldest go first.
const NOTICE_LIMIT: usize = 64;

/// The slices in the order in which a screen is built up.
const SLICES: usize = 9;

/// The newest value of every slice.
#[derive(Debug, Default)]
struct Slices([Option<ViewEvent>; SLICES]);

/// Where a slice is kept; none for events that are told one by one.
fn place(event: &ViewEvent) -> Option<usize> {
    match event {
        ViewEvent::Session(_) => Some(0),
        ViewEvent::Connection(_) => Some(1),
        ViewEvent::Counts(_) => Some(2),
        ViewEvent::Watch(_) => Some(3),
        ViewEvent::Stage(_) => Some(4),
        ViewEvent::Grid(_) => Some(5),
        ViewEvent::People(_) => Some(6),
        ViewEvent::Chat(_) => Some(7),
        ViewEvent::Ended(_) => Some(8),
        ViewEvent::Message(_) | ViewEvent::Notice(_) => None,
    }
}

/// What one subscriber has not been sent yet.
#[derive(Debug, Default)]
struct Pending {
    slices: Slices,
    /// Messages and notices, oldest first, sent after the slices.
    single: VecDeque<ViewEvent>,
}

impl Pending {
    fn put(&mut self, event: ViewEvent) {
        if let Some(place) = place(&event) {
            if matches!(event, ViewEvent::Chat(_)) {
                // The whole chat says all that waiting messages would.
                self.single.retain(|e| !matches!(e, ViewEvent::Message(_)));
            }
            self.slices.0[place] = Some(event);
            return;
        }
        if let ViewEvent::Message(message) = &event {
            // Only the newest state of a message matters.
            self.single
                .retain(|e| !matches!(e, ViewEvent::Message(m) if m.id == message.id));
        }
        let limit = match event {
            ViewEvent::Message(_) => ChatView::LIMIT,
            _ => NOTICE_LIMIT,
        };
        let kind = mem::discriminant(&event);
        if self
            .single
            .iter()
            .filter(|e| mem::discriminant(*e) == kind)
            .count()
            >= limit
            && let Some(oldest) = self
                .single
                .iter()
                .position(|e| mem::discriminant(e) == kind)
        {
            self.single.remove(oldest);
        }
        self.single.push_back(event);
    }

    fn take(&mut self) -> Vec<ViewEvent> {
        let mut slices = mem::take(&mut self.slices).0;
        // The end comes last, after everything that led to it.
        let ended = slices[SLICES - 1].take();
        let singles = mem::take(&mut self.single);
        slices
            .into_iter()
            .flatten()
            .chain(singles)
            .chain(ended)
            .collect()
    }
}

#[derive(Debug, Default)]
struct State {
    newest: Slices,
    pending: Pending,
    /// Counts subscriptions: only the newest is served.
    generation: u64,
    closed: bool,
}

/// The view of one stay.
#[derive(Debug, Clone, Default)]
pub struct ViewFeed {
    state: Arc<Mutex<State>>,
    wake: Arc<Notify>,
}

impl ViewFeed {
    /// Takes in what the core shows.
    pub fn put(&self, event: ViewEvent) {
        {
            let mut state = self.state.lock();
            if let ViewEvent::Message(message) = &event {
                state.newest.add_message(message.clone());
            } else if let Some(place) = place(&event) {
                state.newest.0[place] = Some(event.clone());
            }
            state.closed |= matches!(event, ViewEvent::Ended(_));
            if state.generation > 0 || place(&event).is_none() {
                state.pending.put(event);
            }
        }
        self.wake.notify_waiters();
    }

    /// The stay's end, once it has ended.
    #[must_use]
    pub fn ended(&self) -> Option<ViewEvent> {
        self.state.lock().newest.0[SLICES - 1].clone()
    }

    /// Every slice once, then changes. Ends the subscription before this one.
    #[must_use]
    pub fn subscribe(&self) -> ViewSubscription {
        let mut state = self.state.lock();
        state.generation += 1;
        // What a former page missed is in the slices; notices are never replayed.
        state
            .pending
            .single
            .retain(|e| matches!(e, ViewEvent::Notice(_)));
        if state.generation > 1 {
            state.pending.single.clear();
        }
        let newest = state.newest.0.clone();
        state.pending.slices = Slices(newest);
        let generation = state.generation;
        drop(state);
        self.wake.notify_waiters();
        ViewSubscription {
            feed: self.clone(),
            generation,
            next_frame: Instant::now(),
        }
    }
}

impl Slices {
    /// Keeps the whole chat right for late subscribers.
    fn add_message(&mut self, message: kulti_client::core::view::MessageView) {
        let chat = self.0[7].get_or_insert_with(|| ViewEvent::Chat(ChatView::default()));
        let ViewEvent::Chat(chat) = chat else { return };
        let replaced = message.replaces.as_deref().unwrap_or(&message.id);
        match chat
            .messages
            .iter_mut()
            .find(|m| m.id == replaced || m.id == message.id)
        {
            Some(known) => *known = message,
            None => {
                chat.messages.push(message);
                let surplus = chat.messages.len().saturating_sub(ChatView::LIMIT);
                chat.messages.drain(..surplus);
            }
        }
    }
}

/// One reader of a [`ViewFeed`].
#[derive(Debug)]
pub struct ViewSubscription {
    feed: ViewFeed,
    generation: u64,
    next_frame: Instant,
}

impl ViewSubscription {
    /// What has changed since the last call: at once after a pause, else at the next
    /// frame. None when the stay has ended or another subscription took over.
    pub async fn next(&mut self) -> Option<Vec<ViewEvent>> {
        loop {
            sleep_until(self.next_frame).await;
            let woken = self.feed.wake.notified();
            tokio::pin!(woken);
            // Registered before looking, so that nothing is missed in between.
            woken.as_mut().enable();
            {
                let mut state = self.feed.state.lock();
                if state.generation != self.generation {
                    return None;
                }
                let batch = state.pending.take();
                if !batch.is_empty() {
                    self.next_frame = Instant::now() + FRAME;
                    return Some(batch);
                }
                if state.closed {
                    return None;
                }
            }
            woken.await;
        }
    }
}
