//! `GET /api/sessions/{id}/insights`: how a session goes or went, for its hosts.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use http::StatusCode;
use kulti_protocol::{
    api::{InsightsPeak, InsightsResponse, InsightsSeries, PollInsights, SessionStatus},
    signalling::PollState,
};

use super::{error::ApiError, extract::Caller};
use crate::{app::App, room::Chronicle};

/// For whoever started the session, and for those who run its room now.
pub(super) async fn insights(
    State(app): State<Arc<App>>,
    Caller(account): Caller,
    Path(id): Path<String>,
) -> Result<Json<InsightsResponse>, ApiError> {
    let entry = app.sessions.get(&id).await?;
    let live = entry.ended().is_none();
    let runs = entry.host_id == account.id
        || (live && app.rooms.is_run_by(&entry.hms_room_id, &account.id).await);
    if !runs {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "not_the_host",
            "only hosts may see how the session goes",
        ));
    }
    let room = if live {
        app.rooms.insights(&entry.hms_room_id).await
    } else {
        app.ledger.room_at_the_end(&entry).await?
    };
    app.ledger.load(&entry).await?;
    let crowd = app.ledger.crowd(&entry);
    let occupancy = room.as_ref().map(|room| room.occupancy).unwrap_or_default();
    let story = room.as_ref().map(|room| &room.chronicle);
    Ok(Json(InsightsResponse {
        session_id: entry.id.to_string(),
        title: entry.title.clone(),
        status: if live {
            SessionStatus::Live
        } else {
            SessionStatus::Ended
        },
        started_at: entry.started_at,
        until: entry
            .ended()
            .map_or_else(|| app.clock.now_ms(), |end| end.at),
        here: occupancy.total,
        active: occupancy.active,
        peak: story.and_then(Chronicle::peak).map(|peak| InsightsPeak {
            active: peak.active,
            at: peak.at_ms,
        }),
        watch_time: crowd.watch_time,
        polls: room
            .iter()
            .flat_map(|room| &room.polls)
            .map(|poll| PollInsights {
                poll_id: poll.id.clone(),
                title: poll.title.clone(),
                running: live && poll.state == PollState::Started,
                answered: poll.voters,
                asked: poll.people,
            })
            .collect(),
        hands_up: room.as_ref().map_or(0, |room| room.hands_up),
        messages: crowd.messages,
        writers: crowd.writers,
        series: story.map(series).unwrap_or_default(),
    }))
}

fn series(story: &Chronicle) -> InsightsSeries {
    InsightsSeries {
        started_at: story.started_at(),
        step_ms: story.step_ms(),
        here: story.here().collect(),
        active: story.active().collect(),
        messages: story.messages().collect(),
        arrivals: story.arrivals().collect(),
        departures: story.departures().collect(),
    }
}
