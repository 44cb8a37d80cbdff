//! X11's screen saver extension: its time since the last input, of any device.

use std::time::Duration;

use x11rb::{
    connection::Connection,
    protocol::{screensaver::ConnectionExt as _, xproto::Window},
    rust_connection::RustConnection,
};

use super::{Counter, IdleCounter, NoInput};
use crate::app::model::ActivitySourceName;

struct ScreenSaver {
    connection: RustConnection,
    root: Window,
}

pub(super) fn open() -> Result<Counter, NoInput> {
    let (connection, screen) = x11rb::connect(None).map_err(NoInput::because)?;
    let screen = connection.setup().roots.get(screen);
    let root = screen.ok_or(NoInput::because("no screen"))?.root;
    Ok(Box::new(ScreenSaver { connection, root }))
}

impl IdleCounter for ScreenSaver {
    fn name(&self) -> ActivitySourceName {
        ActivitySourceName::X11ScreenSaver
    }

    fn idle(&mut self) -> Result<Duration, NoInput> {
        let asked = self.connection.screensaver_query_info(self.root);
        let info = asked.map_err(NoInput::because)?.reply();
        let info = info.map_err(NoInput::because)?;
        Ok(Duration::from_millis(info.ms_since_user_input.into()))
    }
}
