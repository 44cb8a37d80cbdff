//! Tracks: what each peer publishes, and what the others are told about it.

use std::collections::{BTreeMap, BTreeSet};

use kulti_media::sfu::{Command, Kind, PeerKey, PublishedTrack};
use kulti_protocol::signalling::{RpcError, Track, TrackNotice, TrackUpdate, code};

use super::dispatch::{Answer, Call};
use super::io::{Class, Output};
use super::limits::{ID_BYTES, METADATA_BYTES};
use super::peers::{Peer, PeerNo};
use super::{Frame, Room};
use crate::policy::Media;

/// Somebody who lost a role may have sent an offer before they knew: for so long the
/// tracks of the earlier role are dropped quietly, as a refused offer ends the SDK's stay.
const ROLE_CHANGE_MS: u64 = 10_000;

/// Tracks that a peer sends and that nobody gets.
#[derive(Debug, Default)]
pub(super) struct Withdrawn {
    /// Taken from the peer by a change of role, until it unpublishes them.
    ids: BTreeSet<String>,
    /// The role before the last change, and when that was, ms since the epoch.
    earlier_role: Option<(String, u64)>,
}

/// A track as the forwarding unit knows it.
pub(super) fn published(track: &Track) -> Option<PublishedTrack> {
    let kind = match track.kind.as_str() {
        "audio" => Kind::Audio,
        "video" => Kind::Video,
        _ => return None,
    };
    Some(PublishedTrack {
        track_id: track.track_id.clone(),
        stream_id: track.stream_id.clone(),
        kind,
    })
}

/// What a track is of, in the words of a role's `allowed`.
fn media_of(track: &Track) -> Option<Media> {
    match (track.kind.as_str(), track.source.as_str()) {
        ("audio" | "video", "screen") => Some(Media::Screen),
        ("audio", _) => Some(Media::Audio),
        ("video", _) => Some(Media::Video),
        _ => None,
    }
}

impl Room {
    /// The tracks of an offer that are published by it: those that the role may publish.
    /// What was withdrawn is left out without a word.
    pub(super) fn publishable(
        &mut self,
        no: PeerNo,
        tracks: BTreeMap<String, Track>,
    ) -> Result<BTreeMap<String, Track>, RpcError> {
        for (id, track) in &tracks {
            self.check_track(no, id, track)?;
        }
        let (now, policy) = (self.now, self.policy.clone());
        let Some(peer) = self.peers.get_mut(no) else {
            return Ok(BTreeMap::new());
        };
        let mut withdrawn: BTreeSet<String> = std::mem::take(&mut peer.media.withdrawn.ids);
        withdrawn.retain(|id| tracks.contains_key(id));
        let earlier = peer
            .media
            .withdrawn
            .earlier_role
            .clone()
            .filter(|(_, at)| now.saturating_sub(*at) < ROLE_CHANGE_MS);
        let mut refused = None;
        let mut published = BTreeMap::new();
        for (id, track) in tracks {
            let Some(media) = media_of(&track) else {
                continue; // checked above
            };
            if policy.may_publish(&peer.role, media) {
                // A role that is given back gives its tracks back.
                withdrawn.remove(&id);
                published.insert(id, track);
            } else if withdrawn.contains(&id) {
            } else if earlier
                .as_ref()
                .is_some_and(|(role, _)| policy.may_publish(role, media))
            {
                withdrawn.insert(id);
            } else {
                refused.get_or_insert(media);
            }
        }
        peer.media.withdrawn.ids = withdrawn;
        match refused {
            None => Ok(published),
            Some(media) => Err(RpcError::new(
                code::FORBIDDEN,
                format!(
                    "the role {} may not publish {}",
                    peer.role,
                    media.in_words()
                ),
            )),
        }
    }

    fn check_track(&self, no: PeerNo, id: &str, track: &Track) -> Result<(), RpcError> {
        let bad = |why: &str| Err(RpcError::new(code::BAD_REQUEST, why));
        if *id != track.track_id || id.is_empty() {
            return bad("each track must stand under its own id");
        }
        let words = [
            &track.track_id,
            &track.stream_id,
            &track.kind,
            &track.source,
        ];
        if words.iter().any(|word| word.len() > ID_BYTES)
            || track.description.len() > METADATA_BYTES
        {
            return bad("a track's ids or its description are too long");
        }
        if media_of(track).is_none() {
            return bad("a track is either audio or video");
        }
        let of_another = |peer: &Peer| peer.no != no && peer.tracks.contains_key(id);
        if self.peers.track_count > 0 && self.peers.iter().any(of_another) {
            return bad("somebody else publishes a track of this id");
        }
        Ok(())
    }

