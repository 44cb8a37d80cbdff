//! What was put on messages: upvotes, reactions, "helpful".

use std::collections::HashSet;

use kulti_protocol::chat::{Mark, MarkCount, MarkNotice, MarkRequest};

use super::{Chat, ID_LIMIT};
use crate::core::view::{MarkView, MessageView};

/// Of so many marks it is remembered whose they are, where nobody else counts them.
const VOTERS: usize = 50_000;

/// Who has put what on which message, on the 100ms cloud: no server counts there.
#[derive(Debug, Default)]
pub(super) struct Voters {
    seen: HashSet<(String, Mark, String)>,
}

impl Voters {
    /// True if that changes anything.
    fn change(&mut self, request: &MarkRequest, user_id: &str) -> bool {
        let vote = (request.message_id.clone(), request.mark, user_id.to_owned());
        if request.on {
            self.seen.len() < VOTERS && self.seen.insert(vote)
        } else {
            self.seen.remove(&vote)
        }
    }
}

impl Chat {
    /// The server says how often something was put on a message.
    pub(in crate::core) fn counted(
        &mut self,
        notice: &MarkNotice,
        me: &str,
    ) -> Option<MessageView> {
        let message = self.get_mut(&notice.message_id)?;
        let mine = if notice.user_id == me {
            notice.on
        } else {
            has_mine(message, notice.mark)
        };
        set(message, notice.mark, notice.count, mine).then(|| message.clone())
    }

    /// Another client marks a message, and no server counts.
    pub(in crate::core) fn marked_by(
        &mut self,
        request: &MarkRequest,
        user_id: &str,
    ) -> Option<MessageView> {
        if user_id.len() > ID_LIMIT {
            return None;
        }
        let message = self.get(&request.message_id)?;
        if message.user_id == user_id && !request.mark.may_be_on_own() {
            return None;
        }
        if !self.voters.change(request, user_id) {
            return None;
        }
        let message = self.get_mut(&request.message_id)?;
        let (count, mine) = state(message, request.mark);
        let count = if request.on {
            count.saturating_add(1)
        } else {
            count.saturating_sub(1)
        };
        set(message, request.mark, count, mine).then(|| message.clone())
    }

    /// I mark a message, which is shown before anybody has confirmed it. None if it has
    /// not been sent, or that changes nothing.
    pub(in crate::core) fn mark(&mut self, request: &MarkRequest) -> Option<MessageView> {
        let message = self.get_mut(&request.message_id)?;
        let (count, mine) = state(message, request.mark);
        if mine == request.on || message.delivery != crate::core::view::Delivery::Sent {
            return None;
        }
        let count = if request.on {
            count.saturating_add(1)
        } else {
            count.saturating_sub(1)
        };
        set(message, request.mark, count, request.on).then(|| message.clone())
    }
}

/// What the server says of all marks of a message. True if that changes anything.
pub(super) fn set_all(message: &mut MessageView, counts: &[MarkCount]) -> bool {
    let before = std::mem::take(&mut message.marks);
    for counted in counts {
        set(message, counted.mark, counted.count, counted.mine);
    }
    message.marks != before
}

fn state(message: &MessageView, mark: Mark) -> (u32, bool) {
    let known = message.marks.iter().find(|known| known.mark == mark.into());
    known.map_or((0, false), |known| (known.count, known.mine))
}

fn has_mine(message: &MessageView, mark: Mark) -> bool {
    state(message, mark).1
}

/// True if that changes anything.
fn set(message: &mut MessageView, mark: Mark, count: u32, mine: bool) -> bool {
    let mark = mark.into();
    let before = message.marks.clone();
    message.marks.retain(|known| known.mark != mark);
    if count > 0 {
        message.marks.push(MarkView { mark, count, mine });
        message.marks.sort_unstable_by_key(|known| known.mark);
    }
    message.marks != before
}
