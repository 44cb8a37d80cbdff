//! `POST /api/hms/get-token`: the auth token for a session's room.

use std::sync::Arc;

use axum::{Extension, Json, extract::State};
use kulti_protocol::{
    api::{GetTokenRequest, GetTokenResponse},
    token::TokenClaims,
};
use uuid::Uuid;

use super::{
    error::ApiError,
    extract::{Caller, JsonBody},
};
use crate::{app::App, policy::RoomPolicy, request_origin::RequestOrigin, sessions::SessionError};

pub(super) async fn get_token(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<RequestOrigin>,
    Caller(account): Caller,
    JsonBody(request): JsonBody<GetTokenRequest>,
) -> Result<Json<GetTokenResponse>, ApiError> {
    let entry = app.sessions.get(&request.session_id).await?;
    if *entry.hms_room_id != *request.room_id {
        return Err(SessionError::WrongRoom.into());
    }
    // As in the web product, asking for a token is joining, too.
    let now = app.clock.now_ms();
    let role = app.sessions.join(&entry, &account, now).await?;
    let mut claims = TokenClaims::new(
        &entry.hms_room_id,
        &account.id,
        role.as_str(),
        &Uuid::new_v4().to_string(),
        now / 1_000,
        app.settings.tokens.hms_token_ttl.as_secs(),
    );
    claims.name = Some(account.display_name.to_string());
    let expires_at = claims.exp.saturating_mul(1_000);
    let token = claims
        .sign(&app.keys)
        .map_err(|error| ApiError::internal(&error))?;
    Ok(Json(GetTokenResponse {
        token,
        expires_at,
        user_name: account.display_name.to_string(),
        role: role.to_string(),
        use_hls: false,
        hls_stream_url: None,
        init_endpoint: match app.settings.room.room_policy {
            RoomPolicy::Kulti => Some(origin.0),
            RoomPolicy::Vendor => None,
        },
        watch_policy: app.settings.watch.policy(),
    }))
}
