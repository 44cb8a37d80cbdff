//! All routes, and what every request passes through.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    handler::Handler,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post},
};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use tower_http::cors::{AllowHeaders, AllowOrigin, AllowPrivateNetwork, CorsLayer};

use super::{
    auth, books, credits, error::ApiError, extract::is_network_guest, heartbeat, hms, insights,
    messages, sessions,
};
use crate::{app::App, connections::Signalling, init, request_origin, status};

/// The description of the API.
const OPENAPI: &str = include_str!("openapi.json");

/// The HTTP API, and the list of its routes.
struct Api {
    router: Router<Arc<App>>,
    routes: Vec<(Method, &'static str)>,
}

impl Api {
    fn get<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        self.add(Method::GET, path, get(handler))
    }

    fn post<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        self.add(Method::POST, path, post(handler))
    }

    /// A route that is not for guests from the local network: an embedded server is
    /// somebody's own computer, and they were invited to one session.
    fn own(self, method: Method, path: &'static str, route: MethodRouter<Arc<App>>) -> Self {
        self.add(
            method,
            path,
            route.layer(middleware::from_fn(refuse_guests)),
        )
    }

    fn add(mut self, method: Method, path: &'static str, route: MethodRouter<Arc<App>>) -> Self {
        self.routes.push((method, path));
        self.router = self.router.route(path, route);
        self
    }
}

fn api() -> Api {
    Api {
        router: Router::new(),
        routes: Vec::new(),
    }
    .post("/api/auth/guest", auth::guest)
    .post("/api/auth/refresh", auth::refresh)
    .post("/api/auth/profile", auth::profile)
    .own(Method::POST, "/api/sessions/create", post(sessions::create))
    .own(Method::GET, "/api/sessions", get(sessions::list))
    .get("/api/sessions/by-code/{code}", sessions::by_code)
    .post("/api/sessions/{id}/join", sessions::join)
    .post("/api/sessions/end", sessions::end)
    .post("/api/hms/get-token", hms::get_token)
    .post("/api/analytics/heartbeat", heartbeat::heartbeat)
    .get("/api/sessions/{id}/watch", books::watch)
    .get("/api/sessions/{id}/messages", messages::messages)
    .get("/api/sessions/{id}/receipt", books::receipt)
    .get("/api/sessions/{id}/insights", insights::insights)
    .get("/api/receipts/key", books::receipt_key)
    .get("/api/credits/balance", credits::balance)
    .get("/api/credits/transactions", credits::transactions)
    .get("/api/openapi.json", openapi)
    .get("/init", init::init)
    .get("/healthz", status::healthz)
    .own(Method::GET, "/metrics", get(status::metrics))
}

/// The whole server as one router.
pub(crate) fn router(app: Arc<App>, signalling: Signalling) -> Router {
    api()
        .router
        .fallback(|| async {
            ApiError::new(StatusCode::NOT_FOUND, "not_found", "there is nothing here")
        })
        .method_not_allowed_fallback(|| async {
            ApiError::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "this path is used with another method",
            )
        })
        .with_state(app.clone())
        .merge(signalling.router())
        .layer(middleware::from_fn_with_state(app.clone(), check_origin))
        .layer(cors(&app))
        .layer(middleware::from_fn_with_state(
            app.clone(),
            request_origin::determine,
        ))
        .layer(middleware::from_fn(log))
}

async fn refuse_guests(request: Request, next: Next) -> Response {
    if is_network_guest(request.extensions()) {
        return ApiError::new(
            StatusCode::FORBIDDEN,
            "not_for_guests",
            "this server runs on its host's computer: guests from the network can only join \
             the session whose code or link they have",
        )
        .into_response();
    }
    next.run(request).await
}

async fn openapi() -> Response {
    let json = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, json)], OPENAPI).into_response()
}

/// Browsers add the answers' headers to everything, errors included, and ask first.
fn cors(app: &Arc<App>) -> CorsLayer {
    let allowed = app.settings.allowed_origins.clone();
    let listed = allowed.clone();
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |origin, _| {
            origin.to_str().is_ok_and(|origin| allowed.allows(origin))
        }))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([header::RETRY_AFTER, HeaderName::from_static("date")])
        // Pages of the internet are let at servers on private networks only by name.
        .allow_private_network(AllowPrivateNetwork::predicate(move |origin, _| {
            origin.to_str().is_ok_and(|origin| listed.lists(origin))
        }))
        .max_age(std::time::Duration::from_secs(600))
}

/// A page that may not use the server gets no effect either, not just no answer: a
/// WebSocket is not subject to CORS.
async fn check_origin(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if let Some(origin) = request.headers().get(header::ORIGIN) {
        let allowed = origin
            .to_str()
            .is_ok_and(|origin| app.settings.allowed_origins.allows(origin));
        if !allowed {
            return ApiError::new(
                StatusCode::FORBIDDEN,
                "origin_not_allowed",
                "pages of this origin may not use this server (setting: allowed origins)",
            )
            .into_response();
        }
    }
    next.run(request).await
}

/// The path only: queries hold tokens.
async fn log(request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let begun = std::time::Instant::now();
    let response = next.run(request).await;
    tracing::debug!(
        %method,
        path,
        status = response.status().as_u16(),
        micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX),
        "request"
    );
    response
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_description_names_every_route_and_no_other() {
        let document: serde_json::Value = serde_json::from_str(OPENAPI).unwrap();
        let described: BTreeSet<_> = document["paths"]
            .as_object()
            .unwrap()
            .iter()
            .flat_map(|(path, methods)| {
                let methods = methods.as_object().unwrap().keys();
                methods.map(move |method| (method.to_uppercase(), path.clone()))
            })
            .collect();
        let served: BTreeSet<_> = api()
            .routes
            .iter()
            .map(|(method, path)| (method.to_string(), (*path).to_owned()))
            .collect();
        assert_eq!(
            described, served,
            "openapi.json and the routes have drifted apart"
        );
    }
}
