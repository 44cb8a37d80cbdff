//! `GET /api/sessions/{id}/messages`: what was said, as far as the caller may see it.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
};
use http::StatusCode;
use kulti_protocol::chat::{MessagePage, MessagesRequest};

use super::{error::ApiError, extract::Caller};
use crate::{app::App, ledger::LedgerError, sessions::SessionError};

/// Of a live session the newest ones, which are in memory; of one that is over all, from
/// the database.
pub(super) async fn messages(
    State(app): State<Arc<App>>,
    Caller(account): Caller,
    Path(id): Path<String>,
    query: Result<Query<MessagesRequest>, QueryRejection>,
) -> Result<Json<MessagePage>, ApiError> {
    let Query(asked) =
        query.map_err(|error| ApiError::bad_request("bad_query", error.body_text()))?;
    let entry = app.sessions.get(&id).await?;
    let participant = entry
        .participant(&account.id)
        .ok_or(LedgerError::NotAParticipant)?;
    let role = participant.role.as_str();
    let room_id = &entry.hms_room_id;
    if entry.ended().is_some() {
        let reader = (&*account.id, role);
        return Ok(Json(app.db.messages(&entry.id, reader, &asked).await?));
    }
    if !participant.is_host() && app.rooms.has_removed(room_id, &account.id).await {
        return Err(SessionError::Removed.into());
    }
    let page = app.rooms.messages(room_id, &account.id, role, asked).await;
    page.map(Json).ok_or_else(|| {
        ApiError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "the room cannot be opened right now: try again",
        )
    })
}
