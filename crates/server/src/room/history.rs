//! What was said in a room: the newest chat messages with what was put on them, for those
//! who come late or come back.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use kulti_protocol::chat::{
    Mark, MarkCount, MarkRequest, MessagePage, MessagesRequest, PAGE, PastMessage,
};
use kulti_protocol::signalling::{RpcError, code};

/// So many messages are kept …
const MESSAGES: usize = 2_000;
/// … with so many bytes of text and names.
const BYTES: usize = 4 * 1024 * 1024;
/// So many marks are kept on all of them.
const MARKS: usize = 100_000;
/// A page ends when it has so much text: it must fit a frame that every client reads.
const PAGE_BYTES: usize = 192 * 1024;

/// A room's chat as it was written down, to go on with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SavedHistory {
    /// In the order of sending.
    pub messages: Vec<PastMessage>,
    /// Message, kind and user of each mark.
    pub marks: Vec<(String, Mark, String)>,
}

/// A mark was put on a message or taken from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkChange {
    /// The message.
    pub message_id: String,
    /// Who wrote it.
    pub author_id: String,
    /// What.
    pub mark: Mark,
    /// Who did it.
    pub user_id: String,
    /// Whether it is there from now on.
    pub on: bool,
}

/// Who reads or marks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) user_id: &'a str,
    /// The roles that this user has here.
    pub(super) roles: &'a [&'a str],
}

impl Reader<'_> {
    /// Whether this message is for them.
    pub(super) fn may_see(&self, message: &PastMessage) -> bool {
        if message.user_id == self.user_id {
            return true;
        }
        match &message.to {
            Some(to) => to.user_id == self.user_id,
            None => {
                message.roles.is_empty()
                    || message
                        .roles
                        .iter()
                        .any(|role| self.roles.contains(&role.as_str()))
            }
        }
    }
}

#[derive(Debug)]
struct Kept {
    message: Arc<PastMessage>,
    marks: BTreeMap<Mark, BTreeSet<String>>,
}

impl Kept {
    fn bytes(&self) -> usize {
        let message = &self.message;
        message.message.len() + message.name.len() + message.user_id.len()
    }

    fn mark_count(&self) -> usize {
        self.marks.values().map(BTreeSet::len).sum()
    }

    fn counts(&self, user_id: &str) -> Vec<MarkCount> {
        self.marks
            .iter()
            .map(|(&mark, users)| MarkCount {
                mark,
                count: u32::try_from(users.len()).unwrap_or(u32::MAX),
                mine: users.contains(user_id),
            })
            .collect()
    }
}

/// The newest messages. No two were sent at the same moment: the moment is their order,
/// and where a page goes on.
#[derive(Debug, Default)]
pub(super) struct History {
    messages: VecDeque<Kept>,
    /// When each was sent.
    sent_at: HashMap<String, u64>,
    last_sent_at: u64,
    bytes: usize,
    marks: usize,
}

impl History {
    /// The moment of the next message: now, or a millisecond after the last one.
    pub(super) fn next_moment(&mut self, now_ms: u64) -> u64 {
        self.last_sent_at = now_ms.max(self.last_sent_at.saturating_add(1));
        self.last_sent_at
    }

    /// Adds a message that was sent at the last [`History::next_moment`].
    pub(super) fn keep(&mut self, message: Arc<PastMessage>) {
        self.last_sent_at = self.last_sent_at.max(message.timestamp);
        let kept = Kept {
            message,
            marks: BTreeMap::new(),
        };
        let message = &kept.message;
        self.sent_at
            .insert(message.message_id.clone(), message.timestamp);
        self.bytes += kept.bytes();
        self.messages.push_back(kept);
        while self.messages.len() > MESSAGES || self.bytes > BYTES {
            let Some(oldest) = self.messages.pop_front() else {
                break;
            };
            self.bytes -= oldest.bytes();
            self.marks -= oldest.mark_count();
            self.sent_at.remove(&oldest.message.message_id);
        }
    }

    /// Takes up what was written down.
    pub(super) fn restore(&mut self, saved: SavedHistory) {
        for message in saved.messages {
            self.keep(Arc::new(message));
        }
        for (message_id, mark, user_id) in saved.marks {
            if let Some(place) = self.place(&message_id)
                && let Some(kept) = self.messages.get_mut(place)
                && kept.marks.entry(mark).or_default().insert(user_id)
            {
                self.marks += 1;
            }
        }
    }

    pub(super) fn get(&self, message_id: &str) -> Option<&Arc<PastMessage>> {
        let place = self.place(message_id)?;
        self.messages.get(place).map(|kept| &kept.message)
    }

    fn place(&self, message_id: &str) -> Option<usize> {
        let sent_at = self.sent_at.get(message_id)?;
        self.messages
            .binary_search_by_key(sent_at, |kept| kept.message.timestamp)
            .ok()
    }

