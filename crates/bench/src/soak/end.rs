//! The session's end, while the server is killed in the middle of it, and what is paid.

use std::{collections::BTreeMap, time::Duration};

use kulti_protocol::api::{SessionWatchResponse, TransactionsResponse};
use kulti_watch::credits::{WatcherFacts, for_watcher};
use rand::{Rng as _, rngs::StdRng};
use serde_json::json;
use tokio::time::sleep;

use super::programs::Server;
use crate::http::Api;

/// What the learner got.
pub(super) struct Paid {
    /// For watching.
    pub(super) credits: i64,
    /// How many transactions that was.
    pub(super) transactions: usize,
    pub(super) violations: Vec<String>,
}

/// Ends the session: twice at the same time, with the server killed meanwhile, and twice
/// again.
pub(super) async fn session(
    server: &mut Server,
    host: &Api,
    learner: &Api,
    session_id: &str,
    rng: &mut StdRng,
) -> anyhow::Result<Paid> {
    let body = json!({ "sessionId": session_id });
    let end = || host.post("/api/sessions/end", &body);
    let until_killed = Duration::from_millis(rng.random_range(0..1_800));
    let killed = async {
        sleep(until_killed).await;
        server.kill()
    };
    let (_, _, killed) = tokio::join!(end(), end(), killed);
    killed?;
    server.start_again().await?;
    end().await?;
    let first = paid(learner).await?;
    let (again, and_again) = tokio::join!(end(), end());
    again?;
    and_again?;
    let last = paid(learner).await?;
    let books = learner
        .get(&format!("/api/sessions/{session_id}/watch"))
        .await?;
    let books: SessionWatchResponse = serde_json::from_value(books)?;

    let mut violations = Vec::new();
    let mut wrong = |holds: bool, words: String| {
        if !holds {
            violations.push(words);
        }
    };
    wrong(
        first == last,
        format!("ending again paid again: {first:?}, then {last:?}"),
    );
    let of_session: Vec<_> = last
        .transactions
        .iter()
        .filter(|transaction| transaction.session_id.as_deref() == Some(session_id))
        .filter(|transaction| transaction.kind == "watching")
        .collect();
    let credits = of_session
        .iter()
        .map(|transaction| transaction.amount)
        .sum();
    let due = for_watcher(&WatcherFacts {
        active_ms: books.active_ms,
        ..WatcherFacts::default()
    });
    wrong(
        i64::try_from(due.credits).ok() == Some(credits),
        format!("{credits} credits were paid, {} are due", due.credits),
    );
    wrong(
        books.credits.settled && books.credits.credits == due.credits,
        format!("the books say {:?}", books.credits),
    );
    let mut kinds = BTreeMap::<&str, usize>::new();
    for transaction in &last.transactions {
        *kinds.entry(&transaction.kind).or_default() += 1;
    }
    for (kind, times) in kinds {
        wrong(
            times == 1 || kind == "watching",
            format!("{kind} was paid {times} times"),
        );
    }
    Ok(Paid {
        credits,
        transactions: of_session.len(),
        violations,
    })
}

async fn paid(learner: &Api) -> anyhow::Result<TransactionsResponse> {
    let answer = learner.get("/api/credits/transactions").await?;
    Ok(serde_json::from_value(answer)?)
}
