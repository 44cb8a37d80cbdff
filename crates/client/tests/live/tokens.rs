//! Accounts and tokens that end.

use std::{sync::Arc, time::Duration};

use kulti_client::{
    core::{Intent, view::ConnectionView},
    drivers::{
        api::Api,
        credentials::{Account, Credentials, MemoryCredentials, Secret},
        join::{JoinError, Server, ServerAddress},
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
