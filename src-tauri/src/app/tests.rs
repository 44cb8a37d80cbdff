//! Whole apps against whole servers, without windows: what a person does from the
//! home screen to the end of a session.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{future::Future, path::Path, sync::Arc, time::Duration};

use kulti_client::core::{
    Intent,
    view::{ConnectionView, EndReason, SessionView, ViewEvent},
};
use tempfile::TempDir;

mod journal;
mod strange_server;

use self::strange_server::StrangeServer;
use super::{
    App, AppConfig, SessionViews,
    model::{ErrorCode, HostPlace, HostRequest, JoinTarget},
};

/// Whatever is waited for comes sooner on any machine, or never.
const PATIENCE: Duration = Duration::from_secs(60);

struct Person {
    app: Arc<App>,
    dir: TempDir,
}

impl Person {
    fn named(name: &str) -> Self {
        let dir = TempDir::new().unwrap();
        let app = open(dir.path());
        app.set_display_name(name).unwrap();
        Self { app, dir }
    }

    async fn host(&self, place: HostPlace) -> (Screen, SessionView) {
        let title = "Parsers, live".into();
        let listed = false;
        let request = HostRequest {
            title,
            place,
            listed,
        };
        self.app.host(request).await.unwrap();
        self.in_room().await
    }

    async fn join(&self, target: JoinTarget) -> (Screen, SessionView) {
        self.app.join(target, false).await.unwrap();
        self.in_room().await
    }

    async fn in_room(&self) -> (Screen, SessionView) {
        let mut screen = Screen {
            views: self.app.session_view().unwrap(),
            session: None,
            connected: false,
            people: 0,
            active_ms: 0,
            announcement: None,
            ended: None,
        };
        let in_room = |screen: &Screen| screen.session.clone().filter(|_| screen.connected);
        let session = screen.until("being in the room", in_room).await;
        (screen, session)
    }

    /// What the home screen says once the session is over.
    async fn back_home(&self) {
        let mut home = self.app.home_changes();
        patiently("being home", home.wait_for(|home| !home.in_session))
            .await
            .unwrap();
    }
}

/// The newest value of the slices that these tests look at.
struct Screen {
    views: SessionViews,
    session: Option<SessionView>,
    connected: bool,
    people: u32,
    active_ms: u64,
    announcement: Option<String>,
    ended: Option<EndReason>,
}

impl Screen {
    async fn until<T>(&mut self, what: &str, found: impl Fn(&Self) -> Option<T>) -> T {
        patiently(what, async {
            loop {
                if let Some(found) = found(self) {
                    return found;
                }
                let batch = self.views.next().await.expect("the session goes on");
                batch.into_iter().for_each(|event| self.show(event));
            }
        })
        .await
    }

    async fn until_people(&mut self, people: u32) {
        let what = format!("{people} people");
        self.until(&what, |screen| (screen.people == people).then_some(()))
            .await;
    }

    async fn end(&mut self) -> EndReason {
        self.until("the end", |screen| screen.ended.clone()).await
    }

    fn show(&mut self, event: ViewEvent) {
        match event {
            ViewEvent::Session(session) => self.session = Some(session),
            ViewEvent::Connection(connection) => {
                self.connected = matches!(connection, ConnectionView::Connected { .. });
            }
            ViewEvent::Watch(watch) => self.active_ms = watch.active_ms,
            ViewEvent::Counts(counts) => self.people = counts.total,
            ViewEvent::Stage(stage) => self.announcement = stage.announcement.map(|a| a.text),
            ViewEvent::Ended(end) => self.ended = Some(end.reason),
            _ => {}
        }
    }
}

fn open(dir: &Path) -> Arc<App> {
    App::open(AppConfig {
        data_dir: dir.to_owned(),
        log_dir: dir.join("logs"),
        downloads_dir: dir.join("Downloads"),
        demo: false,
    })
    .unwrap()
}

