//! What handlers take from a request: who calls, from where, and the body.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    body::{Body, Bytes},
    extract::{ConnectInfo, FromRequest, FromRequestParts, Request},
};
use futures_util::StreamExt as _;
use http::{Extensions, StatusCode, header, request::Parts};
use serde::de::DeserializeOwned;

use super::error::ApiError;
use crate::{
    accounts::Account, app::App, rate_limit::address_key, request_origin::Accepted,
    settings::BODY_BYTES,
};

/// Who calls, by the bearer token. Counts against the user's requests.
pub(crate) struct Caller(pub(crate) Account);

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let token = bearer(parts).ok_or_else(|| {
            ApiError::unauthorized(
                "unauthorized",
                "sign in first: send Authorization: Bearer <access_token>",
            )
        })?;
        let now = app.clock.now_ms();
        let account = app.accounts.authenticate(token, now)?;
        app.limits
            .requests
            .take(account.id.clone(), now)
            .map_err(|retry| ApiError::rate_limited(retry, "requests"))?;
        Ok(Self(account))
    }
}

/// The token of `Authorization: Bearer`, if there is one.
pub(crate) fn bearer(parts: &Parts) -> Option<&str> {
    let value = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty()).then(|| token.trim())
}

/// The caller's address, as rate limits count it.
pub(crate) struct CallerAddress(pub(crate) IpAddr);

impl FromRequestParts<Arc<App>> for CallerAddress {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, ApiError> {
        parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|ConnectInfo(address)| Self(address_key(address.ip())))
            .ok_or_else(|| ApiError::internal(&"a request without an address"))
    }
}

/// Whether the caller is a guest of an embedded server, who came over the local network.
pub(crate) fn is_network_guest(request: &Extensions) -> bool {
    request
        .get::<Accepted>()
        .is_some_and(|accepted| accepted.network.is_some())
}

/// [`is_network_guest`], for handlers.
pub(crate) struct NetworkGuest(pub(crate) bool);

impl FromRequestParts<Arc<App>> for NetworkGuest {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Infallible> {
        Ok(Self(is_network_guest(&parts.extensions)))
    }
}

/// A JSON body of at most `LIMIT` bytes. Its content type does not matter.
pub(crate) struct JsonBody<T, const LIMIT: usize = BODY_BYTES>(pub(crate) T);

impl<T: DeserializeOwned, const LIMIT: usize> FromRequest<Arc<App>> for JsonBody<T, LIMIT> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        let timeout = app.settings.limits.body_timeout;
        let bytes = tokio::time::timeout(timeout, read(request.into_body(), LIMIT))
            .await
            .map_err(|_| {
                ApiError::new(
                    StatusCode::REQUEST_TIMEOUT,
                    "timeout",
                    "the body of the request came too slowly",
                )
            })??;
        let value = serde_json::from_slice(&bytes).map_err(|error| {
            ApiError::bad_request(
                "bad_json",
                format!("the body is not what is expected: {error}"),
            )
        })?;
        Ok(Self(value))
    }
}

async fn read(body: Body, limit: usize) -> Result<Bytes, ApiError> {
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    let mut size = 0usize;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk
            .map_err(|_| ApiError::bad_request("bad_body", "the body of the request broke off"))?;
        size = size.saturating_add(chunk.len());
        // A little too much is read to its end, since many clients read no answer before
        // they have sent everything.
        if size > limit.saturating_mul(20) {
            break;
        }
        if size <= limit {
            bytes.extend_from_slice(&chunk);
        }
    }
    if size > limit {
        return Err(ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            format!("the body of this request may have {limit} bytes at most"),
        ));
    }
    Ok(bytes.into())
}
