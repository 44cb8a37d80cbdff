//! Offers, answers and candidates of clients, and what a lost connection needs.

use kulti_media::sfu::{Command, PeerKey, Target};
use kulti_protocol::signalling::{
    Answer as AnswerParams, Join, Offer, RpcError, SUBSCRIBE, SessionDescription, Trickle, code,
};

use super::{Cause, PeerMedia, Stage, Waiting};
use crate::policy::Policy;
use crate::room::dispatch::{Answer, Call};
use crate::room::io::{Output, SocketId};
use crate::room::peers::PeerNo;
use crate::room::timers::Due;
use crate::room::{Frame, Room};

/// Offers of one peer that may wait at once. The SDK sends one after another.
const WAITING: usize = 4;
/// So long after its return a client is told that its connections are no more, ms.
const NODE_MS: u64 = 2_000;
/// Longest candidate, in bytes.
const CANDIDATE_BYTES: usize = 1_024;

/// Whether a join's offer, if it has one, can be one.
pub(in crate::room) fn check_join_offer(policy: &Policy, params: &Join) -> Result<(), RpcError> {
    match &params.offer {
        None => Ok(()),
        Some(_) if !policy.carries_media() => Err(RpcError::new(
            code::BAD_REQUEST,
            "this server carries no media: join without an offer (the flag nonWebRTCDisableOffer of /init says so)",
        )),
        Some(offer) => check_kind(offer, "offer"),
    }
}

fn check_kind(desc: &SessionDescription, kind: &str) -> Result<(), RpcError> {
    if desc.kind == kind {
        return Ok(());
    }
    Err(RpcError::new(
        code::BAD_REQUEST,
        format!("the description is no {kind}"),
    ))
}

impl Room {
    /// A join with media: its answer comes from the forwarding unit.
    pub(in crate::room) fn join_media(
        &mut self,
        call: &Call,
        no: PeerNo,
        offer: SessionDescription,
        auto_video: bool,
    ) {
        self.begin_media(call, no, offer, auto_video, Cause::Join);
    }

    fn begin_media(
        &mut self,
        call: &Call,
        no: PeerNo,
        offer: SessionDescription,
        auto_video: bool,
        cause: Cause,
    ) {
        // A peer that begins anew publishes nothing yet.
        self.publish_tracks(no, std::collections::BTreeMap::new());
        let Some(peer) = self.peers.get_mut(no) else {
            return;
        };
        peer.media = PeerMedia {
            life: peer.media.life,
            stage: Stage::Beginning,
            ..PeerMedia::default()
        };
        let id = peer.id.to_string();
        let request = self.media_request(call, no, cause);
        self.outputs.push(Output::Media(Command::Join {
            peer: PeerKey(no.0),
            id,
            auto_video,
            request,
            offer: offer.sdp,
        }));
    }

    fn media_request(&mut self, call: &Call, peer: PeerNo, cause: Cause) -> u64 {
        self.media.last_request += 1;
        let request = self.media.last_request;
        let waiting = Waiting {
            peer,
            call: call.clone(),
            cause,
        };
        self.media.waiting.insert(request, waiting);
        request
    }

    /// Tracks are published or unpublished, or ICE starts again.
    pub(in crate::room) fn offer(&mut self, call: &Call, no: PeerNo, params: Offer) -> Answer {
        if !self.policy.carries_media() {
            return Err(RpcError::new(
                code::BAD_REQUEST,
                "this server carries no media",
            ));
        }
        check_kind(&params.desc, "offer")?;
        let waiting = self.media.waiting.values();
        if waiting.filter(|waiting| waiting.peer == no).count() >= WAITING {
            return Err(RpcError::new(
                code::BAD_REQUEST,
                "wait for the answers to your offers",
            ));
        }
        let there = self.peers.get(no).is_some_and(|peer| peer.media.is_there());
        let misdirected = !self.is_node_of(no, params.sfu_node_id.as_deref())
            // Nothing can be published before there is a connection.
            || (!there && !params.tracks.is_empty());
        if misdirected {
            let refusal = RpcError::new(
                code::MISDIRECTED,
                "this media connection is no more: begin anew with an offer without tracks",
            );
            // In this order: the SDK waits for no answer any more when it begins anew.
            self.refuse(call, &refusal);
            self.send_node(call.socket, no);
            return Ok(());
        }
        if !there {
            self.begin_media(call, no, params.desc, false, Cause::Begin);
            return Ok(());
        }
        let tracks = self.publishable(no, params.tracks)?;
        let published = tracks
            .values()
            .filter_map(crate::room::tracks::published)
            .collect();
        let request = self.media_request(call, no, Cause::Publish(tracks));
        self.outputs.push(Output::Media(Command::Publish {
            peer: PeerKey(no.0),
            request,
            offer: params.desc.sdp,
            tracks: published,
        }));
        Ok(())
    }

