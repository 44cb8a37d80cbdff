//! A whole session without a mouse: every step by keys, in the real window.

use crate::{
    app_window::{AppWindow, ENTER, ESCAPE},
    two_windows::DISPLAY,
    waiting::until,
};

/// What has the focus matches.
async fn focus_is_on(window: &AppWindow, css: &str) {
    until(&format!("the focus is on {css}"), || async {
        let script = "return document.activeElement.matches(arguments[0])";
        let there = window.script(script, vec![css.into()]).await;
        (there == true).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_hosted_from_begin_to_end_by_keys_alone() {
    let _display = DISPLAY.lock().await;
    let window = AppWindow::open_untouched("Mara Okafor", &[]).await;

    // Home: a name, a title, and the session starts.
    window.tab_to(".card.name input").await;
    window.keys("Mara Okafor").await;
    window.tab_to(".card.host input").await;
    window.keys("By keys alone").await;
    window.keys(ENTER).await;
    window.element("[data-testid=grid]").await;
    window.sees("h1", "By keys alone").await;

    // What the keys do is a key away, and Esc closes it.
    window.keys("?").await;
    window.sees("dialog", "Raise or lower hand").await;
    window.keys(ESCAPE).await;
    window.sees_no_more("dialog").await;

    // The chat: C goes into the field, Esc out of it.
    window.keys("c").await;
    focus_is_on(&window, ".panel textarea").await;
    window.keys("Hello, h is only a letter here").await;
    window.keys(ENTER).await;
    window
        .sees(".messages", "Hello, h is only a letter here")
        .await;
    assert_eq!(window.count(".is-hand.is-raised").await, 0, "while typing");
    window.keys(ESCAPE).await;

    // Hand up, hand down.
    window.keys("h").await;
    window.element(".is-hand.is-raised").await;
    window.keys("h").await;
    window.sees_no_more(".is-hand.is-raised").await;

    // An announcement.
    window.keys("a").await;
    focus_is_on(&window, ".announce-form textarea").await;
    window.keys("Back at 15:00").await;
    window.tab_to(".announce-form .btn-primary").await;
    window.keys(ENTER).await;
    window
        .sees("[data-testid=announcement]", "Back at 15:00")
        .await;
    window.keys(ESCAPE).await;
    window.sees_no_more(".announce-form").await;

    // The insights, in the place of the grid, and back.
    window.keys("i").await;
    window
        .sees("[data-testid=insights-board]", "Conversation")
        .await;
    window.keys(ESCAPE).await;
    window.element("[data-testid=grid]").await;

    // The palette: what is typed finds it, Enter does it.
    window.control('k').await;
    window.element("[data-testid=palette]").await;
    window.keys("light").await;
    window.sees("[data-testid=palette]", "Theme: light").await;
    window.keys(ENTER).await;
    window.element("html[data-theme=light]").await;

    // The end, from the palette as well; it is asked for first.
    window.control('k').await;
    window.element("[data-testid=palette]").await;
    window.keys("end the").await;
    window.keys(ENTER).await;
    window.sees("dialog", "End the session?").await;
    window.tab_to("dialog .btn-danger").await;
    window.keys(ENTER).await;
    window.element(".summary").await;
    focus_is_on(&window, ".btn-primary").await;
    window.keys(ENTER).await;
    window.element(".home").await;
    window.close().await;
}
