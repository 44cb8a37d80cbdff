//! What the fake room tells, and to whom.

use std::collections::BTreeSet;

use kulti_protocol::signalling::{
    MetadataChange, OnBroadcast, PeerList, Room, ServerNotification as Told,
};

use super::fake_room::FakeRoom;

/// What follows an answer.
pub(super) enum After {
    Nothing,
    Join,
    Values(BTreeSet<String>),
    Changed(String),
    Update(String),
    /// A message, and who gets it; never its sender.
    Broadcast(Box<OnBroadcast>, Vec<String>),
    Tell(Vec<(String, Told)>),
}

impl FakeRoom {
    /// What the others, and the caller, are told after the answer.
    pub(super) fn after(&mut self, peer_id: &str, after: After) {
        match after {
            After::Nothing => {}
            After::Join => {
                self.tell_peer_list(peer_id);
                let joined = self.peers[peer_id].clone();
                self.tell_others(peer_id, &Told::PeerJoin(joined));
            }
            After::Values(keys) => self.tell_values(peer_id, &keys),
            After::Changed(key) => self.tell_listeners(&key),
            After::Update(id) => {
                let peer = self.peers[&id].clone();
                let everyone: Vec<String> = self.peers.keys().cloned().collect();
                for to in everyone {
                    self.tell(&to, &Told::PeerUpdate(peer.clone()));
                }
            }
            After::Tell(told) => {
                for (to, told) in told {
                    self.tell(&to, &told);
                }
            }
            After::Broadcast(message, receivers) => {
                let told = Told::Broadcast(*message);
                for to in receivers.iter().filter(|to| *to != peer_id) {
                    self.tell(to, &told);
                }
            }
        }
    }

    pub(super) fn tell_peer_list(&mut self, to: &str) {
        let peers = self.peers.iter().filter(|(id, _)| *id != to);
        let list = PeerList {
            peers: peers.map(|(id, peer)| (id.clone(), peer.clone())).collect(),
            room: Room::new("room", "session", 1),
        };
        self.tell(to, &Told::PeerList(list));
    }

    pub(super) fn tell_values(&mut self, to: &str, keys: &BTreeSet<String>) {
        let values: Vec<_> = keys
            .iter()
            .filter_map(|key| self.store.get(key))
            .cloned()
            .collect();
        if !values.is_empty() {
            self.tell(to, &Told::MetadataChange(MetadataChange { values }));
        }
    }

    pub(super) fn tell_listeners(&mut self, key: &str) {
        let listeners: Vec<String> = self
            .listening
            .iter()
            .filter(|(_, keys)| keys.contains(key))
            .map(|(id, _)| id.clone())
            .collect();
        for to in listeners {
            self.tell_values(&to, &BTreeSet::from([key.to_owned()]));
        }
    }

    pub(super) fn tell_others(&mut self, except: &str, told: &Told) {
        let others: Vec<String> = self
            .peers
            .keys()
            .filter(|id| *id != except)
            .cloned()
            .collect();
        for to in others {
            self.tell(&to, told);
        }
    }

    pub(super) fn tell(&mut self, to: &str, told: &Told) {
        if self.sockets.contains_key(to) {
            self.mail.push((to.to_owned(), told.to_frame().unwrap()));
        }
    }
}
