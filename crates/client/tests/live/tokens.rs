//! Accounts and tokens that end.

use std::{sync::Arc, time::Duration};

use kulti_client::{
    core::{Intent, view::ConnectionView},
    drivers::{
        api::Api,
        credentials::{Account, Credentials, MemoryCredentials, Secret},
        join::{JoinError, Server, ServerAddress},
        stay::StayHandle,
        tls::Trust,
        transport::Transport,
    },
};

use crate::{
    eyes::{Eyes, PATIENCE},
    server::TestServer,
};

fn api(server: &TestServer, credentials: &Arc<MemoryCredentials>) -> Api {
    let transport = Transport::new(Trust::SystemRoots, None).unwrap();
    let origin = server.origin().parse().unwrap();
    Api::new(transport, origin, credentials.clone())
}

#[tokio::test]
async fn an_ended_access_token_is_replaced_unseen() {
    let server = TestServer::start_with(|settings| {
        settings.tokens.access_token_ttl = Duration::from_secs(2);
    })
    .await;
    let credentials = Arc::new(MemoryCredentials::default());
    let api = api(&server, &credentials);
    api.sign_in("Ana").await.unwrap();
    let first = credentials.load().unwrap().unwrap();
    let replaced = async {
        loop {
            api.balance()
                .await
                .expect("nothing of it is seen by callers");
            let kept = credentials.load().unwrap().unwrap();
            if kept.access != first.access {
                return kept;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let second = tokio::time::timeout(PATIENCE, replaced).await.unwrap();
    assert_eq!(first.user, second.user);
    assert!(first.refresh != second.refresh, "the new pair is kept");
}

#[tokio::test]
async fn many_calls_at_once_replace_the_token_once() {
    let server = TestServer::start().await;
    let credentials = Arc::new(MemoryCredentials::default());
    api(&server, &credentials).sign_in("Ana").await.unwrap();
    let good = credentials.load().unwrap().unwrap();
    let stale = Account {
        access: Secret::new("stale".to_owned()),
        ..good.clone()
    };
    credentials.save(&stale).unwrap();
    let api = api(&server, &credentials);
    api.sign_in("ignored: there is an account").await.unwrap();
    let calls = (0..8).map(|_| api.balance());
    for answer in futures_util::future::join_all(calls).await {
        answer.expect("the refresh token is good once, and was used once");
    }
    assert_eq!(credentials.load().unwrap().unwrap().user, good.user);
}

#[tokio::test]
async fn a_pair_that_another_program_has_replaced_is_taken_up() {
    let server = TestServer::start().await;
    let credentials = Arc::new(MemoryCredentials::default());
    api(&server, &credentials).sign_in("Ana").await.unwrap();
    let good = credentials.load().unwrap().unwrap();
    let used_up = Account {
        access: Secret::new("stale".to_owned()),
        refresh: Secret::new("used-up".to_owned()),
        user: good.user.clone(),
    };
    credentials.save(&used_up).unwrap();
    let api = api(&server, &credentials);
    api.sign_in("ignored").await.unwrap();
    credentials.save(&good).unwrap(); // the other program
    assert!(api.balance().await.is_ok());
}

#[tokio::test]
async fn an_account_that_the_server_does_not_know_is_replaced_on_joining() {
    let server = TestServer::start().await;
    let (_host, code) = server.host().await;
    let credentials = Arc::new(MemoryCredentials::default());
    let unknown = Account {
        user: kulti_protocol::api::User {
            id: "from-another-life".to_owned(),
            display_name: "Ana".to_owned(),
        },
        access: Secret::new("unknown".to_owned()),
        refresh: Secret::new("unknown".to_owned()),
    };
    credentials.save(&unknown).unwrap();
    let address = ServerAddress::public(&server.origin());
    let person = Server::new(&address, credentials.clone()).unwrap();
    let stay = person.join(&code, "Ana").await.unwrap();
    Eyes::of(&stay).people(2).await;
    let kept = credentials.load().unwrap().unwrap();
    assert_eq!(kept.user.id, stay.config().user_id);
    assert_ne!(kept.user.id, "from-another-life");
}

#[tokio::test]
async fn a_room_token_that_has_ended_is_renewed_before_a_reconnect() {
    let server = TestServer::start_with(|settings| {
        // Less than the margin by which clocks may differ: it counts as ended at once.
        settings.tokens.hms_token_ttl = Duration::from_secs(20);
    })
    .await;
    let (host, code) = server.host().await;
    let stay = server.person().join(&code, "Ana").await.unwrap();
    let mut eyes = Eyes::of(&stay);
    eyes.people(2).await;
    stay.cut_socket().unwrap();
    eyes.lost().await;
    eyes.until("back", |seen| {
        matches!(seen.connection, Some(ConnectionView::Connected { .. }))
    })
    .await;
    host.act(Intent::Leave).unwrap();
    eyes.people(1).await;
}

#[tokio::test]
async fn an_unknown_code_is_no_session() {
    let server = TestServer::start().await;
    let code: kulti_protocol::room_code::RoomCode = "VIBE-ZZZZ".parse().unwrap();
    let refused = server.person().join(&code, "Ana").await.unwrap_err();
    assert!(matches!(refused, JoinError::NoSuchSession(c) if c == code));
}

#[tokio::test]
async fn a_name_that_was_changed_since_shows_at_the_server_and_in_the_room() {
    let server = TestServer::start().await;
    let credentials = Arc::new(MemoryCredentials::default());
    api(&server, &credentials).sign_in("Ana").await.unwrap();
    let former = credentials.load().unwrap().unwrap();

    let address = ServerAddress::public(&server.origin());
    let person = Server::new(&address, credentials.clone()).unwrap();
    let host = person.host("Rust", false, "Ana María").await.unwrap();
    assert_eq!(host.config().user_id, former.user.id, "the same account");
    let kept = credentials.load().unwrap().unwrap();
    assert_eq!(kept.user.display_name, "Ana María");
    assert_eq!(kept.refresh.expose(), former.refresh.expose());

    let code = host.config().room_code.parse().unwrap();
    let learner = server.person();
    let found = learner.look_up(&code, "Léo").await.unwrap();
    assert_eq!(found.host.display_name, "Ana María");
    let stay = learner.join(&code, "Léo").await.unwrap();
    assert_eq!(stay.config().host_name, "Ana María");
    let sees = async |stay: &StayHandle, names: [&str; 2]| {
        Eyes::of(stay)
            .until("the names of both", |seen| {
                let Some(grid) = &seen.grid else { return false };
                let shown: Vec<&str> = grid.tiles.iter().map(|t| t.name.as_str()).collect();
                shown == names
            })
            .await;
    };
    sees(&stay, ["Léo", "Ana María"]).await;

    stay.act(Intent::Leave).unwrap();
    stay.finished().await;
    let again = learner.join(&code, "Leonhard").await.unwrap();
    sees(&host, ["Ana María", "Leonhard"]).await;
    drop(again);
}

#[tokio::test]
async fn a_server_that_refuses_a_new_name_is_joined_all_the_same() {
    let server = TestServer::start().await;
    let (_host, code) = server.host().await;
    let credentials = Arc::new(MemoryCredentials::default());
    let address = ServerAddress::public(&server.origin());
    let person = Server::new(&address, credentials.clone()).unwrap();
    person.sign_in("Léo").await.unwrap();
    // Nothing is left of it that this server would take.
    let stay = person.join(&code, "\u{200e}").await.unwrap();
    Eyes::of(&stay).people(2).await;
    let kept = credentials.load().unwrap().unwrap();
    assert_eq!(kept.user.display_name, "Léo");
}
