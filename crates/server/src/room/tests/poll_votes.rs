//! Votes counted are distinct voters: under any order of votes, repetitions, devices,
//! losses and restarts.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use super::polls::{choice, start};
use super::world::World;

/// What one of the devices does next.
#[derive(Debug, Clone)]
enum Step {
    /// Answers the first question, which takes one answer for good.
    Choose(u32),
    /// Answers the second question, whose answer may be changed.
    ChooseSeveral(BTreeSet<u32>),
    /// Votes for the first question by writing a copy of `activePoll`, maybe an old one.
    WriteKey(Index, usize),
    /// Sends the last request of all again, as after a lost answer.
    Repeat,
    /// Loses its connection, or comes back.
    Bounce,
    /// The server stops and starts.
    Restart(bool),
    /// Nothing, for so many ms.
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1..=3u32).prop_map(Step::Choose),
        3 => prop::collection::btree_set(1..=3u32, 1..=3).prop_map(Step::ChooseSeveral),
        4 => (any::<Index>(), 0..3usize).prop_map(|(copy, option)| Step::WriteKey(copy, option)),
        2 => Just(Step::Repeat),
        3 => Just(Step::Bounce),
        1 => any::<bool>().prop_map(Step::Restart),
        1 => (0..70_000u64).prop_map(Step::Wait),
    ]
}

const USERS: usize = 5;

/// The room, and what must be in it.
struct Run {
    world: World,
    poll: String,
    first: BTreeMap<usize, u32>,
    second: BTreeMap<usize, BTreeSet<u32>>,
    copies: Vec<Value>,
    last: Option<(usize, String, Value)>,
}

impl Run {
    fn new() -> Self {
        let mut world = World::new();
        world.join("h", "host");
        let mut second = choice("multiple-choice", &["x", "y", "z"]);
        second["question"]["once"] = json!(false);
        let questions = json!([choice("single-choice", &["x", "y", "z"]), second]);
        let poll = start(&mut world, json!({"title": "T"}), questions);
        let mut run = Self {
            world,
            poll,
            first: BTreeMap::new(),
            second: BTreeMap::new(),
            copies: Vec::new(),
            last: None,
        };
        run.copy();
        for device in 0..USERS * 2 {
            run.connect(device);
        }
        run
    }

    fn connect(&mut self, device: usize) {
        let (peer, user) = (format!("d{device}"), format!("user-{}", device % USERS));
        let is_known = self.world.room.remembers(&peer, &user);
        self.world.open_as(&peer, &user, "viewer");
        if !is_known {
            self.world
                .ok(&peer, "join", json!({"name": peer, "data": ""}));
        }
    }

    fn is_here(&self, peer: &str) -> bool {
        self.world.clients[peer].socket.is_some()
    }

    fn host(&mut self, method: &str, params: Value) -> Value {
        if !self.is_here("h") {
            let is_known = self.world.room.remembers("h", "user-h");
            self.world.open("h", "host");
            if !is_known {
                self.world.ok("h", "join", json!({"name": "h", "data": ""}));
            }
        }
        self.world.ok("h", method, params)
    }

    fn copy(&mut self) {
        let value = self.host("get-metadata", json!({"key": "activePoll"}));
        self.copies.push(value["data"].clone());
    }

    fn take(&mut self, device: usize, step: Step) {
        let peer = format!("d{device}");
        match step {
            Step::Choose(option) => {
                let answer = json!({"question": 1, "option": option, "duration": 5});
                self.respond(device, answer);
            }
            Step::ChooseSeveral(options) => {
                self.respond(device, json!({"question": 2, "options": options}));
            }
            Step::WriteKey(copy, option) => {
                let mut value = self.copies[copy.index(self.copies.len())].clone();
                for place in ["/totalVotes", &format!("/options/{option}/votes")] {
                    let count = value.pointer_mut(place).unwrap();
                    *count = json!(count.as_u64().unwrap() + 1);
                }
                let params = json!({"key": "activePoll", "data": value});
                self.request(device, "set-metadata", params);
            }
            Step::Repeat => {
                if let Some((by, method, params)) = self.last.clone() {
                    // From whichever device of that user.
                    let other = (by + USERS) % (USERS * 2);
                    self.request(other, &method, params.clone());
                    self.request(by, &method, params);
                }
            }
            Step::Bounce if self.is_here(&peer) => self.world.cut(&peer),
            Step::Bounce => self.connect(device),
            Step::Restart(clean) => self.restart(clean),
            Step::Wait(ms) => self.world.pass(ms),
        }
        self.world.pass(220); // everybody's pace allows the next
        self.copy();
    }

