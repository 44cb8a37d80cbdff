//! Random plans of several clients on a bad network and a server that restarts: when
//! all is quiet, everybody agrees with the room.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::world::World;
use crate::room::RoomLimits;

const PEERS: [&str; 5] = ["p0", "p1", "p2", "p3", "p4"];
const KEYS: [&str; 4] = ["k0", "k1", "uiState", "viewers"];

#[derive(Debug, Clone)]
enum Step {
    Join(usize),
    Leave(usize),
    Cut(usize),
    /// A new socket while the old one looks alive, or after a loss.
    Open(usize),
    Set(usize, usize, u8),
    Delete(usize, usize),
    Listen(usize, u8),
    Say(usize),
    Hand(usize, bool),
    Lower(usize, usize),
    Rename(usize, u8),
    Role(usize, usize, usize),
    Watch(usize, bool),
    Remove(usize, usize),
    Pass(u64),
    /// Frames wait in the network from now on, or all arrive.
    Slow(bool),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let peer = || 0..PEERS.len();
    let key = || 0..KEYS.len();
    prop_oneof![
        4 => peer().prop_map(Step::Join),
        1 => peer().prop_map(Step::Leave),
        3 => peer().prop_map(Step::Cut),
        4 => peer().prop_map(Step::Open),
        6 => (peer(), key(), any::<u8>()).prop_map(|(p, k, v)| Step::Set(p, k, v)),
        1 => (peer(), key()).prop_map(|(p, k)| Step::Delete(p, k)),
        3 => (peer(), any::<u8>()).prop_map(|(p, k)| Step::Listen(p, k)),
        4 => peer().prop_map(Step::Say),
        2 => (peer(), any::<bool>()).prop_map(|(p, up)| Step::Hand(p, up)),
        2 => (peer(), peer()).prop_map(|(p, q)| Step::Lower(p, q)),
        2 => (peer(), any::<u8>()).prop_map(|(p, n)| Step::Rename(p, n)),
        1 => (peer(), peer(), 0..3usize).prop_map(|(p, q, r)| Step::Role(p, q, r)),
        2 => (peer(), any::<bool>()).prop_map(|(p, on)| Step::Watch(p, on)),
        1 => (peer(), peer()).prop_map(|(p, q)| Step::Remove(p, q)),
        4 => prop_oneof![Just(1u64), Just(300), Just(5_000), Just(40_000)].prop_map(Step::Pass),
        2 => any::<bool>().prop_map(Step::Slow),
        1 => Just(Step::Restart),
    ]
}

/// The plan's own account of what must hold.
#[derive(Default)]
struct Account {
    /// Messages that each peer must have got, while it stays the same peer.
    due: BTreeMap<String, BTreeSet<String>>,
    said: u32,
}

fn run(world: &mut World, account: &mut Account, step: &Step) {
    let joined = |world: &World, p: usize| {
        world
            .clients
            .get(PEERS[p])
            .is_some_and(|c| c.joined && c.socket.is_some())
    };
    let known = |world: &World, p: usize| world.room.remembers(PEERS[p], &user(p));
    match step {
        Step::Join(p) if !known(world, *p) => {
            account.due.remove(PEERS[*p]);
            if let Some(client) = world.clients.get_mut(PEERS[*p]) {
                let versions = std::mem::take(&mut client.versions);
                let socket = client.socket;
                *client = super::world::Client::default();
                client.versions = versions;
                client.socket = socket;
            }
            let role = if *p < 2 { "host" } else { "viewer" };
            world.open(PEERS[*p], role);
            world.ok(PEERS[*p], "join", json!({"name": PEERS[*p]}));
            account.due.insert(PEERS[*p].to_owned(), BTreeSet::new());
        }
        Step::Leave(p) if joined(world, *p) => {
            world.notify(PEERS[*p], "leave", json!({}));
            gone(world, account, *p);
        }
        Step::Cut(p) if joined(world, *p) => {
            lost(world, account, *p);
            world.cut(PEERS[*p]);
        }
        Step::Open(p) if known(world, *p) => {
            if joined(world, *p) {
                lost(world, account, *p);
            }
            world.open(PEERS[*p], "viewer");
        }
        Step::Set(p, k, value) if joined(world, *p) => {
            let data = match KEYS[*k] {
                "uiState" => json!({"pinnedMessageId": value.to_string()}),
                _ => json!({"v": value}),
            };
            let _ = world.set(PEERS[*p], KEYS[*k], data);
        }
        Step::Delete(p, k) if joined(world, *p) => {
            let _ = world.call(PEERS[*p], "set-metadata", json!({"key": KEYS[*k]}));
        }
        Step::Listen(p, keys) if joined(world, *p) => {
            let keys: Vec<&str> = KEYS
                .iter()
                .enumerate()
                .filter(|(n, _)| keys & (1 << n) != 0)
                .map(|(_, key)| *key)
                .collect();
            world.listen(PEERS[*p], &keys);
        }
        Step::Say(p) if joined(world, *p) => {
            account.said += 1; // equal ones after a loss would be taken for repetitions
            let text = account.said.to_string();
            let params = json!({"info": {"message": text, "type": "chat"}});
            let said = world.ok(PEERS[*p], "broadcast", params);
            let id = said["message_id"].as_str().unwrap().to_owned();
            for (peer, due) in &mut account.due {
                if peer != PEERS[*p] {
                    due.insert(id.clone());
                }
            }
        }
        Step::Hand(p, up) if joined(world, *p) => {
            let method = if *up { "group-join" } else { "group-leave" };
            world.ok(PEERS[*p], method, json!({"name": "_handraise"}));
        }
        Step::Lower(p, q) if joined(world, *p) => {
            let params = json!({"name": "_handraise", "peer_id": PEERS[*q]});
            let _ = world.call(PEERS[*p], "group-remove", params);
        }
        Step::Rename(p, n) if joined(world, *p) => {
            world.ok(PEERS[*p], "peer-update", json!({"name": format!("N{n}")}));
        }
        Step::Role(p, q, r) if joined(world, *p) => {
            let role = ["host", "presenter", "viewer"][*r];
            let params = json!({"requested_for": PEERS[*q], "role": role, "force": true});
            let _ = world.call(PEERS[*p], "role-change-request", params);
        }
        Step::Watch(p, on) if joined(world, *p) => {
            let key = format!("watch:{}", user(*p));
            let _ = world.set(PEERS[*p], &key, json!({"userId": user(*p), "isActive": on}));
        }
        Step::Remove(p, q) if joined(world, *p) && p != q => {
            let params = json!({"requested_for": PEERS[*q], "reason": ""});
            if world.call(PEERS[*p], "peer-leave-request", params).is_ok() {
                world.room.removed.clear(); // so that the plan goes on with everybody
                gone(world, account, *q);
            }
        }
        Step::Pass(ms) => {
            world.pass(*ms);
            for (p, peer) in PEERS.iter().enumerate() {
                if !known(world, p) && account.due.contains_key(*peer) {
                    gone(world, account, p); // its grace has run out
                }
            }
        }
        Step::Slow(slow) => {
            world.slow = *slow;
            world.deliver();
        }
        Step::Restart => {
            world.deliver(); // kept messages are lost with the server, by design
            let away: Vec<String> = account.due.keys().cloned().collect();
            for peer in away {
                if world.clients[&peer].socket.is_none() {
                    account.due.insert(peer, BTreeSet::new());
                }
            }
            world.restart(true);
        }
        _ => {}
    }
}

