//! Windows' and macOS' own count of the time since the last input.

use std::time::Duration;

use super::{Counter, IdleCounter, NoInput};
use crate::app::model::ActivitySourceName;

struct OperatingSystem;

pub(super) fn open() -> Result<Counter, NoInput> {
    Ok(Box::new(OperatingSystem))
}

impl IdleCounter for OperatingSystem {
    fn name(&self) -> ActivitySourceName {
        ActivitySourceName::OperatingSystem
    }

    fn idle(&mut self) -> Result<Duration, NoInput> {
        system_idle_time::get_idle_time().map_err(NoInput::because)
    }
}
