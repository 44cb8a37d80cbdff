//! `viewers` where no server derives it, as at the 100ms cloud: one of our clients tells
//! it, for everybody, also for web pages that only write their own watch key.

use serde_json::{Value, json};

use crate::{
    bots::{Bots, is},
    browser::SdkPage,
    server::TestServer,
    waiting::until,
};

/// Writes the page's watch key as the web product does, and goes on writing it.
const WATCHES: &str = "
    const [user, active] = arguments;
    const write = () => hms.actions.sessionStore.set('watch:' + user,
      { userId: user, durationSeconds: 1, lastUpdate: Date.now(), isActive: active });
    clearInterval(window.heart);
    window.heart = setInterval(write, 30000);
    await write();";

const VIEWERS: &str = "return hms.store.getState(HMS.selectSessionStore('viewers')) ?? null";

/// A web page with a person in the room.
struct Web {
    page: SdkPage,
    user: &'static str,
}

impl Web {
    async fn join(server: &TestServer, room: &str, user: &'static str) -> Self {
        let page = SdkPage::open(user).await;
        let token = server.hms_token(room, user, "viewer");
        page.join(&server.origin, &token).await;
        page.does(
            "await hms.actions.sessionStore.observe(['viewers'])",
            vec![],
        )
        .await;
        let web = Self { page, user };
        web.watches(true).await;
        web
    }

    async fn watches(&self, active: bool) {
        self.page
            .does(WATCHES, vec![json!(self.user), json!(active)])
            .await;
    }
}

/// One of our clients, with the place of its peer id in line.
struct Ours {
    bot: Bots,
    peer_id: String,
}

impl Ours {
    async fn join(bot: Bots) -> Self {
        let joined = bot.says("joined", is("joined")).await;
        let peer_id = joined["peer_id"].as_str().expect("a peer id").to_owned();
        Self { bot, peer_id }
    }
}

/// Waits until all of them have these counts.
async fn all_count(web: &[&Web], ours: &[&Ours], (total, active): (u64, u64)) {
    let right = |counts: &Value| counts["total"] == total && counts["active"] == active;
    for web in web {
        let what = format!("{} sees {active} of {total}", web.user);
        until(&what, || async {
            right(&web.page.run(VIEWERS).await).then_some(())
        })
        .await;
    }
    for ours in ours {
        let what = format!("{} shows {active} of {total}", ours.peer_id);
        until(&what, || async {
            let told = ours.bot.all(is("counts"));
            told.last().is_some_and(right).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_client_tells_how_many_watch_and_others_step_in() {
    let server =
        TestServer::start_with(&[("KULTI_ROOM_POLICY", "vendor"), ("KULTI_AWAY_GRACE", "1s")]);
    let session = server.session("As at the vendor's").await;
    let init = ["--init-endpoint", server.origin.as_str()];
    let join =
        async |name| Ours::join(Bots::join_by(&init, &server.origin, session.code(), name)).await;
    let mut ours = vec![join("Ann").await, join("Bea").await, join("Cem").await];
    ours.sort_by(|a, b| a.peer_id.cmp(&b.peer_id));
    let late = Web::join(&server, session.room(), "web-late").await;
    let web = Web::join(&server, session.room(), "web-1").await;
    let [first, second, mut third] = <[Ours; 3]>::try_from(ours).ok().expect("three");
    all_count(&[&web, &late], &[&first, &second, &third], (5, 5)).await;

    // Who looks away on the web counts no more, nor one of ours.
    web.watches(false).await;
    all_count(&[&web, &late], &[&first, &second, &third], (5, 4)).await;
    third.bot.act(json!({"watch": "window_hidden"}));
    all_count(&[&web, &late], &[&first, &second, &third], (5, 3)).await;

    // The elected one leaves: the next of ours goes on.
    first.bot.leave();
    all_count(&[&web, &late], &[&second, &third], (4, 2)).await;

    // The one who writes now hangs: it is there for the others, and says nothing.
    second.bot.signal("STOP");
    web.watches(true).await;
    all_count(&[&web, &late], &[&third], (4, 3)).await;
    second.bot.signal("CONT");
    late.watches(false).await;
    all_count(&[&web, &late], &[&second, &third], (4, 2)).await;

    // The host comes, and tells from then on: the others may hang as long as they like.
    let host = Ours::join(Bots::join_as(
        &session.host_account,
        &init,
        &server.origin,
        session.code(),
        "The host",
    ))
    .await;
    all_count(&[&web, &late], &[&host, &second, &third], (5, 3)).await;
    for other in [&second, &third] {
        other.bot.signal("STOP");
    }
    late.watches(true).await;
    all_count(&[&web, &late], &[&host], (5, 4)).await;
    for other in [&second, &third] {
        other.bot.signal("CONT");
    }
    all_count(&[&web, &late], &[&host, &second, &third], (5, 4)).await;

    for ours in [host, second, third] {
        ours.bot.leave();
    }
    web.page.close().await;
    late.page.close().await;
}
