//! A track that somebody publishes.

use std::time::{Duration, Instant};

use super::speakers::Level;
use crate::rtc::forwarding::Mid;
use crate::sfu::{Layer, PeerKey, PublishedTrack};

/// A track of a room. One that is published again under its old id is another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TrackKey(pub(crate) u64);

/// A published track.
#[derive(Debug)]
pub(crate) struct Track {
    /// Whose.
    pub(crate) peer: PeerKey,
    /// As its publisher describes it.
    pub(crate) published: PublishedTrack,
    /// Its section of the publish connection, once it is found there.
    pub(crate) mid: Option<Mid>,
    /// Whether nothing of it is to be seen or heard.
    pub(crate) is_muted: bool,
    /// What of it arrives.
    pub(crate) layers: Layers,
    /// Keyframes that its receivers wait for.
    pub(crate) keyframes: Keyframes,
    /// How loud it is.
    pub(crate) level: Level,
    /// Who it is forwarded to.
    pub(crate) receivers: Vec<PeerKey>,
}

impl Track {
    /// A new one.
    pub(crate) fn new(peer: PeerKey, published: PublishedTrack) -> Self {
        Self {
            peer,
            published,
            mid: None,
            is_muted: false,
            layers: Layers::default(),
            keyframes: Keyframes::default(),
            level: Level::default(),
            receivers: Vec::new(),
        }
    }
}

const LAYERS: [Layer; 3] = [Layer::Low, Layer::Medium, Layer::High];
/// A browser that lacks bandwidth stops sending a layer without a word.
const GONE: Duration = Duration::from_millis(1500);

fn index(layer: Layer) -> Option<usize> {
    LAYERS.iter().position(|other| *other == layer)
}

/// Which layers arrive.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    last: [Option<Instant>; 3],
}

impl Layers {
    /// A packet of this layer came.
    pub(crate) fn arrived(&mut self, layer: Layer, now: Instant) {
        if let Some(last) = index(layer).and_then(|index| self.last.get_mut(index)) {
            *last = Some(now);
        }
    }

    /// Whether anything arrives.
    pub(crate) fn any_live(&self, now: Instant) -> bool {
        LAYERS.iter().any(|layer| self.is_live(*layer, now))
    }

    /// The layer to forward to who wants at most `wanted`: the best that arrives up to it,
    /// else the least above it. A track that rests (a still screen) is taken as it was when
    /// it was last heard of; one that was never heard of is taken at its word.
    pub(crate) fn target(&self, wanted: Layer, now: Instant) -> Layer {
        if wanted == Layer::None {
            return Layer::None;
        }
        self.nearest(wanted, |layer| self.is_live(layer, now))
            .or_else(|| self.nearest(wanted, |layer| self.arrival(layer).is_some()))
            .unwrap_or(wanted)
    }

    fn nearest(&self, wanted: Layer, is_there: impl Fn(Layer) -> bool) -> Option<Layer> {
        let below = LAYERS.iter().rev().filter(|layer| **layer <= wanted);
        let above = LAYERS.iter().filter(|layer| **layer > wanted);
        below.chain(above).copied().find(|layer| is_there(*layer))
    }

    fn is_live(&self, layer: Layer, now: Instant) -> bool {
        self.arrival(layer)
            .is_some_and(|at| now.saturating_duration_since(at) < GONE)
    }

    fn arrival(&self, layer: Layer) -> Option<Instant> {
        *self.last.get(index(layer)?)?
    }
}

/// An encoder is not asked more often: a keyframe takes it a while, and costs bandwidth.
const PACE: Duration = Duration::from_millis(500);
/// Nor one that sends nothing at all.
const PACE_AT_REST: Duration = Duration::from_secs(2);

/// Requests for keyframes of one track: not too many, and none is ever lost. One that comes
/// too early waits for its time.
#[derive(Debug, Default)]
pub(crate) struct Keyframes {
    layers: [Request; 3],
}

#[derive(Debug, Default, Clone, Copy)]
struct Request {
    is_wanted: bool,
    asked: Option<Instant>,
}

impl Keyframes {
    /// A receiver waits for one.
    pub(crate) fn want(&mut self, layer: Layer) {
        if let Some(request) = index(layer).and_then(|index| self.layers.get_mut(index)) {
            request.is_wanted = true;
        }
    }

    /// The layers to be asked for now.
    pub(crate) fn due(&self, is_at_rest: bool, now: Instant) -> impl Iterator<Item = Layer> {
        let pace = if is_at_rest { PACE_AT_REST } else { PACE };
        LAYERS
            .into_iter()
            .zip(self.layers)
            .filter_map(move |(layer, request)| {
                let waited = request
                    .asked
                    .is_none_or(|at| now.saturating_duration_since(at) >= pace);
                (request.is_wanted && waited).then_some(layer)
            })
    }

    /// One was asked for.
    pub(crate) fn asked(&mut self, layer: Layer, now: Instant) {
        if let Some(request) = index(layer).and_then(|index| self.layers.get_mut(index)) {
            *request = Request {
                is_wanted: false,
                asked: Some(now),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_layer_that_arrives_is_taken() {
        let now = Instant::now();
        let mut layers = Layers::default();
        assert_eq!(layers.target(Layer::Medium, now), Layer::Medium);
        layers.arrived(Layer::High, now);
        assert_eq!(
            layers.target(Layer::Low, now),
            Layer::High,
            "without simulcast"
        );
        layers.arrived(Layer::Low, now);
        assert_eq!(layers.target(Layer::Medium, now), Layer::Low);
        assert_eq!(layers.target(Layer::High, now), Layer::High);
        assert_eq!(layers.target(Layer::None, now), Layer::None);
    }

    #[test]
    fn a_layer_that_stops_is_left_and_a_track_that_rests_is_not() {
        let now = Instant::now();
        let mut layers = Layers::default();
        layers.arrived(Layer::High, now);
        layers.arrived(Layer::Low, now + GONE);
        assert_eq!(layers.target(Layer::High, now + GONE), Layer::Low);
        assert_eq!(layers.target(Layer::High, now + 3 * GONE), Layer::High);
    }

    #[test]
    fn a_request_that_comes_too_early_waits_for_its_time() {
        let now = Instant::now();
        let mut keyframes = Keyframes::default();
        let due = |keyframes: &Keyframes, at| keyframes.due(false, at).collect::<Vec<_>>();
        keyframes.want(Layer::High);
        assert_eq!(due(&keyframes, now), [Layer::High]);
        keyframes.asked(Layer::High, now);
        keyframes.want(Layer::High);
        keyframes.want(Layer::Low);
        assert_eq!(due(&keyframes, now), [Layer::Low]);
        assert_eq!(due(&keyframes, now + PACE), [Layer::Low, Layer::High]);
        keyframes.asked(Layer::High, now + PACE);
        assert_eq!(due(&keyframes, now + 2 * PACE), [Layer::Low]);
    }
}
