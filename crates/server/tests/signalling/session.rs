//! A session: joining, the store, messages, the end.

use kulti_server::connections::ConnectionLimits;
use kulti_server::rooms::{Occupancy, RoomEvent, RoomLimits, RoomMeta};
use serde_json::json;

use super::client::{Client, try_open};
use super::server::{Path, TestServer, token};

#[tokio::test]
async fn two_people_meet_share_values_and_talk() {
    for path in [Path::Plain, Path::Wrapped] {
        let server =
            TestServer::with(RoomLimits::default(), ConnectionLimits::default(), path).await;
        server
            .rooms
            .open(
                "room",
                RoomMeta {
                    title: "Borrowing".to_owned(),
                    session_id: "s1".to_owned(),
                    started_at_ms: 5,
                },
            )
            .await
            .unwrap();
        let mut host = Client::join(&server, "room", "h", "host").await;
        let list = host.notice("peer-list").await;
        assert_eq!(list["peers"], json!({}));
        assert_eq!(list["room"]["name"], "Borrowing");
        assert_eq!(list["room"]["session_id"], "s1");

        host.ok(
            "set-metadata",
            json!({"key": "uiState", "data": {"announcementText": "hi", "timestamp": 1}}),
        )
        .await;
        let mut learner = Client::join(&server, "room", "l", "viewer").await;
        let list = learner.notice("peer-list").await;
        assert_eq!(list["peers"]["h"]["info"]["name"], "Name h");
        assert_eq!(list["peers"]["h"]["realtime"], true);
        assert!(list["peers"].get("l").is_none(), "the receiver is left out");
        let joined = host.notice("on-peer-join").await;
        assert_eq!(joined["peer_id"], "l");
        assert_eq!(joined["role"], "viewer");

        learner
            .ok(
                "listen-metadata-change",
                json!({"keys": ["uiState", "viewers"]}),
            )
            .await;
        let value = learner.value_where("uiState", |_| true).await;
        assert_eq!(value["data"]["announcementText"], "hi");
        assert_eq!(value["updated_by"], "h");
        let set = learner
            .ok(
                "set-metadata",
                json!({"key": "watch:user-l", "data": {
                "userId": "user-l", "durationSeconds": 1, "lastUpdate": 1, "isActive": true}}),
            )
            .await;
        assert_eq!(set["change_version"], 1);
        learner
            .value_where("viewers", |data| data["total"] == 2 && data["active"] == 1)
            .await;
        assert_eq!(
            server.rooms.occupancy("room"),
            Occupancy {
                total: 2,
                active: 1
            }
        );

        let said = host
            .ok(
                "broadcast",
                json!({"info": {"message": "welcome", "type": "chat"}}),
            )
            .await;
        let heard = learner.notice("on-broadcast").await;
        assert_eq!(heard["message_id"], said["message_id"]);
        assert_eq!(heard["peer"]["info"]["name"], "Name h");
        assert!(
            host.settled()
                .await
                .iter()
                .all(|frame| frame["method"] != "on-broadcast"),
            "a broadcast is never echoed"
        );
        assert_eq!(
            learner
                .refused("set-metadata", json!({"key": "uiState", "data": {}}))
                .await,
            403
        );

        learner
            .notify("leave", json!({"client_reason": "user request"}))
            .await;
        assert_eq!(host.notice("on-peer-leave").await["peer_id"], "l");
        host.ok("end-room", json!({"lock": true, "reason": "over"}))
            .await;
        let mut late = Client::open(&server, "room", "x", "viewer").await;
        assert_eq!(late.refused("join", json!({"name": "X"})).await, 410);
        server.stop().await;
    }
}

#[tokio::test]
async fn attendance_and_the_end_are_told_to_the_ledger() {
    let mut server = TestServer::start().await;
    let mut host = Client::join(&server, "room", "h", "host").await;
    let learner = Client::join(&server, "room", "l", "viewer").await;
    learner.cut();
    let mut events = Vec::new();
    while events.len() < 3 {
        match server.events.recv().await.unwrap() {
            RoomEvent::Attendance(event) => events.push((event.user_id, event.connected)),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(
        events,
        [
            ("user-h".to_owned(), true),
            ("user-l".to_owned(), true),
            ("user-l".to_owned(), false)
        ]
    );
    host.ok("end-room", json!({"lock": true, "reason": "over"}))
        .await;
    match server.events.recv().await.unwrap() {
        RoomEvent::Ended {
            user_id,
            locked,
            reason,
            ..
        } => {
            assert_eq!(
                (user_id.as_str(), locked, reason.as_str()),
                ("user-h", true, "over")
            );
        }
        other => panic!("{other:?}"),
    }
    assert!(server.rooms.is_locked("room").await);
    server.stop().await;
}

#[tokio::test]
async fn the_server_ends_a_room_for_everyone_and_for_good() {
    let server = TestServer::start().await;
    let mut host = Client::join(&server, "room", "h", "host").await;
    server
        .rooms
        .end("room", Some("user-h"), "time is up")
        .await
        .unwrap();
    server.rooms.end("room", None, "again").await.unwrap();
    let told = host.notice("on-peer-leave-request").await;
    assert_eq!(told["room_end"], true);
    assert_eq!(told["reason"], "time is up");
    let archive = server.stop().await;
    let server = TestServer::with_archive(
        RoomLimits::default(),
        ConnectionLimits::default(),
        Path::Plain,
        archive,
    )
    .await;
    assert!(server.rooms.is_locked("room").await, "also after a restart");
    server.stop().await;
}

#[tokio::test]
async fn bad_tokens_and_origins_are_refused_at_the_door() {
    let limits = ConnectionLimits {
        origins: vec!["https://kulti.dev".to_owned()],
        ..ConnectionLimits::default()
    };
    let server = TestServer::with(RoomLimits::default(), limits, Path::Plain).await;
    assert!(try_open(server.address, "p", "nonsense").await.is_err());
    let good = token("room", "u", "viewer");
    assert!(try_open(server.address, "p", &good).await.is_ok());
    let http = reqwest_get(&server, &good).await;
    assert_eq!(http, 426, "a plain request is told to upgrade");
    for (origin, ok) in [("https://kulti.dev", true), ("https://evil.example", false)] {
        let url = format!("ws://{}/ws?peer=q&token={good}", server.address);
        let mut request =
            tokio_tungstenite::tungstenite::client::IntoClientRequest::into_client_request(url)
                .unwrap();
        request
            .headers_mut()
            .insert("origin", origin.parse().unwrap());
        let opened = tokio_tungstenite::connect_async(request).await;
        assert_eq!(opened.is_ok(), ok, "{origin}");
    }
    server.stop().await;
}

async fn reqwest_get(server: &TestServer, token: &str) -> u16 {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(server.address)
        .await
        .unwrap();
    let request =
        format!("GET /ws?peer=p&token={token} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn people_of_an_unknown_role_are_told_so() {
    let server = TestServer::start().await;
    let mut stranger = Client::open(&server, "room", "p", "wizard").await;
    assert_eq!(stranger.notice("on-error").await["code"], 403);
    stranger.ended().await;
    server.stop().await;
}
