//! `/api/sessions…`: start, find, join and end sessions.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State},
};
use kulti_protocol::api::{
    CreateSessionRequest, EndSessionRequest, EndSessionResponse, JoinSessionResponse, Session,
    SessionList,
};
use kulti_protocol::room_code::RoomCode;
use serde::Deserialize;

use super::{
    error::ApiError,
    extract::{Caller, CallerAddress, JsonBody},
};
use crate::{app::App, sessions::SessionEntry};

#[derive(Deserialize)]
pub(super) struct ListQuery {
    status: Option<String>,
}

pub(super) async fn create(
    State(app): State<Arc<App>>,
    Caller(account): Caller,
    JsonBody(request): JsonBody<CreateSessionRequest>,
) -> Result<Json<Session>, ApiError> {
    let entry = app
        .sessions
        .create(&account, &request, app.clock.now_ms())
        .await?;
    tracing::info!(session = %entry.id, host = %account.id, "session started");
    Ok(Json(view(&app, &entry)))
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    _caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<SessionList>, ApiError> {
    match query.status.as_deref() {
        None | Some("live") => {}
        Some(_) => {
            return Err(ApiError::bad_request(
                "bad_status",
                "only live sessions can be listed: use status=live",
            ));
        }
    }
    let sessions = app
        .sessions
        .live_public()
        .iter()
        .map(|entry| view(&app, entry))
        .collect();
    Ok(Json(SessionList { sessions }))
}

/// Codes are short enough to be guessed: whoever is wrong too often must wait, also
/// for a right one.
pub(super) async fn by_code(
    State(app): State<Arc<App>>,
    Caller(account): Caller,
    CallerAddress(address): CallerAddress,
    Path(code): Path<String>,
) -> Result<Json<Session>, ApiError> {
    let now = app.clock.now_ms();
    let user = (address, account.id);
    let too_many = |retry| ApiError::rate_limited(retry, "wrong room codes");
    app.limits
        .wrong_codes
        .peek(&user, now)
        .and_then(|()| app.limits.wrong_codes_of_address.peek(&address, now))
        .map_err(too_many)?;
    let code: RoomCode = code
        .parse()
        .map_err(|_| ApiError::bad_request("bad_room_code", "a room code looks like VIBE-2K4F"))?;
    match app.sessions.by_code(&code) {
        Ok(entry) => Ok(Json(view(&app, &entry))),
        Err(error) => {
            app.limits
                .wrong_codes
                .take(user, now)
                .and_then(|()| app.limits.wrong_codes_of_address.take(address, now))
                .map_err(too_many)?;
            Err(error.into())
        }
    }
}

pub(super) async fn join(
    State(app): State<Arc<App>>,
    Caller(account): Caller,
    Path(id): Path<String>,
) -> Result<Json<JoinSessionResponse>, ApiError> {
    let entry = app.sessions.get(&id).await?;
    let role = app
        .sessions
        .join(&entry, &account, app.clock.now_ms())
        .await?;
    Ok(Json(JoinSessionResponse {
        session: view(&app, &entry),
        role: role.to_string(),
    }))
}

pub(super) async fn end(
    State(app): State<Arc<App>>,
    Caller(account): Caller,
    JsonBody(request): JsonBody<EndSessionRequest>,
) -> Result<Json<EndSessionResponse>, ApiError> {
    let entry = app.sessions.get(&request.session_id).await?;
    let ending = {
        let (app, entry) = (app.clone(), entry.clone());
        // Goes on when the caller hangs up.
        tokio::spawn(async move {
            let now = app.clock.now_ms();
            app.sessions.end_by_host(&entry, &account, now).await
        })
    };
    ending.await.map_err(|error| ApiError::internal(&error))??;
    Ok(Json(EndSessionResponse {
        success: true,
        session: view(&app, &entry),
    }))
}

fn view(app: &App, entry: &SessionEntry) -> Session {
    entry.to_api(app.sessions.participants_now(entry))
}
