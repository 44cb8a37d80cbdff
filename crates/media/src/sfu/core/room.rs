//! A room: who is in it and which tracks go where.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use super::channel::{self, Allowance};
use super::line::{Line, Place, Work};
use super::quality::Reports;
use super::speakers::Speakers;
use super::subscriber::Subscriber;
use super::track::{Track, TrackKey};
use super::{Limits, RoomKey};
use crate::rtc::forwarding::{Happening, Mid};
use crate::sfu::{Command, Event, PeerKey, SfuError, Speaker, Target};

/// Speakers are told at most three times a second.
const SPEAKERS_INTERVAL: Duration = Duration::from_millis(334);
/// Scores are taken from reports that come every two seconds.
const QUALITY_INTERVAL: Duration = Duration::from_secs(4);

/// A room.
pub(super) struct Room {
    pub(super) key: RoomKey,
    pub(super) limits: Limits,
    pub(super) peers: BTreeMap<PeerKey, Peer>,
    pub(super) tracks: BTreeMap<TrackKey, Track>,
    pub(super) next_track: u64,
    speakers: Speakers,
    speakers_at: Instant,
    quality_at: Instant,
}

/// A peer of a room.
pub(super) struct Peer {
    /// Its id, for others.
    pub(super) id: String,
    pub(super) auto_video: bool,
    pub(super) publish: Line,
    pub(super) subscribe: Line,
    pub(super) subscriber: Subscriber,
    /// Sections that it has offered.
    pub(super) sections: Vec<Mid>,
    /// The tracks in them.
    pub(super) by_mid: HashMap<Mid, TrackKey>,
    pub(super) allowance: Allowance,
    is_channel_open: bool,
    reports: Reports,
    score: Option<u8>,
}

impl Room {
    pub(super) fn new(key: RoomKey, limits: Limits, now: Instant) -> Self {
        Self {
            key,
            limits,
            peers: BTreeMap::new(),
            tracks: BTreeMap::new(),
            next_track: 0,
            speakers: Speakers::default(),
            speakers_at: now,
            quality_at: now,
        }
    }

    pub(super) fn peers(&self) -> usize {
        self.peers.len()
    }

    pub(super) fn tracks(&self) -> usize {
        self.tracks.len()
    }

    pub(super) fn line(&mut self, place: Place) -> Option<&mut Line> {
        let peer = self.peers.get_mut(&place.peer)?;
        Some(match place.target {
            Target::Publish => &mut peer.publish,
            Target::Subscribe => &mut peer.subscribe,
        })
    }

    pub(super) fn command(&mut self, command: Command, now: Instant, work: &mut Work) {
        match command {
            Command::Join {
                peer,
                id,
                auto_video,
                request,
                offer,
            } => {
                self.leave(peer, now, work);
                let result = self.join(peer, id, auto_video, &offer, now, work);
                let joined = result.is_ok();
                work.tell(
                    self.key,
                    Event::Answer {
                        peer,
                        request,
                        result,
                    },
                );
                if joined {
                    self.negotiate(peer, work);
                }
            }
            Command::Publish {
                peer,
                request,
                offer,
                tracks,
            } => {
                let result = self.publish(peer, &offer, tracks, now, work);
                work.tell(
                    self.key,
                    Event::Answer {
                        peer,
                        request,
                        result,
                    },
                );
            }
            Command::Answer { peer, sdp } => self.answered(peer, &sdp, now, work),
            Command::Trickle {
                peer,
                target,
                candidate,
            } => {
                let place = Place {
                    room: self.key,
                    peer,
                    target,
                };
                if let Some(line) = self.line(place) {
                    line.connection.add_candidate(&candidate);
                    line.settle(work);
                }
            }
            Command::Subscriptions { peer, tracks } => self.subscribe(peer, tracks, now, work),
            Command::Mute {
                peer,
                track_id,
                mute,
            } => self.mute(peer, &track_id, mute),
            Command::RestartIce { peer } => self.restart_ice(peer, work),
            Command::Leave { peer } => self.leave(peer, now, work),
        }
    }

    fn join(
        &mut self,
        peer: PeerKey,
        id: String,
        auto_video: bool,
        offer: &str,
        now: Instant,
        work: &mut Work,
    ) -> Result<String, SfuError> {
        super::publishing::check_length(offer)?;
        let place = |target| Place {
            room: self.key,
            peer,
            target,
        };
        let mut publish = Line::new(work.factory.publish(now), place(Target::Publish));
        let answer = publish.connection.accept_offer(offer)?;
        let mut subscribe = Line::new(work.factory.subscribe(now), place(Target::Subscribe));
        publish.register(work);
        subscribe.register(work);
        let joined = Peer {
            id,
            auto_video,
            publish,
            subscribe,
            subscriber: Subscriber::default(),
            sections: Vec::new(),
            by_mid: HashMap::new(),
            allowance: Allowance::default(),
            is_channel_open: false,
            reports: Reports::default(),
            score: None,
        };
        self.peers.insert(peer, joined);
        Ok(answer)
    }

