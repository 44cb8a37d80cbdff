//! The store value `uiState`, as ours and other clients write it.

use kulti_protocol::store_keys::UiState;
use serde_json::Value;

use super::{clock::showable_ms, person, plain_text, stage::Change};

/// How many characters an announcement may have.
pub(super) const ANNOUNCEMENT_LIMIT: usize = 500;
/// How many characters of a pinned message go into the store.
const PINNED_TEXT_LIMIT: usize = 300;
/// How long an id may be.
const ID_LIMIT: usize = 256;
/// Start of the ids of announcements that have none of their own.
const UNNAMED: &str = "text.";

/// An announcement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Announced {
    /// The same for everyone and over reconnects.
    pub(super) id: String,
    pub(super) author: String,
    pub(super) text: String,
    /// ms since the epoch.
    pub(super) at: u64,
    /// From when on it is not shown any more, ms since the epoch.
    pub(super) until: Option<u64>,
}

/// A pinned message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pin {
    pub(super) message_id: String,
    /// Empty if the writer did not say.
    pub(super) author: String,
    /// Empty if the writer did not say.
    pub(super) text: String,
}

/// Reads a value field by field: one of a wrong type is as good as absent.
pub(super) fn read(data: &Value) -> UiState {
    let Value::Object(fields) = data else {
        return UiState::default();
    };
    let mut fields = fields.clone();
    fields.retain(|name, value| match name.as_str() {
        "pinnedMessageId"
        | "pinnedMessageText"
        | "pinnedMessageAuthor"
        | "spotlightPeerId"
        | "announcementText"
        | "announcementId"
        | "announcementAuthor" => value.is_string(),
        "announcedAt" | "announcementExpiresAt" | "timestamp" => value.is_u64(),
        _ => true,
    });
    let mut state: UiState = serde_json::from_value(Value::Object(fields)).unwrap_or_default();
    for id in [
        &mut state.pinned_message_id,
        &mut state.spotlight_peer_id,
        &mut state.announcement_id,
    ] {
        id.take_if(|id| id.is_empty() || id.len() > ID_LIMIT);
    }
    state
}

/// The announcement in a value that `writer` wrote at `updated_at`.
///
/// A client that does not know our fields may write a new text and leave our id of the
/// one before beside it. The id names its text, so that this shows.
pub(super) fn announcement(state: &UiState, writer: &str, updated_at: u64) -> Option<Announced> {
    let text = plain_text::block(state.announcement_text.as_deref()?, ANNOUNCEMENT_LIMIT);
    if plain_text::is_blank(&text) {
        return None;
    }
    let mark = text_mark(&text);
    if let Some(id) = state
        .announcement_id
        .as_ref()
        .filter(|id| id.ends_with(&mark))
    {
        let author = state.announcement_author.as_deref().unwrap_or(writer);
        return Some(Announced {
            id: id.clone(),
            author: person::display_name(author),
            text,
            at: showable_ms(state.announced_at.unwrap_or(updated_at)),
            until: state.announcement_expires_at.map(showable_ms),
        });
    }
    Some(Announced {
        id: format!("{UNNAMED}{mark}"),
        author: person::display_name(writer),
        text,
        at: showable_ms(updated_at.max(state.timestamp)),
        until: None,
    })
}

/// A new announcement, shown for `shown_for_ms` or until it is taken back. `seed` tells
/// two announcements of the same text apart.
pub(super) fn new_announcement(
    text: &str,
    author: &str,
    at: u64,
    shown_for_ms: Option<u32>,
    seed: u64,
) -> Option<Announced> {
    let text = plain_text::block(text, ANNOUNCEMENT_LIMIT);
    if plain_text::is_blank(&text) {
        return None;
    }
    Some(Announced {
        id: format!("{seed:016x}.{}", text_mark(&text)),
        author: author.to_owned(),
        text,
        at,
        until: shown_for_ms.map(|ms| at.saturating_add(u64::from(ms))),
    })
}

/// Whether an announcement's id was made from its text alone.
pub(super) fn is_unnamed(id: &str) -> bool {
    id.starts_with(UNNAMED)
}

fn text_mark(text: &str) -> String {
    format!("{:016x}", person::stable_hash(text))
}

/// The pinned message in a value.
pub(super) fn pin(state: &UiState) -> Option<Pin> {
    let text = state.pinned_message_text.as_deref().unwrap_or_default();
    let author = state.pinned_message_author.as_deref().unwrap_or_default();
    Some(Pin {
        message_id: state.pinned_message_id.clone()?,
        author: plain_text::line(author, 80),
        text: plain_text::block(text, PINNED_TEXT_LIMIT),
    })
}

