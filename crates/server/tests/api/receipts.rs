use std::{
    io::Write as _,
    path::Path,
    process::{Output, Stdio},
};

use kulti_protocol::{
    api::{EndSessionResponse, ReceiptBody, ReceiptKeyResponse, Session, SignedReceipt},
    receipt,
};
use reqwest::StatusCode;
use serde_json::json;

use crate::{
    past::{MINUTE, an_hour_old, good_beat},
    program::command,
    support::{Client, TestServer},
};

fn path(session: &Session) -> String {
    format!("/api/sessions/{}/receipt", session.id)
}

async fn published(server: &TestServer) -> ReceiptKeyResponse {
    server.get("/api/receipts/key").await.expect(StatusCode::OK)
}

/// A learner's receipt for twenty minutes in two payments.
async fn made() -> (TestServer, Client, Client, Session, SignedReceipt) {
    let (server, host, watcher, session, began) = an_hour_old().await;
    good_beat(&watcher, &session, json!([[began, began + 10 * MINUTE]])).await;
    watcher
        .get(&path(&session))
        .await
        .expect_refusal(409, "session_live");
    host.end(&session)
        .await
        .expect::<EndSessionResponse>(StatusCode::OK);
    good_beat(
        &watcher,
        &session,
        json!([[began + 30 * MINUTE, began + 40 * MINUTE]]),
    )
    .await;
    let receipt = watcher.get(&path(&session)).await.expect(StatusCode::OK);
    (server, host, watcher, session, receipt)
}

#[tokio::test]
async fn a_receipt_says_what_the_ledger_has() {
    let (server, host, watcher, session, signed) = made().await;
    let key = published(&server).await;
    assert_eq!(key.algorithm, "Ed25519");
    let body = receipt::verify(&signed, &key.public_key).unwrap();
    let books = watcher.books(&session).await;
    assert_eq!(body.user, watcher.auth.user);
    assert_eq!(body.intervals, books.intervals);
    assert_eq!((body.active_ms, body.credits), (20 * MINUTE, 30));
    let amounts: Vec<_> = body
        .entries
        .iter()
        .map(|e| (e.kind.as_str(), e.amount))
        .collect();
    assert_eq!(amounts, [("watching", 15), ("watching", 15)]);
    assert_eq!(
        (body.title.as_str(), body.host_name.as_str()),
        ("Rust 0", "Ann")
    );
    assert_eq!(body.ended_at, books.until);

    let eve = server.guest("Eve").await;
    eve.get(&path(&session))
        .await
        .expect_refusal(403, "not_a_participant");
    server
        .get(&path(&session))
        .await
        .expect_refusal(401, "unauthorized");
    let hosts: SignedReceipt = host.get(&path(&session)).await.expect(StatusCode::OK);
    let hosts = receipt::verify(&hosts, &key.public_key).unwrap();
    assert_eq!((hosts.role.as_str(), hosts.active_ms), ("host", 0));
}

#[tokio::test]
async fn the_key_stays_and_can_be_given() {
    let (server, _host, watcher, session, before) = made().await;
    let key = published(&server).await;
    let server = TestServer::start_on(server.stop().await, |_| {}).await;
    assert_eq!(published(&server).await, key, "as before the restart");
    let after: SignedReceipt = watcher
        .at(server.server.origin())
        .get(&path(&session))
        .await
        .expect(StatusCode::OK);
    let body = |signed| ReceiptBody {
        issued_at: 0,
        ..receipt::verify(signed, &key.public_key).unwrap()
    };
    assert_eq!(body(&after), body(&before));

    let seed = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let server = TestServer::start_on(server.stop().await, |settings| {
        settings.receipts.receipt_key = Some(seed.to_owned());
    })
    .await;
    assert_eq!(
        published(&server).await.public_key,
        "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
    );
}

fn verify(file: &Path, args: &[&str], stdin: Option<&str>) -> (i32, String, String) {
    let mut child = command()
        .arg("verify-receipt")
        .arg(file)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    // The program may end without reading it.
    let _ = input.write_all(stdin.unwrap_or_default().as_bytes());
    drop(input);
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().unwrap();
    (
        status.code().unwrap(),
        String::from_utf8(stdout).unwrap(),
        String::from_utf8(stderr).unwrap(),
    )
}

#[tokio::test]
async fn the_program_verifies_receipts_offline() {
    let (server, _host, _watcher, _session, signed) = made().await;
    let key = published(&server).await.public_key;
    let data = server.stop().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("receipt.json");
    let text = serde_json::to_string_pretty(&signed).unwrap();
    std::fs::write(&file, &text).unwrap();

    let (code, out, _) = verify(&file, &["--key", &key], None);
    assert_eq!(code, 0, "{out}");
    assert!(
        out.starts_with("GOOD") && out.contains("0:20:00.000 h"),
        "{out}"
    );
    let (code, out, _) = verify(Path::new("-"), &["--key", &key], Some(&text));
    assert_eq!(code, 0, "{out}");
    let folder_of_server = data.path().to_str().unwrap();
    assert_eq!(verify(&file, &["--data", folder_of_server], None).0, 0);
    let (code, out, _) = verify(&file, &[], None);
    assert_eq!(code, 3, "{out}");
    assert!(out.contains("BY WHOM") && out.contains(&key), "{out}");

    let changed = text.replace("\"credits\": 30", "\"credits\": 31");
    assert_ne!(changed, text);
    for bad in [changed.as_str(), "{}", "", "[1]", &text[..text.len() / 2]] {
        for args in [&["--key", key.as_str()][..], &[]] {
            let (code, out, _) = verify(Path::new("-"), args, Some(bad));
            assert_eq!(code, 1, "{out}");
            assert!(out.starts_with("BAD"), "{out}");
        }
    }
    let other = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=";
    assert_eq!(verify(&file, &["--key", other], None).0, 1);

    let missing = folder.path().join("missing.json");
    let nowhere = folder.path().to_str().unwrap();
    for (file, args) in [
        (&missing, &["--key", key.as_str()][..]),
        (&file, &["--key", "x"]),
        (&file, &["--data", nowhere]),
        (&file, &["--key", &key, "--data", nowhere]),
        (&file, &["--what"]),
    ] {
        let (code, out, err) = verify(file, args, None);
        assert_eq!(code, 2, "{args:?}: {out}");
        assert!(!err.is_empty());
    }
}
