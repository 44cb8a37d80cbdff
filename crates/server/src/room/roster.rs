//! The peers as `peer-list` names them, kept ready as JSON.
//!
//! Everybody who joins is sent everybody who is there: a thousand joins are half a
//! million peers. So the list is kept in pieces of some peers each, in the order of
//! joining, which all lists share; a change writes one piece anew.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::peers::{Peer, PeerNo, Peers};

/// Peers of one piece (those whose numbers have the same quotient).
const PEERS: u64 = 32;

/// The pieces by number; none where one must be written anew.
#[derive(Debug, Default)]
pub(super) struct Roster {
    pieces: BTreeMap<u64, Option<Piece>>,
}

#[derive(Debug, Clone)]
struct Piece {
    /// `,"id":{…}` for each peer that is announced.
    json: Bytes,
    count: usize,
}

/// Which peers a list has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listed {
    /// Its receiver is left out.
    pub(super) except: PeerNo,
    /// About so many of those that joined first, and of the rest only those that matter.
    pub(super) first: usize,
}

impl Roster {
    /// Something about this peer has changed.
    pub(super) fn changed(&mut self, no: PeerNo) {
        self.pieces.insert(no.0 / PEERS, None);
    }
}

impl Peers {
    /// The members of the list's JSON object, in parts. `matters` says who is in it
    /// in any case.
    pub(super) fn list(&mut self, listed: Listed, matters: impl Fn(&Peer) -> bool) -> Vec<Bytes> {
        let mut parts = Vec::new();
        let mut count = 0;
        let mut rest = None;
        let mut roster = std::mem::take(&mut self.roster);
        roster.pieces.retain(|number, piece| {
            if count >= listed.first {
                rest = rest.or(Some(*number));
                return true;
            }
            let numbers = number * PEERS..(number + 1) * PEERS;
            if numbers.contains(&listed.except.0) {
                let peers = self.range(numbers).filter(|peer| peer.no != listed.except);
                let piece = write(peers);
                count += piece.count;
                parts.push(piece.json);
                return true;
            }
            if self.range(numbers.clone()).next().is_none() {
                return false; // all of them have left
            }
            let piece = piece.get_or_insert_with(|| write(self.range(numbers)));
            count += piece.count;
            parts.push(piece.json.clone());
            true
        });
        self.roster = roster;
        if let Some(rest) = rest {
            let others = self
                .range(rest * PEERS..u64::MAX)
                .filter(|peer| peer.no != listed.except && matters(peer));
            parts.push(write(others).json);
        }
        parts.retain(|part| !part.is_empty());
        if let Some(first) = parts.first_mut() {
            *first = first.slice(1..); // no comma before the first
        }
        parts
    }
}

fn write<'a>(peers: impl Iterator<Item = &'a Peer>) -> Piece {
    let mut json = Vec::new();
    let mut count = 0;
    for peer in peers.filter(|peer| peer.announced) {
        let start = json.len();
        json.push(b',');
        if serde_json::to_writer(&mut json, &*peer.id).is_err() {
            json.truncate(start); // text always can be written
            continue;
        }
        json.push(b':');
        json.extend_from_slice(peer.wire.get().as_bytes());
        count += 1;
    }
    Piece {
        json: json.into(),
        count,
    }
}
