//! Two people in one room: whatever one does, the other sees.

use kulti_client::{
    core::{
        Intent,
        view::{Delivery, EndReason, Presence},
    },
    drivers::join::JoinError,
};
use kulti_watch::Signal;

use crate::{
    eyes::Eyes,
    server::{TestServer, host_and_learner},
};

#[tokio::test]
async fn two_people_see_each_other() {
    let server = TestServer::start().await;
    let (host, learner) = host_and_learner(&server).await;
    for (me, name, other) in [(&host, "Hanna", "Léo"), (&learner, "Léo", "Hanna")] {
        let mut eyes = Eyes::of(me);
        eyes.people(2).await;
        eyes.until("both tiles, the own one first", |seen| {
            let Some(grid) = &seen.grid else { return false };
            let names: Vec<&str> = grid.tiles.iter().map(|t| t.name.as_str()).collect();
            names == [name, other] && grid.tiles[0].is_local && grid.pages == 1
        })
        .await;
    }
    assert_eq!(learner.config().role, "viewer");
    assert_eq!(learner.config().host_name, "Hanna");
    assert_eq!(host.config().role, "host");
}

#[tokio::test]
async fn what_a_host_puts_on_the_stage_reaches_the_learner() {
    let server = TestServer::start().await;
    let (host, learner) = host_and_learner(&server).await;
    let mut told = learner.announcements();
    let mut eyes = Eyes::of(&learner);
    let mut host_eyes = Eyes::of(&host);
    host_eyes.people(2).await;

    let learner_id = learner.config().peer_id.clone();
    host.act(Intent::Spotlight {
        peer_id: Some(learner_id.clone()),
    })
    .unwrap();
    for eyes in [&mut eyes, &mut host_eyes] {
        eyes.until("the spotlight on the learner", |seen| {
            seen.stage
                .spotlight
                .as_ref()
                .is_some_and(|t| t.peer_id == learner_id)
        })
        .await;
    }

    let text = "Break until <b>10:15</b> & coffee";
    host.act(Intent::Announce {
        text: Some(text.to_owned()),
        shown_for_ms: None,
    })
    .unwrap();
    eyes.until("the announcement beside the spotlight", |seen| {
        seen.stage
            .announcement
            .as_ref()
            .is_some_and(|a| a.text == text && a.author == "Hanna")
            && seen.stage.spotlight.is_some()
    })
    .await;
    let announcement = told.recv().await.unwrap();
    assert_eq!(announcement.text, text);

    host.act(Intent::Spotlight { peer_id: None }).unwrap();
    eyes.until("no spotlight, the announcement still there", |seen| {
        seen.stage.spotlight.is_none() && seen.stage.announcement.is_some()
    })
    .await;
}

#[tokio::test]
async fn a_raised_hand_reaches_the_host_who_lowers_it() {
    let server = TestServer::start().await;
    let (host, learner) = host_and_learner(&server).await;
    let mut eyes = Eyes::of(&learner);
    let mut host_eyes = Eyes::of(&host);
    eyes.connected().await;
    learner.act(Intent::SetHand { raised: true }).unwrap();
    host_eyes
        .until("one hand", |seen| seen.counts.hands == 1)
        .await;
    let peer_id = learner.config().peer_id.clone();
    host.act(Intent::LowerHand { peer_id }).unwrap();
    for eyes in [&mut eyes, &mut host_eyes] {
        eyes.until("the hand lowered", |seen| {
            seen.counts.hands == 0 && seen.counts.total == 2
        })
        .await;
    }
}

#[tokio::test]
async fn messages_go_both_ways_and_are_confirmed() {
    let server = TestServer::start().await;
    let (host, learner) = host_and_learner(&server).await;
    let mut eyes = [Eyes::of(&host), Eyes::of(&learner)];
    for eyes in &mut eyes {
        eyes.people(2).await;
    }
    for (who, text) in [(&host, "Welcome! 👋"), (&learner, "こんにちは")] {
        let text = text.to_owned();
        who.act(Intent::say(text)).unwrap();
        let text = if std::ptr::eq(who, &host) {
            "Welcome! 👋"
        } else {
            "こんにちは"
        };
        for eyes in &mut eyes {
            eyes.until(text, |seen| {
                seen.messages
                    .iter()
                    .any(|m| m.text == text && m.delivery == Delivery::Sent)
            })
            .await;
        }
    }
    for eyes in &eyes {
        assert_eq!(eyes.seen.messages.len(), 2, "{:#?}", eyes.seen.messages);
    }
}

