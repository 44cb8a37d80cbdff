//! A server's books on my time in a session, and its receipt for it.

use kulti_client::drivers::api::{Api, ApiError};
use kulti_protocol::api::{
    CreditStepBody, Exclusion, SessionStatus, SessionWatchResponse, Transaction,
};

use super::{
    App, links,
    model::{
        AudienceTotals, BookReason, BookedStretch, CommandError, CreditRule, CreditStep, ErrorCode,
        MilestoneReached, SessionBooks,
    },
    receipts,
};

impl App {
    /// The server's books on my time in a session that I was in: the one that goes on,
    /// whose newest time is told first, the last one, or a recent one.
    ///
    /// # Errors
    /// [`ErrorCode::NotInSession`] for a session that nothing is known of,
    /// [`ErrorCode::ServerUnreachable`], or [`ErrorCode::Refused`] by a server that does
    /// not know me in it.
    pub async fn session_books(&self, session_id: &str) -> Result<SessionBooks, CommandError> {
        let api = self.api_of(session_id).await?;
        Ok(books(api.session_watch(session_id).await?))
    }

    /// Saves the server's signed receipt into the downloads folder; gives its path.
    ///
    /// # Errors
    /// As [`Self::session_books`]; [`ErrorCode::Refused`] for a session that is not over,
    /// and [`ErrorCode::Local`] if the file cannot be written.
    pub async fn save_receipt(&self, session_id: &str) -> Result<String, CommandError> {
        let api = self.api_of(session_id).await?;
        let receipt = match api.receipt(session_id).await {
            Ok(receipt) => receipt,
            Err(error) => {
                // The server's own words may not say so.
                let live = matches!(
                    &error,
                    ApiError::Refused {
                        status: 404 | 409 | 425,
                        ..
                    }
                ) && api
                    .session_watch(session_id)
                    .await
                    .is_ok_and(|books| books.status == SessionStatus::Live);
                return Err(if live { not_over() } else { error.into() });
            }
        };
        let folders = [&self.config.downloads_dir, &self.config.data_dir];
        let path = receipts::save(&receipt, folders)
            .map_err(|error| CommandError::local("the receipt cannot be saved", &error))?;
        Ok(path.display().to_string())
    }

    /// The way to the server of a session that I was in, with the account that I had.
    pub(super) async fn api_of(&self, session_id: &str) -> Result<Api, CommandError> {
        if let Some((stay, api)) = self.stays.in_session(session_id) {
            stay.report().await;
            return Ok(api);
        }
        let link = {
            let kept = self.kept.lock();
            let mut recents = kept.recents.sessions.iter();
            recents
                .find(|recent| recent.session_id == session_id)
                .map(|recent| recent.link.clone())
        };
        let link = link.ok_or_else(|| CommandError {
            code: ErrorCode::NotInSession,
            message: "this session is not among the recent ones".into(),
        })?;
        let target = links::read_target(&link, None)?;
        self.existing_account(&target).await
    }
}

fn not_over() -> CommandError {
    CommandError {
        code: ErrorCode::Refused,
        message: "a session has a receipt when it is over".into(),
    }
}

/// The books as the screen shows them.
fn books(told: SessionWatchResponse) -> SessionBooks {
    let since_joining = |ms: i64| {
        u64::try_from(ms)
            .unwrap_or(0)
            .saturating_sub(told.joined_at)
    };
    let counted = told
        .intervals
        .iter()
        .map(|&[start, end]| (start, end, None));
    let not_counted = told
        .excluded
        .iter()
        .map(|&(start, end, why)| (start, end, Some(reason(why))));
    let mut stretches: Vec<BookedStretch> = counted
        .chain(not_counted)
        .map(|(start, end, reason)| BookedStretch {
            start_ms: since_joining(start),
            end_ms: since_joining(end),
            reason,
        })
        .filter(|stretch| stretch.start_ms < stretch.end_ms)
        .collect();
    stretches.sort_by_key(|stretch| stretch.start_ms);
    SessionBooks {
        session_id: told.session_id,
        title: told.title,
        role: told.role,
        joined_at_ms: told.joined_at,
        elapsed_ms: told.until.saturating_sub(told.joined_at),
        active_ms: told.active_ms,
        stretches,
        credits: u32::try_from(told.credits.credits).unwrap_or(u32::MAX),
        settled: told.credits.settled,
        steps: told.credits.steps.iter().map(step).collect(),
        milestones: told.milestones.iter().map(milestone).collect(),
        balance: told.balance,
        audience: told.audience.map(|audience| AudienceTotals {
            people: audience.people,
            active_ms: audience.active_ms,
            average_active_ms: audience.average_active_ms,
            median_active_ms: audience.median_active_ms,
        }),
    }
}

