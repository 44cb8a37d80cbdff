//! What the server says on the data channel.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::interface::Event;
use super::requests::Answer;

/// Longer messages are not read.
const LONGEST: usize = 64 * 1024;

/// More people at once are not read out.
const MOST_PEOPLE: usize = 256;

/// A message that is understood.
pub(super) enum Message {
    /// To a request.
    Answer(Answer),
    /// A notification.
    Event(Event),
}

#[derive(Deserialize)]
struct Notification<'a> {
    method: String,
    #[serde(borrow)]
    params: &'a RawValue,
}

#[derive(Deserialize)]
struct Speakers {
    #[serde(rename = "speaker-list")]
    list: Vec<Speaker>,
}

#[derive(Deserialize)]
struct Speaker {
    track_id: String,
    level: f64,
}

#[derive(Deserialize)]
struct Qualities {
    peers: Vec<Quality>,
}

#[derive(Deserialize)]
struct Quality {
    peer_id: String,
    downlink_score: f64,
}

/// Reads a message; `None` for those that are not for us.
pub(super) fn parse(text: &[u8]) -> Option<Message> {
    let text = std::str::from_utf8(text).ok().filter(|text| text.len() <= LONGEST)?;
    let Ok(Notification { method, params }) = serde_json::from_str(text) else {
        return serde_json::from_str(text).ok().map(Message::Answer);
    };
    let event = match method.as_str() {
        "active-speakers" => {
            let Speakers { list } = serde_json::from_str(params.get()).ok()?;
            let speakers = list.into_iter().take(MOST_PEOPLE);
            Event::Speakers(speakers.map(|s| (s.track_id, s.level.clamp(0.0, 100.0) as u8)).collect())
        }
        "on-connection-quality-update" => {
            let Qualities { peers } = serde_json::from_str(params.get()).ok()?;
            let peers = peers.into_iter().take(MOST_PEOPLE);
            Event::Quality(
                peers.map(|p| (p.peer_id, p.downlink_score.clamp(0.0, 5.0).round() as u8)).collect(),
            )
        }
        _ => return None,
    };
    Some(Message::Event(event))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(text: &str) -> Option<Event> {
        match parse(text.as_bytes()) {
            Some(Message::Event(event)) => Some(event),
            _ => None,
        }
    }

    #[test]
    fn speakers_and_quality_are_read_and_kept_within_their_scales() {
        let text = r#"{"method":"active-speakers","params":{"speaker-list":
            [{"peer_id":"p","track_id":"t","level":62},{"peer_id":"q","track_id":"u","level":4e9}]}}"#;
        let expected = vec![("t".to_owned(), 62), ("u".to_owned(), 100)];
        assert_eq!(event(text), Some(Event::Speakers(expected)));
        let text = r#"{"method":"on-connection-quality-update","params":{"peers":
            [{"peer_id":"p","downlink_score":4}]},"jsonrpc":"2.0"}"#;
        assert_eq!(event(text), Some(Event::Quality(vec![("p".to_owned(), 4)])));
    }

    #[test]
    fn what_is_something_else_is_left_out() {
        for text in ["", "{", "[]", r#"{"method":"sfu-stats","params":{}}"#, "\u{0}"] {
            assert!(parse(text.as_bytes()).is_none(), "{text:?}");
        }
        assert!(parse(&[0xff; 10]).is_none());
        let long = format!(r#"{{"id":1,"result":"{}"}}"#, "x".repeat(LONGEST));
        assert!(parse(long.as_bytes()).is_none());
    }
}
