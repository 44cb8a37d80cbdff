//! What is wanted of each track, asked for over the data channel until the server has it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::json;

use super::interface::Layer;

/// After these times without an answer a request is sent again; after the last it is given
/// up. The first message on a channel that has just opened can get lost: ask again soon.
const PATIENCE: [Duration; 3] =
    [Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(10)];

/// After a refusal that may pass (429, 5xx): wait, and try again as often as without an answer.
const REFUSED_FOR_NOW: Duration = Duration::from_secs(1);

/// What is wanted of a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Preference {
    /// Pictures.
    Video(Layer),
    /// Sound.
    Audio(bool),
}

/// The state of one track.
#[derive(Debug)]
struct Wish {
    wanted: Preference,
    /// What the server has, as far as we know.
    granted: Preference,
    asked: Option<Asked>,
    attempts: usize,
    /// Given up until something else is wanted.
    given_up: Option<Preference>,
}

#[derive(Debug)]
struct Asked {
    id: u64,
    what: Preference,
    again_at: Instant,
    /// Answered with a refusal: only waits.
    refused: bool,
}

/// All tracks.
#[derive(Debug, Default)]
pub(super) struct Requests {
    wishes: HashMap<String, Wish>,
    last_id: u64,
}

/// An answer of the server's.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    id: u64,
    error: Option<Refusal>,
}

#[derive(Debug, Deserialize)]
struct Refusal {
    code: i64,
}

impl Requests {
    /// A track that the server sends; `granted` is what it does unasked.
    pub(super) fn add(&mut self, track_id: &str, granted: Preference, wanted: Preference) {
        let wish = Wish { wanted, granted, asked: None, attempts: 0, given_up: None };
        self.wishes.insert(track_id.to_owned(), wish);
    }

    /// The server sends it no more.
    pub(super) fn remove(&mut self, track_id: &str) {
        self.wishes.remove(track_id);
    }

    /// Something else is wanted of a track. Unknown tracks are left out.
    pub(super) fn want(&mut self, track_id: &str, wanted: Preference) {
        if let Some(wish) = self.wishes.get_mut(track_id)
            && wish.wanted != wanted
        {
            wish.wanted = wanted;
            wish.given_up = None;
            if wish.asked.as_ref().is_none_or(|asked| asked.what != wanted) {
                wish.attempts = 0;
            }
        }
    }

    /// The channel is open (again): nothing that was asked before is answered any more.
    pub(super) fn reset(&mut self) {
        for wish in self.wishes.values_mut() {
            wish.asked = None;
            wish.attempts = 0;
            wish.given_up = None;
        }
    }

    /// An answer came.
    pub(super) fn answered(&mut self, answer: &Answer, now: Instant) {
        let found = self
            .wishes
            .values_mut()
            .find(|wish| wish.asked.as_ref().is_some_and(|asked| asked.id == answer.id));
        let Some(wish) = found else { return };
        let Some(asked) = &mut wish.asked else { return };
        match &answer.error {
            None => {
                wish.granted = asked.what;
                wish.attempts = 0;
                wish.asked = None;
            }
            Some(refusal) if refusal.code == 429 || (500..600).contains(&refusal.code) => {
                asked.again_at = now + REFUSED_FOR_NOW;
                asked.refused = true;
            }
            Some(_) => {
                wish.given_up = Some(asked.what);
                wish.asked = None;
            }
        }
    }

    /// The next message to send.
    pub(super) fn poll(&mut self, now: Instant) -> Option<String> {
        for (track_id, wish) in &mut self.wishes {
            let superseded = wish.asked.as_ref().is_some_and(|asked| asked.what != wish.wanted);
            match &wish.asked {
                // One at a time, so that they cannot overtake each other.
                Some(asked) if now < asked.again_at && !(superseded && asked.refused) => continue,
                None if wish.wanted == wish.granted => continue,
                _ => {}
            }
            if wish.given_up == Some(wish.wanted) {
                continue;
            }
            if wish.attempts >= PATIENCE.len() {
                wish.given_up = Some(wish.wanted);
                wish.asked = None;
                continue;
            }
            self.last_id += 1;
            wish.asked = Some(Asked {
                id: self.last_id,
                what: wish.wanted,
                again_at: now + PATIENCE[wish.attempts],
                refused: false,
            });
            wish.attempts += 1;
            return Some(message(self.last_id, track_id, wish.wanted));
        }
        None
    }

    /// When [`Requests::poll`] may have something without anything else happening.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.wishes.values().filter_map(|wish| Some(wish.asked.as_ref()?.again_at)).min()
    }
}

fn message(id: u64, track_id: &str, what: Preference) -> String {
    let (method, params) = match what {
        Preference::Video(layer) => {
            let layer = match layer {
                Layer::None => "none",
                Layer::Low => "low",
                Layer::Medium => "medium",
                Layer::High => "high",
            };
            ("prefer-video-track-state", json!({ "track_id": track_id, "max_spatial_layer": layer }))
        }
        Preference::Audio(subscribed) => {
            ("prefer-audio-track-state", json!({ "track_id": track_id, "subscribed": subscribed }))
        }
    };
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string()
}

#[cfg(test)]
mod tests;
