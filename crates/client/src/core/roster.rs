//! Who is in the room.

use std::collections::{HashMap, HashSet, VecDeque};

use kulti_protocol::{
    signalling::{HAND_RAISE_GROUP, Peer},
    store_keys::WatchState,
};

use super::{person, presence};

/// How many people are kept; a server that names more is not believed.
const LIMIT: usize = 20_000;
/// How long an id may be.
const ID_LIMIT: usize = 256;
/// Of how many people who left the role is remembered, to judge what they wrote.
const DEPARTED_LIMIT: usize = 1_000;

/// One participant: one connection of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) peer_id: String,
    pub(super) user_id: String,
    /// Clean, never empty.
    pub(super) name: String,
    pub(super) role: String,
    pub(super) hand_raised: bool,
    pub(super) joined_at: u64,
    /// A watch state in the peer's metadata, where the store had no room for it.
    /// Its time is the server's, as far as it is known here.
    pub(super) watch: Option<WatchState>,
    /// When it was written by the clock of its writer, which may be hours off.
    pub(super) watch_claimed_ms: u64,
}

impl Person {
    /// Places the watch state in the server's time: by the moment at which it came, if it
    /// is news, whatever its writer's clock said.
    fn date_watch(&mut self, known: Option<&Self>, now_ms: u64, live: bool) {
        let Some(state) = &mut self.watch else {
            return;
        };
        match known {
            Some(known) if known.watch_claimed_ms == self.watch_claimed_ms => {
                self.watch.clone_from(&known.watch);
            }
            _ if live => state.last_update = now_ms,
            // How old it is cannot be known; newer than now it is not.
            _ => state.last_update = state.last_update.min(now_ms),
        }
    }

    fn from_wire(peer: &Peer) -> Option<Self> {
        let fits = |id: &str| id.len() <= ID_LIMIT;
        if peer.peer_id.is_empty()
            || !fits(&peer.peer_id)
            || !fits(&peer.info.user_id)
            || !fits(&peer.role)
        {
            return None;
        }
        // Colours and watch keys need something to go by.
        let user_id = if peer.info.user_id.is_empty() {
            &peer.peer_id
        } else {
            &peer.info.user_id
        };
        let watch = presence::from_metadata(&peer.info.data, user_id);
        Some(Self {
            watch_claimed_ms: watch.as_ref().map_or(0, |state| state.last_update),
            peer_id: peer.peer_id.clone(),
            user_id: user_id.clone(),
            name: person::display_name(&peer.info.name),
            role: peer.role.clone(),
            hand_raised: peer.groups.iter().any(|group| group == HAND_RAISE_GROUP),
            joined_at: peer.joined_at,
            watch,
        })
    }
}

/// What is remembered of one who left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Departed {
    pub(super) peer_id: String,
    pub(super) name: String,
    pub(super) role: String,
}

/// What a change of the roster was, in terms of one person.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change {
    Came(String),
    Left(Person),
    /// The person as it was before.
    Updated(Person),
}

/// Everybody in the room, me included, by peer id.
#[derive(Debug)]
pub(super) struct Roster {
    me: String,
    people: HashMap<String, Person>,
    departed: VecDeque<Departed>,
}

impl Roster {
    /// A room with nobody but me in it.
    pub(super) fn new(me: Person) -> Self {
        Self {
            me: me.peer_id.clone(),
            people: HashMap::from([(me.peer_id.clone(), me)]),
            departed: VecDeque::new(),
        }
    }

