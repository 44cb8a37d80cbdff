//! Who has read the announcement, and what the stage's log shows.

use kulti_protocol::{
    signalling::{MetadataValue, SetMetadata, method},
    store_keys::{ACKNOWLEDGED, Acknowledged},
};
use serde_json::json;

use super::{Purpose, SessionCore};
use crate::core::{
    requests::AfterLoss,
    stage_value::is_unnamed,
    view::{AcknowledgedView, StageLogView},
};

impl SessionCore {
    /// "Got it": hidden here, and counted by our server, once for each user.
    pub(super) fn dismiss_announcement(&mut self, id: &str) {
        let stands = self.stage.announcement().is_some_and(|now| now.id == id);
        self.stage.dismiss(id);
        self.screen.dirty.stage = true;
        if !stands || !self.config.server_counts_viewers {
            return;
        }
        let write = SetMetadata {
            key: ACKNOWLEDGED.to_owned(),
            data: json!({ "announcementId": id }),
            if_change_version: None,
        };
        let method = method::SET_METADATA;
        self.request(Purpose::Aside, method, write, AfterLoss::Repeat);
    }

    /// The server says how many have read the announcement.
    pub(super) fn acknowledged_told(&mut self, value: &MetadataValue) {
        self.acknowledged = serde_json::from_value::<Option<Acknowledged>>(value.data.clone())
            .ok()
            .flatten();
        if let Some(view) = self.acknowledged_view() {
            self.stage_log
                .acknowledged(&view.announcement_id, view.count);
        }
        self.screen.dirty.stage_log = true;
    }

    fn acknowledged_view(&self) -> Option<AcknowledgedView> {
        if !self.config.server_counts_viewers || !self.roles.mine_can().manage_stage {
            return None;
        }
        let announced = self.stage.announced()?;
        let told = self.acknowledged.as_ref()?;
        let is_it = match &told.announcement_id {
            Some(id) => *id == announced.id || is_unnamed(&announced.id),
            None => is_unnamed(&announced.id),
        };
        is_it.then(|| AcknowledgedView {
            announcement_id: announced.id.clone(),
            count: told.acknowledged,
            // Who has read it and left still counts.
            of: self.counts().total.saturating_sub(1).max(told.acknowledged),
        })
    }

    pub(super) fn stage_log_view(&self) -> StageLogView {
        StageLogView {
            announcements: self.stage_log.announcements(),
            acknowledged: self.acknowledged_view(),
            ignored: self.stage_log.ignored_writes(),
        }
    }
}