async fn patiently<T>(what: &str, waiting: impl Future<Output = T>) -> T {
    let waited = tokio::time::timeout(PATIENCE, waiting).await;
    waited.unwrap_or_else(|_| panic!("waited for {what} in vain"))
}

async fn found(person: &Person, text: &str) -> JoinTarget {
    person.app.look_up(text, None).await.unwrap().target
}

#[tokio::test]
async fn a_session_on_this_computer_is_found_joined_left_and_remembered() {
    let mara = Person::named("Mara");
    let zoe = Person::named("Zoë");
    let (mut at_mara, session) = mara.host(HostPlace::ThisComputer).await;
    assert!(
        session.share_link.contains("127.0.0.1"),
        "{}",
        session.share_link
    );
    assert!(mara.app.home().in_session);

    let preview = zoe.app.look_up(&session.share_link, None).await.unwrap();
    assert_eq!(
        (preview.title.as_str(), preview.host_name.as_str()),
        ("Parsers, live", "Mara")
    );
    assert!(
        !preview.needs_plain_consent,
        "this computer is not a network"
    );
    let (mut at_zoe, _) = zoe.join(preview.target.clone()).await;
    at_mara.until_people(2).await;
    assert_eq!(
        zoe.app.join(preview.target, false).await.unwrap_err().code,
        ErrorCode::AlreadyInSession
    );
    assert_eq!(
        *zoe.app.session_title().borrow(),
        Some("Parsers, live".into())
    );

    zoe.app.act(Intent::Leave).unwrap();
    assert_eq!(at_zoe.end().await, EndReason::Left);
    zoe.back_home().await;
    at_mara.until_people(1).await;
    assert_eq!(
        zoe.app.act(Intent::Leave).unwrap_err().code,
        ErrorCode::NotInSession
    );
    assert_eq!(*zoe.app.session_title().borrow(), None);

    let recents = zoe.app.home().recents;
    assert_eq!(recents.len(), 1);
    assert_eq!(recents[0].role, "viewer");
    // The link of a recent session leads back into it, also after a new start.
    let again = open(zoe.dir.path());
    assert_eq!(again.home().recents, recents);
    let preview = again.look_up(&recents[0].link, None).await.unwrap();
    assert_eq!(preview.target.room_code, session.room_code);
    assert!(
        again
            .forget_recent(&recents[0].session_id)
            .recents
            .is_empty()
    );
    mara.app.close().await;
}

#[tokio::test]
async fn closing_the_hosts_app_ends_a_session_on_this_computer_for_everyone() {
    let mara = Person::named("Mara");
    let zoe = Person::named("Zoë");
    let (_, session) = mara.host(HostPlace::ThisComputer).await;
    let (mut at_zoe, _) = zoe.join(found(&zoe, &session.share_link).await).await;
    mara.app.close().await;
    assert_eq!(at_zoe.end().await, EndReason::SessionEnded);
    zoe.back_home().await;
    let gone = zoe
        .app
        .look_up(&session.share_link, None)
        .await
        .unwrap_err();
    assert_eq!(gone.code, ErrorCode::ServerUnreachable, "{gone}");
}

#[tokio::test]
async fn closing_a_learners_app_leaves_at_once() {
    let mara = Person::named("Mara");
    let zoe = Person::named("Zoë");
    let (mut at_mara, session) = mara.host(HostPlace::ThisComputer).await;
    zoe.join(found(&zoe, &session.share_link).await).await;
    at_mara.until_people(2).await;
    zoe.app.close().await;
    at_mara.until_people(1).await;
    assert_eq!(zoe.app.home().recents.len(), 1, "the stay is remembered");
    mara.app.close().await;
}

