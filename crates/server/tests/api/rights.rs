//! Who may do what over HTTP: every path, every kind of caller; and the door of a
//! session that is locked.

use std::collections::BTreeSet;

use http::Method;
use kulti_protocol::api::Session;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::support::{Client, TestServer, client, eventually, now_ms, send};

/// Callers, in the order of the columns: the host, one who joined, one who never did, one
/// who was removed, and one without an account.
const CALLERS: [&str; 5] = ["host", "participant", "stranger", "removed", "nobody"];

/// Paths that need no account, and answer everybody alike.
const PUBLIC: [&str; 9] = [
    "POST /api/auth/guest",
    "POST /api/auth/refresh",
    "GET /api/receipts/key",
    "GET /api/openapi.json",
    "GET /healthz",
    "GET /metrics",
    // Asks for the token of a room, not for an account: its own tests are in init.rs.
    "GET /init",
    "GET /",
    "GET /ws",
];

/// One act, and what each caller is answered.
struct Row {
    path: &'static str,
    body: Option<Value>,
    answers: [u16; 5],
}

fn rows(session: &Session) -> Vec<Row> {
    let row = |path, answers| Row {
        path,
        body: None,
        answers,
    };
    let with = |path, body, answers| Row {
        path,
        body: Some(body),
        answers,
    };
    let account = [200, 200, 200, 200, 401];
    let beat = json!({"sessionId": session.id, "isActive": true});
    let token = json!({"roomId": session.hms_room_id, "sessionId": session.id});
    let code = session.room_code.as_str();
    assert!(!code.is_empty());
    vec![
        with(
            "POST /api/auth/profile",
            json!({"display_name": "Same"}),
            account,
        ),
        with(
            "POST /api/sessions/create",
            json!({"title": "Another"}),
            account,
        ),
        row("GET /api/sessions", account),
        row("GET /api/sessions/by-code/{code}", account),
        row("GET /api/credits/balance", account),
        row("GET /api/credits/transactions", account),
        with(
            "POST /api/analytics/heartbeat",
            beat,
            [200, 200, 403, 200, 401],
        ),
        row("GET /api/sessions/{id}/watch", [200, 200, 403, 200, 401]),
        row("GET /api/sessions/{id}/insights", [200, 403, 403, 403, 401]),
        row("GET /api/sessions/{id}/messages", [200, 200, 403, 403, 401]),
        // Not over yet; who was not there has none.
        row("GET /api/sessions/{id}/receipt", [409, 409, 403, 409, 401]),
        // A stranger joins by these, so they come late in the table.
        row("POST /api/sessions/{id}/join", [200, 200, 200, 403, 401]),
        with("POST /api/hms/get-token", token, [200, 200, 200, 403, 401]),
        with(
            "POST /api/sessions/end",
            json!({"sessionId": session.id}),
            [200, 403, 403, 403, 401],
        ),
    ]
}

/// A session with its host, one who is in it, and one who was removed.
struct Place {
    server: TestServer,
    session: Session,
    host: Client,
    participant: Client,
    removed: Client,
}

async fn place() -> Place {
    let server = TestServer::start().await;
    let host = server.guest("Mara").await;
    let session = host.create("Rights").await;
    let participant = server.guest("Jonas").await;
    let removed = server.guest("Teo").await;
    let mut chair = host.enter(&session, "chair").await;
    let _seat = participant.enter(&session, "seat").await;
    let mut out = removed.enter(&session, "out").await;
    let removal = json!({"requested_for": "out", "reason": "Wrong room"});
    chair.request("peer-leave-request", removal).await;
    let told = out
        .until(|frame| frame["method"] == "on-peer-leave-request")
        .await;
    assert_eq!(told["params"]["reason"], "Wrong room");
    Place {
        server,
        session,
        host,
        participant,
        removed,
    }
}

