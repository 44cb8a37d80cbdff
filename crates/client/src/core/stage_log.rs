//! What was announced, who has read it, and which writes of the stage did not count.

use std::collections::VecDeque;

use super::{
    stage_value::Announced,
    view::{IgnoredWriteView, PastAnnouncementView, StageLogView},
};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct StageLog {
    /// Newest first.
    announcements: VecDeque<PastAnnouncementView>,
    /// Newest first.
    ignored: VecDeque<IgnoredWriteView>,
}

impl StageLog {
    /// This is what stands now; none if nothing does.
    pub(super) fn stands(&mut self, announced: Option<&Announced>) {
        let id = announced.map(|announced| announced.id.as_str());
        let mut known = false;
        for past in &mut self.announcements {
            past.current = Some(past.id.as_str()) == id;
            known |= past.current;
        }
        let Some(new) = announced.filter(|_| !known) else {
            return;
        };
        self.announcements.push_front(PastAnnouncementView {
            id: new.id.clone(),
            author: new.author.clone(),
            text: new.text.clone(),
            announced_at_ms: new.at,
            current: true,
            acknowledged: None,
        });
        self.announcements.truncate(StageLogView::LIMIT);
    }

    /// So many have read it.
    pub(super) fn acknowledged(&mut self, id: &str, count: u32) {
        if let Some(past) = self.announcements.iter_mut().find(|past| past.id == id) {
            past.acknowledged = Some(count);
        }
    }

    /// Somebody changed the stage who may not.
    pub(super) fn ignored(&mut self, name: &str, at_ms: u64) {
        self.ignored.push_front(IgnoredWriteView {
            name: name.to_owned(),
            at_ms,
        });
        self.ignored.truncate(StageLogView::LIMIT);
    }

    pub(super) fn announcements(&self) -> Vec<PastAnnouncementView> {
        self.announcements.iter().cloned().collect()
    }

    pub(super) fn ignored_writes(&self) -> Vec<IgnoredWriteView> {
        self.ignored.iter().cloned().collect()
    }
}
