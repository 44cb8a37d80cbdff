//! `GET /api/sessions/{id}/watch` and `…/receipt`: the caller's own books on a session.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use http::StatusCode;
use kulti_protocol::{
    api::{
        CreditStepBody, ExcludedInterval, ReceiptBody, ReceiptKeyResponse, SessionCreditsBody,
        SessionStatus, SessionWatchResponse, SignedReceipt, Transaction,
    },
    receipt,
};
use kulti_watch::credits::{self, HostFacts, SessionCredits, WatcherFacts};

use super::{error::ApiError, extract::Caller, heartbeat::interval};
use crate::{
    app::App,
    db::{Paid, PaidCredits},
    ledger::{Books, LedgerError, Standing},
    sessions::{Ended, Participant, SessionEntry},
};

pub(super) async fn watch(
    State(app): State<Arc<App>>,
    Caller(account): Caller,
    Path(id): Path<String>,
) -> Result<Json<SessionWatchResponse>, ApiError> {
    let entry = app.sessions.get(&id).await?;
    let participant = participant(&entry, &account.id)?;
    let (books, standing) = app.ledger.books(&entry, &account.id).await?;
    let (credits, milestones) = if standing.paid {
        let paid = app.db.paid(&account.id, &entry.id).await?;
        let milestones = app.db.milestones(&account.id, &entry.id).await?;
        (settled(&paid, participant)?, milestones)
    } else {
        let before = app.db.sessions_attended(&account.id, &entry.id).await?;
        let now = app.clock.now_ms();
        let computed = if_it_ended_now(&entry, participant, standing, before, now);
        (in_steps(&computed, false), Vec::new())
    };
    Ok(Json(SessionWatchResponse {
        session_id: entry.id.to_string(),
        title: entry.title.clone(),
        status: match entry.ended() {
            None => SessionStatus::Live,
            Some(_) => SessionStatus::Ended,
        },
        role: participant.role.to_string(),
        joined_at: books.joined_at,
        until: books.until,
        active_ms: books.counted.measure_ms(),
        intervals: books.counted.iter().map(interval).collect(),
        excluded: excluded(&books),
        credits,
        milestones,
        balance: app.db.balance(&account.id).await?.balance,
        audience: participant.is_host().then(|| app.ledger.audience(&entry)),
    }))
}

pub(super) async fn receipt(
    State(app): State<Arc<App>>,
    Caller(account): Caller,
    Path(id): Path<String>,
) -> Result<Json<SignedReceipt>, ApiError> {
    let entry = app.sessions.get(&id).await?;
    let participant = participant(&entry, &account.id)?;
    let Some(end) = entry.ended() else {
        return Err(conflict(
            "session_live",
            "the session is still live: there is a receipt when it is over",
        ));
    };
    let (books, standing) = app.ledger.books(&entry, &account.id).await?;
    if !standing.paid {
        return Err(conflict(
            "not_settled",
            "the session is being settled: try again in a moment",
        ));
    }
    let entries = app.db.paid(&account.id, &entry.id).await?.entries;
    let body = ReceiptBody {
        version: receipt::VERSION,
        user: account.to_user(),
        session_id: entry.id.to_string(),
        title: entry.title.clone(),
        host_name: entry.host().display_name.to_string(),
        role: participant.role.to_string(),
        started_at: entry.started_at,
        ended_at: end.at,
        intervals: books.counted.iter().map(interval).collect(),
        active_ms: books.counted.measure_ms(),
        credits: sum(&entries),
        entries_sha256: receipt::entries_sha256(&entries)
            .map_err(|error| ApiError::internal(&error))?,
        entries,
        issued_at: app.clock.now_ms(),
    };
    let signed = app
        .receipt_key
        .sign(&body)
        .map_err(|error| ApiError::internal(&error))?;
    Ok(Json(signed))
}

/// Public: whoever is shown a receipt may check it.
pub(super) async fn receipt_key(State(app): State<Arc<App>>) -> Json<ReceiptKeyResponse> {
    Json(app.receipt_key.published())
}

fn participant(entry: &SessionEntry, user_id: &str) -> Result<Participant, LedgerError> {
    entry
        .participant(user_id)
        .ok_or(LedgerError::NotAParticipant)
}

fn conflict(code: &'static str, message: &str) -> ApiError {
    ApiError::new(StatusCode::CONFLICT, code, message)
}

/// As the ledger has it, not as it would be computed today.
fn settled(paid: &Paid, participant: Participant) -> Result<SessionCreditsBody, ApiError> {
    let Some(details) = &paid.details else {
        // Nobody is owed anything for a session in which they never were.
        let nothing = if participant.is_host() {
            credits::for_host(&HostFacts::default())
        } else {
            credits::for_watcher(&WatcherFacts::default())
        };
        return Ok(in_steps(&nothing, true));
    };
    let details: PaidCredits =
        serde_json::from_str(details).map_err(|error| ApiError::internal(&error))?;
    Ok(SessionCreditsBody {
        credits: u64::try_from(sum(&paid.entries)).unwrap_or(0),
        ..in_steps(&details.credits, true)
    })
}

fn sum(entries: &[Transaction]) -> i64 {
    entries.iter().map(|entry| entry.amount).sum()
}

fn if_it_ended_now(
    entry: &SessionEntry,
    participant: Participant,
    standing: Standing,
    sessions_before: u32,
    now: u64,
) -> SessionCredits {
    let end = entry.ended().unwrap_or(Ended {
        at: now,
        completed: true,
    });
    if participant.is_host() {
        credits::for_host(&HostFacts {
            active_ms: standing.vouched_ms,
            duration_ms: end.at.saturating_sub(entry.started_at),
            viewers_active_ms: standing.viewers_active_ms,
            messages: standing.messages_of_all,
            completed: end.completed,
            people_helped: standing.people_helped,
        })
    } else {
        credits::for_watcher(&WatcherFacts {
            active_ms: standing.vouched_ms,
            chatted: standing.messages > 0,
            helped_someone: standing.people_helped > 0,
            sessions_before,
        })
    }
}

fn in_steps(credits: &SessionCredits, settled: bool) -> SessionCreditsBody {
    SessionCreditsBody {
        credits: credits.credits,
        settled,
        steps: credits
            .steps
            .iter()
            .map(|step| CreditStepBody {
                rule: step.rule.name().to_owned(),
                applied: step.applied,
                subtotal_hundredths: step.subtotal_hundredths,
            })
            .collect(),
    }
}

fn excluded(books: &Books) -> Vec<ExcludedInterval> {
    let stretches = books.excluded.iter();
    stretches
        .map(|&(start, end, reason)| {
            let [start, end] = interval((start, end));
            (start, end, reason)
        })
        .collect()
}
