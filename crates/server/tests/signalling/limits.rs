//! Limits, slow receivers, silence.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use kulti_server::connections::ConnectionLimits;
use kulti_server::rooms::RoomLimits;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::client::{Client, PATIENCE, try_open};
use super::server::{Path, TestServer, token};

async fn close_code(client: &mut Client) -> Option<CloseCode> {
    loop {
        let next = tokio::time::timeout(PATIENCE, client.socket.next())
            .await
            .unwrap();
        match next? {
            Ok(Message::Close(frame)) => return frame.map(|frame| frame.code),
            Ok(_) => {}
            Err(_) => return None,
        }
    }
}

#[tokio::test]
async fn too_large_and_binary_messages_close_with_their_code() {
    let limits = ConnectionLimits {
        message_bytes: 1_000,
        ..ConnectionLimits::default()
    };
    let server = TestServer::with(RoomLimits::default(), limits, Path::Plain).await;
    let mut client = Client::join(&server, "room", "p", "viewer").await;
    client
        .socket
        .send(Message::text("x".repeat(2_000)))
        .await
        .unwrap();
    assert_eq!(close_code(&mut client).await, Some(CloseCode::Size));
    let mut client = Client::join(&server, "room", "q", "viewer").await;
    client
        .socket
        .send(Message::binary(vec![1, 2]))
        .await
        .unwrap();
    assert_eq!(close_code(&mut client).await, Some(CloseCode::Unsupported));
    server.stop().await;
}

#[tokio::test]
async fn connections_of_a_user_are_limited_and_places_come_free() {
    let limits = ConnectionLimits {
        per_user: 2,
        ..ConnectionLimits::default()
    };
    let server = TestServer::with(RoomLimits::default(), limits, Path::Plain).await;
    let token = token("room", "u", "viewer");
    let one = try_open(server.address, "1", &token).await.unwrap();
    let _two = try_open(server.address, "2", &token).await.unwrap();
    assert!(try_open(server.address, "3", &token).await.is_err());
    one.cut();
    let again = async {
        while try_open(server.address, "3", &token).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, again).await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn who_sends_too_much_is_slowed_down_and_loses_nothing() {
    let limits = ConnectionLimits {
        messages_per_second: 1_000,
        message_burst: 10,
        ..ConnectionLimits::default()
    };
    let mut rooms = RoomLimits::default();
    rooms.allowances.writes.burst = 300;
    let server = TestServer::with(rooms, limits, Path::Plain).await;
    let mut client = Client::join(&server, "room", "p", "viewer").await;
    let mut ids = Vec::new();
    for n in 0..300 {
        ids.push(
            client
                .request("set-metadata", json!({"key": "k", "data": {"n": n}}))
                .await,
        );
    }
    for (n, id) in ids.iter().enumerate() {
        let answer = client.answer(id).await;
        assert_eq!(answer["result"]["change_version"], n + 1);
    }
    server.stop().await;
}

#[tokio::test]
async fn the_silent_are_dropped() {
    let limits = RoomLimits {
        silence_ms: 100,
        grace_ms: 100,
        ..RoomLimits::default()
    };
    for path in [Path::Plain, Path::Wrapped] {
        let server = TestServer::with(limits.clone(), ConnectionLimits::default(), path).await;
        let _silent = Client::join(&server, "room", "s", "viewer").await;
        let mut host = Client::join(&server, "room", "h", "host").await;
        let left = async {
            loop {
                host.ok("ping", json!({"timestamp": 1})).await;
                if host
                    .seen
                    .iter()
                    .any(|frame| frame["method"] == "on-peer-leave")
                {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, left).await.unwrap();
        server.stop().await;
    }
}

/// A receiver that reads nothing must not cost memory without bound, and sees the
/// newest value as the last one when it reads again.
#[tokio::test]
async fn a_slow_receiver_gets_the_newest_value_last() {
    for path in [Path::Plain, Path::Wrapped] {
        let rooms = RoomLimits {
            store_value_bytes: 100_000,
            ..RoomLimits::default()
        };
        let server = TestServer::with(rooms, ConnectionLimits::default(), path).await;
        let mut writer = Client::join(&server, "room", "w", "viewer").await;
        let mut slow = Client::join_narrow(&server, "room", "s").await;
        slow.ok("listen-metadata-change", json!({"keys": ["a", "b"]}))
            .await;
        // 4.8 MB are more than all socket buffers between the two hold.
        let filler = "x".repeat(60_000);
        for n in 0..80u32 {
            let key = if n % 2 == 0 { "a" } else { "b" };
            writer
                .ok(
                    "set-metadata",
                    json!({"key": key, "data": {"n": n, "filler": filler}}),
                )
                .await;
        }
        let mut last = (0, 0);
        let mut count = 0;
        while last != (78, 79) {
            let params = slow.notice("on-metadata-change").await;
            let value = &params["values"][0];
            let n = value["data"]["n"].as_u64().unwrap();
            let newest = if value["key"] == "a" {
                &mut last.0
            } else {
                &mut last.1
            };
            assert!(n >= *newest, "an older value came after a newer one");
            *newest = n;
            count += 1;
        }
        assert!(count < 80, "values that nobody had read were not replaced");
        server.stop().await;
    }
}

#[tokio::test]
async fn a_stuck_receiver_is_closed_and_finds_the_right_state() {
    let limits = ConnectionLimits {
        outbox_bytes: 100_000,
        stuck_ms: 300,
        messages_per_second: 1_000_000,
        message_burst: 1_000_000,
        ..ConnectionLimits::default()
    };
    let mut rooms = RoomLimits::default();
    rooms.allowances.messages.burst = 400;
    let server = TestServer::with(rooms, limits, Path::Plain).await;
    let mut writer = Client::join(&server, "room", "w", "viewer").await;
    let mut stuck = Client::join_narrow(&server, "room", "s").await;
    stuck
        .ok("listen-metadata-change", json!({"keys": ["k"]}))
        .await;
    // Messages are never dropped, so a receiver that takes none must go.
    let text = "x".repeat(15_000);
    for n in 0..400 {
        writer
            .ok(
                "broadcast",
                json!({"info": {"message": format!("{n} {text}"), "type": "chat"}}),
            )
            .await;
    }
    writer
        .ok("set-metadata", json!({"key": "k", "data": {"n": 1}}))
        .await;
    let frames: Vec<Value> = stuck.ended().await;
    assert!(frames.len() < 400, "it was not cut off");
    let mut back = Client::open(&server, "room", "s", "viewer").await;
    assert_eq!(
        back.value_where("k", |_| true).await["data"],
        json!({"n": 1})
    );
    server.stop().await;
}

#[tokio::test]
async fn nonsense_is_refused_and_harms_nobody() {
    let server = TestServer::start().await;
    let mut client = Client::join(&server, "room", "p", "viewer").await;
    for text in [
        "",
        "nonsense",
        "[]",
        "{}",
        "{\"id\":1}",
        "null",
        "{\"method\":7}",
        "\u{0}",
    ] {
        client.socket.send(Message::text(text)).await.unwrap();
    }
    client.send(json!({"id": "lost", "params": {}})).await;
    let answer = client.answer("lost").await;
    assert_eq!(answer["error"]["code"], 400);
    assert_eq!(client.refused("no-such-method", json!({})).await, 404);
    assert_eq!(client.refused("hls-start", json!({})).await, 400);
    assert_eq!(
        client
            .refused("poll-info-get", json!({"poll_id": "x"}))
            .await,
        404
    );
    assert_eq!(
        client.ok("poll-list", json!({"state": "started"})).await["polls"],
        json!([])
    );
    server.stop().await;
}
