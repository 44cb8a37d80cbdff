//! What one peer gets.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Instant;

use super::line::{Line, Work};
use super::rewrite::Rewriter;
use super::track::{Layers, Track, TrackKey};
use crate::rtc::forwarding::{Answered, Mid, NewSection, Numbers, Packet};
use crate::sfu::{Kind, Layer, PeerKey, SfuError};

/// The tracks that a peer gets, and how far that is agreed on.
#[derive(Default)]
pub(crate) struct Subscriber {
    /// All that the room wants it to get, published or not.
    wish: HashSet<(PeerKey, String)>,
    /// What it gets of it.
    pub(crate) forwards: BTreeMap<TrackKey, Forward>,
    /// What it asked for, of what it is to get: also before that is published, and for when
    /// it is published again.
    asked: HashMap<String, Layer>,
    /// Sections to be stopped in the next offer.
    stopping: Vec<Mid>,
    restart_ice: bool,
    has_offered: bool,
}

/// A track on its way to a receiver.
pub(crate) struct Forward {
    track_id: String,
    /// The best layer that is wanted.
    wanted: Layer,
    stream_id: String,
    kind: Kind,
    /// Its section, once it is offered.
    mid: Option<Mid>,
    is_open: bool,
    /// The stream that is forwarded now.
    current: Option<(u32, Layer)>,
    rewriter: Rewriter,
}

/// What to do with a packet.
pub(crate) struct Passage {
    /// Where it goes out.
    pub(crate) mid: Mid,
    /// With what numbers.
    pub(crate) numbers: Numbers,
    /// Whether another layer begins with it.
    pub(crate) is_switch: bool,
}

impl Subscriber {
    /// What of all that is published it is to get.
    pub(crate) fn wanted(
        &self,
        published: &HashMap<(PeerKey, String), TrackKey>,
    ) -> BTreeSet<TrackKey> {
        self.wish
            .iter()
            .filter_map(|wish| published.get(wish))
            .copied()
            .collect()
    }

    /// Adds a track.
    pub(crate) fn add(&mut self, key: TrackKey, track: &Track, auto_video: bool) {
        let (wanted, clock_rate) = match track.published.kind {
            Kind::Audio => (Layer::High, 48_000),
            Kind::Video if auto_video => (Layer::High, 90_000),
            Kind::Video => (Layer::None, 90_000),
        };
        let wanted = self
            .asked
            .get(&track.published.track_id)
            .copied()
            .unwrap_or(wanted);
        self.forwards.insert(
            key,
            Forward {
                track_id: track.published.track_id.clone(),
                wanted,
                stream_id: track.published.stream_id.clone(),
                kind: track.published.kind,
                mid: None,
                is_open: false,
                current: None,
                rewriter: Rewriter::new(clock_rate),
            },
        );
    }

    /// Takes a track away.
    pub(crate) fn remove(&mut self, key: TrackKey) {
        if let Some(Forward { mid: Some(mid), .. }) = self.forwards.remove(&key) {
            self.stopping.push(mid);
        }
    }

    /// ICE is to start again, with the next offer.
    pub(crate) fn restart_ice(&mut self) {
        self.restart_ice = true;
    }

    /// Offers all that is not agreed on yet, unless an offer is outstanding. Gives its SDP.
    pub(crate) fn negotiate(&mut self, line: &mut Line, work: &mut Work) -> Option<String> {
        if line.connection.outstanding_offer().is_some() {
            return None;
        }
        let fresh = || {
            self.forwards
                .iter()
                .filter(|(_, forward)| forward.mid.is_none())
        };
        let keys: Vec<_> = fresh().map(|(key, _)| *key).collect();
        let sections: Vec<_> = fresh()
            .map(|(_, forward)| NewSection {
                kind: forward.kind,
                stream_id: forward.stream_id.clone(),
                track_id: forward.track_id.clone(),
            })
            .collect();
        let offer = line.connection.offer(
            !self.has_offered,
            &sections,
            &self.stopping,
            self.restart_ice,
        );
        line.settle(work);
        let (sdp, added) = offer?;
        self.has_offered = true;
        self.restart_ice = false;
        self.stopping.clear();
        for (key, mid) in keys.into_iter().zip(added) {
            if let Some(forward) = self.forwards.get_mut(&key) {
                forward.mid = Some(mid);
            }
        }
        Some(sdp)
    }

