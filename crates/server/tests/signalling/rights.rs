//! The policy matrix: every role, every act that needs a right, over real sockets.
//!
//! The tables name all methods of the protocol and all keys that clients share; one
//! that has no row fails the first tests here, so nothing new is let in unjudged.

use std::collections::BTreeSet;

use kulti_server::policy::{Action, HOST, PRESENTER, Policy, VIEWER};
use serde_json::{Value, json};

use super::client::Client;
use super::server::TestServer;

const ROLES: [&str; 3] = [HOST, PRESENTER, VIEWER];
const EVERYBODY: [bool; 3] = [true; 3];
const HOSTS: [bool; 3] = [true, false, false];
const STAGE: [bool; 3] = [true, true, false];
const NOBODY: [bool; 3] = [false; 3];

/// Those that belong to a connection and not to a right.
const OF_CONNECTIONS: [&str; 8] = [
    "join",
    "ping",
    "leave",
    "offer",
    "answer",
    "trickle",
    "track-update",
    "analytics",
];

/// What `me` does to `other`, and for which roles it is done.
struct Row {
    method: &'static str,
    params: Value,
    allowed: [bool; 3],
    /// What a host has done before.
    before: Vec<(&'static str, Value)>,
    /// The right that decides, for the test that each has a row.
    right: Option<Action>,
}

fn row(method: &'static str, params: Value, allowed: [bool; 3]) -> Row {
    Row {
        method,
        params,
        allowed,
        before: Vec::new(),
        right: None,
    }
}

impl Row {
    fn by(mut self, right: Action) -> Self {
        self.right = Some(right);
        self
    }

