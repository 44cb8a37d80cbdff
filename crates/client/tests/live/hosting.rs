//! What a host does with people and the stage, between whole clients and a real server.

use kulti_client::{
    core::{
        Intent,
        view::{EndReason, Notice},
    },
    drivers::{api::ApiError, join::JoinError, stay::StayHandle},
};

use crate::{
    eyes::Eyes,
    server::{TestServer, host_and_learner},
};

fn invite(learner: &StayHandle) -> Intent {
    Intent::ChangeRole {
        peer_id: learner.config().peer_id.clone(),
        role: "presenter".to_owned(),
        force: false,
    }
}

#[tokio::test]
async fn an_invitation_is_declined_and_then_accepted() {
    let server = TestServer::start().await;
    let (host, learner) = host_and_learner(&server).await;
    let (mut host_eyes, mut eyes) = (Eyes::of(&host), Eyes::of(&learner));
    host_eyes.people(2).await;
    for accept in [false, true] {
        host.act(invite(&learner)).unwrap();
        eyes.until("the invitation", |seen| {
            let invitation = seen.room.invitation.as_ref();
            invitation.is_some_and(|it| it.name == "Hanna" && it.role == "presenter")
        })
        .await;
        host_eyes
            .until("one who has not answered", |seen| {
                seen.room.invited.len() == 1
            })
            .await;
        learner.act(Intent::AnswerRoleInvite { accept }).unwrap();
        eyes.until("it answered", |seen| seen.room.invitation.is_none())
            .await;
        host_eyes
            .until("the answer", |seen| {
                let answered = seen.notices.iter().any(|notice| match notice {
                    Notice::InvitationAccepted { name, .. } => accept && name == "Léo",
                    Notice::InvitationDeclined { name, .. } => !accept && name == "Léo",
                    _ => false,
                });
                answered && seen.room.invited.is_empty()
            })
            .await;
    }
    eyes.until("the rights of a presenter", |seen| {
        seen.session.as_ref().is_some_and(|it| it.can.manage_stage)
    })
    .await;
    assert!(
        host_eyes.seen.messages.is_empty(),
        "a no is no chat message"
    );
    host.act(Intent::ChangeRole {
        peer_id: learner.config().peer_id.clone(),
        role: "viewer".to_owned(),
        force: true,
    })
    .unwrap();
    eyes.until("back among the watchers", |seen| {
        seen.session.as_ref().is_some_and(|it| !it.can.manage_stage)
    })
    .await;
}

fn is_locked_out(error: &JoinError) -> bool {
    matches!(error, JoinError::Api(ApiError::Refused { code, .. }) if code == "session_locked")
}

#[tokio::test]
async fn nobody_new_joins_a_locked_session_also_after_a_restart() {
    let mut server = TestServer::start().await;
    let (host, code) = server.host().await;
    let leo = server.person();
    let learner = leo.join(&code, "Léo").await.unwrap();
    let (mut host_eyes, mut eyes) = (Eyes::of(&host), Eyes::of(&learner));
    host_eyes.people(2).await;
    host.act(Intent::LockRoom { locked: true }).unwrap();
    for eyes in [&mut host_eyes, &mut eyes] {
        eyes.until("the lock", |seen| {
            seen.room.locked && seen.room.locked_by.as_deref() == Some("Hanna")
        })
        .await;
    }
    assert!(host_eyes.seen.room.can_lock && !eyes.seen.room.can_lock);
    let refused = server.person().join(&code, "New").await.unwrap_err();
    assert!(is_locked_out(&refused), "{refused:?}");

    // Who was in comes back, also with a new stay.
    learner.act(Intent::Leave).unwrap();
    learner.finished().await;
    host_eyes.people(1).await;
    let _learner = leo.join(&code, "Léo").await.unwrap();
    host_eyes.people(2).await;

    server.restart().await;
    let refused = server.person().join(&code, "New").await.unwrap_err();
    assert!(is_locked_out(&refused), "{refused:?}");
    host_eyes.lost().await;
    host_eyes.connected().await;
    host.act(Intent::LockRoom { locked: false }).unwrap();
    host_eyes.until("it open", |seen| !seen.room.locked).await;
    let new = server.person().join(&code, "New").await.unwrap();
    Eyes::of(&new).connected().await;
}

