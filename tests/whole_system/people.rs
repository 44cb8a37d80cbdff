//! People and the stage: what a host does, seen by a learner's window and by a web page
//! on the official SDK.

use serde_json::json;

use crate::{
    app_window::AppWindow, browser::SdkPage, server::TestServer, two_windows::DISPLAY,
    waiting::until,
};

/// Clicks in the row of somebody in the people panel.
async fn click_in_row(window: &AppWindow, name: &str, css: &str) {
    let source = "const [name, css] = arguments;
        const rows = [...document.querySelectorAll('[data-peer-row]')];
        const row = rows.find((row) => row.textContent.includes(name));
        const button = row && row.querySelector(css);
        if (!button) return false;
        button.click();
        return true;";
    until(&format!("a row of {name} with {css}"), || async {
        let clicked = window.script(source, vec![json!(name), json!(css)]).await;
        (clicked == json!(true)).then_some(())
    })
    .await;
}

/// Chooses from the menu of somebody in the people panel.
async fn choose(window: &AppWindow, name: &str, item: &str) {
    click_in_row(window, name, ".more").await;
    let source = "const [item] = arguments;
        const items = [...document.querySelectorAll('[role=menuitem]')];
        const it = items.find((one) => one.textContent.includes(item));
        if (!it) return false;
        it.click();
        return true;";
    until(&format!("the menu item {item}"), || async {
        let clicked = window.script(source, vec![json!(item)]).await;
        (clicked == json!(true)).then_some(())
    })
    .await;
}

async fn open_people(window: &AppWindow) {
    window
        .script(
            "[...document.querySelectorAll('[role=tab]')].find((tab) => tab.textContent.includes('People')).click()",
            vec![],
        )
        .await;
    window.element("[data-testid=people]").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_runs_the_room_and_everybody_sees_it() {
    let _display = DISPLAY.lock().await;
    let server = TestServer::start();
    let host = AppWindow::open("Mara Okafor").await;
    host.host_on(&server.origin, "Reading the SQLite source")
        .await;
    let code = host.room_code().await;
    let learner = AppWindow::open("Jonas Lindqvist").await;
    learner
        .join(&format!("kulti://join/{code}?server={}", server.origin))
        .await;
    let room = server.room_of(&code).await;
    let web = SdkPage::open("Web learner").await;
    web.join(&server.origin, &server.hms_token(&room, "web-1", "viewer"))
        .await;
    host.sees("[data-testid=pager]", "(3 participants)").await;
    open_people(&host).await;

    // An invitation: first no, then yes.
    choose(&host, "Jonas", "Invite to present").await;
    learner
        .sees("dialog h2", "Mara Okafor invites you to present")
        .await;
    learner
        .click("dialog .dialog-actions button:first-child")
        .await;
    host.sees(".toast-list", "Jonas Lindqvist prefers not to")
        .await;
    choose(&host, "Jonas", "Invite to present").await;
    learner.click("dialog .dialog-actions .btn-primary").await;
    host.sees(".toast-list", "Jonas Lindqvist presents now")
        .await;
    learner.element(".ctl[aria-label^=Announce]").await;
    web.does(
        "await until(() => hms.store.getState(HMS.selectPeers)
           .some((peer) => peer.name === 'Jonas Lindqvist' && peer.roleName === 'presenter'))",
        vec![],
    )
    .await;

    // Hands: two go up, one from the web, and down together.
    learner.click(".ctl.is-hand").await;
    web.does("await hms.actions.raiseLocalPeerHand()", vec![])
        .await;
    host.sees("[data-part=hands]", "Web learner").await;
    host.sees("[data-part=hands]", "Jonas Lindqvist").await;
    host.click("[data-part=hands] .head button").await;
    host.sees_no_more("[data-part=hands]").await;
    learner.sees_no_more(".ctl.is-raised").await;
    web.does(
        "await until(() => !hms.store.getState(HMS.selectHasPeerHandRaised(
           hms.store.getState(HMS.selectLocalPeerID))))",
        vec![],
    )
    .await;

    // An announcement that both acknowledge, each in its way.
    host.click(".ctl[aria-label^=Announce]").await;
    host.fill(".announce-form textarea", "Break until 15:00")
        .await;
    host.click(".announce-form .btn-primary").await;
    learner
        .sees("[data-testid=announcement]", "Break until 15:00")
        .await;
    learner.click("[data-testid=announcement] button").await;
    web.does(
        "await hms.actions.sessionStore.observe(['uiState']);
         const id = await until(() =>
           hms.store.getState(HMS.selectSessionStore('uiState'))?.announcementId);
         await hms.actions.sessionStore.set('acknowledged', { announcementId: id });",
        vec![],
    )
    .await;
    host.click(".ctl[aria-label^=Announce]").await;
    host.sees("[data-testid=announced]", "2 / 2").await;
    host.press("\u{e00c}").await;

    // A locked door: who is in stays, who is new is told.
    host.click("[data-testid=room-lock] [role=switch]").await;
    host.sees("[data-testid=locked]", "Locked").await;
    let late = SdkPage::open("Late").await;
    let token = server.hms_token(&room, "web-2", "viewer");
    let refused = late.try_join(&server.origin, &token).await;
    assert!(
        refused
            .as_str()
            .is_some_and(|text| text.starts_with("error 423")),
        "{refused}"
    );
    late.close().await;
    host.click("[data-testid=locked]").await;
    host.sees_no_more("[data-testid=locked]").await;

    // Removed, with the reason, and not let in again.
    choose(&host, "Jonas", "Remove from session").await;
    host.fill("dialog .reason input", "Wrong session").await;
    host.click("dialog .btn-danger").await;
    learner.sees(".summary", "Wrong session").await;
    host.sees("[data-testid=pager]", "(2 participants)").await;
    web.does(
        "await until(() => hms.store.getState(HMS.selectPeers).length === 2)",
        vec![],
    )
    .await;
    web.close().await;
    learner.close().await;
    host.close().await;
}
