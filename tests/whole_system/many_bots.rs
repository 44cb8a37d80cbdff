//! A full room: pages, order and numbers.

use crate::{
    app_window::AppWindow,
    bots::{Bots, is},
    server::TestServer,
    two_windows::DISPLAY,
    waiting::until,
};

#[tokio::test(flavor = "multi_thread")]
async fn thirty_bots_fill_pages_in_the_right_order() {
    let _display = DISPLAY.lock().await;
    let server = TestServer::start();
    let window = AppWindow::open("Hana Kobayashi").await;
    window
        .host_on(&server.origin, "A terminal emulator in a weekend")
        .await;
    let code = window.room_code().await;

    let mut bots = Bots::join(&server.origin, &code, 30, "Learner");
    bots.says_times("joined", 30, is("joined")).await;
    window.sees("[data-testid=counts]", "31 of 31 active").await;
    window
        .sees("[data-testid=pager]", "Page 1 of 4 (31 participants)")
        .await;

    // Every page, and everybody exactly once: nine, nine, nine, four.
    let mut seen = Vec::new();
    for (page, size) in [(1, 9), (2, 9), (3, 9), (4, 4)] {
        window
            .sees("[data-testid=pager]", &format!("Page {page} of 4"))
            .await;
        let tiles = until("the page has its tiles", || async {
            let tiles = window.tiles().await;
            (tiles.len() == size && !tiles.iter().any(|tile| seen.contains(tile))).then_some(tiles)
        })
        .await;
        assert_eq!(
            window.count(".tile").await,
            size,
            "only visible tiles are mounted"
        );
        seen.extend(tiles);
        if page < 4 {
            window.click("[aria-label='Next page']").await;
        }
    }
    assert!(
        seen[0].starts_with("Hana Kobayashi (you), host"),
        "{seen:?}"
    );
    assert_eq!(seen.len(), 31);

    // A presenter comes before the viewers, on the first page.
    for _ in 0..3 {
        window.click("[aria-label='Previous page']").await;
    }
    window.sees("[data-testid=pager]", "Page 1 of 4").await;
    let third = window.tiles().await[2]
        .split(',')
        .next()
        .unwrap()
        .to_owned();
    window
        .script(
            "const more = document.querySelectorAll('[data-testid=grid] .tile-more')[2]; more.click()",
            vec![],
        )
        .await;
    window.element(".menu").await;
    window
        .script(
            "[...document.querySelectorAll('.menu [role=menuitem]')]
                .find((item) => item.innerText.includes('Invite to present')).click()",
            vec![],
        )
        .await;
    // The bot that was invited accepts.
    let invited = bots
        .says("an invitation", |event| {
            event["notice"]["kind"] == "roleInvite"
        })
        .await;
    bots.act(serde_json::json!({
        "bot": invited["bot"], "act": "answerRoleInvite", "accept": true
    }));
    until("the new presenter stands behind the host", || async {
        let tiles = window.tiles().await;
        tiles
            .get(1)
            .is_some_and(|tile| tile.starts_with(&third) && tile.contains("presenter"))
            .then_some(())
    })
    .await;

    // Four leave: exactly three full pages, and nobody else has moved from the first.
    let before = window.tiles().await;
    let on_first_page: Vec<_> = before.iter().map(|tile| name_of(tile)).collect();
    let joined: Vec<_> = bots.all(is("joined"));
    let leaving: Vec<_> = joined
        .iter()
        .filter(|event| !on_first_page.contains(&event["name"].as_str().unwrap_or_default()))
        .take(4)
        .collect();
    for event in &leaving {
        bots.act(serde_json::json!({"bot": event["bot"], "act": "leave"}));
    }
    window
        .sees("[data-testid=pager]", "Page 1 of 3 (27 participants)")
        .await;
    window.sees("[data-testid=counts]", "27 of 27 active").await;
    let after = window.tiles().await;
    assert_eq!(
        after.iter().map(|tile| name_of(tile)).collect::<Vec<_>>(),
        on_first_page,
        "tiles keep their places when others go"
    );

    bots.leave();
    window
        .sees("[data-testid=pager]", "Page 1 of 1 (1 participant)")
        .await;
    window.close().await;
}

/// The name in a tile's label.
fn name_of(label: &str) -> &str {
    label.split(',').next().unwrap_or_default()
}