    /// Who names no node means the one that there is.
    fn is_node_of(&self, no: PeerNo, named: Option<&str>) -> bool {
        named.is_none_or(|named| named.is_empty() || named == self.node_of(no))
    }

    /// The client's answer to an offer of the subscribe connection.
    pub(in crate::room) fn media_answer(
        &mut self,
        call: &Call,
        no: PeerNo,
        params: AnswerParams,
    ) -> Answer {
        self.ignored(call)?;
        if params.desc.kind != "answer" || !self.is_node_of(no, params.sfu_node_id.as_deref()) {
            return Ok(());
        }
        if let Some(peer) = self.peers.get_mut(no)
            && peer.media.offered.take().is_some()
        {
            self.outputs.push(Output::Media(Command::Answer {
                peer: PeerKey(no.0),
                sdp: params.desc.sdp,
            }));
        }
        Ok(())
    }

    /// A candidate of the client's.
    pub(in crate::room) fn trickle(&mut self, call: &Call, no: PeerNo, params: Trickle) -> Answer {
        self.ignored(call)?;
        let there = self.peers.get(no).is_some_and(|peer| peer.media.is_there());
        let candidate = params.candidate.candidate;
        if there
            && !candidate.is_empty()
            && candidate.len() <= CANDIDATE_BYTES
            && self.is_node_of(no, params.sfu_node_id.as_deref())
        {
            let target = match params.target {
                SUBSCRIBE => Target::Subscribe,
                _ => Target::Publish,
            };
            self.outputs.push(Output::Media(Command::Trickle {
                peer: PeerKey(no.0),
                target,
                candidate,
            }));
        }
        Ok(())
    }

    /// An offer of the subscribe connection, for the client. One that it misses is sent
    /// again when it comes back.
    pub(super) fn offered(&mut self, no: PeerNo, sdp: String) {
        let Some(peer) = self.peers.get_mut(no).filter(|peer| peer.media.is_there()) else {
            return;
        };
        peer.media.offered = Some(sdp);
        if let Some(socket) = peer.socket() {
            self.send_offered(socket, no);
        }
    }

    fn send_offered(&mut self, socket: SocketId, no: PeerNo) {
        let offered = self
            .peers
            .get(no)
            .and_then(|peer| peer.media.offered.clone());
        if let Some(sdp) = offered {
            let offer = SessionDescription {
                kind: "offer".to_owned(),
                sdp,
                sfu_node_id: Some(self.node_of(no)),
            };
            self.send(socket, Frame::notification("offer", &offer));
        }
    }

    /// The client waits for an offer with new ICE credentials. Without a socket it is
    /// made when there is one again.
    pub(super) fn subscribe_lost(&mut self, no: PeerNo) {
        let Some(peer) = self.peers.get_mut(no).filter(|peer| peer.media.is_there()) else {
            return;
        };
        peer.media.lost = true;
        if peer.socket().is_some() {
            self.restart_ice(no);
        }
    }

    fn restart_ice(&mut self, no: PeerNo) {
        self.outputs.push(Output::Media(Command::RestartIce {
            peer: PeerKey(no.0),
        }));
    }

    /// A peer is back on a new socket. Its connections may have lived on; if they have
    /// not, it is told to begin anew.
    pub(in crate::room) fn resume_media(&mut self, socket: SocketId, no: PeerNo) {
        let Some(media) = self.peers.get(no).map(|peer| &peer.media) else {
            return;
        };
        if media.stale {
            // The SDK makes an offer as soon as it is back. Told of another node while it
            // does, it waits for ever on a connection that it has closed itself: so it is
            // told in answer to that offer, and only who makes none is told like this.
            self.timers.at(self.now + NODE_MS, Due::Node(no));
        } else if media.is_there() {
            if media.lost {
                self.restart_ice(no);
            }
            self.send_offered(socket, no);
        }
    }

    /// A client that is back has not offered anything, and still believes in connections
    /// that are no more.
    pub(in crate::room) fn tell_node(&mut self, no: PeerNo) {
        if let Some(peer) = self.peers.get(no)
            && peer.media.stale
            && let Some(socket) = peer.socket()
        {
            self.send_node(socket, no);
        }
    }

    /// The join whose offer was refused has not happened: its socket may try again.
    pub(super) fn undo_join(&mut self, socket: SocketId, no: PeerNo) {
        self.remove_peer(no, self.now);
        self.unjoin_socket(socket);
    }

    /// Whether this peer gets what others say about media over its own connections.
    #[cfg(test)]
    pub(in crate::room) fn has_media(&self, peer_id: &str) -> bool {
        self.peers
            .by_id(peer_id)
            .is_some_and(|peer| peer.media.is_there())
    }
}