    /// How many users have put this on the message.
    pub(super) fn count(&self, message_id: &str, mark: Mark) -> u32 {
        let users = self
            .place(message_id)
            .and_then(|place| self.messages.get(place))
            .and_then(|kept| kept.marks.get(&mark));
        users.map_or(0, |users| u32::try_from(users.len()).unwrap_or(u32::MAX))
    }

    /// Puts a mark on a message or takes it away; none if that changes nothing. A host may
    /// call anybody's message helpful, others only what answers them.
    pub(super) fn mark(
        &mut self,
        by: Reader<'_>,
        is_host: bool,
        request: &MarkRequest,
    ) -> Result<Option<MarkChange>, RpcError> {
        let missing = || RpcError::new(code::NOT_FOUND, "this message is not here any more");
        let place = self.place(&request.message_id).ok_or_else(missing)?;
        let message = self
            .messages
            .get(place)
            .map(|kept| kept.message.clone())
            // Whoever may not see it learns nothing of it.
            .filter(|message| by.may_see(message))
            .ok_or_else(missing)?;
        if message.user_id == by.user_id && !request.mark.may_be_on_own() {
            let words = "your own message can only be marked by others";
            return Err(RpcError::new(code::FORBIDDEN, words));
        }
        if request.mark == Mark::Helpful && !is_host && !self.answers(&message, by.user_id) {
            let words = "only a host, or who asked the question, can call an answer helpful";
            return Err(RpcError::new(code::FORBIDDEN, words));
        }
        if request.on && self.marks >= MARKS {
            let words = "this room has no place for more marks";
            return Err(RpcError::new(code::TOO_LARGE, words));
        }
        let Some(kept) = self.messages.get_mut(place) else {
            return Err(missing());
        };
        let users = kept.marks.entry(request.mark).or_default();
        let changed = if request.on {
            users.insert(by.user_id.to_owned())
        } else {
            users.remove(by.user_id)
        };
        if users.is_empty() {
            kept.marks.remove(&request.mark);
        }
        if !changed {
            return Ok(None);
        }
        if request.on {
            self.marks += 1;
        } else {
            self.marks -= 1;
        }
        Ok(Some(MarkChange {
            message_id: request.message_id.clone(),
            author_id: message.user_id.clone(),
            mark: request.mark,
            user_id: by.user_id.to_owned(),
            on: request.on,
        }))
    }

    /// Whether the message answers one of this user's.
    fn answers(&self, message: &PastMessage, user_id: &str) -> bool {
        message
            .reply_to
            .as_deref()
            .and_then(|id| self.get(id))
            .is_some_and(|question| question.user_id == user_id)
    }

    /// The last messages for this reader before a moment.
    pub(super) fn page(&self, reader: Reader<'_>, asked: &MessagesRequest) -> MessagePage {
        let limit = usize::try_from(asked.limit.unwrap_or(PAGE / 2).clamp(1, PAGE)).unwrap_or(1);
        let before = asked.before.unwrap_or(u64::MAX);
        let end = self
            .messages
            .partition_point(|kept| kept.message.timestamp < before);
        let mut page = MessagePage::default();
        let mut bytes = 0;
        let visible = self.messages.range(..end).rev();
        for kept in visible.filter(|kept| reader.may_see(&kept.message)) {
            bytes += kept.bytes();
            let is_full = page.messages.len() >= limit || bytes > PAGE_BYTES;
            if is_full && !page.messages.is_empty() {
                page.more = true;
                break;
            }
            page.messages.push(PastMessage {
                marks: kept.counts(reader.user_id),
                ..PastMessage::clone(&kept.message)
            });
        }
        page.messages.reverse();
        page
    }
}

#[cfg(test)]
mod tests {
    use kulti_protocol::chat::Addressee;
    use proptest::prelude::*;

    use super::*;

    fn said(n: u64, user_id: &str) -> PastMessage {
        PastMessage {
            message_id: format!("m{n}"),
            timestamp: 1_000 + n,
            user_id: user_id.to_owned(),
            name: "Name".to_owned(),
            role: "viewer".to_owned(),
            roles: Vec::new(),
            to: None,
            reply_to: None,
            message: format!("text {n}"),
            marks: Vec::new(),
        }
    }

