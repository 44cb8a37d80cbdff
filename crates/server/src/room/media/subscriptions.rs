//! Who gets what: the tracks of the roles that one's own role subscribes to.

use std::collections::BTreeMap;

use kulti_media::sfu::{Command, PeerKey};

use super::Stage;
use crate::room::Room;
use crate::room::io::Output;
use crate::room::peers::PeerNo;

impl Room {
    /// Tells the forwarding unit what each peer gets, where that has changed.
    pub(in crate::room) fn publish_subscriptions(&mut self) {
        if !std::mem::take(&mut self.media.dirty) {
            return;
        }
        let mut published: Vec<(PeerNo, String, Vec<String>)> = Vec::new();
        for peer in self.peers.iter().filter(|peer| !peer.tracks.is_empty()) {
            let ids = peer.tracks.keys().cloned().collect();
            published.push((peer.no, peer.role.clone(), ids));
        }
        let mut of_role: BTreeMap<String, Vec<(PeerNo, PeerKey, String)>> = BTreeMap::new();
        for no in self.peers.numbers() {
            let Some(peer) = self.peers.get_mut(no) else {
                continue;
            };
            if peer.media.stage != Stage::Up {
                continue;
            }
            let policy = &self.policy;
            let role = &peer.role;
            let all = of_role.entry(role.clone()).or_insert_with(|| {
                published
                    .iter()
                    .filter(|(_, publisher, _)| policy.gets(role, publisher))
                    .flat_map(|(no, _, ids)| {
                        let key = PeerKey(no.0);
                        ids.iter().map(move |id| (*no, key, id.clone()))
                    })
                    .collect()
            });
            let mine = |entry: &&(PeerNo, PeerKey, String)| entry.0 != no;
            let same = all
                .iter()
                .filter(mine)
                .map(|(_, key, id)| (key, id))
                .eq(peer.media.subscribed.iter().map(|(key, id)| (key, id)));
            if same {
                continue;
            }
            let tracks: Vec<(PeerKey, String)> = all
                .iter()
                .filter(mine)
                .map(|(_, key, id)| (*key, id.clone()))
                .collect();
            peer.media.subscribed.clone_from(&tracks);
            self.outputs.push(Output::Media(Command::Subscriptions {
                peer: PeerKey(no.0),
                tracks,
            }));
        }
    }
}
