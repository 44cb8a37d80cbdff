//! The session core: one stay of one person in one session.

use std::collections::VecDeque;

use super::{
    io::{Input, Now, Output, StayConfig},
    view::{ConnectionView, ViewEvent},
};

/// One stay of one person in one session, as a state machine.
///
/// See [`super::io`] for the one law of driving it.
#[derive(Debug)]
pub struct SessionCore {
    config: StayConfig,
    now: Now,
    outputs: VecDeque<Output>,
}

impl SessionCore {
    /// A stay that has not begun; hand in [`Input::Start`] to begin it.
    pub fn new(config: StayConfig, now: Now) -> Self {
        Self {
            config,
            now,
            outputs: VecDeque::new(),
        }
    }

    /// Takes in what happened at `now`. Drain [`Self::poll`] afterwards.
    pub fn handle(&mut self, input: Input, now: Now) {
        self.now = now;
        if matches!(input, Input::Start) {
            self.outputs.push_back(Output::Connect);
        }
    }

    /// The next thing to do; `None` when all is done.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to come back with [`Input::Tick`] at the latest: boot-time ms.
    pub fn deadline_ms(&self) -> Option<u64> {
        None
    }

    /// Every slice of the view as it is now, for a late subscriber.
    pub fn snapshot(&self) -> Vec<ViewEvent> {
        vec![ViewEvent::Connection(ConnectionView::Joining)]
    }

    /// What this stay was started with.
    pub fn config(&self) -> &StayConfig {
        &self.config
    }
}