    fn leave(&mut self, peer: PeerKey, now: Instant, work: &mut Work) {
        let Some(mut left) = self.peers.remove(&peer) else {
            return;
        };
        left.publish.unregister(work);
        left.subscribe.unregister(work);
        work.routes
            .retain(|_, place| (place.room, place.peer) != (self.key, peer));
        work.happenings
            .retain(|(place, _)| (place.room, place.peer) != (self.key, peer));
        for track in self.tracks.values_mut() {
            track.receivers.retain(|receiver| *receiver != peer);
        }
        let before = self.tracks.len();
        self.tracks.retain(|_, track| track.peer != peer);
        if self.tracks.len() < before {
            self.sync_all(now, work);
        }
    }

    pub(super) fn close(&mut self, work: &mut Work) {
        for peer in self.peers.values_mut() {
            peer.publish.unregister(work);
            peer.subscribe.unregister(work);
        }
        work.routes.retain(|_, place| place.room != self.key);
    }

    pub(super) fn happened(
        &mut self,
        place: Place,
        happening: Happening,
        now: Instant,
        work: &mut Work,
    ) {
        let Place { peer, target, .. } = place;
        match happening {
            Happening::Packet(packet) => self.forward(peer, &packet, now, work),
            Happening::KeyframeWanted(mid) => self.keyframe_wanted(peer, mid, now, work),
            Happening::Message(message) => self.message(peer, &message, now, work),
            Happening::Added(mid) => {
                if let Some(publisher) = self.peers.get_mut(&peer) {
                    publisher.sections.push(mid);
                }
                self.bind(peer, now, work);
            }
            Happening::Report { loss, rtt } => {
                if let Some(peer) = self.peers.get_mut(&peer) {
                    peer.reports.add(loss, rtt);
                }
            }
            Happening::ChannelOpen if target == Target::Subscribe => {
                self.channel_opened(peer, work);
            }
            Happening::ChannelOpen => {}
            Happening::Connected => {
                if self.is_up(place, true) {
                    work.tell(self.key, Event::Connected { peer, target });
                    self.scan_receiver(peer, now, work);
                }
            }
            Happening::Disconnected => {
                if self.is_up(place, false) {
                    work.tell(self.key, Event::Lost { peer, target });
                }
            }
            Happening::Failed => {
                work.counters.failures.fetch_add(1, Relaxed);
                self.is_up(place, false);
                work.tell(self.key, Event::Failed { peer, target });
            }
        }
    }

    /// Notes whether media can go through; gives whether that has changed.
    fn is_up(&mut self, place: Place, is_up: bool) -> bool {
        let Some(line) = self.line(place) else {
            return false;
        };
        let has_changed = line.is_up != is_up;
        line.is_up = is_up;
        if has_changed
            && place.target == Target::Subscribe
            && let Some(peer) = self.peers.get_mut(&place.peer)
        {
            peer.subscriber.interrupted();
        }
        has_changed
    }

    /// What is done every now and then: see [`super::SCAN_INTERVAL`].
    pub(super) fn scan(&mut self, now: Instant, work: &mut Work) {
        self.scan_receivers(now, work);
        if now.saturating_duration_since(self.speakers_at) >= SPEAKERS_INTERVAL {
            self.speakers_at = now;
            self.tell_speakers(now, work);
        }
        if now.saturating_duration_since(self.quality_at) >= QUALITY_INTERVAL {
            self.quality_at = now;
            self.tell_quality(work);
        }
    }

    fn tell_speakers(&mut self, now: Instant, work: &mut Work) {
        let levels = self.tracks.values().map(|track| Speaker {
            peer: track.peer,
            track_id: track.published.track_id.clone(),
            level: track.level.value(now),
        });
        let Some(speakers) = self.speakers.update(levels) else {
            return;
        };
        let speakers = speakers.to_vec();
        let named = speakers
            .iter()
            .filter_map(|speaker| Some((self.peers.get(&speaker.peer)?.id.as_str(), speaker)));
        let text = channel::active_speakers(named);
        self.say_to_all(&text, work);
        work.tell(self.key, Event::Speakers(speakers));
    }

    fn tell_quality(&mut self, work: &mut Work) {
        let mut changed = Vec::new();
        for (key, peer) in &mut self.peers {
            let score = if peer.subscribe.is_up {
                peer.reports.take()
            } else {
                Some(0)
            };
            if score.is_some() && score != peer.score && (peer.score.is_some() || score != Some(0))
            {
                peer.score = score;
                changed.push((*key, peer.id.clone(), score.unwrap_or(0)));
            }
        }
        if changed.is_empty() {
            return;
        }
        let text = channel::quality(changed.iter().map(|(_, id, score)| (id.as_str(), *score)));
        self.say_to_all(&text, work);
        for (peer, _, score) in changed {
            work.tell(self.key, Event::Quality { peer, score });
        }
    }

    /// Who comes to a conversation learns how good connections are.
    fn channel_opened(&mut self, key: PeerKey, work: &mut Work) {
        let scores: Vec<_> = self
            .peers
            .values()
            .filter_map(|peer| Some((peer.id.as_str(), peer.score?)))
            .collect();
        let text = (!scores.is_empty()).then(|| channel::quality(scores.into_iter()));
        let Some(peer) = self.peers.get_mut(&key) else {
            return;
        };
        peer.is_channel_open = true;
        if let Some(text) = text {
            peer.subscribe.connection.say(&text);
            peer.subscribe.settle(work);
        }
    }

    fn say_to_all(&mut self, text: &str, work: &mut Work) {
        for peer in self.peers.values_mut().filter(|peer| peer.is_channel_open) {
            peer.subscribe.connection.say(text);
            peer.subscribe.settle(work);
        }
    }
}