#[tokio::test]
async fn who_looks_away_becomes_inactive_for_the_others() {
    let server = TestServer::start_with(|settings| {
        settings.watch.away_grace = std::time::Duration::from_millis(200);
    })
    .await;
    let (host, learner) = host_and_learner(&server).await;
    let mut eyes = Eyes::of(&host);
    eyes.until("two active", |seen| {
        (seen.counts.active, seen.counts.total) == (2, 2)
    })
    .await;
    learner.watch(Signal::WindowHidden).unwrap();
    let peer_id = learner.config().peer_id.as_str();
    eyes.until("the learner away", |seen| {
        let Some(grid) = &seen.grid else { return false };
        let tile = grid.tiles.iter().find(|t| t.peer_id == peer_id);
        seen.counts.active == 1 && tile.is_some_and(|t| t.presence == Presence::Away)
    })
    .await;
    learner.watch(Signal::WindowVisible).unwrap();
    eyes.until("two active again", |seen| seen.counts.active == 2)
        .await;
}

#[tokio::test]
async fn a_removed_learner_is_told_why_and_gone_for_the_host() {
    let server = TestServer::start().await;
    let (host, learner) = host_and_learner(&server).await;
    let mut eyes = Eyes::of(&host);
    eyes.people(2).await;
    host.act(Intent::RemovePeer {
        peer_id: learner.config().peer_id.clone(),
        reason: "Wrong room".to_owned(),
    })
    .unwrap();
    match learner.ended().await {
        EndReason::Removed { reason, .. } => assert_eq!(reason, "Wrong room"),
        other => panic!("{other:?}"),
    }
    eyes.people(1).await;
    assert!(
        learner.act(Intent::SetHand { raised: true }).is_err(),
        "it is over"
    );
}

#[tokio::test]
async fn a_learner_who_leaves_is_gone_at_once() {
    let server = TestServer::start().await;
    let (host, learner) = host_and_learner(&server).await;
    let mut eyes = Eyes::of(&host);
    eyes.people(2).await;
    learner.act(Intent::Leave).unwrap();
    assert_eq!(learner.ended().await, EndReason::Left);
    eyes.people(1).await;
    learner.finished().await;
}

#[tokio::test]
async fn dropping_the_last_handle_leaves() {
    let server = TestServer::start().await;
    let (host, learner) = host_and_learner(&server).await;
    let mut eyes = Eyes::of(&host);
    eyes.people(2).await;
    drop(learner);
    eyes.people(1).await;
}

#[tokio::test]
async fn ending_the_session_ends_it_for_everyone_and_for_good() {
    let server = TestServer::start().await;
    let (host, learner) = host_and_learner(&server).await;
    let code = host.config().room_code.parse().unwrap();
    let mut eyes = Eyes::of(&host);
    eyes.people(2).await;
    host.act(Intent::EndSession).unwrap();
    assert_eq!(host.ended().await, EndReason::SessionEnded);
    assert_eq!(learner.ended().await, EndReason::SessionEnded);
    host.finished().await;
    let late = server.person().join(&code, "Late").await.unwrap_err();
    assert!(
        matches!(late, JoinError::SessionOver | JoinError::NoSuchSession(_)),
        "{late:?}"
    );
}

#[tokio::test]
async fn a_late_subscriber_gets_the_whole_view_and_one_after_the_end_its_last_event() {
    let server = TestServer::start().await;
    let (host, learner) = host_and_learner(&server).await;
    let mut early = Eyes::of(&learner);
    early.people(2).await;
    host.act(Intent::say("first")).unwrap();
    early
        .until("the message", |seen| !seen.messages.is_empty())
        .await;
    let mut late = Eyes::of(&learner);
    late.until("everything at once", |seen| {
        seen.session.is_some()
            && seen.counts.total == 2
            && seen.grid.is_some()
            && seen.people.total == 2
            && seen.messages.len() == 1
    })
    .await;
    learner.act(Intent::Leave).unwrap();
    learner.ended().await;
    let mut after = Eyes::of(&learner);
    after.until("the end", |seen| seen.ended.is_some()).await;
}

#[tokio::test]
async fn watched_time_reaches_the_ledger_when_activity_changes() {
    let server = TestServer::start().await;
    let (_host, learner) = host_and_learner(&server).await;
    let mut eyes = Eyes::of(&learner);
    eyes.until("time that counts", |seen| seen.watch.active_ms >= 1_000)
        .await;
    learner.watch(Signal::WindowHidden).unwrap();
    eyes.until("time that the server has confirmed", |seen| {
        seen.watch.confirmed_ms >= 1_000
    })
    .await;
    assert!(!eyes.seen.watch.counting);
}