#[tokio::test]
async fn the_local_network_is_reached_with_the_pinned_certificate_only_and_can_be_closed() {
    let mara = Person::named("Mara");
    let zoe = Person::named("Zoë");
    assert!(
        !mara.app.reach().open_to_network,
        "closed until it is wanted"
    );
    let (mut at_mara, session) = mara.host(HostPlace::LocalNetwork).await;
    let reach = mara.app.reach();
    let Some(address) = reach.addresses.first() else {
        // A machine without any network: then the link is for this computer.
        assert!(session.share_link.contains("127.0.0.1"));
        return;
    };
    let pin = reach.pin.clone().unwrap();
    let target = found(&zoe, &session.share_link).await;
    assert_eq!(
        (target.server.as_ref(), target.pin.as_ref()),
        (Some(address), Some(&pin))
    );

    let forged = session.share_link.replace(&pin, &"ab".repeat(32));
    let refused = zoe.app.look_up(&forged, None).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::WrongCertificate);
    let unpinned = JoinTarget {
        pin: None,
        ..target.clone()
    };
    let refused = zoe.app.join(unpinned, false).await.unwrap_err();
    assert_eq!(
        refused.code,
        ErrorCode::WrongCertificate,
        "nobody else vouches for it"
    );

    let (mut at_zoe, _) = zoe.join(target).await;
    at_mara.until_people(2).await;
    let closed = mara.app.set_open_to_network(false).await.unwrap();
    assert_eq!((closed.open_to_network, closed.addresses.len()), (false, 0));
    // Whoever looks at the link now gets one that works.
    let on_this_computer = |screen: &Screen| {
        let link = &screen.session.as_ref()?.share_link;
        link.contains("127.0.0.1").then_some(())
    };
    at_mara.until("another link", on_this_computer).await;
    let refused = Person::named("Ada")
        .app
        .look_up(&session.share_link, None)
        .await;
    assert_eq!(refused.unwrap_err().code, ErrorCode::ServerUnreachable);

    let again = mara.app.set_open_to_network(true).await.unwrap();
    assert_eq!(
        (again.addresses, again.pin),
        (reach.addresses, reach.pin),
        "links stay good"
    );
    zoe.app.act(Intent::Leave).unwrap();
    assert_eq!(at_zoe.end().await, EndReason::Left, "never thrown out");
    mara.app.close().await;
}

#[tokio::test]
async fn plain_http_to_another_computer_waits_for_consent_and_is_asked_once() {
    let zoe = Person::named("Zoë");
    // An address that nothing can be sent to (TEST-NET-1).
    let preview = zoe
        .app
        .look_up("VIBE-2K4F", Some("http://192.0.2.77:9"))
        .await
        .unwrap();
    assert!(preview.needs_plain_consent);
    assert_eq!(preview.title, "", "the server was not even asked");
    let refused = zoe
        .app
        .join(preview.target.clone(), false)
        .await
        .unwrap_err();
    assert_eq!(refused.code, ErrorCode::PlainNotAllowed);
    let tried = zoe.app.join(preview.target, true).await.unwrap_err();
    assert_eq!(tried.code, ErrorCode::ServerUnreachable, "it was tried");
    assert_eq!(zoe.app.settings().plain_servers, ["http://192.0.2.77:9"]);
}

#[tokio::test]
async fn a_code_that_nobody_has_is_told_from_a_server_that_is_not_there() {
    let zoe = Person::named("Zoë");
    let unknown = zoe.app.look_up("VIBE-9X4F", None).await.unwrap_err();
    assert_eq!(unknown.code, ErrorCode::NoSuchSession);
    let nobody = zoe
        .app
        .look_up("VIBE-9X4F", Some("http://127.0.0.1:9"))
        .await
        .unwrap_err();
    assert_eq!(nobody.code, ErrorCode::ServerUnreachable);
    let nonsense = zoe.app.look_up("let me in", None).await.unwrap_err();
    assert_eq!(nonsense.code, ErrorCode::NotACode);
    zoe.app.close().await;
}

#[tokio::test]
async fn somebody_without_a_name_can_look_but_not_join() {
    let mara = Person::named("Mara");
    let (_, session) = mara.host(HostPlace::ThisComputer).await;
    let dir = TempDir::new().unwrap();
    let stranger = open(dir.path());
    let preview = stranger.look_up(&session.share_link, None).await.unwrap();
    let refused = stranger.join(preview.target, false).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::BadName);
    mara.app.close().await;
}

