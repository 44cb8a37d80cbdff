//! The side of a room that tracks go out by.

use std::collections::HashMap;
use std::time::Instant;

use serde_json::{Value, json};

use super::channel::{self, Refusal, Request};
use super::line::Work;
use super::room::Room;
use super::track::TrackKey;
use crate::rtc::forwarding::Mid;
use crate::sfu::{Event, Kind, Layer, PeerKey};

impl Room {
    pub(super) fn subscribe(
        &mut self,
        key: PeerKey,
        mut tracks: Vec<(PeerKey, String)>,
        now: Instant,
        work: &mut Work,
    ) {
        // More than can be published at a time cannot be meant.
        tracks.truncate(4 * self.limits.tracks_per_room);
        if let Some(peer) = self.peers.get_mut(&key) {
            peer.subscriber.wish(tracks);
            let published = self.published();
            self.sync(key, &published, now, work);
        }
    }

    /// Brings all receivers in line with what is published.
    pub(super) fn sync_all(&mut self, now: Instant, work: &mut Work) {
        let published = self.published();
        let peers: Vec<_> = self.peers.keys().copied().collect();
        for peer in peers {
            self.sync(peer, &published, now, work);
        }
    }

    fn published(&self) -> HashMap<(PeerKey, String), TrackKey> {
        let bound = self.tracks.iter().filter(|(_, track)| track.mid.is_some());
        bound
            .map(|(key, t)| ((t.peer, t.published.track_id.clone()), *key))
            .collect()
    }

    /// Brings one receiver in line with what it is to get and what of it is published.
    fn sync(
        &mut self,
        key: PeerKey,
        published: &HashMap<(PeerKey, String), TrackKey>,
        now: Instant,
        work: &mut Work,
    ) {
        let Some(peer) = self.peers.get_mut(&key) else {
            return;
        };
        let subscriber = &mut peer.subscriber;
        let wanted = subscriber.wanted(published);
        let gone: Vec<_> = subscriber
            .forwards
            .keys()
            .filter(|key| !wanted.contains(key))
            .copied()
            .collect();
        let mut has_changed = !gone.is_empty();
        for track_key in gone {
            subscriber.remove(track_key);
            if let Some(track) = self.tracks.get_mut(&track_key) {
                track.receivers.retain(|receiver| *receiver != key);
            }
        }
        for track_key in wanted {
            if subscriber.forwards.contains_key(&track_key) {
                continue;
            }
            if let Some(track) = self.tracks.get_mut(&track_key) {
                subscriber.add(track_key, track, peer.auto_video);
                track.receivers.push(key);
                has_changed = true;
            }
        }
        if has_changed {
            self.negotiate(key, work);
            self.scan_receiver(key, now, work);
        }
    }

    pub(super) fn negotiate(&mut self, key: PeerKey, work: &mut Work) {
        let Some(peer) = self.peers.get_mut(&key) else {
            return;
        };
        if let Some(sdp) = peer.subscriber.negotiate(&mut peer.subscribe, work) {
            work.tell(self.key, Event::Offer { peer: key, sdp });
        }
    }

    pub(super) fn answered(&mut self, key: PeerKey, sdp: &str, now: Instant, work: &mut Work) {
        let Some(peer) = self.peers.get_mut(&key) else {
            return;
        };
        let result = super::publishing::check_length(sdp)
            .and_then(|()| peer.subscriber.answered(sdp, &mut peer.subscribe, work));
        match result {
            Ok(true) => {
                self.negotiate(key, work);
                self.scan_receiver(key, now, work);
            }
            Ok(false) => tracing::debug!("an answer came to no offer"),
            Err(error) => {
                // Both sides have different ideas of the connection now.
                tracing::debug!(%error, "an answer cannot be used");
                peer.subscribe.connection.abandon();
                peer.subscribe.settle(work);
            }
        }
    }

    pub(super) fn restart_ice(&mut self, key: PeerKey, work: &mut Work) {
        let Some(peer) = self.peers.get_mut(&key) else {
            return;
        };
        peer.subscriber.restart_ice();
        if let Some(sdp) = peer.subscribe.connection.outstanding_offer() {
            let sdp = sdp.to_owned();
            work.tell(self.key, Event::Offer { peer: key, sdp });
        } else {
            self.negotiate(key, work);
        }
    }

    /// A receiver cannot decode what it gets.
    pub(super) fn keyframe_wanted(
        &mut self,
        receiver: PeerKey,
        mid: Mid,
        now: Instant,
        work: &mut Work,
    ) {
        let Some(peer) = self.peers.get(&receiver) else {
            return;
        };
        let Some((key, layer)) = peer.subscriber.by_mid(mid) else {
            return;
        };
        if let Some(track) = self.tracks.get_mut(&key) {
            track.keyframes.want(layer);
        }
        self.request_keyframes(key, now, work);
    }

    /// Looks for keyframes that one receiver waits for.
    pub(super) fn scan_receiver(&mut self, receiver: PeerKey, now: Instant, work: &mut Work) {
        let Some(peer) = self
            .peers
            .get(&receiver)
            .filter(|peer| peer.subscribe.is_up)
        else {
            return;
        };
        let mut awaited = Vec::new();
        for (key, forward) in &peer.subscriber.forwards {
            let Some(track) = self.tracks.get_mut(key) else {
                continue;
            };
            if let Some(layer) = forward.awaits(&track.layers, now) {
                track.keyframes.want(layer);
                awaited.push(*key);
            }
        }
        for key in awaited {
            self.request_keyframes(key, now, work);
        }
    }

    /// Looks for all keyframes that are waited for, and those that were asked for too early.
    pub(super) fn scan_receivers(&mut self, now: Instant, work: &mut Work) {
        let peers: Vec<_> = self.peers.keys().copied().collect();
        for peer in peers {
            self.scan_receiver(peer, now, work);
        }
        let tracks: Vec<_> = self.tracks.keys().copied().collect();
        for track in tracks {
            self.request_keyframes(track, now, work);
        }
    }

    /// A message came from a receiver. It is answered at once, also where nothing changes.
    pub(super) fn message(&mut self, key: PeerKey, message: &[u8], now: Instant, work: &mut Work) {
        let Some((id, request)) = channel::parse(message) else {
            return;
        };
        let Some(peer) = self.peers.get_mut(&key) else {
            return;
        };
        let result = if peer.allowance.take(now) {
            request.and_then(|request| self.prefer(key, request))
        } else {
            Err(Refusal::TooMany)
        };
        let answer = channel::answer(&id, result);
        if let Some(peer) = self.peers.get_mut(&key) {
            peer.subscribe.connection.say(&answer);
            peer.subscribe.settle(work);
        }
        self.scan_receiver(key, now, work);
    }

    fn prefer(&mut self, key: PeerKey, request: Request) -> Result<Value, Refusal> {
        let (track_id, kind, layer) = match request {
            Request::Video { track_id, layer } => (track_id, Kind::Video, layer),
            Request::Audio {
                track_id,
                subscribed: true,
            } => (track_id, Kind::Audio, Layer::High),
            Request::Audio {
                track_id,
                subscribed: false,
            } => (track_id, Kind::Audio, Layer::None),
        };
        let peer = self.peers.get_mut(&key).ok_or(Refusal::NoTrack)?;
        if !peer.subscriber.prefer(&track_id, kind, layer) {
            return Err(Refusal::NoTrack);
        }
        Ok(json!({"track_id": track_id}))
    }
}