#[tokio::test]
async fn every_path_answers_every_caller_as_the_table_says() {
    let place = place().await;
    let stranger = place.server.guest("Ann").await;
    let callers = [
        Some(&place.host),
        Some(&place.participant),
        Some(&stranger),
        Some(&place.removed),
        None,
    ];
    let mut wrong = Vec::new();
    for row in rows(&place.session) {
        // The host comes last: what they do may end the session.
        for (n, caller) in callers.into_iter().enumerate().rev() {
            let (method, path) = row.path.split_once(' ').unwrap();
            let path = path
                .replace("{id}", &place.session.id)
                .replace("{code}", &place.session.room_code);
            let method: Method = method.parse().unwrap();
            let mut request = match caller {
                Some(caller) => caller.request(method, &path),
                None => client().request(method, place.server.url(&path)),
            };
            if let Some(body) = &row.body {
                request = request.json(body);
            }
            let answer = send(request).await;
            let expected = row.answers[n];
            if answer.status.as_u16() != expected {
                let (who, status) = (CALLERS[n], answer.status);
                wrong.push(format!("{who}: {}: {status}, not {expected}", row.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn every_path_has_a_row() {
    let place = place().await;
    let described = place.server.get("/api/openapi.json").await.body;
    let described: BTreeSet<String> = described["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    let judged: BTreeSet<String> = rows(&place.session)
        .iter()
        .map(|row| row.path.to_owned())
        .chain(PUBLIC.map(str::to_owned))
        .collect();
    let open: Vec<_> = described.difference(&judged).collect();
    assert!(open.is_empty(), "no row says who may do this: {open:?}");
}

#[tokio::test]
async fn a_removed_person_gets_no_token_and_no_room_any_more() {
    let place = place().await;
    place
        .removed
        .join(&place.session)
        .await
        .expect_refusal(403, "removed");
    let body = json!({"roomId": place.session.hms_room_id, "sessionId": place.session.id});
    let answer = place.removed.post("/api/hms/get-token", body).await;
    answer.expect_refusal(403, "removed");
    // The time until then stays theirs.
    let books = place.removed.books(&place.session).await;
    assert!(books.joined_at <= now_ms());
}

#[tokio::test]
async fn a_locked_session_takes_nobody_new_also_after_a_restart() {
    let place = place().await;
    let (session, host) = (&place.session, &place.host);
    let mut chair = host.enter(session, "chair-2").await;
    let early = place.server.guest("Early").await;
    let token = early.token(session).await.token;
    let lock =
        json!({"key": "roomLock", "data": {"locked": true, "lockedBy": "Mara", "timestamp": 1}});
    chair.request("set-metadata", lock).await;

    let late = place.server.guest("Late").await;
    late.join(session)
        .await
        .expect_refusal(423, "session_locked");
    let body = json!({"roomId": session.hms_room_id, "sessionId": session.id});
    let answer = late.post("/api/hms/get-token", body.clone()).await;
    answer.expect_refusal(423, "session_locked");
    // One who had a token and was never in is new as well.
    let init = |token: String, origin: String| async move {
        let url = format!("{origin}/init?peer_id=early");
        send(client().get(url).bearer_auth(token)).await
    };
    let origin = place.server.server.origin().to_owned();
    let answer = init(token.clone(), origin).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.body["code"]),
        (423, &json!(423))
    );
    // Who was in comes back.
    assert_eq!(place.participant.join(session).await.status, StatusCode::OK);

    let data = place.server.stop().await;
    let server = TestServer::start_on(data, |_| {}).await;
    let origin = server.server.origin().to_owned();
    late.at(&origin)
        .join(session)
        .await
        .expect_refusal(423, "session_locked");
    let answer = init(token, origin.clone()).await;
    assert_eq!(answer.status.as_u16(), 423);
    place.participant.at(&origin).enter(session, "seat-2").await;
    let mut chair = host.at(&origin).enter(session, "chair-3").await;
    let unlock = json!({"key": "roomLock", "data": {"locked": false, "timestamp": 2}});
    chair.request("set-metadata", unlock).await;
    let late = late.at(&origin);
    eventually("the door is open", async || {
        (late.join(session).await.status == StatusCode::OK).then_some(())
    })
    .await;
}