    fn after(mut self, before: Vec<(&'static str, Value)>) -> Self {
        self.before = before;
        self
    }
}

fn acts() -> Vec<Row> {
    let mut rows = people();
    rows.extend(messages());
    rows.extend(store());
    rows.extend(polls());
    let known = methods();
    // Polls come and go with their branch of the protocol.
    rows.retain(|row| known.contains(row.method));
    rows
}

fn people() -> Vec<Row> {
    let role = |params| row("role-change-request", params, HOSTS).by(Action::ChangeRole);
    let mute = |value: bool| {
        let one = json!({"requested_for": "other", "track_id": "t", "mute": value});
        let many = json!({"value": value});
        let right = if value { Action::Mute } else { Action::Unmute };
        [
            row("track-update-request", one, HOSTS).by(right),
            row("change-track-mute-state-request", many, HOSTS).by(right),
        ]
    };
    let group = json!({"name": "_handraise", "peer_id": "other"});
    let mine = json!({"name": "_handraise", "peer_id": "me"});
    let mut rows = vec![
        row("end-room", json!({"lock": false, "reason": ""}), HOSTS).by(Action::EndRoom),
        row("end-room", json!({"lock": true, "reason": ""}), HOSTS).by(Action::EndRoom),
        row(
            "peer-leave-request",
            json!({"requested_for": "other", "reason": "x"}),
            HOSTS,
        )
        .by(Action::RemoveOthers),
        role(json!({"requested_for": "other", "role": "presenter"})),
        role(json!({"requested_for": "other", "role": "presenter", "force": true})),
        role(json!({"requested_for": "me", "role": "host", "force": true})),
        role(json!({"roles": ["viewer"], "role": "host", "force": true})),
        // An invitation that nobody made.
        row(
            "role-change",
            json!({"role": "host", "token": "made up"}),
            NOBODY,
        ),
        row("group-add", group.clone(), HOSTS).by(Action::ChangeGroups),
        row("group-remove", group, HOSTS).by(Action::ChangeGroups),
        row("group-clear", json!({"name": "_handraise"}), HOSTS).by(Action::ChangeGroups),
        row("group-add", mine.clone(), EVERYBODY),
        row("group-remove", mine, EVERYBODY),
        row("group-join", json!({"name": "_handraise"}), EVERYBODY),
        row("group-leave", json!({"name": "_handraise"}), EVERYBODY),
        row("peer-update", json!({"name": "New"}), EVERYBODY),
        row("get-peer", json!({"peer_id": "other"}), EVERYBODY),
        row("find-peer", json!({"limit": 1}), EVERYBODY),
        row(
            "peer-name-search",
            json!({"query": "", "limit": 1}),
            EVERYBODY,
        ),
    ];
    rows.extend(mute(true));
    rows.extend(mute(false));
    rows
}

fn messages() -> Vec<Row> {
    let say = |kind: &str| json!({"info": {"message": "x", "type": kind}});
    vec![
        row("broadcast", say("chat"), EVERYBODY),
        row(
            "broadcast",
            json!({"info": {"message": "x", "type": "chat"}, "roles": ["host"]}),
            EVERYBODY,
        ),
        row(
            "broadcast",
            json!({"info": {"message": "x", "type": "chat"}, "peer_id": "other"}),
            EVERYBODY,
        ),
    ]
}

fn store() -> Vec<Row> {
    let set =
        |key: &str, data: Value| row("set-metadata", json!({"key": key, "data": data}), NOBODY);
    let delete = |key: &str| row("set-metadata", json!({"key": key}), NOBODY);
    let at = |key: &str| json!({"key": key, "data": {"x": 1}, "if_change_version": 0});
    let of = |row: Row, allowed| Row { allowed, ..row };
    let poll = json!({"pollId": "p", "question": "?", "options": [{"id": "a", "text": "A", "votes": 0},
        {"id": "b", "text": "B", "votes": 0}], "totalVotes": 0, "isActive": true, "createdAt": 1});
    let watch =
        json!({"userId": "user-me", "durationSeconds": 1, "lastUpdate": 1, "isActive": true});
    let lock = json!({"locked": true, "timestamp": 1});
    vec![
        of(set("uiState", json!({"announcementText": "x"})), STAGE).by(Action::ManageStage),
        of(delete("uiState"), STAGE).by(Action::ManageStage),
        row("set-metadata", at("uiState"), STAGE).by(Action::ManageStage),
        of(set("activePoll", poll), STAGE).by(Action::PollWrite),
        of(delete("activePoll"), STAGE).by(Action::PollWrite),
        of(set("roomLock", lock), HOSTS).by(Action::LockRoom),
        of(delete("roomLock"), HOSTS).by(Action::LockRoom),
        row("set-metadata", at("roomLock"), HOSTS).by(Action::LockRoom),
        of(set("watch:user-me", watch.clone()), EVERYBODY),
        set("watch:user-other", watch),
        delete("watch:user-other"),
        // The server alone writes these: it answers with the true value.
        of(
            set(
                "viewers",
                json!({"total": 99, "active": 99, "timestamp": 1}),
            ),
            EVERYBODY,
        ),
        of(
            set("acknowledged", json!({"announcementId": "x"})),
            EVERYBODY,
        ),
        of(set("anything", json!(1)), EVERYBODY),
        row("get-metadata", json!({"key": "uiState"}), EVERYBODY),
        row(
            "listen-metadata-change",
            json!({"keys": ["uiState", "watch:user-other"]}),
            EVERYBODY,
        ),
    ]
}

fn polls() -> Vec<Row> {
    let info = json!({"poll_id": "p", "title": "T", "type": "poll"});
    let questions = json!({"poll_id": "p", "questions": [{
        "question": {"index": 1, "text": "?", "type": "single-choice"},
        "options": [{"index": 1, "text": "A"}, {"index": 2, "text": "B"}]}]});
    let poll = || json!({"poll_id": "p"});
    let draft = vec![
        ("poll-info-set", info.clone()),
        ("poll-questions-set", questions.clone()),
    ];
    let running = [draft.clone(), vec![("poll-start", poll())]].concat();
    let stopped = [running.clone(), vec![("poll-stop", poll())]].concat();
    let vote = json!({"poll_id": "p", "responses": [{"question": 1, "type": "single-choice", "option": 1}]});
    let write = Action::PollWrite;
    let read = Action::PollRead;
    vec![
        row("poll-info-set", info, STAGE).by(write),
        row("poll-questions-set", questions, STAGE)
            .by(write)
            .after(draft.clone()),
        row("poll-start", poll(), STAGE).by(write).after(draft),
        row("poll-stop", poll(), STAGE)
            .by(write)
            .after(running.clone()),
        row("poll-info-get", poll(), EVERYBODY)
            .by(read)
            .after(running.clone()),
        row("poll-questions-get", poll(), EVERYBODY)
            .by(read)
            .after(running.clone()),
        row("poll-response", vote, EVERYBODY)
            .by(read)
            .after(running.clone()),
        row(
            "poll-responses",
            json!({"poll_id": "p", "self": true}),
            EVERYBODY,
        )
        .by(read)
        .after(running),
        row("poll-result", poll(), EVERYBODY)
            .by(read)
            .after(stopped.clone()),
        row(
            "poll-leaderboard",
            json!({"poll_id": "p", "count": 5}),
            EVERYBODY,
        )
        .by(read)
        .after(stopped),
        row("poll-list", json!({"state": "started"}), EVERYBODY).by(read),
    ]
}

/// Values of the constants in a piece of source text.
fn constants(source: &str) -> BTreeSet<&str> {
    source
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub const "))
        .filter_map(|constant| constant.split('"').nth(1))
        .collect()
}

/// All methods that the protocol has.
fn methods() -> BTreeSet<&'static str> {
    let source = include_str!("../../../protocol/src/signalling/requests.rs");
    let (_, module) = source.split_once("pub mod method {").unwrap();
    let (module, _) = module.split_once("\n}").unwrap();
    constants(module)
}

#[test]
fn every_method_has_a_row() {
    let judged: BTreeSet<&str> = acts().iter().map(|row| row.method).collect();
    let open: Vec<&str> = methods()
        .into_iter()
        .filter(|method| !judged.contains(method) && !OF_CONNECTIONS.contains(method))
        // Goes on with a search that everybody may make.
        .filter(|method| *method != "peer-iter-next")
        .collect();
    assert!(open.is_empty(), "no row says who may do this: {open:?}");
}

#[test]
fn every_shared_key_has_a_row() {
    let rows = acts();
    let written: BTreeSet<&str> = rows
        .iter()
        .filter(|row| row.method == "set-metadata")
        .filter_map(|row| row.params["key"].as_str())
        .collect();
    for key in constants(include_str!("../../../protocol/src/store_keys.rs")) {
        let judged = written.iter().any(|written| written.starts_with(key));
        assert!(judged, "no row says who may write {key}");
    }
}

#[test]
fn every_right_has_a_row_and_the_rows_agree_with_the_policy() {
    let policy = Policy::default();
    let rows = acts();
    for right in Action::ALL {
        let judged: Vec<&Row> = rows.iter().filter(|row| row.right == Some(right)).collect();
        assert!(!judged.is_empty(), "no row needs the right {right:?}");
        for row in judged {
            for (role, allowed) in ROLES.iter().zip(row.allowed) {
                assert_eq!(policy.may(role, right), allowed, "{role}: {}", row.method);
            }
        }
    }
    assert_eq!(
        policy.known_roles().into_keys().collect::<BTreeSet<_>>(),
        ROLES.iter().map(|role| (*role).to_owned()).collect(),
        "a role has no column"
    );
}

/// What others hear of acts.
const HEARD: [&str; 8] = [
    "on-metadata-change",
    "on-peer-update",
    "on-peer-leave",
    "on-peer-leave-request",
    "on-role-change-request",
    "on-track-update-request",
    "on-change-track-mute-state-request",
    "on-poll-start",
];

#[tokio::test]
async fn the_server_enforces_every_row_for_every_role() {
    let server = TestServer::start().await;
    let mut wrong = Vec::new();
    for (n, row) in acts().into_iter().enumerate() {
        for (role, allowed) in ROLES.into_iter().zip(row.allowed) {
            let room = format!("room-{n}-{role}");
            let mut host = Client::join(&server, &room, "chair", "host").await;
            for (method, params) in &row.before {
                host.ok(method, params.clone()).await;
            }
            let mut other = Client::join(&server, &room, "other", "viewer").await;
            let keys = json!({"keys": ["uiState", "activePoll", "roomLock", "watch:user-other"]});
            other.ok("listen-metadata-change", keys).await;
            let mut me = Client::join(&server, &room, "me", role).await;
            other.notice("on-peer-join").await;
            other.settled().await;

            let id = me.request(row.method, row.params.clone()).await;
            let answer = me.answer(&id).await;
            let code = answer["error"]["code"].as_u64();
            let act = format!("{role}: {} {}: {answer}", row.method, row.params);
            match (allowed, code) {
                (true, None) => {}
                (false, Some(403)) => {
                    let heard = other.settled().await;
                    let heard: Vec<&Value> = heard
                        .iter()
                        .filter(|frame| HEARD.iter().any(|method| frame["method"] == *method))
                        .collect();
                    if !heard.is_empty() {
                        wrong.push(format!("refused, and yet seen by others: {act}: {heard:?}"));
                    }
                }
                _ => wrong.push(act),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    server.stop().await;
}

#[tokio::test]
async fn who_loses_a_role_loses_its_rights_at_once() {
    let server = TestServer::start().await;
    let mut host = Client::join(&server, "room", "h", "host").await;
    let mut me = Client::join(&server, "room", "me", "viewer").await;
    let write = || json!({"key": "uiState", "data": {"announcementText": "x"}});
    assert_eq!(me.refused("set-metadata", write()).await, 403);

    let invite = json!({"requested_for": "me", "role": "presenter"});
    host.ok("role-change-request", invite).await;
    let asked = me.notice("on-role-change-request").await;
    assert_eq!(
        me.refused("set-metadata", write()).await,
        403,
        "not before the yes"
    );
    me.ok("role-change", asked).await;
    host.notice_where("on-peer-update", |peer| peer["role"] == "presenter")
        .await;
    me.ok("set-metadata", write()).await;

    let back = json!({"requested_for": "me", "role": "viewer", "force": true});
    host.ok("role-change-request", back).await;
    assert_eq!(me.refused("set-metadata", write()).await, 403);
    server.stop().await;
}
