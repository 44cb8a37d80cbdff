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
    let bus = connection::Builder::session().and_then(|b| b.method_timeout(PATIENCE).build());
    let bus = bus.map_err(NoInput::because)?;
    let monitor = IdleMonitor::on(&bus).map_err(NoInput::because)?;
    Ok(Box::new(monitor))
}

impl IdleMonitor {
    fn on(bus: &Connection) -> zbus::Result<Self> {
        let proxy = Proxy::new(
            bus,
            "org.gnome.Mutter.IdleMonitor",
            "/org/gnome/Mutter/IdleMonitor/Core",
            "org.gnome.Mutter.IdleMonitor",
        )?;
        Ok(Self { proxy })
    }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::activity::private_bus::PrivateBus;

    /// Says what Mutter says.
    struct Core;

    #[zbus::interface(name = "org.gnome.Mutter.IdleMonitor")]
    impl Core {
        #[zbus(name = "GetIdletime")]
        fn idle_time(&self) -> u64 {
            90_500
        }
    }

    #[test]
    fn the_idle_time_is_asked_for_and_absence_is_told() {
        let bus = PrivateBus::start();
        let client = bus.connect_blocking().build().unwrap();
        let mut monitor = IdleMonitor::on(&client).unwrap();
        assert!(monitor.idle().is_err(), "no Mutter yet");

        let path = "/org/gnome/Mutter/IdleMonitor/Core";
        let mutter = bus.connect_blocking().serve_at(path, Core).unwrap();
        let mutter = mutter.name("org.gnome.Mutter.IdleMonitor").unwrap();
        let mutter = mutter.build().unwrap();
        assert_eq!(monitor.idle().unwrap(), Duration::from_millis(90_500));

        mutter.close().unwrap();
        assert!(monitor.idle().is_err(), "Mutter is gone");
    }
}
