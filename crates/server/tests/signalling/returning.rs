//! Losing and regaining the connection, and restarts of the server.

use kulti_protocol::token::TokenClaims;
use kulti_server::connections::ConnectionLimits;
use kulti_server::rooms::RoomLimits;
use serde_json::json;

use super::client::{Client, try_open};
use super::server::{Path, TestServer, keys, now_s};

#[tokio::test]
async fn who_comes_back_finds_everything_and_nobody_notices() {
    let server = TestServer::start().await;
    let mut host = Client::join(&server, "room", "h", "host").await;
    let mut learner = Client::join(&server, "room", "l", "viewer").await;
    learner
        .ok(
            "listen-metadata-change",
            json!({"keys": ["uiState", "gone", "never"]}),
        )
        .await;
    host.ok("set-metadata", json!({"key": "gone", "data": {"x": 1}}))
        .await;
    learner.value_where("gone", |_| true).await;
    host.settled().await;
    learner.cut();

    host.ok(
        "set-metadata",
        json!({"key": "uiState", "data": {"spotlightPeerId": "h", "timestamp": 1}}),
    )
    .await;
    host.ok("set-metadata", json!({"key": "gone"})).await;
    let said = host
        .ok(
            "broadcast",
            json!({"info": {"message": "hello?", "type": "chat"}}),
        )
        .await;
    host.ok(
        "role-change-request",
        json!({"requested_for": "l", "role": "presenter", "force": true}),
    )
    .await;

    let mut learner = Client::open(&server, "room", "l", "viewer").await;
    assert_eq!(
        learner.notice("on-policy-change").await["name"],
        "presenter"
    );
    let list = learner.notice("peer-list").await;
    assert_eq!(list["peers"]["h"]["realtime"], true);
    learner.notify("track-update", json!({"tracks": {}})).await;
    let values = learner.notice("on-metadata-change").await;
    let values = values["values"].as_array().unwrap().clone();
    assert_eq!(values.len(), 2, "a key never set has no entry: {values:?}");
    assert_eq!(values[0]["key"], "gone");
    assert!(values[0]["data"].is_null(), "deleted ones as null");
    assert_eq!(values[1]["data"]["spotlightPeerId"], "h");
    let heard = learner.notice("on-broadcast").await;
    assert_eq!(heard["message_id"], said["message_id"]);
    learner
        .ok(
            "set-metadata",
            json!({"key": "uiState", "data": {"timestamp": 2}}),
        )
        .await;

    let noticed = host.settled().await;
    assert!(
        noticed
            .iter()
            .all(|frame| frame["method"] != "on-peer-leave" && frame["method"] != "on-peer-join"),
        "{noticed:?}"
    );
    server.stop().await;
}

#[tokio::test]
async fn a_newer_socket_takes_over_and_the_old_one_is_closed() {
    let server = TestServer::start().await;
    let mut old = Client::join(&server, "room", "p", "viewer").await;
    let mut new = Client::open(&server, "room", "p", "viewer").await;
    new.notice("peer-list").await;
    old.ended().await;
    drop(old);
    new.ok("peer-update", json!({"name": "Newer"})).await;
    assert!(server.rooms.remembers("room", "p", "user-p").await);
    server.stop().await;
}

#[tokio::test]
async fn after_the_grace_others_see_a_leave_and_the_ghost_is_sent_away() {
    let limits = RoomLimits {
        grace_ms: 50,
        ..RoomLimits::default()
    };
    let server = TestServer::with(limits, ConnectionLimits::default(), Path::Plain).await;
    let mut host = Client::join(&server, "room", "h", "host").await;
    let learner = Client::join(&server, "room", "l", "viewer").await;
    host.notice("on-peer-join").await;
    learner.cut();
    assert_eq!(host.notice("on-peer-leave").await["peer_id"], "l");
    let mut ghost = Client::open(&server, "room", "l", "viewer").await;
    ghost.notify("track-update", json!({"tracks": {}})).await;
    assert_eq!(ghost.notice("on-error").await["code"], 410);
    server.stop().await;
}

#[tokio::test]
async fn a_restarted_server_resumes_its_rooms() {
    let server = TestServer::start().await;
    let mut host = Client::join(&server, "room", "h", "host").await;
    let mut learner = Client::join(&server, "room", "l", "viewer").await;
    learner
        .ok("listen-metadata-change", json!({"keys": ["k"]}))
        .await;
    learner
        .ok("group-join", json!({"name": "_handraise"}))
        .await;
    host.ok("set-metadata", json!({"key": "k", "data": {"n": 1}}))
        .await;
    let archive = server.stop().await;
    host.ended().await;
    learner.ended().await;

    let server = TestServer::with_archive(
        RoomLimits::default(),
        ConnectionLimits::default(),
        Path::Plain,
        archive,
    )
    .await;
    assert!(server.rooms.remembers("room", "l", "user-l").await);
    let mut learner = Client::open(&server, "room", "l", "viewer").await;
    let list = learner.notice("peer-list").await;
    assert_eq!(list["peers"]["h"]["role"], "host");
    let own = learner.notice("on-peer-update").await;
    assert_eq!(own["groups"], json!(["_handraise"]));
    let value = learner.value_where("k", |_| true).await;
    assert_eq!(value["data"], json!({"n": 1}));
    assert_eq!(value["change_version"], 1, "a clean end loses nothing");
    let mut host = Client::open(&server, "room", "h", "host").await;
    host.ok("set-metadata", json!({"key": "k", "data": {"n": 2}}))
        .await;
    assert_eq!(
        learner.value_where("k", |_| true).await["change_version"],
        2
    );
    server.stop().await;
}

#[tokio::test]
async fn an_expired_token_resumes_but_does_not_join() {
    let server = TestServer::start().await;
    let first = Client::join(&server, "room", "p", "viewer").await;
    let expired = TokenClaims::new("room", "user-p", "viewer", "jti", now_s() - 7_200, 3_600)
        .sign(&keys())
        .unwrap();
    let mut back = try_open(server.address, "p", &expired).await.unwrap();
    back.notice("peer-list").await;
    let mut other = try_open(server.address, "q", &expired).await.unwrap();
    assert_eq!(other.notice("on-error").await["code"], 401);
    drop(first);
    server.stop().await;
}

#[tokio::test]
async fn nobody_takes_over_somebody_elses_peer() {
    let server = TestServer::start().await;
    let mut victim = Client::join(&server, "room", "p", "host").await;
    let token = super::server::token("room", "thief", "viewer");
    let mut thief = try_open(server.address, "p", &token).await.unwrap();
    assert_eq!(thief.notice("on-error").await["code"], 403);
    thief.ended().await;
    victim.settled().await;
    server.stop().await;
}
