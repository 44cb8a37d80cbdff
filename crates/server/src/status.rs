//! `/healthz` and `/metrics`.

use std::{fmt::Write as _, sync::Arc};

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use kulti_media::sfu::ShardFigures;
use serde_json::json;

use crate::app::App;

/// 200 while the server serves.
pub(crate) async fn healthz() -> Response {
    Json(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")})).into_response()
}

pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Response {
    let mut text = crate::metrics::render();
    media_figures(&mut text, &app);
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

/// What the forwarding unit has done, all shards together; nothing without media.
fn media_figures(text: &mut String, app: &App) {
    let Some(shards) = app.rooms.media_figures() else {
        return;
    };
    let sum = |figure: fn(&ShardFigures) -> u64| shards.iter().map(figure).sum::<u64>();
    for (name, help, value) in [
        (
            "kulti_media_packets_in_total",
            "Media packets received.",
            sum(|shard| shard.packets_in),
        ),
        (
            "kulti_media_bytes_in_total",
            "Bytes of them.",
            sum(|shard| shard.bytes_in),
        ),
        (
            "kulti_media_packets_out_total",
            "Media packets sent.",
            sum(|shard| shard.packets_out),
        ),
        (
            "kulti_media_bytes_out_total",
            "Bytes of them.",
            sum(|shard| shard.bytes_out),
        ),
        (
            "kulti_media_packets_unsent_total",
            "Media packets that the system did not take.",
            sum(|shard| shard.unsent),
        ),
        (
            "kulti_media_keyframe_requests_total",
            "Keyframes that publishers were asked for.",
            sum(|shard| shard.keyframe_requests),
        ),
        (
            "kulti_media_layer_switches_total",
            "Times that a receiver's layer changed.",
            sum(|shard| shard.layer_switches),
        ),
    ] {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "# HELP {name} {help}\n# TYPE {name} counter\n{name} {value}"
        );
    }
}
