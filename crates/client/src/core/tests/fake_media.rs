//! What the fake room knows of media.

use kulti_protocol::signalling::{
    BriefPeer, Offer, ServerNotification as Told, SessionDescription, TrackNotice, TrackUpdate,
};

use super::fake_room::FakeRoom;

impl FakeRoom {
    /// Somebody publishes these, and nothing else, from now on.
    pub(super) fn publishes(&mut self, peer_id: &str, offer: Offer) {
        let peer = self.peers.get_mut(peer_id).unwrap();
        let before = std::mem::replace(&mut peer.tracks, offer.tracks.clone());
        let notice = |tracks| TrackNotice {
            tracks,
            peer: BriefPeer::from(&*peer),
        };
        let mut gone = before;
        gone.retain(|id, _| !offer.tracks.contains_key(id));
        let (came, gone) = (notice(offer.tracks), notice(gone));
        if !came.tracks.is_empty() {
            self.tell_others(peer_id, &Told::TrackAdd(came));
        }
        if !gone.tracks.is_empty() {
            self.tell_others(peer_id, &Told::TrackRemove(gone));
        }
    }

    pub(super) fn mutes(&mut self, peer_id: &str, update: &TrackUpdate) {
        let peer = self.peers.get_mut(peer_id).unwrap();
        let mut told = update.tracks.clone();
        told.retain(|id, _| peer.tracks.contains_key(id));
        peer.tracks.extend(told.clone());
        let peer = BriefPeer::from(&*peer);
        if !told.is_empty() {
            let notice = TrackNotice {
                tracks: told,
                peer,
            };
            self.tell_others(peer_id, &Told::TrackUpdate(notice));
        }
    }

    /// Offers somebody what the others send.
    pub(super) fn offers(&mut self, to: &str, sdp: &str) {
        let offer = SessionDescription {
            kind: "offer".to_owned(),
            sdp: sdp.to_owned(),
            sfu_node_id: None,
        };
        self.tell(to, &Told::Offer(offer));
    }
}
