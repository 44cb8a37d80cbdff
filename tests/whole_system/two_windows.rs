//! The app twice: a host in one window, a learner in the other.

use std::sync::LazyLock;

use tokio::sync::Mutex;

use crate::{
    app_window::AppWindow, cuttable_link::CuttableLink, notification_daemon::NotificationDaemon,
    server::TestServer, waiting::until,
};

/// Windows share one display and one session bus: focus and notifications are theirs
/// one test at a time.
pub(crate) static DISPLAY: LazyLock<Mutex<()>> = LazyLock::new(Mutex::default);

#[tokio::test(flavor = "multi_thread")]
async fn a_host_and_a_learner_share_one_live_session() {
    let _display = DISPLAY.lock().await;
    let daemon = NotificationDaemon::start().await;
    let host = AppWindow::open("Mara Okafor").await;
    host.host_here("Build a sync engine in Rust").await;
    let code = host.room_code().await;
    host.sees("h1", "Build a sync engine in Rust").await;
    host.sees("[data-testid=counts]", "1 of 1 active").await;

    // The link that the host shares says where the session is; the learner is asked first.
    let link = share_link(&host).await;
    let learner = AppWindow::open("Jonas Lindqvist").await;
    learner.join(&link).await;
    assert_eq!(
        learner.room_code().await,
        code,
        "both are in the same session"
    );

    // Both see each other, in order: oneself first, then the host.
    until("the host sees the learner", || async {
        (host.tiles().await.len() == 2).then_some(())
    })
    .await;
    let tiles = host.tiles().await;
    assert!(tiles[0].starts_with("Mara Okafor (you), host"), "{tiles:?}");
    assert!(tiles[1].starts_with("Jonas Lindqvist"), "{tiles:?}");
    let tiles = learner.tiles().await;
    assert!(tiles[0].starts_with("Jonas Lindqvist (you)"), "{tiles:?}");
    assert!(tiles[1].starts_with("Mara Okafor, host"), "{tiles:?}");
    for window in [&host, &learner] {
        window.sees("[data-testid=counts]", "2 of 2 active").await;
        window
            .sees("[data-testid=pager]", "Page 1 of 1 (2 participants)")
            .await;
    }

    // An announcement: a notification because the window is not in front, and its click
    // raises the window, where the banner is.
    learner.minimize().await;
    host.click(".ctl[aria-label^=Announce]").await;
    host.fill(".announce-form textarea", "Break <b>until</b> 15:00 & back")
        .await;
    host.click(".announce-form .btn-primary").await;
    let shown = daemon.shows("Break").await;
    assert!(
        !shown.contains("Break <b>until</b>"),
        "markup in an announcement is escaped, not drawn: {shown}"
    );
    daemon.click();
    until("the notification's click raises the window", || async {
        let visible = learner
            .script("return document.visibilityState", vec![])
            .await;
        (visible == "visible").then_some(())
    })
    .await;
    learner
        .sees(
            "[data-testid=announcement]",
            "Break <b>until</b> 15:00 & back",
        )
        .await;
    learner.comes_to_rest("[data-testid=announcement]").await;
    learner.click("[data-testid=announcement] button").await;
    learner.sees_no_more("[data-testid=announcement]").await;

    // Spotlight on the learner takes the centre of both.
    host.script(
        "document.querySelectorAll('[data-testid=grid] .tile')[1].focus()",
        vec![],
    )
    .await;
    host.press("o").await;
    for window in [&host, &learner] {
        window
            .sees("[data-testid=stage] .tile-top", "Spotlight for everyone")
            .await;
        let label = window
            .script(
                "return document.querySelector('[data-testid=stage]').getAttribute('aria-label')",
                vec![],
            )
            .await;
        assert!(
            label
                .as_str()
                .is_some_and(|label| label.starts_with("Jonas Lindqvist")),
            "{label}"
        );
    }
    host.click("[data-testid=stage] .tile-top button").await;
    learner.sees_no_more("[data-testid=stage]").await;

    // What is said is read, and can be pinned.
    learner
        .fill(".composer textarea", "Why a set of intervals?")
        .await;
    learner.press("\u{e007}").await;
    host.sees(".messages .msg:last-child p", "Why a set of intervals?")
        .await;
    host.script(
        "document.querySelector('.messages .msg-actions [aria-label^=Pin]').click()",
        vec![],
    )
    .await;
    learner
        .sees("[data-testid=pinned]", "Why a set of intervals?")
        .await;

    // A raised hand.
    learner.click(".ctl.is-hand").await;
    host.sees("[data-testid=grid] .tag-hand", "1st").await;

    // Hosting earns 5 a minute: the first credit comes after 12 seconds.
    until("the host's credits move", || async {
        (host.credits().await >= 1).then_some(())
    })
    .await;

    // The host ends it; both see why.
    host.click(".dock .btn-danger").await;
    host.click("dialog .btn-danger").await;
    for window in [&host, &learner] {
        window.element(".summary").await;
    }
    learner.close().await;
    host.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_learner_joins_by_code_on_a_server_and_earns() {
    let _display = DISPLAY.lock().await;
    let server = TestServer::start();
    let host = AppWindow::open("Hana Kobayashi").await;
    host.host_on(&server.origin, "Lock-free queues without tears")
        .await;
    let code = host.room_code().await;

    let learner = AppWindow::open("Leo Fontaine").await;
    learner.choose_server(&server.origin).await;
    // A code is understood however it is typed; a wrong one is refused in words.
    learner.fill(".card.join input.code", "vibe 2222").await;
    learner
        .sees(".card.join .under", "No live session has the code")
        .await;
    learner.join(&code.to_lowercase().replace('-', " ")).await;
    host.sees("[data-testid=pager]", "(2 participants)").await;

    // One credit a minute for watching.
    assert_eq!(learner.credits().await, 0);
    learner.sees("[data-testid=credits]", "Counting").await;
    until("the learner's first credit", || async {
        (learner.credits().await >= 1).then_some(())
    })
    .await;
    learner.close().await;
    host.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_learner_whose_connection_was_cut_comes_back_right() {
    let _display = DISPLAY.lock().await;
    let server = TestServer::start();
    let link = CuttableLink::to(&server.origin).await;
    let host = AppWindow::open("Teo Marchetti").await;
    host.host_on(&server.origin, "Reading the SQLite source")
        .await;
    let code = host.room_code().await;
    let learner = AppWindow::open("Aisha Rahman").await;
    learner
        .join(&format!("kulti://join/{code}?server={}", link.origin))
        .await;
    host.sees("[data-testid=pager]", "(2 participants)").await;
    learner.sees("[data-testid=counts]", "2 of 2 active").await;

    link.cut();
    learner
        .sees("[data-testid=connection-lost]", "Reconnecting")
        .await;
    // Meanwhile the host announces, and spotlights himself.
    host.click(".ctl[aria-label^=Announce]").await;
    host.fill(".announce-form textarea", "Said while you were away")
        .await;
    host.click(".announce-form .btn-primary").await;
    host.sees("[data-testid=announcement]", "Said while you were away")
        .await;
    host.script(
        "document.querySelector('[data-testid=grid] .tile').focus()",
        vec![],
    )
    .await;
    host.press("o").await;
    host.element("[data-testid=stage]").await;
    // The learner is still there for the others: no leave, no join.
    host.sees("[data-testid=pager]", "(2 participants)").await;

    link.mend();
    learner.sees_no_more("[data-testid=connection-lost]").await;
    learner
        .sees("[data-testid=announcement]", "Said while you were away")
        .await;
    learner.element("[data-testid=stage]").await;
    learner.sees("[data-testid=counts]", "2 of 2 active").await;
    host.sees("[data-testid=pager]", "(2 participants)").await;

    learner.close().await;
    // A window that is gone leaves at once, not after the grace period.
    host.sees("[data-testid=pager]", "(1 participant)").await;
    host.close().await;
}

/// What "Copy link" would put on the clipboard.
pub(crate) async fn share_link(window: &AppWindow) -> String {
    window.click(".link-chip").await;
    window.sees(".toast", "copied").await;
    let output = std::process::Command::new("xclip")
        .args(["-selection", "clipboard", "-o"])
        .output()
        .expect("xclip runs");
    let link = String::from_utf8(output.stdout).expect("text");
    assert!(
        link.starts_with("kulti://join/"),
        "the clipboard holds {link:?}"
    );
    link
}
