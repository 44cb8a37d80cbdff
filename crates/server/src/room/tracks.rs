//! Tracks: mute and description of what a peer publishes.

use std::collections::BTreeMap;

use kulti_protocol::signalling::{Track, TrackNotice, TrackUpdate};

use super::dispatch::{Answer, Call};
use super::io::Class;
use super::peers::PeerNo;
use super::{Frame, Room};

impl Room {
    /// Mute and description of published tracks; others are not created by this.
    /// The others are told, the author is not.
    pub(super) fn update_tracks(&mut self, call: &Call, no: PeerNo, params: TrackUpdate) -> Answer {
        self.ignored(call)?;
        let Some(peer) = self.peers.get_mut(no) else {
            return Ok(());
        };
        let mut changed: BTreeMap<String, Track> = BTreeMap::new();
        for (id, update) in params.tracks {
            if let Some(track) = peer.tracks.get_mut(&id)
                && (track.mute, &track.description) != (update.mute, &update.description)
            {
                track.mute = update.mute;
                track.description = update.description;
                changed.insert(id, track.clone());
            }
        }
        if changed.is_empty() {
            return Ok(());
        }
        let notice = TrackNotice {
            tracks: changed,
            peer: peer.brief(),
        };
        self.peers.rewrite(no);
        let frame = Frame::notification("on-track-update", &notice);
        let sockets = self.peers.sockets_except(Some(no));
        self.send_all(sockets, frame, Class::Ordinary);
        Ok(())
    }
}