fn reason(why: Exclusion) -> BookReason {
    match why {
        Exclusion::Asleep => BookReason::Asleep,
        Exclusion::Locked => BookReason::Locked,
        Exclusion::Hidden => BookReason::Hidden,
        Exclusion::NobodyThere => BookReason::NobodyThere,
        Exclusion::ConnectionLost => BookReason::ConnectionLost,
        Exclusion::NotReported => BookReason::NotReported,
        Exclusion::NotVouchedFor => BookReason::NotVouchedFor,
        Exclusion::Cap => BookReason::Cap,
        Exclusion::Other => BookReason::Other,
    }
}

fn step(step: &CreditStepBody) -> CreditStep {
    use kulti_watch::credits::Rule;

    let known: Option<Rule> = serde_json::from_value(step.rule.as_str().into()).ok();
    let rule = match known {
        Some(Rule::MinutesWatched) => CreditRule::MinutesWatched,
        Some(Rule::MinutesHosted) => CreditRule::MinutesHosted,
        Some(Rule::Chatted) => CreditRule::Chatted,
        Some(Rule::HelpedSomeone) => CreditRule::HelpedSomeone,
        Some(Rule::RepeatViewer) => CreditRule::RepeatViewer,
        Some(Rule::FirstSession) => CreditRule::FirstSession,
        Some(Rule::Viewers) => CreditRule::Viewers,
        Some(Rule::LivelyChat) => CreditRule::LivelyChat,
        Some(Rule::Completed) => CreditRule::Completed,
        Some(Rule::PeopleHelped) => CreditRule::PeopleHelped,
        Some(Rule::Cap) => CreditRule::Cap,
        None => CreditRule::Other,
    };
    CreditStep {
        rule,
        applied: step.applied,
        subtotal_hundredths: step.subtotal_hundredths,
    }
}

fn milestone(paid: &Transaction) -> MilestoneReached {
    let kind = paid.kind.strip_prefix("milestone:").unwrap_or(&paid.kind);
    MilestoneReached {
        kind: kind.to_owned(),
        credits: u32::try_from(paid.amount).unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn books_tile_the_time_since_joining_and_explain_themselves() {
        let told: SessionWatchResponse = serde_json::from_value(serde_json::json!({
            "sessionId": "s1", "title": "Parsers", "status": "ended", "role": "viewer",
            "joinedAt": 1_000_000, "until": 1_060_000, "activeMs": 40_000,
            "intervals": [[1_000_000, 1_030_000], [1_050_000, 1_060_000]],
            "excluded": [[1_030_000, 1_045_000, "hidden"], [1_045_000, 1_050_000, "eclipse"]],
            "credits": {"credits": 3, "settled": true, "steps": [
                {"rule": "minutes_watched", "applied": true, "subtotalHundredths": 200},
                {"rule": "first_session", "applied": true, "subtotalHundredths": 300},
                {"rule": "full_moon", "applied": false, "subtotalHundredths": 300}]},
            "milestones": [{"id": "t1", "amount": 100, "kind": "milestone:first_session",
                "session_id": "s1", "created_at": 5}],
            "balance": 103
        }))
        .unwrap();
        let books = books(told);
        assert_eq!(books.elapsed_ms, 60_000);
        let stretches: Vec<_> = books
            .stretches
            .iter()
            .map(|s| (s.start_ms, s.end_ms, s.reason))
            .collect();
        assert_eq!(
            stretches,
            [
                (0, 30_000, None),
                (30_000, 45_000, Some(BookReason::Hidden)),
                (45_000, 50_000, Some(BookReason::Other)),
                (50_000, 60_000, None),
            ]
        );
        let rules: Vec<_> = books.steps.iter().map(|step| step.rule).collect();
        assert_eq!(
            rules,
            [
                CreditRule::MinutesWatched,
                CreditRule::FirstSession,
                CreditRule::Other
            ]
        );
        assert_eq!(books.milestones[0].kind, "first_session");
        assert_eq!((books.balance, books.audience), (103, None));
    }
}