    fn respond(&mut self, device: usize, answer: Value) {
        let params = json!({"poll_id": self.poll, "responses": [answer]});
        self.request(device, "poll-response", params);
    }

    /// Sends it, and does the same to the model.
    fn request(&mut self, device: usize, method: &str, params: Value) {
        let peer = format!("d{device}");
        if !self.is_here(&peer) {
            return;
        }
        let outcome = self.world.call(&peer, method, params.clone());
        let user = device % USERS;
        if let Some(options) = params.pointer("/responses/0/options") {
            let options = serde_json::from_value(options.clone()).unwrap();
            assert!(outcome.is_ok(), "{outcome:?}");
            self.second.insert(user, options);
        } else {
            let option = self.first_answer(&params);
            let before = *self.first.entry(user).or_insert(option);
            assert_eq!(outcome.is_ok(), before == option, "{outcome:?}");
        }
        self.last = Some((device, method.to_owned(), params));
    }

    /// The option of the first question that a request is for. A written copy says it
    /// by what was added to the copy that it was made from.
    fn first_answer(&self, params: &Value) -> u32 {
        if let Some(option) = params.pointer("/responses/0/option") {
            return u32::try_from(option.as_u64().unwrap()).unwrap();
        }
        let votes = |value: &Value| -> Vec<u64> {
            let options = value["options"].as_array().unwrap();
            options
                .iter()
                .map(|option| option["votes"].as_u64().unwrap())
                .collect()
        };
        let written = votes(&params["data"]);
        let total: u64 = written.iter().sum();
        let base = self
            .copies
            .iter()
            .map(votes)
            .find(|base| base.iter().sum::<u64>() + 1 == total);
        let base = base.unwrap();
        let raised = (0..base.len()).find(|index| base[*index] != written[*index]);
        u32::try_from(raised.unwrap() + 1).unwrap()
    }

    fn restart(&mut self, clean: bool) {
        let before = self.world.room.poll_summaries();
        self.world.restart(clean);
        assert_eq!(self.world.room.poll_summaries(), before);
    }

    fn check(&mut self) {
        self.world.pass(1_000);
        self.copy();
        let id = json!({"poll_id": self.poll});
        let stats = self.host("poll-result", id);
        let counts = |chosen: &mut dyn Iterator<Item = u32>| -> Vec<u32> {
            let mut counts = vec![0; 3];
            chosen.for_each(|option| counts[option as usize - 1] += 1);
            counts
        };
        let voters: BTreeSet<usize> = self
            .first
            .keys()
            .chain(self.second.keys())
            .copied()
            .collect();
        assert_eq!(stats["user_count"], voters.len());
        let first = counts(&mut self.first.values().copied());
        let second = counts(&mut self.second.values().flatten().copied());
        assert_eq!(stats["questions"][0]["options"], json!(first));
        assert_eq!(stats["questions"][0]["total"], self.first.len());
        assert_eq!(stats["questions"][1]["options"], json!(second));
        assert_eq!(stats["questions"][1]["total"], self.second.len());
        assert_eq!(
            stats["total_response"],
            self.first.len() + self.second.len()
        );
        let shown = self.copies.last().unwrap();
        assert_eq!(shown["totalVotes"], self.first.len());
        assert_eq!(shown["options"][0]["votes"], first[0]);
        let all = json!({"poll_id": self.poll, "count": 200});
        let all = self.host("poll-responses", all);
        let said = all["responses"].as_array().unwrap();
        assert_eq!(said.len(), self.first.len() + self.second.len());
        let users: BTreeSet<&str> = said
            .iter()
            .map(|response| response["peer"]["userid"].as_str().unwrap())
            .collect();
        assert_eq!(users.len(), voters.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn votes_counted_are_distinct_voters(
        steps in prop::collection::vec((0..USERS * 2, step()), 1..60)
    ) {
        let mut run = Run::new();
        for (device, step) in steps {
            run.take(device, step);
        }
        run.check();
    }
}