#[tokio::test]
async fn a_removed_learner_is_refused_over_http_afterwards() {
    let server = TestServer::start().await;
    let (host, code) = server.host().await;
    let person = server.person();
    let learner = person.join(&code, "Léo").await.unwrap();
    let mut eyes = Eyes::of(&host);
    eyes.people(2).await;
    host.act(Intent::RemovePeer {
        peer_id: learner.config().peer_id.clone(),
        reason: "Wrong room".to_owned(),
    })
    .unwrap();
    let ended = learner.ended().await;
    assert!(matches!(ended, EndReason::Removed { .. }), "{ended:?}");
    let refused = person.join(&code, "Léo").await.unwrap_err();
    assert!(
        matches!(&refused, JoinError::Api(ApiError::Refused { code, .. }) if code == "removed"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_new_name_is_seen_in_the_room() {
    let server = TestServer::start().await;
    let (host, learner) = host_and_learner(&server).await;
    let (mut host_eyes, mut eyes) = (Eyes::of(&host), Eyes::of(&learner));
    host_eyes.people(2).await;
    learner
        .act(Intent::Rename {
            name: "Léo B.".to_owned(),
        })
        .unwrap();
    host.act(Intent::Rename {
        name: "Hanna K.".to_owned(),
    })
    .unwrap();
    for eyes in [&mut host_eyes, &mut eyes] {
        eyes.until("both new names", |seen| {
            let named = |name: &str| seen.people.people.iter().any(|tile| tile.name == name);
            let hosted = seen
                .session
                .as_ref()
                .is_some_and(|it| it.host_name == "Hanna K.");
            named("Léo B.") && named("Hanna K.") && hosted
        })
        .await;
    }
}

#[tokio::test]
async fn an_announcement_is_acknowledged_and_runs_out() {
    let server = TestServer::start().await;
    let (host, learner) = host_and_learner(&server).await;
    let (mut host_eyes, mut eyes) = (Eyes::of(&host), Eyes::of(&learner));
    host_eyes.people(2).await;
    eyes.people(2).await;
    let announce = |text: &str, shown_for_ms| Intent::Announce {
        text: Some(text.to_owned()),
        shown_for_ms,
    };
    host.act(announce("Break", None)).unwrap();
    let id = eyes
        .see("the announcement", |seen| {
            seen.stage.announcement.as_ref().map(|it| it.id.clone())
        })
        .await;
    host_eyes
        .until("nobody yet", |seen| {
            let read = seen.stage_log.acknowledged.as_ref();
            read.is_some_and(|read| (read.count, read.of) == (0, 1))
        })
        .await;
    learner.act(Intent::DismissAnnouncement { id }).unwrap();
    host_eyes
        .until("everybody", |seen| {
            let read = seen.stage_log.acknowledged.as_ref();
            read.is_some_and(|read| (read.count, read.of) == (1, 1))
        })
        .await;

    host.act(announce("Only for a moment", Some(1_500)))
        .unwrap();
    eyes.until("the second one", |seen| {
        let now = seen.stage.announcement.as_ref();
        now.is_some_and(|now| now.text == "Only for a moment")
    })
    .await;
    for eyes in [&mut eyes, &mut host_eyes] {
        eyes.until("none any more, and both in the history", |seen| {
            let past = &seen.stage_log.announcements;
            seen.stage.announcement.is_none()
                && past.len() == 2
                && past.iter().all(|past| !past.current)
        })
        .await;
    }
}

/// Two hosts with our own client change different fields at the same moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_races_of_two_hosts_lose_nothing() {
    let server = TestServer::start_with(|settings| {
        settings.room.writes_per_second = 100_000;
        settings.room.writes_burst = 100_000;
        settings.room.frames_per_second = 100_000;
        settings.room.frames_burst = 100_000;
    })
    .await;
    let (host, second) = host_and_learner(&server).await;
    let (mut host_eyes, mut second_eyes) = (Eyes::of(&host), Eyes::of(&second));
    host_eyes.people(2).await;
    host.act(Intent::ChangeRole {
        peer_id: second.config().peer_id.clone(),
        role: "host".to_owned(),
        force: true,
    })
    .unwrap();
    second_eyes
        .until("a second host", |seen| {
            seen.session.as_ref().is_some_and(|it| it.can.manage_stage)
        })
        .await;
    let ids = [&host, &second].map(|stay| stay.config().peer_id.clone());
    for round in 0..1_000 {
        let text = format!("round {round}");
        let spot = ids.get(round % 2).cloned();
        host.act(Intent::Announce {
            text: Some(text.clone()),
            shown_for_ms: None,
        })
        .unwrap();
        let spotlight = Intent::Spotlight {
            peer_id: spot.clone(),
        };
        second.act(spotlight).unwrap();
        for eyes in [&mut host_eyes, &mut second_eyes] {
            eyes.until(&format!("both changes of round {round}"), |seen| {
                let announced = seen.stage.announcement.as_ref();
                let lit = seen.stage.spotlight.as_ref().map(|tile| &tile.peer_id);
                announced.is_some_and(|it| it.text == text) && lit == spot.as_ref()
            })
            .await;
        }
    }
    for eyes in [&host_eyes, &second_eyes] {
        let refused = |notice: &&Notice| matches!(notice, Notice::Refused { .. });
        assert_eq!(eyes.seen.notices.iter().find(refused), None);
    }
}