    fn reader<'a>(user_id: &'a str, roles: &'a [&'a str]) -> Reader<'a> {
        Reader { user_id, roles }
    }

    fn ids(page: &MessagePage) -> Vec<&str> {
        let messages = page.messages.iter();
        messages
            .map(|message| message.message_id.as_str())
            .collect()
    }

    #[test]
    fn no_two_messages_have_one_moment_also_if_the_clock_stands_still() {
        let mut history = History::default();
        assert_eq!(history.next_moment(50), 50);
        assert_eq!(history.next_moment(50), 51);
        assert_eq!(history.next_moment(40), 52);
        assert_eq!(history.next_moment(60), 60);
    }

    #[test]
    fn the_newest_are_kept() {
        let mut history = History::default();
        for n in 0..MESSAGES as u64 + 10 {
            history.keep(Arc::new(said(n, "u")));
        }
        assert!(history.get("m9").is_none());
        assert!(history.get("m10").is_some());
        let mut large = History::default();
        for n in 0..20 {
            let message = "x".repeat(BYTES / 10);
            large.keep(Arc::new(PastMessage {
                message,
                ..said(n, "u")
            }));
        }
        assert!(large.messages.len() < 10 && large.get("m19").is_some());
    }

    #[test]
    fn everyone_sees_what_is_for_them() {
        let mut history = History::default();
        history.keep(Arc::new(said(1, "ann")));
        history.keep(Arc::new(PastMessage {
            roles: vec!["host".into()],
            ..said(2, "ann")
        }));
        let to = Addressee {
            user_id: "bob".into(),
            name: "Bob".into(),
        };
        history.keep(Arc::new(PastMessage {
            to: Some(to),
            ..said(3, "ann")
        }));
        let all = MessagesRequest::default();
        let sees = |user: &str, role: &str| {
            let roles = [role];
            let page = history.page(reader(user, &roles), &all);
            ids(&page).join(",")
        };
        assert_eq!(sees("ann", "viewer"), "m1,m2,m3");
        assert_eq!(sees("bob", "viewer"), "m1,m3");
        assert_eq!(sees("eve", "host"), "m1,m2");
        assert_eq!(sees("eve", "viewer"), "m1");
        let heart = MarkRequest {
            message_id: "m3".into(),
            mark: Mark::Heart,
            on: true,
        };
        let eve = reader("eve", &["host"]);
        let refused = history.mark(eve, true, &heart);
        assert_eq!(refused.map_err(|error| error.code), Err(code::NOT_FOUND));
    }

    #[test]
    fn help_is_what_a_host_or_the_asker_says() {
        let mut history = History::default();
        history.keep(Arc::new(said(1, "ann")));
        history.keep(Arc::new(PastMessage {
            reply_to: Some("m1".into()),
            ..said(2, "bob")
        }));
        let helpful = |id: &str, on| MarkRequest {
            message_id: id.into(),
            mark: Mark::Helpful,
            on,
        };
        let mut by = |user: &str, is_host, id: &str, on| {
            let marked = history.mark(reader(user, &["viewer"]), is_host, &helpful(id, on));
            marked.map_err(|error| error.code)
        };
        assert_eq!(by("eve", false, "m2", true), Err(code::FORBIDDEN));
        assert_eq!(
            by("bob", true, "m2", true),
            Err(code::FORBIDDEN),
            "one's own"
        );
        assert_eq!(
            by("bob", false, "m1", true),
            Err(code::FORBIDDEN),
            "a question"
        );
        let change = by("ann", false, "m2", true).ok().flatten();
        assert_eq!(
            change.map(|c| (c.author_id, c.on)),
            Some(("bob".into(), true))
        );
        assert_eq!(by("ann", false, "m2", true), Ok(None), "once");
        assert!(by("host", true, "m1", true).is_ok_and(|change| change.is_some()));
        assert!(by("ann", false, "m2", false).is_ok_and(|change| change.is_some()));
        assert_eq!(history.count("m2", Mark::Helpful), 0);
        assert_eq!(history.marks, 1);
    }

    proptest! {
        /// However the pages are cut: together they are all that this reader may see, in
        /// order, each once.
        #[test]
        fn pages_are_the_whole(
            kinds in prop::collection::vec(0u8..4, 0..120),
            limit in 1u32..30,
        ) {
            let mut history = History::default();
            for (n, kind) in kinds.iter().enumerate() {
                let mut message = said(n as u64, if *kind == 0 { "me" } else { "other" });
                match kind {
                    2 => message.roles = vec!["host".into()],
                    3 => message.roles = vec!["viewer".into()],
                    _ => {}
                }
                history.keep(Arc::new(message));
            }
            let me = reader("me", &["viewer"]);
            let mut seen: Vec<u64> = Vec::new();
            let mut before = None;
            loop {
                let page = history.page(me, &MessagesRequest { before, limit: Some(limit) });
                prop_assert!(page.messages.len() <= limit as usize);
                let mut moments: Vec<u64> = page.messages.iter().map(|m| m.timestamp).collect();
                before = moments.first().copied();
                moments.extend(seen);
                seen = moments;
                if !page.more {
                    break;
                }
            }
            let expected: Vec<u64> = kinds.iter().enumerate()
                .filter(|(_, kind)| **kind != 2)
                .map(|(n, _)| 1_000 + n as u64)
                .collect();
            prop_assert_eq!(seen, expected);
        }
    }
}
