//! GNOME's Mutter on the session bus: the time since the last input, on Wayland too.

use std::time::Duration;

use zbus::blocking::{Connection, Proxy, connection};

use super::{Counter, IdleCounter, NoInput};
use crate::app::model::ActivitySourceName;

/// A compositor that takes longer has other troubles.
const PATIENCE: Duration = Duration::from_secs(3);

struct IdleMonitor {
    proxy: Proxy<'static>,
}

pub(super) fn open() -> Result<Counter, NoInput> {
    let proxy = connect().map_err(NoInput::because)?;
    Ok(Box::new(IdleMonitor { proxy }))
}

fn connect() -> zbus::Result<Proxy<'static>> {
    let bus: Connection = connection::Builder::session()?
        .method_timeout(PATIENCE)
        .build()?;
    Proxy::new(
        &bus,
        "org.gnome.Mutter.IdleMonitor",
        "/org/gnome/Mutter/IdleMonitor/Core",
        "org.gnome.Mutter.IdleMonitor",
    )
}

impl IdleCounter for IdleMonitor {
    fn name(&self) -> ActivitySourceName {
        ActivitySourceName::MutterIdleMonitor
    }

    fn idle(&mut self) -> Result<Duration, NoInput> {
        let idle: Result<u64, _> = self.proxy.call("GetIdletime", &());
        idle.map(Duration::from_millis).map_err(NoInput::because)
    }
}
