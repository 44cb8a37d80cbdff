//! Finding peers: by id, by filter page by page, by name.

use std::collections::{BTreeSet, VecDeque};

use kulti_protocol::signalling::{
    FindPeer, GetPeer, PeerIterNext, PeerNamePage, PeerNameSearch, PeerPage, PeerSummary,
};
use kulti_protocol::signalling::{RpcError, code};

use super::Room;
use super::dispatch::{Answer, Call};
use super::notices::count;
use super::peers::{Peer, PeerNo};

/// A page where the request names no limit.
const PAGE: u32 = 20;
/// The largest page.
const LARGEST_PAGE: u32 = 200;
/// Iterators of one peer; the oldest gives way.
const ITERATORS: usize = 8;
/// Peers that a search may name.
const NAMED: usize = 500;
/// A page asked for again so soon after a loss is the one whose answer was lost, ms.
const REPEATED_WITHIN_MS: u64 = 15_000;

/// The searches that a peer goes through page by page.
#[derive(Debug, Default)]
pub(super) struct Iterators {
    made: u64,
    open: VecDeque<PeerIterator>,
}

#[derive(Debug, Clone)]
struct PeerIterator {
    id: String,
    filter: FindPeer,
    /// The last peer of the page before the last one.
    page_start: PeerNo,
    /// The last peer that was given.
    page_end: PeerNo,
    /// On which of the peer's sockets, and when.
    socket_count: u32,
    asked_ms: u64,
}

fn page_size(limit: u32) -> usize {
    let limit = if limit == 0 { PAGE } else { limit };
    limit.min(LARGEST_PAGE) as usize
}

impl Room {
    pub(super) fn get_peer(&mut self, call: &Call, params: &GetPeer) -> Answer {
        let no = self.require_peer(&params.peer_id)?;
        if let Some(brief) = self.peers.get(no).map(Peer::brief) {
            self.answer(call, &brief);
        }
        Ok(())
    }

    pub(super) fn find_peer(&mut self, call: &Call, no: PeerNo, filter: FindPeer) -> Answer {
        if filter.peers.as_ref().is_some_and(|ids| ids.len() > NAMED) {
            return Err(RpcError::new(
                code::BAD_REQUEST,
                format!("a search may name {NAMED} peers at most"),
            ));
        }
        let now = self.now;
        let (mut page, end) = self.page(&filter, PeerNo(0), page_size(filter.limit));
        let Some(peer) = self.peers.get_mut(no) else {
            return Ok(());
        };
        if !page.eof {
            peer.iterators.made += 1;
            let id = peer.iterators.made.to_string();
            page.iterator.clone_from(&id);
            if peer.iterators.open.len() >= ITERATORS {
                peer.iterators.open.pop_front();
            }
            peer.iterators.open.push_back(PeerIterator {
                id,
                filter,
                page_start: end,
                page_end: end,
                socket_count: peer.socket_count,
                asked_ms: now,
            });
        }
        self.answer(call, &page);
        Ok(())
    }

    pub(super) fn next_peers(&mut self, call: &Call, no: PeerNo, params: &PeerIterNext) -> Answer {
        let now = self.now;
        let unknown = || {
            RpcError::new(
                code::NOT_FOUND,
                "this iterator is over: start with find-peer",
            )
        };
        let Some(peer) = self.peers.get(no) else {
            return Ok(());
        };
        let socket_count = peer.socket_count;
        let loss_ms = peer.last_loss_ms;
        let mut iterator = peer
            .iterators
            .open
            .iter()
            .find(|iterator| iterator.id == params.iterator)
            .cloned()
            .ok_or_else(unknown)?;
        let repeated = iterator.socket_count < socket_count
            && iterator.asked_ms + REPEATED_WITHIN_MS >= loss_ms;
        if !repeated {
            iterator.page_start = iterator.page_end;
        }
        let (mut page, end) = self.page(
            &iterator.filter,
            iterator.page_start,
            page_size(params.limit),
        );
        page.iterator.clone_from(&iterator.id);
        iterator.page_end = end;
        iterator.socket_count = socket_count;
        iterator.asked_ms = now;
        if let Some(peer) = self.peers.get_mut(no)
            && let Some(open) = peer
                .iterators
                .open
                .iter_mut()
                .find(|open| open.id == iterator.id)
        {
            *open = iterator;
        }
        self.answer(call, &page);
        Ok(())
    }

    /// The first `size` peers after `start` that the filter takes, and the last of them.
    fn page(&self, filter: &FindPeer, start: PeerNo, size: usize) -> (PeerPage, PeerNo) {
        let named: Option<BTreeSet<PeerNo>> = filter
            .peers
            .as_ref()
            .map(|ids| ids.iter().filter_map(|id| self.peers.no_of(id)).collect());
        let matches = |peer: &&Peer| {
            filter.role.as_ref().is_none_or(|role| *role == peer.role)
                && filter
                    .group
                    .as_ref()
                    .is_none_or(|group| peer.groups.contains(group))
                && named.as_ref().is_none_or(|named| named.contains(&peer.no))
        };
        let total = self.peers.iter().filter(matches).count();
        let mut following = self.peers.after(start).filter(matches);
        let mut end = start;
        let mut peers = Vec::new();
        for peer in following.by_ref().take(size) {
            end = peer.no;
            peers.push(peer.brief());
        }
        let page = PeerPage {
            iterator: String::new(),
            total: count(total),
            eof: following.next().is_none(),
            peers,
        };
        (page, end)
    }

    pub(super) fn search_names(&mut self, call: &Call, params: &PeerNameSearch) -> Answer {
        let query = params.query.to_lowercase();
        let size = page_size(params.limit);
        let hits: Vec<&Peer> = self
            .peers
            .iter()
            .filter(|peer| peer.name.to_lowercase().contains(&query))
            .collect();
        let offset = params.offset as usize;
        let page = PeerNamePage {
            count: count(hits.len()),
            limit: count(size),
            offset: params.offset,
            eof: offset.saturating_add(size) >= hits.len(),
            peers: hits
                .iter()
                .skip(offset)
                .take(size)
                .map(|peer| PeerSummary {
                    name: peer.name.clone(),
                    peer_id: peer.id.to_string(),
                    role: peer.role.clone(),
                    kind: "regular".to_owned(),
                })
                .collect(),
        };
        self.answer(call, &page);
        Ok(())
    }
}
