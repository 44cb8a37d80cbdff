//! Losing the connection and coming back.

use kulti_client::core::{
    Intent,
    view::{ConnectionView, Notice},
};

use crate::{
    eyes::Eyes,
    proxy::{Network, Proxy},
    server::{TestServer, host_and_learner},
};

/// The learner is back, and the host never saw anything of it.
fn assert_no_flicker(host: &Eyes) {
    let since_two: Vec<u32> = host
        .seen
        .totals
        .iter()
        .copied()
        .skip_while(|t| *t != 2)
        .collect();
    assert!(since_two.iter().all(|t| *t == 2), "{:?}", host.seen.totals);
    let joined = |n: &&Notice| matches!(n, Notice::PeopleJoined { .. });
    let joins = host.seen.notices.iter().filter(joined).count();
    assert!(joins <= 1, "{:?}", host.seen.notices);
}

#[tokio::test]
async fn a_cut_socket_comes_back_without_anybody_noticing() {
    let server = TestServer::start().await;
    let (host, learner) = host_and_learner(&server).await;
    let mut told = learner.announcements();
    let mut host_eyes = Eyes::of(&host);
    let mut eyes = Eyes::of(&learner);
    host_eyes.people(2).await;
    eyes.people(2).await;
    let announce = |text: &str| {
        let text = Some(text.to_owned());
        let shown_for_ms = None;
        host.act(Intent::Announce { text, shown_for_ms }).unwrap();
    };
    announce("before");
    assert_eq!(told.recv().await.unwrap().text, "before");

    learner.cut_socket().unwrap();
    eyes.lost().await;
    announce("meanwhile");
    let peer_id = Some(host.config().peer_id.clone());
    host.act(Intent::Spotlight { peer_id }).unwrap();
    eyes.until("back, with what was missed", |seen| {
        matches!(seen.connection, Some(ConnectionView::Connected { .. }))
            && seen
                .stage
                .announcement
                .as_ref()
                .is_some_and(|a| a.text == "meanwhile")
            && seen.stage.spotlight.is_some()
    })
    .await;
    assert_eq!(told.recv().await.unwrap().text, "meanwhile");

    // Once more, with nothing new: the announcement is not told again.
    learner.cut_socket().unwrap();
    eyes.lost().await;
    eyes.connected().await;
    learner.act(Intent::say("I am back")).unwrap();
    host_eyes
        .until("the learner's message", |seen| !seen.messages.is_empty())
        .await;
    assert_no_flicker(&host_eyes);
    announce("last");
    assert_eq!(
        told.recv().await.unwrap().text,
        "last",
        "nothing was told twice"
    );
}

#[tokio::test]
async fn a_silent_network_is_noticed_and_survived() {
    let server = TestServer::start().await;
    let (host, code) = server.host().await;
    let proxy = Proxy::before(server.address()).await;
    let learner = server
        .person_at(&proxy.origin())
        .join(&code, "Léo")
        .await
        .unwrap();
    let mut eyes = Eyes::of(&learner);
    let mut host_eyes = Eyes::of(&host);
    eyes.people(2).await;
    host_eyes.people(2).await;
    proxy.set(Network::Silent);
    eyes.lost().await;
    proxy.set(Network::Good);
    eyes.connected().await;
    eyes.people(2).await;
    learner.act(Intent::say("I am back")).unwrap();
    host_eyes
        .until("the learner's message", |seen| {
            seen.messages.iter().any(|m| m.text == "I am back")
        })
        .await;
    assert_no_flicker(&host_eyes);
}

#[tokio::test]
async fn a_network_that_is_down_for_a_while_is_survived() {
    let server = TestServer::start().await;
    let (host, code) = server.host().await;
    let proxy = Proxy::before(server.address()).await;
    let learner = server
        .person_at(&proxy.origin())
        .join(&code, "Léo")
        .await
        .unwrap();
    let mut eyes = Eyes::of(&learner);
    let mut host_eyes = Eyes::of(&host);
    eyes.people(2).await;
    host_eyes.people(2).await;
    proxy.set(Network::Down);
    eyes.until("a second attempt", |seen| {
        matches!(
            seen.connection,
            Some(ConnectionView::Lost { attempt: 2.., .. })
        )
    })
    .await;
    proxy.set(Network::Good);
    learner.act(Intent::RetryNow).unwrap();
    eyes.connected().await;
    host.act(Intent::Spotlight {
        peer_id: Some(learner.config().peer_id.clone()),
    })
    .unwrap();
    eyes.until("the spotlight", |seen| seen.stage.spotlight.is_some())
        .await;
    assert_no_flicker(&host_eyes);
}

#[tokio::test]
async fn a_restarted_server_has_everybody_back() {
    let mut server = TestServer::start().await;
    let (host, learner) = host_and_learner(&server).await;
    let mut eyes = Eyes::of(&learner);
    let mut host_eyes = Eyes::of(&host);
    eyes.people(2).await;
    host_eyes.people(2).await;
    host.act(Intent::Announce {
        text: Some("before the restart".to_owned()),
        shown_for_ms: None,
    })
    .unwrap();
    eyes.until("the announcement", |seen| seen.stage.announcement.is_some())
        .await;
    server.restart().await;
    for eyes in [&mut eyes, &mut host_eyes] {
        eyes.until("lost and back, with both people and the stage", |seen| {
            let back = matches!(
                seen.connection,
                Some(ConnectionView::Connected {
                    restored: Some(_),
                    ..
                })
            );
            back && seen.counts.total == 2 && seen.stage.announcement.is_some()
        })
        .await;
    }
    learner.act(Intent::say("still here")).unwrap();
    host_eyes
        .until("a message", |seen| {
            seen.messages.iter().any(|m| m.text == "still here")
        })
        .await;
}

#[tokio::test]
async fn leaving_works_without_a_network() {
    let server = TestServer::start().await;
    let (_host, code) = server.host().await;
    let proxy = Proxy::before(server.address()).await;
    let learner = server
        .person_at(&proxy.origin())
        .join(&code, "Léo")
        .await
        .unwrap();
    let mut eyes = Eyes::of(&learner);
    eyes.people(2).await;
    proxy.set(Network::Silent);
    learner.act(Intent::Leave).unwrap();
    learner.ended().await;
    learner.finished().await;
    proxy.set(Network::Good);
}
