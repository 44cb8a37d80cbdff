//! 500 voters at once, on two devices, with connections that bounce and requests that
//! are repeated: votes counted are distinct voters.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::{SinkExt as _, StreamExt as _};
use kulti_server::connections::ConnectionLimits;
use kulti_server::rooms::RoomLimits;
use serde_json::{Value, json};
use tokio::sync::Barrier;
use tokio_tungstenite::tungstenite::Message;

use super::client::{Client, PATIENCE, try_open};
use super::server::{Path, TestServer, token};

const VOTERS: u32 = 500;
const OPTIONS: u32 = 4;

/// One connection's way of voting.
#[derive(Debug, Clone, Copy)]
enum Habit {
    /// Sends its vote and waits.
    Calm,
    /// Sends it three times, as after a click too many.
    Repeats,
    /// Loses its connection before it votes.
    LosesBefore,
    /// Loses it right after the vote was sent, and votes again.
    LosesAfter,
}

impl Habit {
    fn of(number: u32) -> Self {
        [
            Self::Calm,
            Self::Repeats,
            Self::LosesBefore,
            Self::LosesAfter,
        ][(number % 4) as usize]
    }
}

/// A voter's device.
struct Device {
    address: SocketAddr,
    peer: String,
    token: String,
    habit: Habit,
    option: u32,
}

impl Device {
    /// Joins, waits for the poll, and votes until it is answered. Gives the option if the
    /// vote was taken.
    async fn vote(self, all_joined: Arc<Barrier>) -> Option<u32> {
        let mut client = try_open(self.address, &self.peer, &self.token)
            .await
            .unwrap();
        client.notice("on-policy-change").await;
        let name = json!({"name": self.peer, "data": ""});
        client.ok("join", name).await;
        all_joined.wait().await; // then the host starts the poll
        let notice = client.notice("on-poll-start").await;
        assert_eq!(notice["polls"].as_array().unwrap().len(), 1);
        match self.habit {
            Habit::Calm => {}
            Habit::Repeats => {
                for n in 0..2 {
                    let _ = send_vote(&mut client, &format!("early-{n}"), self.option).await;
                }
            }
            Habit::LosesBefore => {
                client.cut();
                client = self.come_back().await;
            }
            Habit::LosesAfter => {
                let _ = send_vote(&mut client, "lost", self.option).await;
                client.cut();
                client = self.come_back().await;
            }
        }
        loop {
            match answer_to_vote(&mut client, self.option).await {
                Some(answer) if answer.get("result").is_some() => return Some(self.option),
                Some(answer) => {
                    let error = &answer["error"];
                    assert_eq!(
                        error["code"], 400,
                        "only the other device was first: {error}"
                    );
                    return None;
                }
                None => client = self.come_back().await,
            }
        }
    }

    /// Comes back as the SDK does, and is told again of the poll that runs.
    async fn come_back(&self) -> Client {
        let mut client = try_open(self.address, &self.peer, &self.token)
            .await
            .unwrap();
        client.notice("peer-list").await;
        client.notice("on-poll-start").await;
        client
    }
}

/// False if the connection is gone.
async fn send_vote(client: &mut Client, id: &str, option: u32) -> bool {
    let vote = json!({"question": 1, "type": "single-choice", "option": option, "duration": 1});
    let params = json!({"poll_id": "race", "responses": [vote]});
    let frame = json!({"method": "poll-response", "params": params, "id": id});
    let text = Message::text(frame.to_string());
    client.socket.send(text).await.is_ok()
}

