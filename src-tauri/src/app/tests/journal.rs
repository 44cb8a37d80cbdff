//! Watch time that outlives the app, the books on it, and receipts.

use std::{fs, path::Path};

use kulti_protocol::api::{ReceiptSignature, SignedReceipt};
use serde_json::json;
use tempfile::TempDir;

use super::{Person, open, patiently, strange_server::StrangeServer};
use crate::app::model::{ErrorCode, HostPlace, JoinTarget};

/// A data folder as a killed app leaves it.
fn killed(dir: &Path) -> TempDir {
    let after = TempDir::new().unwrap();
    copy(dir, after.path());
    after
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap().flatten() {
        let (path, name) = (file.path(), file.file_name());
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else if !name.to_string_lossy().ends_with("-shm") {
            fs::copy(path, to.join(name)).unwrap();
        }
    }
}

#[tokio::test]
async fn what_a_killed_app_has_not_told_its_server_is_sent_at_the_next_start() {
    let mara = Person::named("Mara");
    let (mut at_mara, session) = mara.host(HostPlace::ThisComputer).await;
    at_mara
        .until("time that counts", |screen| {
            (screen.active_ms > 2_500).then_some(())
        })
        .await;
    let after = killed(mara.dir.path());
    mara.app.close().await;

    let again = open(after.path());
    let mut home = again.home_changes();
    let shown = home.wait_for(|home| !home.journal.unsent.is_empty());
    let unsent = patiently("unsent time", shown)
        .await
        .unwrap()
        .journal
        .unsent
        .clone();
    assert_eq!(unsent[0].session_id, session.session_id);
    assert_eq!(
        (unsent[0].title.as_str(), unsent[0].server.as_str()),
        ("Parsers, live", "")
    );
    assert!((1_500..60_000).contains(&unsent[0].active_ms), "{unsent:?}");
    let sent = home.wait_for(|home| home.journal.unsent.is_empty());
    let home = patiently("sending it", sent).await.unwrap().journal.clone();
    assert_eq!((home.set_aside, home.not_written), (None, None));
    assert!(again.own_server.port().is_some(), "started for this");
    again.close().await;

    let once_more = open(after.path());
    let mut status = once_more.journal.status();
    let loaded = status.wait_for(|status| status.loaded);
    assert!(
        patiently("the journal", loaded)
            .await
            .unwrap()
            .left
            .is_empty()
    );
    assert_eq!(
        once_more.own_server.port(),
        None,
        "there is nothing to send"
    );
}

#[tokio::test]
async fn a_damaged_journal_is_set_aside_and_the_person_is_told() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("journal.db"), "x".repeat(5_000)).unwrap();
    let app = open(dir.path());
    let mut home = app.home_changes();
    let told = home.wait_for(|home| home.journal.set_aside.is_some());
    let aside = patiently("being told", told)
        .await
        .unwrap()
        .journal
        .set_aside
        .clone();
    assert_eq!(fs::read_to_string(aside.unwrap()).unwrap().len(), 5_000);
}

#[tokio::test]
async fn books_are_only_asked_for_where_the_person_was() {
    let mara = Person::named("Mara");
    for error in [
        mara.app.session_books("unknown").await.unwrap_err(),
        mara.app.save_receipt("unknown").await.unwrap_err(),
    ] {
        assert_eq!(error.code, ErrorCode::NotInSession, "{error}");
    }
    assert_eq!(
        mara.app.own_server.port(),
        None,
        "nothing was started for it"
    );
}

/// A recent session at this server.
fn remember(person: &Person, server: &StrangeServer) {
    let link = format!("kulti://join/VIBE-2K4F?server={}", server.origin);
    let recent = json!({"sessionId": "s1", "title": "Parsers", "roomCode": "VIBE-2K4F",
        "hostName": "Zoë", "role": "viewer", "link": link, "joinedAtMs": 1, "activeMs": 2,
        "elapsedMs": 3, "credits": 0, "ribbon": []});
    let recent = serde_json::from_value(recent).unwrap();
    person.app.kept.lock().recents.add(recent);
}

async fn with_account(person: &Person, server: &StrangeServer) {
    let target = JoinTarget {
        room_code: "VIBE-2K4F".into(),
        server: Some(server.origin.clone()),
        pin: None,
    };
    // The account is made; the rest is refused.
    person.app.join(target, false).await.unwrap_err();
}

#[tokio::test]
async fn the_books_on_a_recent_session_come_with_the_account_that_was_there() {
    let server = StrangeServer::that_knows_everyone().await;
    server.answers(
        "GET /api/sessions/s1/watch",
        &json!({"sessionId": "s1", "title": "Parsers", "status": "live", "role": "viewer",
            "joinedAt": 1_000, "until": 61_000, "activeMs": 60_000, "intervals": [[1_000, 61_000]],
            "excluded": [], "credits": {"credits": 1, "settled": false, "steps": []},
            "balance": 7}),
    );
    let person = Person::named("Mara");
    remember(&person, &server);
    let stranger = person.app.session_books("s1").await.unwrap_err();
    assert_eq!(
        stranger.code,
        ErrorCode::Refused,
        "no account is made for it: {stranger}"
    );
    assert!(server.requests().is_empty());

    with_account(&person, &server).await;
    let books = person.app.session_books("s1").await.unwrap();
    assert_eq!(
        (books.active_ms, books.balance, books.settled),
        (60_000, 7, false)
    );
    let live = person.app.save_receipt("s1").await.unwrap_err();
    assert_eq!(live.code, ErrorCode::Refused, "{live}");
}

#[tokio::test]
async fn a_receipt_is_saved_among_the_downloads() {
    let server = StrangeServer::that_knows_everyone().await;
    let receipt = SignedReceipt {
        receipt: json!({"title": "Parsers", "startedAt": 951_782_400_000_u64, "activeMs": 5}),
        signature: ReceiptSignature {
            algorithm: "Ed25519".into(),
            public_key: "k".into(),
            value: "v".into(),
        },
    };
    server.answers(
        "GET /api/sessions/s1/receipt",
        &serde_json::to_value(&receipt).unwrap(),
    );
    let person = Person::named("Mara");
    remember(&person, &server);
    with_account(&person, &server).await;
    let path = person.app.save_receipt("s1").await.unwrap();
    let expected = person
        .dir
        .path()
        .join("Downloads/kulti-receipt-parsers-2000-02-29.json");
    assert_eq!(Path::new(&path), expected);
    let saved: SignedReceipt = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    assert_eq!(saved, receipt);
}
