//! A poll from its writing to its file, in two windows of the app and with a bot.

use serde_json::json;

use crate::{
    app_window::AppWindow,
    notification_daemon::NotificationDaemon,
    two_windows::{DISPLAY, share_link},
    waiting::until,
};

/// Presses what bears this label, in the panel or the dock.
async fn press(window: &AppWindow, label: &str) {
    until("something to press", || async {
        let pressed = window
            .script(
                "const all = [...document.querySelectorAll('.panel button, .dock button')];
                 const named = (b) => (b.getAttribute('aria-label') ?? b.textContent).trim();
                 const found = all.find((b) => named(b).startsWith(arguments[0]) && !b.disabled);
                 found?.click();
                 return found !== undefined;",
                vec![json!(label)],
            )
            .await;
        (pressed == true).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_is_asked_answered_and_kept() {
    let _display = DISPLAY.lock().await;
    let daemon = NotificationDaemon::start().await;
    let host = AppWindow::open("Mara Okafor").await;
    host.host_here("Intervals, live").await;
    let code = host.room_code().await;
    let link = share_link(&host).await;
    let learner = AppWindow::open("Jonas Lindqvist").await;
    learner.join(&link).await;
    assert_eq!(learner.room_code().await, code);

    // The host writes it.
    press(&host, "Polls, P").await;
    press(&host, "New poll or quiz").await;
    host.fill(
        ".panel fieldset textarea",
        "What does merging [0, 5) and [5, 9) give?",
    )
    .await;
    host.fill(".options li:nth-child(1) input.input", "One interval")
        .await;
    host.fill(
        ".options li:nth-child(2) input.input",
        "Two <b>intervals</b>",
    )
    .await;
    learner.minimize().await;
    press(&host, "Start now").await;
    host.sees(
        "[data-testid=running-poll] h3",
        "What does merging [0, 5) and [5, 9) give?",
    )
    .await;

    // The learner is called, answers by key, and changes the answer by a click.
    daemon.shows("Poll: What does merging").await;
    daemon.click();
    until("the notification's click raises the window", || async {
        let visible = learner
            .script("return document.visibilityState", vec![])
            .await;
        (visible == "visible").then_some(())
    })
    .await;
    press(&learner, "Polls, P").await;
    learner
        .sees(
            "[data-testid=running-poll] h3",
            "What does merging [0, 5) and [5, 9) give?",
        )
        .await;
    learner.press("2").await;
    learner
        .sees(
            "[data-testid=running-poll] [role=status]",
            "Your vote is in. You can change it until the poll closes.",
        )
        .await;
    host.sees(
        "[data-testid=running-poll] .turnout .row span",
        "1 of 1 have voted",
    )
    .await;
    learner.click("[data-testid=running-poll] .option").await;
    for window in [&host, &learner] {
        let share = "[data-testid=running-poll] .option.is-lead .num:last-child";
        until("the vote is on the other option", || async {
            let text = window.text_now(".option.is-lead .text").await;
            (text.as_deref() == Some("One interval")).then_some(())
        })
        .await;
        window.sees(share, "100% · 1").await;
    }

    // The host closes it; both see the results, and the host keeps them in a file.
    press(&host, "Close the poll").await;
    for window in [&host, &learner] {
        window
            .sees(
                "[data-testid=closed-poll] .title",
                "What does merging [0, 5) and [5, 9) give?",
            )
            .await;
        window
            .sees(
                "[data-testid=closed-poll] .option.is-lead .num:last-child",
                "100% · 1",
            )
            .await;
    }
    press(&host, "Save results").await;
    let path = until("the file's path is told", || async {
        let told = host.text_now(".toast").await?;
        let (_, path) = told.split_once("Results saved: ")?;
        path.split('\n').next().map(str::to_owned)
    })
    .await;
    let file = std::fs::read_to_string(path.trim()).unwrap();
    assert!(file.contains("One interval,1,100"), "{file}");
    assert!(file.contains("Jonas Lindqvist"), "{file}");
    learner.close().await;
    host.close().await;
}
