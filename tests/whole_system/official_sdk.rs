//! Web pages on the official 100ms SDK, in one room with our client.

use serde_json::{Value, json};

use crate::{
    bots::{Bots, is},
    browser::SdkPage,
    cuttable_link::CuttableLink,
    server::TestServer,
};

const PEER_NAMES: &str =
    "return hms.store.getState(HMS.selectPeers).map((peer) => [peer.name, peer.roleName]).sort()";

#[tokio::test(flavor = "multi_thread")]
async fn presence_and_roles_agree_between_web_and_ours() {
    let server = TestServer::start();
    let session = server.session("Web and desktop").await;
    let page = SdkPage::open("Web learner").await;
    page.join(
        &server.origin,
        &server.hms_token(session.room(), "web-1", "viewer"),
    )
    .await;

    let bot = Bots::join(&server.origin, session.code(), 1, "Rust learner");
    bot.says("joined", is("joined")).await;
    let peers = page
        .does(
            &format!(
                "await until(() => hms.store.getState(HMS.selectPeers).length === 2); {PEER_NAMES}"
            ),
            vec![],
        )
        .await;
    assert_eq!(
        peers,
        json!([["Rust learner", "viewer"], ["Web learner", "viewer"]])
    );
    bot.says("two are here", |event| {
        event["event"] == "counts" && event["total"] == 2
    })
    .await;

    // Leaving is seen at once.
    bot.leave();
    page.does(
        "await until(() => hms.store.getState(HMS.selectPeers).length === 1)",
        vec![],
    )
    .await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_session_store_goes_both_ways_also_for_late_joiners() {
    let server = TestServer::start();
    let session = server.session("Store").await;
    let host = SdkPage::open("Web host").await;
    host.join(
        &server.origin,
        &server.hms_token(session.room(), "web-host", "host"),
    )
    .await;
    host.does(
        "await hms.actions.sessionStore.set('topic', { chapter: 3 });
         await hms.actions.sessionStore.set('uiState',
           { announcementText: 'From the web', timestamp: Date.now() });",
        vec![],
    )
    .await;

    // Ours joins late and finds the announcement of the web page.
    let bot = Bots::join(&server.origin, session.code(), 1, "Late");
    bot.says("the web's announcement on the screen", |event| {
        event["view"]["slice"] == "stage"
            && event["view"]["value"]["announcement"]["text"] == "From the web"
    })
    .await;
    // The web page sees our watch state, and the counts that the server derives.
    let watch = host
        .does(
            "const id = await until(() => hms.store.getState(HMS.selectRemotePeers)[0]?.customerUserId);
             const key = 'watch:' + id;
             await hms.actions.sessionStore.observe([key, 'viewers']);
             const value = await until(() => hms.store.getState(HMS.selectSessionStore(key)));
             await until(() => hms.store.getState(HMS.selectSessionStore('viewers'))?.total === 2);
             return value;",
            vec![],
        )
        .await;
    assert_eq!(watch["isActive"], json!(true), "{watch}");

    // A web page that joins late finds what was set before.
    let late = SdkPage::open("Web late").await;
    late.join(
        &server.origin,
        &server.hms_token(session.room(), "web-late", "viewer"),
    )
    .await;
    let topic = late
        .does(
            "await hms.actions.sessionStore.observe(['topic']);
             return await until(() => hms.store.getState(HMS.selectSessionStore('topic')));",
            vec![],
        )
        .await;
    assert_eq!(topic, json!({"chapter": 3}));

    // Who may not is refused with a code that is not tried again, and nothing changes.
    let refused = late
        .run_async(
            "await hms.actions.sessionStore.set('uiState', { announcementText: 'I am the host' })",
            vec![],
        )
        .await;
    assert!(
        refused
            .as_str()
            .is_some_and(|text| text.starts_with("error 403")),
        "{refused}"
    );
    bot.leave();
    late.close().await;
    host.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_page_that_was_cut_off_finds_what_it_missed() {
    let server = TestServer::start();
    let session = server.session("Reconnect").await;
    let link = CuttableLink::to(&server.origin).await;
    let page = SdkPage::open("Web cut off").await;
    page.join(
        &link.origin,
        &server.hms_token(session.room(), "web-1", "viewer"),
    )
    .await;
    page.does("await hms.actions.sessionStore.observe(['step']);", vec![])
        .await;
    let other = SdkPage::open("Web host").await;
    other
        .join(
            &server.origin,
            &server.hms_token(session.room(), "web-2", "host"),
        )
        .await;
    other
        .does("await hms.actions.sessionStore.set('step', 1)", vec![])
        .await;
    page.does(
        "await until(() => hms.store.getState(HMS.selectSessionStore('step')) === 1)",
        vec![],
    )
    .await;
    // With media the SDK tells of those who are there already as if they had just come.
    other
        .does(
            "await until(() => hms.store.getState(HMS.selectPeers).length === 2);
             hms.log.length = 0;",
            vec![],
        )
        .await;

    link.cut();
    page.does(
        "await until(() => hms.store.getState(HMS.selectRoomState) === 'Reconnecting')",
        vec![],
    )
    .await;
    other
        .does("await hms.actions.sessionStore.set('step', 2)", vec![])
        .await;
    assert_eq!(
        other
            .run("return hms.store.getState(HMS.selectPeers).length")
            .await,
        json!(2),
        "within the grace period nobody sees a leave"
    );
    link.mend();
    page.does(
        "await until(() => hms.store.getState(HMS.selectRoomState) === 'Connected');
         await until(() => hms.store.getState(HMS.selectSessionStore('step')) === 2);
         await until(() => hms.store.getState(HMS.selectPeers).length === 2);",
        vec![],
    )
    .await;
    let leaves = other
        .run("return hms.log.filter((n) => n.type === 'PEER_LEFT' || n.type === 'PEER_JOINED')")
        .await;
    assert_eq!(leaves, json!([]), "no leave and no join was told");
    page.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_reach_everyone_once() {
    let server = TestServer::start();
    let session = server.session("Messages").await;
    let page = SdkPage::open("Web").await;
    page.join(
        &server.origin,
        &server.hms_token(session.room(), "web-1", "presenter"),
    )
    .await;
    let mut bot = Bots::join(&server.origin, session.code(), 1, "Rust");
    bot.says("joined", is("joined")).await;
    page.does(
        "await until(() => hms.store.getState(HMS.selectPeers).length === 2);
         await hms.actions.sendBroadcastMessage('from the web');",
        vec![],
    )
    .await;
    bot.says("the web's message", |event| {
        event["event"] == "message" && event["text"] == "from the web" && event["from"] == "Web"
    })
    .await;
    bot.act(json!({"act": "sendMessage", "text": "from Rust"}));
    page.does(
        "await until(() => hms.store.getState(HMS.selectHMSMessages)
            .some((m) => m.message === 'from Rust' && m.senderName === 'Rust'));",
        vec![],
    )
    .await;
    let all = page
        .run("return hms.store.getState(HMS.selectHMSMessages).map((m) => m.message)")
        .await;
    assert_eq!(
        all,
        json!(["from the web", "from Rust"]),
        "each once, in order"
    );
    bot.leave();
    page.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_hands_and_removal_work_across_clients() {
    let server = TestServer::start();
    let session = server.session("Roles").await;
    let host = SdkPage::open("Web host").await;
    host.join(
        &server.origin,
        &server.hms_token(session.room(), "web-host", "host"),
    )
    .await;
    let mut bot = Bots::join(&server.origin, session.code(), 1, "Rust");
    bot.says("joined", is("joined")).await;

    bot.act(json!({"act": "setHand", "raised": true}));
    host.does(
        "const peer = await until(() => hms.store.getState(HMS.selectRemotePeers)[0]);
         await until(() => hms.store.getState(HMS.selectPeerByID(peer.id)).isHandRaised);
         await hms.actions.changeRoleOfPeer(peer.id, 'presenter', true);
         await until(() => hms.store.getState(HMS.selectPeerByID(peer.id)).roleName === 'presenter');",
        vec![],
    )
    .await;
    bot.says("the new role", |event| {
        event["event"] == "role" && event["role"] == "presenter"
    })
    .await;
    host.does(
        "const peer = hms.store.getState(HMS.selectRemotePeers)[0];
         await hms.actions.removePeer(peer.id, 'time to go');
         await until(() => hms.store.getState(HMS.selectRemotePeers).length === 0);",
        vec![],
    )
    .await;
    let left = bot.says("the end", is("left")).await;
    assert_eq!(left["reason"]["kind"], json!("removed"), "{left}");
    host.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_token_is_refused_at_once_and_with_its_reason() {
    let server = TestServer::start();
    let session = server.session("Tokens").await;
    let page = SdkPage::open("Web").await;
    let good = server.hms_token(session.room(), "web-1", "viewer");
    let (message, _) = good.rsplit_once('.').unwrap();
    let forged = format!("{message}.{}", "A".repeat(43));
    let answer = page.try_join(&server.origin, &forged).await;
    let text = answer.as_str().unwrap_or_default();
    assert!(text.starts_with("error 401"), "{answer}");
    assert!(
        text.contains("signature"),
        "it says what is wrong: {answer}"
    );

    // The same page can join after that.
    page.join(&server.origin, &good).await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_s_end_reaches_web_and_ours() {
    let server = TestServer::start();
    let session = server.session("End").await;
    let page = SdkPage::open("Web").await;
    page.join(
        &server.origin,
        &server.hms_token(session.room(), "web-1", "viewer"),
    )
    .await;
    let bot = Bots::join(&server.origin, session.code(), 1, "Rust");
    bot.says("joined", is("joined")).await;
    let ended: Value = server
        .post(
            "/api/sessions/end",
            Some(&session.host),
            json!({"sessionId": session.session["id"]}),
        )
        .await;
    assert_eq!(ended["success"], json!(true));
    let left = bot.says("the end", is("left")).await;
    assert_eq!(left["reason"]["kind"], json!("sessionEnded"), "{left}");
    page.does(
        "await until(() => hms.log.some((n) => n.type === 'ROOM_ENDED'))",
        vec![],
    )
    .await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_server_resumes_its_rooms() {
    let mut server = TestServer::start();
    let session = server.session("Restart").await;
    let page = SdkPage::open("Web").await;
    page.join(
        &server.origin,
        &server.hms_token(session.room(), "web-1", "host"),
    )
    .await;
    let bot = Bots::join(&server.origin, session.code(), 1, "Rust");
    bot.says("joined", is("joined")).await;
    page.does(
        "await hms.actions.sessionStore.observe(['kept']);
         await hms.actions.sessionStore.set('kept', 'over a restart');
         await until(() => hms.store.getState(HMS.selectPeers).length === 2);",
        vec![],
    )
    .await;
    server.restart();
    bot.says("it is back", is("restored")).await;
    page.does(
        "await until(() => hms.store.getState(HMS.selectRoomState) === 'Connected');
         await until(() => hms.store.getState(HMS.selectPeers).length === 2);
         await hms.actions.sessionStore.set('after', 1);",
        vec![],
    )
    .await;
    // Who joins now finds what was there before.
    let late = SdkPage::open("Late").await;
    late.join(
        &server.origin,
        &server.hms_token(session.room(), "web-2", "viewer"),
    )
    .await;
    let kept = late
        .does(
            "await hms.actions.sessionStore.observe(['kept']);
             return await until(() => hms.store.getState(HMS.selectSessionStore('kept')));",
            vec![],
        )
        .await;
    assert_eq!(kept, json!("over a restart"));
    bot.leave();
    late.close().await;
    page.close().await;
}