#[tokio::test]
async fn a_server_never_used_learns_who_looks_only_when_they_join() {
    let zoe = Person::named("Zoë");
    let strange = StrangeServer::start().await;
    let refused = zoe.app.look_up("VIBE-2K4F", Some(&strange.origin)).await;
    assert_eq!(refused.unwrap_err().code, ErrorCode::Refused);
    let asked = strange.requests();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(
        asked[0].contains(r#"{"display_name":"Guest"}"#),
        "{asked:?}"
    );

    let target = JoinTarget {
        room_code: "VIBE-2K4F".into(),
        server: Some(strange.origin.clone()),
        pin: None,
    };
    zoe.app.join(target, false).await.unwrap_err();
    let asked = strange.requests();
    assert!(asked[1].contains(r#"{"display_name":"Zoë"}"#), "{asked:?}");
}

#[tokio::test]
async fn a_session_on_a_server_is_listed_only_if_the_person_says_so() {
    let mara = Person::named("Mara");
    let strange = StrangeServer::that_knows_everyone().await;
    for listed in [false, true] {
        let request = HostRequest {
            title: "Parsers, live".into(),
            place: HostPlace::Server {
                origin: strange.origin.clone(),
            },
            listed,
        };
        mara.app.host(request).await.unwrap_err();
        let asked = strange.requests();
        let created = asked.last().unwrap();
        assert!(
            created.starts_with("POST /api/sessions/create"),
            "{created}"
        );
        assert!(
            created.contains(&format!(r#""is_public":{listed}"#)),
            "{created}"
        );
    }
}

#[tokio::test]
async fn a_link_waits_until_it_is_answered() {
    let zoe = Person::named("Zoë");
    let mut home = zoe.app.home_changes();
    zoe.app
        .opened_with(["--flag", "kulti://join/vibe-2k4f?role=host"]);
    let shown = patiently(
        "the link",
        home.wait_for(|home| home.pending_link.is_some()),
    );
    let shown = shown.await.unwrap().pending_link.clone();
    assert_eq!(shown.as_deref(), Some("kulti://join/VIBE-2K4F"));
    assert!(!zoe.app.home().in_session, "nothing is joined by itself");
    assert_eq!(zoe.app.dismiss_link().pending_link, None);
}

#[tokio::test]
async fn a_second_reader_takes_over_and_sees_everything() {
    let mara = Person::named("Mara");
    let (mut first, session) = mara.host(HostPlace::ThisComputer).await;
    let (_second, seen) = mara.in_room().await;
    assert_eq!(seen, session);
    patiently("the first reader's end", async {
        while first.views.next().await.is_some() {}
    })
    .await;
    mara.app.close().await;
}

#[tokio::test]
async fn announcements_are_told_once_and_not_those_from_before_joining() {
    let mara = Person::named("Mara");
    let zoe = Person::named("Zoë");
    let announce = |text: &str| {
        let text = Some(text.to_owned());
        mara.app
            .act(Intent::Announce {
                text,
                shown_for_ms: None,
            })
            .unwrap();
    };
    let before = |screen: &Screen| {
        let text = screen.announcement.as_deref();
        (text == Some("Before")).then_some(())
    };
    let (mut at_mara, session) = mara.host(HostPlace::ThisComputer).await;
    announce("Before");
    at_mara.until("the banner", before).await;

    let mut told = zoe.app.announcements();
    let (mut at_zoe, _) = zoe.join(found(&zoe, &session.share_link).await).await;
    at_zoe.until("the banner", before).await;
    for text in ["First", "Second"] {
        announce(text);
        let announcement = patiently("the announcement", told.recv()).await.unwrap();
        assert_eq!(
            (announcement.author.as_str(), announcement.text.as_str()),
            ("Mara", text)
        );
    }
    mara.app.close().await;
}