    /// From now on these are all the tracks of the peer. The others are told what has
    /// changed; the author is not.
    pub(super) fn publish_tracks(&mut self, no: PeerNo, tracks: BTreeMap<String, Track>) {
        let Some(peer) = self.peers.get_mut(no) else {
            return;
        };
        let before = std::mem::replace(&mut peer.tracks, tracks.clone());
        let (mut added, mut changed) = (BTreeMap::new(), BTreeMap::new());
        let mut muted = Vec::new();
        for (id, track) in tracks {
            let earlier = before.get(&id);
            if earlier.is_some_and(|earlier| *earlier == track) {
                continue;
            }
            if earlier.is_none_or(|earlier| earlier.mute != track.mute) {
                muted.push((id.clone(), track.mute));
            }
            match earlier {
                Some(_) => changed.insert(id, track),
                None => added.insert(id, track),
            };
        }
        let mut removed = before;
        removed.retain(|id, _| !peer.tracks.contains_key(id));
        let (more, fewer) = (count(&added), count(&removed));
        self.peers.track_count = (self.peers.track_count + more).saturating_sub(fewer);
        for (track_id, mute) in muted {
            self.tell_mute(no, track_id, mute);
        }
        if more + fewer > 0 {
            self.media.mark();
            self.session_notice.mark();
        }
        self.tell_tracks(no, "on-track-remove", removed);
        self.tell_tracks(no, "on-track-add", added);
        self.tell_tracks(no, "on-track-update", changed);
    }

    /// Takes away what the peer's new role may not publish.
    pub(super) fn withdraw_tracks(&mut self, no: PeerNo, earlier_role: &str) {
        let (now, policy) = (self.now, self.policy.clone());
        let Some(peer) = self.peers.get_mut(no) else {
            return;
        };
        if !peer.media.is_there() {
            return;
        }
        peer.media.withdrawn.earlier_role = Some((earlier_role.to_owned(), now));
        self.media.mark(); // the new role may get something else, too
        let role = peer.role.clone();
        let mut kept = peer.tracks.clone();
        kept.retain(|_, track| {
            media_of(track).is_some_and(|media| policy.may_publish(&role, media))
        });
        let gone: Vec<String> = peer
            .tracks
            .keys()
            .filter(|id| !kept.contains_key(*id))
            .cloned()
            .collect();
        peer.media.withdrawn.ids.extend(gone.iter().cloned());
        for track_id in gone {
            // It has no say in who speaks any more.
            self.tell_mute(no, track_id, true);
        }
        self.publish_tracks(no, kept);
    }

    /// Mute and description of published tracks; others are not created by this.
    /// The others are told, the author is not.
    pub(super) fn update_tracks(&mut self, call: &Call, no: PeerNo, params: TrackUpdate) -> Answer {
        self.ignored(call)?;
        let Some(peer) = self.peers.get(no) else {
            return Ok(());
        };
        let mut tracks = peer.tracks.clone();
        for (id, update) in params.tracks {
            if let Some(track) = tracks.get_mut(&id)
                && update.description.len() <= METADATA_BYTES
            {
                track.mute = update.mute;
                track.description = update.description;
            }
        }
        self.publish_tracks(no, tracks);
        Ok(())
    }

    fn tell_mute(&mut self, no: PeerNo, track_id: String, mute: bool) {
        self.outputs.push(Output::Media(Command::Mute {
            peer: PeerKey(no.0),
            track_id,
            mute,
        }));
    }

    fn tell_tracks(&mut self, no: PeerNo, method: &str, tracks: BTreeMap<String, Track>) {
        if tracks.is_empty() {
            return;
        }
        self.peers.rewrite(no);
        let Some(peer) = self.peers.get(no) else {
            return;
        };
        let notice = TrackNotice {
            tracks,
            peer: peer.brief(),
        };
        let frame = Frame::notification(method, &notice);
        let sockets = self.peers.sockets_except(Some(no));
        self.send_all(sockets, frame, Class::Ordinary);
    }
}

fn count(tracks: &BTreeMap<String, Track>) -> u32 {
    u32::try_from(tracks.len()).unwrap_or(u32::MAX)
}
