//! `POST /api/auth/guest`, `POST /api/auth/refresh` and `POST /api/auth/profile`.

use std::sync::Arc;

use axum::{Json, extract::State};
use kulti_protocol::api::{
    AuthResponse, GuestRequest, ProfileRequest, ProfileResponse, RefreshRequest,
};

use super::{
    error::ApiError,
    extract::{Caller, CallerAddress, JsonBody, NetworkGuest},
};
use crate::app::App;

pub(super) async fn guest(
    State(app): State<Arc<App>>,
    CallerAddress(address): CallerAddress,
    NetworkGuest(from_network): NetworkGuest,
    JsonBody(request): JsonBody<GuestRequest>,
) -> Result<Json<AuthResponse>, ApiError> {
    let now = app.clock.now_ms();
    let guests = if from_network {
        &app.limits.network_guests
    } else {
        &app.limits.guests
    };
    guests
        .take(address, now)
        .map_err(|retry| ApiError::rate_limited(retry, "new guests from this address"))?;
    let answer = app
        .accounts
        .create_guest(&request.display_name, now)
        .await?;
    tracing::info!(user = %answer.user.id, "guest account made");
    Ok(Json(answer))
}

pub(super) async fn refresh(
    State(app): State<Arc<App>>,
    CallerAddress(address): CallerAddress,
    JsonBody(request): JsonBody<RefreshRequest>,
) -> Result<Json<AuthResponse>, ApiError> {
    let now = app.clock.now_ms();
    // Nobody guesses 256 bits; the limit keeps the database from being written at will.
    app.limits
        .refreshes
        .take(address, now)
        .map_err(|retry| ApiError::rate_limited(retry, "refreshes from this address"))?;
    let answer = app.accounts.refresh(&request.refresh_token, now).await?;
    Ok(Json(answer))
}

pub(super) async fn profile(
    State(app): State<Arc<App>>,
    Caller(account): Caller,
    JsonBody(request): JsonBody<ProfileRequest>,
) -> Result<Json<ProfileResponse>, ApiError> {
    let renamed = app.accounts.rename(&account, &request.display_name).await?;
    app.sessions.host_is_called(&renamed);
    Ok(Json(ProfileResponse {
        user: renamed.to_user(),
    }))
}
