//! What the others publish.

use std::collections::{BTreeMap, HashMap};

use kulti_protocol::signalling::{Peer, Track};

/// How many tracks of one person are kept; nobody publishes more than four.
const PER_PERSON: usize = 16;
/// How long an id may be.
const ID_LIMIT: usize = 256;

/// What a track is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::core) enum Kind {
    Microphone,
    Camera,
    /// The pictures of a screen.
    Screen,
    /// Sound of a screen, or something this client has no name for.
    Other,
}

impl Kind {
    fn of(track: &Track) -> Self {
        match (track.kind.as_str(), track.source.as_str()) {
            ("audio", "regular") => Self::Microphone,
            ("video", "regular") => Self::Camera,
            ("video", "screen") => Self::Screen,
            _ => Self::Other,
        }
    }
}

/// A track of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::core) struct Published {
    pub(in crate::core) kind: Kind,
    pub(in crate::core) muted: bool,
    /// Counts up with each track that comes.
    since: u64,
}

/// Everybody's tracks, by peer id and track id. Mine are not among them.
#[derive(Debug, Default)]
pub(in crate::core) struct Tracks {
    people: HashMap<String, BTreeMap<String, Published>>,
    owners: HashMap<String, String>,
    came: u64,
}

impl Tracks {
    /// Who is not in the list publishes nothing. `mine` is passed over.
    pub(in crate::core) fn replace<'a>(
        &mut self,
        peers: impl IntoIterator<Item = &'a Peer>,
        mine: &str,
    ) {
        let before = std::mem::take(&mut self.people);
        self.owners.clear();
        for peer in peers.into_iter().filter(|peer| peer.peer_id != mine) {
            // A share that went on stays as old as it was.
            if let Some(known) = before.get(&peer.peer_id) {
                let stays = |(id, _): &(&String, &Published)| peer.tracks.contains_key(*id);
                for (id, track) in known.iter().filter(stays) {
                    self.put(&peer.peer_id, id, track.clone());
                }
            }
            self.add(&peer.peer_id, &peer.tracks);
        }
    }

    /// Tracks came, or have changed.
    pub(in crate::core) fn add(&mut self, peer_id: &str, tracks: &BTreeMap<String, Track>) {
        if peer_id.is_empty() || peer_id.len() > ID_LIMIT {
            return;
        }
        for (id, track) in tracks.iter().take(PER_PERSON) {
            let known = self.people.get(peer_id);
            let is_full = known.is_some_and(|known| known.len() >= PER_PERSON);
            let known = known.and_then(|known| known.get(id));
            if id.is_empty() || id.len() > ID_LIMIT || (known.is_none() && is_full) {
                continue;
            }
            // Nobody takes over somebody else's track.
            if self.owners.get(id).is_some_and(|owner| owner != peer_id) {
                continue;
            }
            let since = known.map_or(self.came + 1, |known| known.since);
            self.came = self.came.max(since);
            let published = Published {
                kind: Kind::of(track),
                muted: track.mute,
                since,
            };
            self.put(peer_id, id, published);
        }
    }

    fn put(&mut self, peer_id: &str, id: &str, track: Published) {
        let known = self.people.entry(peer_id.to_owned()).or_default();
        known.insert(id.to_owned(), track);
        self.owners.insert(id.to_owned(), peer_id.to_owned());
    }

    /// Tracks are gone.
    pub(in crate::core) fn remove<'a>(
        &mut self,
        peer_id: &str,
        ids: impl IntoIterator<Item = &'a String>,
    ) {
        let Some(known) = self.people.get_mut(peer_id) else {
            return;
        };
        for id in ids {
            if known.remove(id).is_some() {
                self.owners.remove(id);
            }
        }
    }

    /// Somebody left.
    pub(in crate::core) fn left(&mut self, peer_id: &str) {
        for id in self.people.remove(peer_id).unwrap_or_default().keys() {
            self.owners.remove(id);
        }
    }

    /// One kind of track of somebody; the newest, should there be two.
    pub(in crate::core) fn of(&self, peer_id: &str, kind: Kind) -> Option<(&str, &Published)> {
        let known = self.people.get(peer_id)?.iter();
        let newest = known
            .filter(|(_, track)| track.kind == kind)
            .max_by_key(|(_, track)| track.since)?;
        Some((newest.0.as_str(), newest.1))
    }

    /// Whose a track is, and what it is of.
    pub(in crate::core) fn get(&self, track_id: &str) -> Option<(&str, &Published)> {
        let owner = self.owners.get(track_id)?;
        let track = self.people.get(owner)?.get(track_id)?;
        Some((owner, track))
    }

    /// The screen that was shared last, by owner and track.
    pub(in crate::core) fn share(&self) -> Option<(&str, &str)> {
        let all = self.people.iter().flat_map(|(peer_id, known)| {
            let screens = known.iter().filter(|(_, track)| track.kind == Kind::Screen);
            screens.map(move |(id, track)| (track.since, peer_id.as_str(), id.as_str()))
        });
        all.max().map(|(_, peer_id, id)| (peer_id, id))
    }
}
