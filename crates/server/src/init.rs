//! `GET /init` of the 100ms protocol: checks the token, and says where the signalling
//! WebSocket is.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use http::{StatusCode, request::Parts};
use kulti_protocol::{
    init::{
        FLAG_NON_WEBRTC, FLAG_SIMULCAST, InitConfig, InitError, InitResponse, RtcConfiguration,
    },
    token::{self, TokenClaims, TokenError},
};
use serde::Deserialize;

use crate::{api::bearer, app::App, request_origin::RequestOrigin};

#[derive(Deserialize)]
pub(crate) struct InitQuery {
    #[serde(default)]
    peer_id: String,
}

/// A refusal. Never 404, 5xx or 429: the SDK would hang or try again.
struct Refusal(StatusCode, String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = InitError {
            code: self.0.as_u16(),
            message: self.1,
        };
        (self.0, Json(body)).into_response()
    }
}

pub(crate) async fn init(
    State(app): State<Arc<App>>,
    Extension(RequestOrigin(origin)): Extension<RequestOrigin>,
    query: Result<Query<InitQuery>, axum::extract::rejection::QueryRejection>,
    parts: Parts,
) -> Response {
    let peer_id = query.map(|Query(query)| query.peer_id).unwrap_or_default();
    match check(&app, &parts, &peer_id).await {
        Ok(claims) => Json(InitResponse {
            endpoint: format!("{}/ws", websocket_origin(&origin)),
            rtc_configuration: rtc_configuration(&app, &claims),
            config: InitConfig {
                enabled_flags: vec![flag(&app).to_owned()],
            },
        })
        .into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

async fn check(app: &App, parts: &Parts, peer_id: &str) -> Result<TokenClaims, Refusal> {
    let unauthorized = |error: TokenError| Refusal(StatusCode::UNAUTHORIZED, error.to_string());
    let text = bearer(parts).ok_or_else(|| {
        Refusal(
            StatusCode::UNAUTHORIZED,
            "the request carries no auth token".to_owned(),
        )
    })?;
    let now_s = app.clock.now_ms() / 1_000;
    let claims = match token::verify(text, &app.keys, now_s) {
        // Whoever is in the room, or was until a moment ago, is not locked out by a token
        // that ran out meanwhile.
        Err(TokenError::Expired) => {
            let claims =
                token::verify_ignoring_expiry(text, &app.keys, now_s).map_err(unauthorized)?;
            let known = app
                .rooms
                .remembers(&claims.room_id, peer_id, &claims.user_id)
                .await;
            if !known {
                return Err(unauthorized(TokenError::Expired));
            }
            claims
        }
        checked => checked.map_err(unauthorized)?,
    };
    if app.rooms.is_locked(&claims.room_id).await {
        return Err(Refusal(StatusCode::GONE, "the session is over".to_owned()));
    }
    let turned_away = app
        .rooms
        .turns_away(&claims.room_id, &claims.user_id, &claims.role);
    if turned_away.await {
        return Err(Refusal(
            StatusCode::LOCKED,
            "the session is locked: its host lets nobody new in".to_owned(),
        ));
    }
    Ok(claims)
}

fn flag(app: &App) -> &'static str {
    if app.settings.media.on {
        FLAG_SIMULCAST
    } else {
        FLAG_NON_WEBRTC
    }
}

fn rtc_configuration(app: &App, claims: &TokenClaims) -> RtcConfiguration {
    let media = &app.settings.media;
    if !media.on {
        return RtcConfiguration::default();
    }
    let now_s = app.clock.now_ms() / 1_000;
    RtcConfiguration {
        ice_servers: media.ice.servers(&claims.user_id, now_s),
        ..RtcConfiguration::default()
    }
}

fn websocket_origin(origin: &str) -> String {
    match origin.strip_prefix("http") {
        Some(rest) => format!("ws{rest}"),
        None => origin.to_owned(),
    }
}