    /// The whole roster anew: who is not in the list has left. I stay in any case.
    /// Changes come in the order of joining. `now_ms` is the server's time.
    pub(super) fn replace<'a>(
        &mut self,
        peers: impl IntoIterator<Item = &'a Peer>,
        now_ms: u64,
    ) -> Vec<Change> {
        let mut listed: Vec<Person> = peers.into_iter().filter_map(Person::from_wire).collect();
        for person in &mut listed {
            person.date_watch(self.people.get(&person.peer_id), now_ms, false);
        }
        listed.sort_by(|a, b| (a.joined_at, &a.peer_id).cmp(&(b.joined_at, &b.peer_id)));
        let staying: HashSet<&str> = listed
            .iter()
            .map(|person| person.peer_id.as_str())
            .collect();
        let gone: Vec<String> = self
            .people
            .keys()
            .filter(|id| **id != self.me && !staying.contains(id.as_str()))
            .cloned()
            .collect();
        let mut changes: Vec<Change> = gone.iter().filter_map(|id| self.leave(id)).collect();
        changes.extend(listed.into_iter().filter_map(|person| self.put(person)));
        changes
    }

    /// Somebody joined, or changed. `now_ms` is the server's time.
    pub(super) fn upsert(&mut self, peer: &Peer, now_ms: u64) -> Option<Change> {
        let mut person = Person::from_wire(peer)?;
        person.date_watch(self.people.get(&person.peer_id), now_ms, true);
        if let Some(known) = self.people.get(&person.peer_id) {
            // The vendor's server may leave out what an update does not change.
            if person.joined_at == 0 {
                person.joined_at = known.joined_at;
            }
            if peer.info.name.is_empty() {
                person.name.clone_from(&known.name);
            }
            if peer.info.data.is_empty() {
                person.watch.clone_from(&known.watch);
                person.watch_claimed_ms = known.watch_claimed_ms;
            }
        }
        self.put(person)
    }

    fn put(&mut self, mut person: Person) -> Option<Change> {
        if person.peer_id == self.me {
            return self.put_me(person);
        }
        let full = self.people.len() >= LIMIT;
        match self.people.get_mut(&person.peer_id) {
            Some(known) if *known == person => None,
            Some(known) => {
                std::mem::swap(known, &mut person);
                Some(Change::Updated(person))
            }
            None if full => None,
            None => {
                let id = person.peer_id.clone();
                self.people.insert(id.clone(), person);
                Some(Change::Came(id))
            }
        }
    }

    /// Who I am is known better here than by the server; only my hand is its to tell.
    fn put_me(&mut self, listed: Person) -> Option<Change> {
        let me = self.people.get_mut(&listed.peer_id)?;
        if me.hand_raised == listed.hand_raised {
            return None;
        }
        let before = me.clone();
        me.hand_raised = listed.hand_raised;
        Some(Change::Updated(before))
    }

    /// Somebody left.
    pub(super) fn leave(&mut self, peer_id: &str) -> Option<Change> {
        if peer_id == self.me {
            return None;
        }
        let person = self.people.remove(peer_id)?;
        if self.departed.len() >= DEPARTED_LIMIT {
            self.departed.pop_front();
        }
        self.departed.push_back(Departed {
            peer_id: person.peer_id.clone(),
            name: person.name.clone(),
            role: person.role.clone(),
        });
        Some(Change::Left(person))
    }

    /// My role is another one.
    pub(super) fn set_my_role(&mut self, role: &str) {
        if let Some(me) = self.people.get_mut(&self.me) {
            role.clone_into(&mut me.role);
        }
    }

    /// I am called otherwise. True if that is news.
    pub(super) fn set_my_name(&mut self, name: &str) -> bool {
        let me = self.people.get_mut(&self.me);
        me.is_some_and(|me| {
            let is_new = me.name != name;
            name.clone_into(&mut me.name);
            is_new
        })
    }

    /// The server says whether my hand is up.
    pub(super) fn set_my_hand(&mut self, raised: bool) {
        if let Some(me) = self.people.get_mut(&self.me) {
            me.hand_raised = raised;
        }
    }

    pub(super) fn get(&self, peer_id: &str) -> Option<&Person> {
        self.people.get(peer_id)
    }

    pub(super) fn me(&self) -> Option<&Person> {
        self.people.get(&self.me)
    }

    pub(super) fn my_id(&self) -> &str {
        &self.me
    }

    pub(super) fn len(&self) -> usize {
        self.people.len()
    }

    /// Everybody, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Person> {
        self.people.values()
    }

    /// Name and role of somebody who is or was here.
    pub(super) fn name_and_role(&self, peer_id: &str) -> Option<(&str, &str)> {
        if let Some(person) = self.people.get(peer_id) {
            return Some((&person.name, &person.role));
        }
        let gone = self
            .departed
            .iter()
            .rev()
            .find(|gone| gone.peer_id == peer_id)?;
        Some((&gone.name, &gone.role))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use kulti_protocol::signalling::PeerInfo;

    use super::*;

    pub(in crate::core) fn peer(id: &str, role: &str, joined_at: u64) -> Peer {
        Peer {
            peer_id: id.to_owned(),
            role: role.to_owned(),
            groups: Vec::new(),
            joined_at,
            realtime: true,
            info: PeerInfo {
                name: format!("Name {id}"),
                user_id: format!("user-{id}"),
                ..PeerInfo::default()
            },
            tracks: std::collections::BTreeMap::new(),
        }
    }

    fn roster() -> Roster {
        Roster::new(Person {
            peer_id: "me".into(),
            user_id: "user-me".into(),
            name: "Me".into(),
            role: "viewer".into(),
            hand_raised: false,
            joined_at: 0,
            watch: None,
            watch_claimed_ms: 0,
        })
    }

    #[test]
    fn a_list_replaces_and_tells_the_difference() {
        let mut roster = roster();
        roster.replace(&[peer("a", "viewer", 2), peer("b", "host", 1)], 0);
        let changes = roster.replace(&[peer("c", "viewer", 3), peer("b", "viewer", 1)], 0);
        assert_eq!(changes.len(), 3);
        assert!(matches!(&changes[0], Change::Left(person) if person.peer_id == "a"));
        assert!(matches!(&changes[1], Change::Updated(before) if before.role == "host"));
        assert!(matches!(&changes[2], Change::Came(id) if id == "c"));
        assert_eq!(roster.len(), 3, "me, b and c");
    }

    #[test]
    fn people_come_in_the_order_of_joining() {
        let mut roster = roster();
        let came = roster.replace(&[peer("a", "viewer", 9), peer("z", "viewer", 1)], 0);
        assert_eq!(came, [Change::Came("z".into()), Change::Came("a".into())]);
    }

    #[test]
    fn those_who_left_are_remembered_by_role() {
        let mut roster = roster();
        roster.upsert(&peer("h", "host", 1), 0);
        roster.leave("h");
        assert_eq!(roster.name_and_role("h"), Some(("Name h", "host")));
        assert_eq!(roster.name_and_role("x"), None);
    }

    #[test]
    fn of_me_only_the_hand_is_taken() {
        let mut roster = roster();
        let mut listed = peer("me", "host", 5);
        listed.groups = vec![HAND_RAISE_GROUP.to_owned()];
        assert!(roster.upsert(&listed, 0).is_some());
        let me = roster.me();
        assert!(me.is_some_and(|me| me.hand_raised && me.role == "viewer" && me.name == "Me"));
        assert!(roster.leave("me").is_none(), "nobody else takes me out");
    }

    #[test]
    fn ids_that_are_too_long_or_empty_are_nobody() {
        let mut roster = roster();
        assert!(
            roster
                .upsert(&peer(&"x".repeat(1_000), "viewer", 1), 0)
                .is_none()
        );
        assert!(roster.upsert(&peer("", "viewer", 1), 0).is_none());
    }
}