/// None if the connection is gone.
async fn answer_to_vote(client: &mut Client, option: u32) -> Option<Value> {
    if !send_vote(client, "vote", option).await {
        return None;
    }
    loop {
        let next = tokio::time::timeout(PATIENCE * 3, client.socket.next());
        let text = next.await.expect("no answer came")?.ok()?;
        let frame: Value = serde_json::from_str(text.to_text().ok()?).ok()?;
        if frame["id"] == "vote" {
            return Some(frame);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn votes_counted_are_distinct_voters_whatever_their_connections_do() {
    let rooms = RoomLimits {
        // Half a million notices of joins are another test's subject.
        large_room_at: 20,
        // A slow machine is no silent one.
        silence_ms: 600_000,
        grace_ms: 600_000,
        ..RoomLimits::default()
    };
    let server = TestServer::with(rooms, ConnectionLimits::default(), Path::Plain).await;
    let mut host = Client::join(&server, "room", "host", "host").await;
    host.ok("poll-info-set", json!({"poll_id": "race", "title": "Race"}))
        .await;
    let options: Vec<Value> = (1..=OPTIONS)
        .map(|n| json!({"text": n.to_string()}))
        .collect();
    let question = json!({"question": {"text": "?", "type": "single-choice"}, "options": options});
    host.ok(
        "poll-questions-set",
        json!({"poll_id": "race", "questions": [question]}),
    )
    .await;

    // Every second voter has two devices, which do not always agree.
    let devices: Vec<(u32, Device)> = (0..VOTERS)
        .flat_map(|voter| (0..1 + voter % 2).map(move |device| (voter, device)))
        .map(|(voter, device)| {
            let user = format!("user-{voter}");
            let device = Device {
                address: server.address,
                peer: format!("peer-{voter}-{device}"),
                token: token("room", &user, "viewer"),
                habit: Habit::of(voter / 2 + device),
                option: 1 + (voter + device * (voter / 8 % 2)) % OPTIONS,
            };
            (voter, device)
        })
        .collect();
    let all_joined = Arc::new(Barrier::new(devices.len() + 1));
    let voting: Vec<_> = devices
        .into_iter()
        .map(|(voter, device)| (voter, tokio::spawn(device.vote(all_joined.clone()))))
        .collect();
    all_joined.wait().await;
    host.ok("poll-start", json!({"poll_id": "race"})).await;
    let mut taken: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for (voter, vote) in voting {
        taken.entry(voter).or_default().extend(vote.await.unwrap());
    }
    for (voter, options) in &taken {
        assert_eq!(
            options.len(),
            1,
            "voter {voter} had votes taken: {options:?}"
        );
    }

    host.ok("poll-stop", json!({"poll_id": "race"})).await;
    let result = host.ok("poll-result", json!({"poll_id": "race"})).await;
    let mut expected = vec![0; OPTIONS as usize];
    for option in taken.values().flatten() {
        expected[*option as usize - 1] += 1;
    }
    assert_eq!(result["user_count"], VOTERS);
    assert_eq!(result["total_response"], VOTERS);
    assert_eq!(result["questions"][0]["total"], VOTERS);
    assert_eq!(result["questions"][0]["options"], json!(expected));
    assert!(
        result["max_user"].as_u64().unwrap() <= u64::from(VOTERS) + 1,
        "people, not devices"
    );

    // Who voted what is what each was told.
    let mut recorded: BTreeMap<String, u64> = BTreeMap::new();
    loop {
        let page = json!({"poll_id": "race", "index": recorded.len(), "count": 100});
        let page = host.ok("poll-responses", page).await;
        for item in page["responses"].as_array().unwrap() {
            let user = item["peer"]["userid"].as_str().unwrap().to_owned();
            let option = item["response"]["option"].as_u64().unwrap();
            assert!(recorded.insert(user, option).is_none(), "counted twice");
        }
        if page["last"] == true {
            break;
        }
    }
    let told = taken.iter().map(|(voter, options)| {
        let option = options.first().copied().unwrap_or_default();
        (format!("user-{voter}"), u64::from(option))
    });
    assert_eq!(recorded, told.collect::<BTreeMap<_, _>>());

    // The same after a restart.
    let summary = server.rooms.polls("room").await.unwrap();
    assert_eq!(
        (summary[0].voters, summary[0].questions[0].answered),
        (VOTERS, VOTERS)
    );
    let archive = server.stop().await;
    let again = TestServer::with_archive(
        RoomLimits::default(),
        ConnectionLimits::default(),
        Path::Plain,
        archive,
    )
    .await;
    assert_eq!(again.rooms.polls("room").await.unwrap(), summary);
    again.stop().await;
}
