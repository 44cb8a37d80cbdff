//! `/healthz` and `/metrics`.

use std::{fmt::Write as _, sync::Arc};

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use serde_json::json;

use crate::app::App;

/// 200 while the server serves.
pub(crate) async fn healthz() -> Response {
    Json(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")})).into_response()
}

pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Response {
    let mut text = crate::metrics::render();
    let db = app.db.counters();
    for (name, kind, help, value) in [
        (
            "kulti_live_sessions",
            "gauge",
            "Sessions that are live.",
            u64::try_from(app.sessions.live_count()).unwrap_or(u64::MAX),
        ),
        (
            "kulti_db_reads_total",
            "counter",
            "Queries that read from the database.",
            db.reads(),
        ),
        (
            "kulti_db_commits_total",
            "counter",
            "Write transactions that were committed.",
            db.commits(),
        ),
        (
            "kulti_db_rows_written_total",
            "counter",
            "Rows that were written by these.",
            db.rows(),
        ),
        (
            "kulti_db_failures_total",
            "counter",
            "Write transactions that failed.",
            db.failures(),
        ),
    ] {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}"
        );
    }
    let form = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(header::CONTENT_TYPE, form)], text).into_response()
}
