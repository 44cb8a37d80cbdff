//! `POST /api/analytics/heartbeat`: watch time.

use std::sync::Arc;

use axum::{Json, extract::State};
use kulti_protocol::api::{ExcludedInterval, HeartbeatRequest, HeartbeatResponse, Interval};
use kulti_watch::IntervalSet;

use super::{
    error::ApiError,
    extract::{Caller, JsonBody},
};
use crate::{
    app::App,
    ledger::{Beat, Exclusions},
    settings::HEARTBEAT_BYTES,
};

pub(super) async fn heartbeat(
    State(app): State<Arc<App>>,
    Caller(account): Caller,
    JsonBody(request): JsonBody<HeartbeatRequest, HEARTBEAT_BYTES>,
) -> Result<Json<HeartbeatResponse>, ApiError> {
    let beat = match &request.intervals {
        Some(intervals) => Beat::Intervals(interval_set(intervals)?),
        None => Beat::Plain {
            active: request.is_active,
        },
    };
    let excluded = exclusions(&request.excluded)?;
    let session = app.sessions.get(&request.session_id).await?;
    let settled = app
        .ledger
        .heartbeat(&session, &account.id, beat, &excluded)
        .await?;
    Ok(Json(HeartbeatResponse {
        success: true,
        watch_duration_seconds: settled.watched_ms / 1_000,
        estimated_credits: settled.estimated_credits,
        timestamp: app.clock.now_ms(),
        acknowledged: request
            .intervals
            .map(|_| settled.acknowledged.iter().map(interval).collect()),
    }))
}

fn interval_set(intervals: &[Interval]) -> Result<IntervalSet, ApiError> {
    intervals
        .iter()
        .map(|[start, end]| stretch(*start, *end))
        .collect()
}

fn exclusions(excluded: &[ExcludedInterval]) -> Result<Exclusions, ApiError> {
    let stretches = excluded.iter().map(|(start, end, reason)| {
        let (start, end) = stretch(*start, *end)?;
        Ok((start, end, *reason))
    });
    let stretches: Vec<_> = stretches.collect::<Result<_, ApiError>>()?;
    Ok(Exclusions::from_stretches(stretches))
}

/// What lies before 1970 counts as starting there; it is refused later anyway, since
/// nobody had joined. An interval that ends before it starts is an error of the client.
fn stretch(start: i64, end: i64) -> Result<(u64, u64), ApiError> {
    if start > end {
        return Err(ApiError::bad_request(
            "bad_intervals",
            format!("the interval [{start},{end}) ends before it starts"),
        ));
    }
    let from_epoch = |ms: i64| u64::try_from(ms).unwrap_or(0);
    Ok((from_epoch(start), from_epoch(end)))
}

pub(super) fn interval((start, end): (u64, u64)) -> Interval {
    let signed = |ms| i64::try_from(ms).unwrap_or(i64::MAX);
    [signed(start), signed(end)]
}
