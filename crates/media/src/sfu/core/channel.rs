//! What is said over the data channel `ion-sfu`.

use std::time::Instant;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::sfu::{Layer, Speaker};

/// A grid of many tiles asks for all of them at once when it is turned over.
const BURST: f64 = 200.0;
/// Requests a second, for long.
const PACE: f64 = 50.0;
/// Longer messages are not read.
const LONGEST_MESSAGE: usize = 16 * 1024;
/// Ids longer than this are not answered.
const LONGEST_ID: usize = 128;

/// A request of a receiver's.
#[derive(Debug, PartialEq)]
pub(crate) enum Request {
    /// The best layer of a video that is wanted.
    Video {
        /// Which.
        track_id: String,
        /// At most this.
        layer: Layer,
    },
    /// Whether an audio is wanted.
    Audio {
        /// Which.
        track_id: String,
        /// If so.
        subscribed: bool,
    },
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It cannot be understood.
    Malformed,
    /// There is no such method.
    Unknown,
    /// This receiver has no such track.
    NoTrack,
    /// Too many in a short time.
    TooMany,
}

#[derive(Deserialize)]
struct Frame {
    id: Option<Value>,
    method: String,
    #[serde(default)]
    params: Value,
}

#[derive(Deserialize)]
struct VideoParams {
    track_id: String,
    max_spatial_layer: String,
}

#[derive(Deserialize)]
struct AudioParams {
    track_id: String,
    subscribed: bool,
}

/// A message as its id and what it asks for; `None` if nobody waits for an answer.
pub(crate) fn parse(message: &[u8]) -> Option<(Value, Result<Request, Refusal>)> {
    if message.len() > LONGEST_MESSAGE {
        return None;
    }
    let frame: Frame = serde_json::from_slice(message).ok()?;
    let id = frame.id?;
    let can_be_answered = match &id {
        Value::String(text) => text.len() <= LONGEST_ID,
        Value::Number(_) => true,
        _ => false,
    };
    can_be_answered.then(|| (id, request(&frame.method, frame.params)))
}

fn request(method: &str, params: Value) -> Result<Request, Refusal> {
    match method {
        "prefer-video-track-state" => {
            let params: VideoParams =
                serde_json::from_value(params).map_err(|_| Refusal::Malformed)?;
            let layer = match params.max_spatial_layer.as_str() {
                "none" => Layer::None,
                "low" => Layer::Low,
                "medium" => Layer::Medium,
                "high" => Layer::High,
                _ => return Err(Refusal::Malformed),
            };
            Ok(Request::Video {
                track_id: params.track_id,
                layer,
            })
        }
        "prefer-audio-track-state" => {
            let params: AudioParams =
                serde_json::from_value(params).map_err(|_| Refusal::Malformed)?;
            Ok(Request::Audio {
                track_id: params.track_id,
                subscribed: params.subscribed,
            })
        }
        _ => Err(Refusal::Unknown),
    }
}

/// The answer to a request. A result must be an object: the SDK takes what is falsy for an
/// error.
pub(crate) fn answer(id: &Value, result: Result<Value, Refusal>) -> String {
    match result {
        Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}).to_string(),
        Err(refusal) => {
            let (code, message) = match refusal {
                Refusal::Malformed => (400, "the request cannot be understood"),
                Refusal::Unknown => (404, "there is no such method"),
                Refusal::NoTrack => (404, "there is no such track here"),
                Refusal::TooMany => (429, "too many requests"),
            };
            let error = json!({"code": code, "message": message});
            json!({"jsonrpc": "2.0", "id": id, "error": error}).to_string()
        }
    }
}

/// `active-speakers`; with each the id of its peer.
pub(crate) fn active_speakers<'a>(
    speakers: impl Iterator<Item = (&'a str, &'a Speaker)>,
) -> String {
    let list: Vec<_> = speakers
        .map(|(peer_id, speaker)| {
            json!({"peer_id": peer_id, "track_id": speaker.track_id, "level": speaker.level})
        })
        .collect();
    json!({"method": "active-speakers", "params": {"speaker-list": list}}).to_string()
}

