use kulti_protocol::api::{AuthResponse, EndSessionResponse, JoinSessionResponse, Session};
use kulti_server::{DbOpenError, Server, Settings, StartError};
use reqwest::StatusCode;
use serde_json::json;

use crate::support::{Client, TestServer, client, send};

#[tokio::test]
async fn accounts_sessions_and_rooms_survive_a_restart() {
    let server = TestServer::start().await;
    let (ann, ben) = (server.guest("Ann").await, server.guest("Ben").await);
    let session = ann.create("Rust").await;
    let over = ann.create("Over").await;
    ann.end(&over)
        .await
        .expect::<EndSessionResponse>(StatusCode::OK);
    ben.join(&session)
        .await
        .expect::<JoinSessionResponse>(StatusCode::OK);
    let token = ben.token(&session).await.token;
    let ended_token = {
        let room = &over.hms_room_id;
        let hour = std::time::Duration::from_secs(3_600);
        server
            .server
            .mint_token(room, "ben", "viewer", None, hour)
            .unwrap()
    };

    let server = TestServer::start_on(server.stop().await, |_| {}).await;
    let here = |client: &Client| Client {
        origin: server.server.origin().to_owned(),
        ..client.clone()
    };
    let (ann, ben) = (here(&ann), here(&ben));
    let found: Session = ben
        .get(&format!("/api/sessions/by-code/{}", session.room_code))
        .await
        .expect(StatusCode::OK);
    assert_eq!(found, session);
    let joined: JoinSessionResponse = ben.join(&session).await.expect(StatusCode::OK);
    assert_eq!(joined.role, "viewer");
    let init = |token: String| {
        send(
            client()
                .get(server.url("/init?peer_id=p"))
                .bearer_auth(token),
        )
    };
    assert_eq!(
        init(token).await.status,
        StatusCode::OK,
        "the key pair is the same"
    );
    assert_eq!(init(ended_token).await.status, StatusCode::GONE);

    let renewed: AuthResponse = server
        .post(
            "/api/auth/refresh",
            json!({"refresh_token": ben.auth.refresh_token}),
        )
        .await
        .expect(StatusCode::OK);
    assert_eq!(renewed.user, ben.auth.user);
    ann.end(&session)
        .await
        .expect::<EndSessionResponse>(StatusCode::OK);
    let again: EndSessionResponse = ann.end(&over).await.expect(StatusCode::OK);
    assert_eq!(
        again.session.id, over.id,
        "ended before the restart, and still so"
    );
}

#[tokio::test]
async fn a_data_folder_belongs_to_one_server() {
    let server = TestServer::start().await;
    let second = Server::start(Settings::embedded(server.data.path())).await;
    let error = second.expect_err("the first one uses the folder");
    assert!(
        matches!(error, StartError::Db(DbOpenError::InUse(_))),
        "{error}"
    );
    let data = server.stop().await;
    TestServer::start_on(data, |_| {}).await;
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let first = TestServer::start().await;
    let data = tempfile::tempdir().unwrap();
    let mut settings = Settings::embedded(data.path());
    settings.listen = first.server.address();
    let error = Server::start(settings)
        .await
        .expect_err("the port is taken");
    assert!(
        error
            .to_string()
            .contains(&first.server.address().to_string()),
        "{error}"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_stored_is_private() {
    use std::os::unix::fs::PermissionsExt as _;

    let parent = tempfile::tempdir().unwrap();
    let data = parent.path().join("a/new/folder");
    let server = Server::start(Settings::embedded(&data)).await.unwrap();
    server.open_to_network(0).await.unwrap();
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for file in ["kulti.db", "hms-keys.json", "network-tls.pem"] {
        assert_eq!(mode(&data.join(file)), 0o600, "{file}");
    }
    server.shutdown().await;
}

/// Tokens must be of no use to who gets hold of a backup.
#[tokio::test]
async fn tokens_are_not_in_the_data_folder() {
    let server = TestServer::start().await;
    let auth = server.guest("Ann").await.auth;
    let data = server.stop().await;
    for entry in std::fs::read_dir(data.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            for token in [&auth.access_token, &auth.refresh_token] {
                let found = bytes.windows(token.len()).any(|w| w == token.as_bytes());
                assert!(!found, "a token is in {}", path.display());
            }
        }
    }
}
