//! The side of a room that tracks come in by.

use std::collections::HashSet;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use super::line::Work;
use super::room::Room;
use super::track::{Track, TrackKey};
use crate::rtc::forwarding::Packet;
use crate::sfu::{Kind, Layer, PeerKey, PublishedTrack, SfuError};

/// A section with simulcast is some 5 KB, and a client never drops one.
const LONGEST_DESCRIPTION: usize = 512 * 1024;
/// What the library writes into `a=msid` (RFC 8830).
const LONGEST_ID: usize = 64;

/// Refuses descriptions that are too long to be worth reading.
pub(super) fn check_length(sdp: &str) -> Result<(), SfuError> {
    if sdp.len() > LONGEST_DESCRIPTION {
        return Err(SfuError::Description("it is too long".to_owned()));
    }
    Ok(())
}

fn check_id(id: &str) -> Result<(), SfuError> {
    let is_token = |byte: u8| {
        matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'0'..=b'9'
            | b'A'..=b'Z' | b'^'..=b'}')
    };
    if id.is_empty() || id.len() > LONGEST_ID || !id.bytes().all(is_token) {
        return Err(SfuError::Description(
            "a track or stream has an id that fits no msid".into(),
        ));
    }
    Ok(())
}

impl Room {
    pub(super) fn publish(
        &mut self,
        peer: PeerKey,
        offer: &str,
        tracks: Vec<PublishedTrack>,
        now: Instant,
        work: &mut Work,
    ) -> Result<String, SfuError> {
        check_length(offer)?;
        for track in &tracks {
            check_id(&track.track_id)?;
            check_id(&track.stream_id)?;
        }
        if tracks.len() > self.limits.tracks_per_peer {
            let limit = self.limits.tracks_per_peer;
            return Err(SfuError::TooManyTracks {
                limit,
                place: "by one peer",
            });
        }
        let others = self
            .tracks
            .values()
            .filter(|track| track.peer != peer)
            .count();
        if others + tracks.len() > self.limits.tracks_per_room {
            let limit = self.limits.tracks_per_room;
            return Err(SfuError::TooManyTracks {
                limit,
                place: "in one room",
            });
        }
        let publisher = self.peers.get_mut(&peer).ok_or(SfuError::UnknownPeer)?;
        let answer = publisher.publish.connection.accept_offer(offer);
        publisher.publish.register(work);
        let answer = answer?;
        self.replace_tracks(peer, tracks);
        self.bind(peer, now, work);
        Ok(answer)
    }

    /// What a peer published before and does not now is gone.
    fn replace_tracks(&mut self, peer: PeerKey, tracks: Vec<PublishedTrack>) {
        self.tracks
            .retain(|_, track| track.peer != peer || tracks.contains(&track.published));
        let mut known: HashSet<_> = self
            .tracks
            .values()
            .filter(|track| track.peer == peer)
            .map(|track| track.published.track_id.clone())
            .collect();
        for published in tracks {
            if known.insert(published.track_id.clone()) {
                self.tracks
                    .insert(TrackKey(self.next_track), Track::new(peer, published));
                self.next_track += 1;
            }
        }
        let gone = |key: &TrackKey| !self.tracks.contains_key(key);
        if let Some(publisher) = self.peers.get_mut(&peer) {
            publisher.by_mid.retain(|_, key| !gone(key));
        }
    }

    /// Finds the sections that a peer's tracks come by. Description and metadata of a track
    /// may come in either order.
    pub(super) fn bind(&mut self, key: PeerKey, now: Instant, work: &mut Work) {
        let Some(peer) = self.peers.get_mut(&key) else {
            return;
        };
        let unbound = self
            .tracks
            .iter_mut()
            .filter(|(_, t)| t.peer == key && t.mid.is_none());
        for (track_key, track) in unbound {
            // A track that was published before may have an older section of the same name.
            track.mid = peer.sections.iter().rev().copied().find(|mid| {
                let section = peer.publish.connection.section(*mid);
                section.is_some_and(|section| {
                    section.track_id == track.published.track_id
                        && section.stream_id == track.published.stream_id
                        && section.kind == track.published.kind
                })
            });
            if let Some(mid) = track.mid {
                peer.by_mid.insert(mid, *track_key);
            }
        }
        self.sync_all(now, work);
    }

    pub(super) fn mute(&mut self, peer: PeerKey, track_id: &str, mute: bool) {
        let mut tracks = self.tracks.values_mut();
        let track = tracks.find(|t| t.peer == peer && t.published.track_id == track_id);
        if let Some(track) = track {
            track.is_muted = mute;
            track.level.silence();
        }
    }

    /// A packet came from a publisher: it goes to all who get its track.
    pub(super) fn forward(
        &mut self,
        publisher: PeerKey,
        packet: &Packet,
        now: Instant,
        work: &mut Work,
    ) {
        let Some(key) = self
            .peers
            .get(&publisher)
            .and_then(|peer| peer.by_mid.get(&packet.mid))
            .copied()
        else {
            return;
        };
        let Some(track) = self.tracks.get_mut(&key) else {
            return;
        };
        track.layers.arrived(packet.layer, now);
        if let (Some(level), false) = (packet.audio_level, track.is_muted) {
            track.level.hear(level, now);
        }
        for receiver in &track.receivers {
            let Some(peer) = self
                .peers
                .get_mut(receiver)
                .filter(|peer| peer.subscribe.is_up)
            else {
                continue;
            };
            let Some(forward) = peer.subscriber.forwards.get_mut(&key) else {
                continue;
            };
            let Some(passage) = forward.pass(packet, &track.layers, now) else {
                continue;
            };
            if passage.is_switch {
                work.counters.layer_switches.fetch_add(1, Relaxed);
            }
            peer.subscribe.forward(packet, &passage, now, work);
        }
    }

    /// Asks publishers for the keyframes of a track that are wanted and due.
    pub(super) fn request_keyframes(&mut self, key: TrackKey, now: Instant, work: &mut Work) {
        let Some(track) = self.tracks.get_mut(&key) else {
            return;
        };
        let Some(mid) = track.mid.filter(|_| !track.is_muted) else {
            return;
        };
        let Some(publisher) = self.peers.get_mut(&track.peer) else {
            return;
        };
        if !publisher.publish.is_up || track.published.kind == Kind::Audio {
            return;
        }
        let is_at_rest = !track.layers.any_live(now);
        let due: Vec<Layer> = track.keyframes.due(is_at_rest, now).collect();
        for layer in due {
            if publisher.publish.connection.request_keyframe(mid, layer) {
                work.counters.keyframe_requests.fetch_add(1, Relaxed);
                track.keyframes.asked(layer, now);
                publisher.publish.settle(work);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_fit_an_msid() {
        for id in ["{ab-12}", "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "a.b_c"] {
            assert_eq!(check_id(id), Ok(()), "{id}");
        }
        for id in ["", "a b", "a/b", "ä", &"a".repeat(65)] {
            assert!(check_id(id).is_err(), "{id}");
        }
    }
}