/// `on-connection-quality-update`, by the ids of peers.
pub(crate) fn quality<'a>(scores: impl Iterator<Item = (&'a str, u8)>) -> String {
    let peers: Vec<_> = scores
        .map(|(peer_id, score)| json!({"peer_id": peer_id, "downlink_score": score}))
        .collect();
    json!({"method": "on-connection-quality-update", "params": {"peers": peers}}).to_string()
}

/// How many requests one receiver may make.
#[derive(Debug, Default)]
pub(crate) struct Allowance {
    used: f64,
    at: Option<Instant>,
}

impl Allowance {
    /// Takes one. False if there is none left.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        if let Some(at) = self.at {
            let regained = now.saturating_duration_since(at).as_secs_f64() * PACE;
            self.used = (self.used - regained).max(0.0);
        }
        self.at = Some(now);
        let is_left = self.used + 1.0 <= BURST;
        if is_left {
            self.used += 1.0;
        }
        is_left
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::sfu::PeerKey;

    #[test]
    fn requests_of_the_sdk_are_understood() {
        let (id, request) = parse(
            br#"{"method":"prefer-video-track-state","params":{"track_id":"t1","max_spatial_layer":"medium"},"id":"7","jsonrpc":"2.0"}"#,
        )
        .unwrap();
        assert_eq!(id, json!("7"));
        let video = Request::Video {
            track_id: "t1".into(),
            layer: Layer::Medium,
        };
        assert_eq!(request, Ok(video));

        let (_, request) = parse(
            br#"{"method":"prefer-audio-track-state","params":{"track_id":"t2","subscribed":false},"id":1}"#,
        )
        .unwrap();
        assert_eq!(
            request,
            Ok(Request::Audio {
                track_id: "t2".into(),
                subscribed: false
            })
        );
    }

    #[test]
    fn what_cannot_be_done_is_refused_and_what_asks_nothing_is_not_answered() {
        let refused = |message: &str| parse(message.as_bytes()).unwrap().1.unwrap_err();
        assert_eq!(refused(r#"{"method":"x","id":1}"#), Refusal::Unknown);
        assert_eq!(
            refused(
                r#"{"method":"prefer-video-track-state","params":{"track_id":"a","max_spatial_layer":"huge"},"id":1}"#
            ),
            Refusal::Malformed
        );
        assert_eq!(
            refused(r#"{"method":"prefer-audio-track-state","id":1}"#),
            Refusal::Malformed
        );
        assert!(parse(br#"{"method":"x"}"#).is_none());
        assert!(parse(br#"{"method":"x","id":[[]]}"#).is_none());
        assert!(parse(b"nonsense").is_none());
    }

    #[test]
    fn notifications_have_the_forms_of_the_sdk() {
        let speaker = Speaker {
            peer: PeerKey(1),
            track_id: "t".into(),
            level: 40,
        };
        assert_eq!(
            active_speakers([("ann", &speaker)].into_iter()),
            r#"{"method":"active-speakers","params":{"speaker-list":[{"level":40,"peer_id":"ann","track_id":"t"}]}}"#
        );
        assert_eq!(
            quality([("ann", 4)].into_iter()),
            r#"{"method":"on-connection-quality-update","params":{"peers":[{"downlink_score":4,"peer_id":"ann"}]}}"#
        );
        assert_eq!(
            answer(&json!("7"), Err(Refusal::NoTrack)),
            r#"{"error":{"code":404,"message":"there is no such track here"},"id":"7","jsonrpc":"2.0"}"#
        );
    }

    #[test]
    fn who_asks_too_much_waits() {
        let now = Instant::now();
        let mut allowance = Allowance::default();
        assert_eq!(
            (0..1000).filter(|_| allowance.take(now)).count(),
            BURST as usize
        );
        assert!(allowance.take(now + Duration::from_millis(25)));
        assert!(!allowance.take(now + Duration::from_millis(26)));
    }

    proptest! {
        #[test]
        fn no_message_panics(message: Vec<u8>) {
            parse(&message);
        }
    }
}
