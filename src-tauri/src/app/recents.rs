//! Sessions that the person was in, newest first.

use kulti_client::core::view::WatchView;
use serde::{Deserialize, Serialize};

use super::model::RecentSession;

/// How many are kept.
const LIMIT: usize = 50;

/// The file's content.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Recents {
    /// Newest first.
    pub(crate) sessions: Vec<RecentSession>,
}

impl Recents {
    /// Puts a session first. A session that was left and joined again stays one
    /// entry: the times of its stays add up, and the ribbon is the last stay's.
    pub(crate) fn add(&mut self, mut session: RecentSession) {
        let same = |known: &RecentSession| known.session_id == session.session_id;
        if let Some(at) = self.sessions.iter().position(same) {
            let known = self.sessions.remove(at);
            session.active_ms += known.active_ms;
            session.elapsed_ms += known.elapsed_ms;
            session.credits += known.credits;
        }
        self.sessions.insert(0, session);
        self.sessions.truncate(LIMIT);
    }

    /// Removes a session; unknown ones are no error.
    pub(crate) fn forget(&mut self, session_id: &str) {
        self.sessions.retain(|known| known.session_id != session_id);
    }
}

/// The watched stretches of a stay: pairs of start and end in permille of it.
pub(crate) fn ribbon_in_permille(watch: &WatchView) -> Vec<(u16, u16)> {
    let length = watch.ribbon.last().map_or(0, |span| span.end_ms).max(1);
    let permille = |ms: u64| u16::try_from(ms.min(length) * 1_000 / length).unwrap_or(1_000);
    let mut watched: Vec<(u16, u16)> = Vec::new();
    for span in watch.ribbon.iter().filter(|span| span.reason.is_none()) {
        let (start, end) = (permille(span.start_ms), permille(span.end_ms));
        match watched.last_mut() {
            Some(last) if last.1 >= start => last.1 = end.max(last.1),
            _ if end > start => watched.push((start, end)),
            _ => {}
        }
    }
    watched
}

#[cfg(test)]
mod tests {
    use kulti_client::core::view::{PauseReason, RibbonSpan};

    use super::*;

    fn session(id: &str, minutes: u64) -> RecentSession {
        RecentSession {
            session_id: id.into(),
            title: "A talk".into(),
            room_code: "VIBE-2K4F".into(),
            host_name: "Mara".into(),
            role: "viewer".into(),
            link: String::new(),
            joined_at_ms: 1,
            active_ms: minutes * 60_000,
            elapsed_ms: minutes * 60_000,
            credits: u32::try_from(minutes).unwrap_or(0),
            ribbon: vec![(0, 1_000)],
        }
    }

    #[test]
    fn joining_again_adds_up_and_comes_first() {
        let mut recents = Recents::default();
        recents.add(session("a", 10));
        recents.add(session("b", 5));
        recents.add(session("a", 3));
        let ids: Vec<_> = recents
            .sessions
            .iter()
            .map(|s| s.session_id.as_str())
            .collect();
        assert_eq!(ids, ["a", "b"]);
        assert_eq!(recents.sessions[0].credits, 13);
        assert_eq!(recents.sessions[0].active_ms, 13 * 60_000);
        recents.forget("a");
        recents.forget("unknown");
        assert_eq!(recents.sessions.len(), 1);
    }

    #[test]
    fn the_oldest_are_dropped() {
        let mut recents = Recents::default();
        for n in 0..(LIMIT + 7) {
            recents.add(session(&n.to_string(), 1));
        }
        assert_eq!(recents.sessions.len(), LIMIT);
        assert_eq!(recents.sessions[0].session_id, (LIMIT + 6).to_string());
    }

    #[test]
    fn a_ribbon_keeps_its_gaps() {
        let span = |start_ms, end_ms, reason| RibbonSpan {
            start_ms,
            end_ms,
            reason,
        };
        let watch = WatchView {
            ribbon: vec![
                span(0, 600, None),
                span(600, 800, Some(PauseReason::Hidden)),
                span(800, 900, None),
                span(900, 2_000, None),
            ],
            ..WatchView::default()
        };
        assert_eq!(ribbon_in_permille(&watch), [(0, 300), (400, 1_000)]);
        assert_eq!(ribbon_in_permille(&WatchView::default()), []);
    }
}
