//! Is someone there? The last evidence of a person, and the prompt after it.

use crate::{Policy, policy::PROMPT_ANSWER_MS};

/// The last evidence of a person and the first "Still watching?" shown since. Of a
/// thousand inputs only the last one matters, so nothing grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Evidence {
    at_ms: u64,
    first_prompt_ms: Option<u64>,
}

impl Evidence {
    pub(crate) const fn new(at_ms: u64) -> Self {
        Self {
            at_ms,
            first_prompt_ms: None,
        }
    }

    /// Notes that the prompt is on the screen. Only the first time gives the person
    /// time to answer, and only if it comes before time stopped for lack of one: a
    /// prompt is no evidence, so it cannot start the time again.
    pub(crate) fn prompt_shown(&mut self, at_ms: u64, policy: &Policy) {
        if self.first_prompt_ms.is_none() && at_ms <= self.ends_ms(policy) {
            self.first_prompt_ms = Some(at_ms);
        }
    }

    pub(crate) const fn prompt_open(&self) -> bool {
        self.first_prompt_ms.is_some()
    }

    /// When nobody is taken to be there any more. Without proof that the person
    /// could have answered, the limit is twice as long: a prompt that could not be
    /// shown costs nobody their time, and nobody earns for ever without one.
    pub(crate) fn ends_ms(&self, policy: &Policy) -> u64 {
        let expires = self.at_ms.saturating_add(policy.idle_limit_ms);
        match self.first_prompt_ms {
            Some(shown) => expires.max(shown.saturating_add(PROMPT_ANSWER_MS)),
            None => expires.saturating_add(policy.idle_limit_ms),
        }
    }

    /// When "Still watching?" should be asked.
    pub(crate) fn prompt_from_ms(&self, policy: &Policy) -> u64 {
        let expires = self.at_ms.saturating_add(policy.idle_limit_ms);
        expires.saturating_sub(PROMPT_ANSWER_MS).max(self.at_ms)
    }
}
