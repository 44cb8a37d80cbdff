//! What people see of the ledger while a session lives, and after.

use kulti_protocol::api::AudienceBody;
use kulti_watch::credits::ACTIVE_CAP_MS;

use super::{Books, Ledger, LedgerError, books, session::Stage};
use crate::sessions::SessionEntry;

/// What credits for a session depend on, as far as memory knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The participant's time that the server vouches for, before the cap.
    pub(crate) vouched_ms: u64,
    /// The participant's chat messages.
    pub(crate) messages: u64,
    /// How many different people the participant has helped.
    pub(crate) people_helped: u32,
    /// Everybody's messages.
    pub(crate) messages_of_all: u64,
    /// The vouched time of all but the host, added up.
    pub(crate) viewers_active_ms: u64,
    /// Whether all of it has been paid.
    pub(crate) paid: bool,
}

impl Ledger {
    /// A participant's books until `now` or the session's end.
    pub(crate) async fn books(
        &self,
        session: &SessionEntry,
        user_id: &str,
    ) -> Result<(Books, Standing), LedgerError> {
        let participant = session
            .participant(user_id)
            .ok_or(LedgerError::NotAParticipant)?;
        self.load(session).await?;
        let grace_ms = self.reconnect_grace_ms;
        let sessions = self.sessions.lock();
        let ledger = sessions.get(&session.id);
        let end = ledger.and_then(|ledger| ledger.end);
        let until = end.map_or_else(|| self.clock.now_ms(), |end| end.ended.at);
        let own = ledger.and_then(|ledger| ledger.by_user.get(user_id));
        let books = own.map_or_else(
            || Books::empty(participant.joined_at, until),
            |evidence| evidence.books(until, grace_ms),
        );
        let all = || ledger.into_iter().flat_map(|l| l.by_user.values());
        let standing = Standing {
            vouched_ms: own.map_or(0, |own| own.vouched(until, grace_ms).measure_ms()),
            messages: own.map_or(0, |own| own.messages),
            people_helped: ledger.map_or(0, |ledger| ledger.help.people_helped_by(user_id)),
            messages_of_all: all().map(|evidence| evidence.messages).sum(),
            viewers_active_ms: all()
                .filter(|evidence| participant.is_host() && !evidence.hosting)
                .map(|evidence| evidence.vouched(until, grace_ms).measure_ms())
                .sum(),
            paid: end.is_some_and(|end| end.stage == Stage::Paid)
                && own.is_none_or(|own| !own.is_unsettled()),
        };
        Ok((books, standing))
    }

    /// How all but the host of a session watched.
    pub(crate) fn audience(&self, session: &SessionEntry) -> AudienceBody {
        books::audience(self.active_ms_of_audience(session))
    }

    /// What counts of the time of everyone but the host, in no order.
    pub(super) fn active_ms_of_audience(&self, session: &SessionEntry) -> Vec<u64> {
        let now = self.clock.now_ms();
        let sessions = self.sessions.lock();
        let ledger = sessions.get(&session.id);
        let until = ledger
            .and_then(|ledger| ledger.end)
            .map_or(now, |end| end.ended.at);
        let viewers = session
            .participants()
            .into_iter()
            .filter(|(_, p)| !p.is_host());
        viewers
            .map(|(user_id, _)| {
                ledger
                    .and_then(|ledger| ledger.by_user.get(&user_id))
                    .map_or(0, |evidence| {
                        let vouched = evidence.vouched(until, self.reconnect_grace_ms);
                        vouched.measure_ms().min(ACTIVE_CAP_MS)
                    })
            })
            .collect()
    }
}