/// The value with one field changed, and small enough for the store: text of a pinned
/// message is the first to give way, since the message itself has been sent.
pub(super) fn merge(state: &UiState, change: &Change, now_ms: u64, size_limit: usize) -> Value {
    let mut state = state.clone();
    match change.clone() {
        Change::Spotlight(peer_id) => state.spotlight_peer_id = peer_id,
        Change::Pin(pin) => {
            let (id, text, author) = match pin {
                Some(pin) => (
                    Some(pin.message_id),
                    Some(plain_text::block(&pin.text, PINNED_TEXT_LIMIT)),
                    Some(pin.author),
                ),
                None => (None, None, None),
            };
            state.pinned_message_id = id;
            state.pinned_message_text = text;
            state.pinned_message_author = author;
        }
        Change::Announce(announced) => {
            state.announcement_expires_at = announced.as_ref().and_then(|new| new.until);
            let (id, text, author, at) = match announced {
                Some(new) => (Some(new.id), Some(new.text), Some(new.author), Some(new.at)),
                None => (None, None, None, None),
            };
            state.announcement_id = id;
            state.announcement_text = text;
            state.announcement_author = author;
            state.announced_at = at;
        }
    }
    state.timestamp = now_ms;
    loop {
        let value = serde_json::to_value(&state).unwrap_or_default();
        let excess = value.to_string().len().saturating_sub(size_limit);
        let shorter = state
            .pinned_message_text
            .as_deref()
            .filter(|text| excess > 0 && !text.is_empty())
            .map(|text| {
                let keep = text.chars().count() / 2;
                plain_text::block(text, keep)
            });
        match shorter {
            Some(text) => state.pinned_message_text = Some(text),
            None => return value,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_of_a_wrong_type_does_not_spoil_the_others() {
        let state = read(&json!({
            "spotlightPeerId": 7, "pinnedMessageId": null, "announcementText": "hi", "timestamp": 1.5
        }));
        assert_eq!(state.spotlight_peer_id, None);
        assert_eq!(state.announcement_text.as_deref(), Some("hi"));
        assert_eq!(read(&json!("text")), UiState::default());
        assert_eq!(read(&Value::Null), UiState::default());
    }

    #[test]
    fn an_id_that_names_another_text_is_not_taken() {
        let ours = new_announcement("Break at 15:00", "Mara", 1_000, Some(60_000), 42);
        let value = merge(
            &UiState::default(),
            &Change::Announce(ours.clone()),
            1_000,
            4_096,
        );
        assert_eq!(announcement(&read(&value), "x", 2_000), ours);

        // A web client writes a new text and keeps the fields that it does not know.
        let mut value = value;
        value["announcementText"] = json!("Back again");
        let theirs = announcement(&read(&value), "Teo", 3_000);
        assert!(theirs.is_some_and(|new| is_unnamed(&new.id)
            && new.author == "Teo"
            && (new.at, new.until) == (3_000, None)));
    }

    #[test]
    fn merging_changes_one_field_and_keeps_unknown_ones() {
        let state =
            read(&json!({"announcementText": "hi", "spotlightPeerId": "p", "quiz": {"on": true}}));
        let pin = Pin {
            message_id: "m".into(),
            author: "Ann".into(),
            text: "text".into(),
        };
        let value = merge(&state, &Change::Pin(Some(pin)), 9, 4_096);
        assert_eq!(
            value,
            json!({
                "announcementText": "hi", "spotlightPeerId": "p", "quiz": {"on": true},
                "pinnedMessageId": "m", "pinnedMessageText": "text", "pinnedMessageAuthor": "Ann",
                "timestamp": 9
            })
        );
        let value = merge(&read(&value), &Change::Spotlight(None), 10, 4_096);
        assert_eq!(value.get("spotlightPeerId"), None);
        assert_eq!(value["pinnedMessageId"], "m");
    }

    #[test]
    fn the_pinned_text_gives_way_to_the_stores_limit() {
        let announced = new_announcement(&"a".repeat(500), "Mara", 1, None, 1);
        let state = read(&merge(
            &UiState::default(),
            &Change::Announce(announced),
            1,
            1_024,
        ));
        let pin = Pin {
            message_id: "m".into(),
            author: "Ann".into(),
            text: "b".repeat(300),
        };
        let value = merge(&state, &Change::Pin(Some(pin)), 2, 1_024);
        assert!(
            value.to_string().len() <= 1_024,
            "{}",
            value.to_string().len()
        );
        assert_eq!(value["announcementText"].as_str().map(str::len), Some(500));
        assert!(
            value["pinnedMessageText"]
                .as_str()
                .is_some_and(|text| text.len() >= 30)
        );
    }

    #[test]
    fn blank_announcements_are_none() {
        assert_eq!(new_announcement(" \n", "Mara", 1, None, 1), None);
        assert_eq!(
            announcement(&read(&json!({"announcementText": "  "})), "x", 1),
            None
        );
    }
}