fn user(p: usize) -> String {
    format!("user-{}", PEERS[p])
}

/// Messages under way are lost with the connection, as the protocol has it.
fn lost(world: &World, account: &mut Account, p: usize) {
    let heard = &world.clients[PEERS[p]].heard;
    if let Some(due) = account.due.get_mut(PEERS[p]) {
        due.retain(|id| heard.contains(id));
    }
}

fn gone(world: &mut World, account: &mut Account, p: usize) {
    account.due.remove(PEERS[p]);
    world.deliver();
    world.close(PEERS[p], Some(1_000));
    world.clients.get_mut(PEERS[p]).unwrap().joined = false;
}

/// All who may still come back do, and everything arrives.
fn settle(world: &mut World) {
    world.slow = false;
    world.deliver();
    for (p, peer) in PEERS.iter().enumerate() {
        let away = world
            .clients
            .get(*peer)
            .is_some_and(|client| client.socket.is_none());
        if away && world.room.remembers(peer, &user(p)) {
            world.open(peer, "viewer");
        }
    }
    world.pass(10_000);
}

/// A new observer sees the truth; everybody else must see the same.
fn agree(world: &mut World, account: &Account) -> Result<(), TestCaseError> {
    world.join("judge", "host");
    world.listen("judge", &KEYS);
    world.pass(10_000);
    let truth = &world.clients["judge"];
    let present: BTreeSet<String> = truth.roster.keys().cloned().collect();
    for (p, peer) in PEERS.iter().enumerate() {
        let known = world.room.remembers(peer, &user(p));
        prop_assert_eq!(known, present.contains(*peer));
        if !known {
            continue;
        }
        let client = &world.clients[*peer];
        prop_assert_eq!(
            &Value::from(client.role.clone()),
            &truth.roster[*peer]["role"]
        );
        prop_assert_eq!(&json!(client.groups), &truth.roster[*peer]["groups"]);
        let mut expected = truth.roster.clone();
        let own = expected.remove(*peer);
        prop_assert!(own.is_some());
        let mut roster = client.roster.clone();
        roster.remove("judge");
        prop_assert_eq!(&roster, &expected, "{} sees other people", peer);
        for key in &client.listening {
            let theirs = client.values.get(key).cloned().unwrap_or_default();
            let true_value = truth.values.get(key).cloned().unwrap_or_default();
            prop_assert_eq!(&theirs, &true_value, "{} sees another {}", peer, key);
        }
        let heard: BTreeSet<String> = client.heard.iter().cloned().collect();
        prop_assert_eq!(
            heard.len(),
            client.heard.len(),
            "{} heard something twice",
            peer
        );
        let missed: Vec<_> = account.due[*peer].difference(&heard).collect();
        prop_assert!(missed.is_empty(), "{} missed {:?}", peer, missed);
    }
    prop_assert_eq!(
        truth.values["viewers"]["total"].as_u64(),
        Some(present.len() as u64 + 1)
    );
    let connected = world
        .attendance
        .iter()
        .fold(BTreeMap::new(), |mut users, event| {
            *users.entry(&event.0).or_insert(0) += if event.1 { 1 } else { -1 };
            users
        });
    for (user, count) in connected {
        let here = user == "user-judge" || present.contains(user.trim_start_matches("user-"));
        prop_assert_eq!(count, i32::from(here), "attendance of {}", user);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn at_quiescence_all_agree_with_the_room(steps in prop::collection::vec(step(), 1..80)) {
        let mut limits = RoomLimits::default();
        // A plan says in no time what people say in minutes.
        limits.allowances.messages.burst = 10_000;
        limits.allowances.changes.burst = 10_000;
        let mut world = World::with(limits);
        let mut account = Account::default();
        for step in &steps {
            run(&mut world, &mut account, step);
        }
        settle(&mut world);
        agree(&mut world, &account)?;
    }
}
