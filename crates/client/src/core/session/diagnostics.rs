//! The slice of the view for whoever looks for a fault.

use super::{SessionCore, screen::replace};
use crate::core::{
    diagnosis::Looking,
    view::{DiagnosticsView, ViewEvent},
};

/// Nobody looks at it all the time, and nothing waits for it.
const GAP_MS: u64 = 5_000;

impl SessionCore {
    pub(super) fn refresh_diagnostics(&mut self, now: u64) {
        let early = |at| now < at + GAP_MS;
        if self.screen.diagnostics_at.is_some_and(early) {
            return;
        }
        self.screen.diagnostics_at = Some(now);
        let view = self.diagnostics_view();
        replace(
            &mut self.screen.diagnostics,
            view,
            ViewEvent::Diagnostics,
            &mut self.outputs,
        );
    }

    pub(super) fn diagnostics_view(&self) -> DiagnosticsView {
        self.diagnosis.view(Looking {
            server_offset_ms: self.clock.offset_ms(),
            clock_offset_ms: self.clock.ahead_of_wall_ms(self.now),
            idle_limit_ms: self.config.watch_policy.idle_limit_ms,
            store_full: self.boot() < self.store.full_until,
        })
    }
}