    /// The answer to the outstanding offer. Gives whether it was that.
    pub(crate) fn answered(
        &mut self,
        sdp: &str,
        line: &mut Line,
        work: &mut Work,
    ) -> Result<bool, SfuError> {
        let answered = line.connection.accept_answer(sdp);
        line.register(work);
        if answered? == Answered::Stale {
            return Ok(false);
        }
        for forward in self.forwards.values_mut() {
            forward.is_open = forward.mid.is_some();
        }
        Ok(true)
    }

    /// Media could not go through for a while: pictures begin anew.
    pub(crate) fn interrupted(&mut self) {
        for forward in self.forwards.values_mut() {
            forward.current = None;
        }
    }

    /// Replaces all that it is to get.
    pub(crate) fn wish(&mut self, tracks: Vec<(PeerKey, String)>) {
        self.wish = tracks.into_iter().collect();
        let wish = &self.wish;
        self.asked
            .retain(|asked, _| wish.iter().any(|(_, track_id)| track_id == asked));
    }

    /// It wants a track in this layer at most. False if it is not to get such a track.
    pub(crate) fn prefer(&mut self, track_id: &str, kind: Kind, layer: Layer) -> bool {
        if !self.wish.iter().any(|(_, wished)| wished == track_id) {
            return false;
        }
        let mut forwards = self.forwards.values_mut();
        if let Some(forward) = forwards.find(|forward| forward.track_id == track_id) {
            if forward.kind != kind {
                return false;
            }
            forward.wanted = layer;
        }
        self.asked.insert(track_id.to_owned(), layer);
        true
    }

    /// The track of this section and the layer that is forwarded of it.
    pub(crate) fn by_mid(&self, mid: Mid) -> Option<(TrackKey, Layer)> {
        let (key, forward) = self.forwards.iter().find(|(_, f)| f.mid == Some(mid))?;
        Some((*key, forward.current?.1))
    }
}

impl Forward {
    /// The layer that a keyframe is needed of, for forwarding to begin or to go on better.
    pub(crate) fn awaits(&self, layers: &Layers, now: Instant) -> Option<Layer> {
        if self.kind == Kind::Audio || !self.is_open {
            return None;
        }
        let target = layers.target(self.wanted, now);
        let is_current = self.current.is_some_and(|(_, layer)| layer == target);
        (target != Layer::None && !is_current).then_some(target)
    }

    /// Whether and how a packet of the track goes on. Layers change at keyframes only.
    pub(crate) fn pass(
        &mut self,
        packet: &Packet,
        layers: &Layers,
        now: Instant,
    ) -> Option<Passage> {
        let mid = self.mid.filter(|_| self.is_open)?;
        if self.wanted == Layer::None {
            self.current = None;
            return None;
        }
        let source = (packet.ssrc, packet.layer);
        let numbers = Numbers {
            sequence: packet.sequence,
            timestamp: packet.timestamp,
            picture_id: packet.picture.and_then(|picture| picture.id),
            tl0: packet.picture.and_then(|picture| picture.tl0),
        };
        let mut is_switch = false;
        if self.current != Some(source) {
            let may_begin = match self.kind {
                Kind::Audio => true,
                Kind::Video => {
                    packet
                        .picture
                        .is_some_and(|picture| picture.starts_keyframe)
                        && layers.target(self.wanted, now) == packet.layer
                }
            };
            if !may_begin {
                return None;
            }
            is_switch = self.current.is_some_and(|(_, layer)| layer != packet.layer);
            self.current = Some(source);
            self.rewriter.begin(&numbers, now);
        }
        let has_long_id = packet.picture.is_none_or(|picture| picture.has_long_id);
        let numbers = self.rewriter.rewrite(&numbers, has_long_id, now)?;
        Some(Passage {
            mid,
            numbers,
            is_switch,
        })
    }
}
