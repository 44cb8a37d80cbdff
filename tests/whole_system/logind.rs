//! A stand-in for systemd's logind, on a system bus of its own.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use zbus::{
    Connection,
    connection::Builder,
    zvariant::{OwnedObjectPath, Value},
};

use crate::{programs::Program, waiting::until};

const SERVICE: &str = "org.freedesktop.login1";
const MANAGER: &str = "/org/freedesktop/login1";
const SESSION: &str = "/org/freedesktop/login1/session/s1";

/// The mocked logind; gone with its bus when dropped.
pub(crate) struct Logind {
    address: String,
    bus: Connection,
    _mock: Program,
    _daemon: Program,
}

impl Logind {
    pub(crate) async fn start() -> Self {
        let mut command = Command::new("dbus-daemon");
        command
            .args(["--session", "--nofork", "--print-address=1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut daemon = Program::start(&mut command);
        let output = daemon.child().stdout.take().expect("its standard output");
        let mut address = String::new();
        BufReader::new(output)
            .read_line(&mut address)
            .expect("an address");
        let address = address.trim().to_owned();
        // The system's Python: that is where its package lies.
        let mut command = Command::new("/usr/bin/python3");
        command
            .args(["-m", "dbusmock", "--system", "--template", "logind"])
            .env("DBUS_SYSTEM_BUS_ADDRESS", &address)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mock = Program::start(&mut command);
        let bus = Builder::address(address.as_str())
            .expect("an address")
            .build()
            .await
            .expect("the bus answers");
        let logind = Self {
            address,
            bus,
            _mock: mock,
            _daemon: daemon,
        };
        until("the mocked logind answers", || async {
            let session = ("s1", "seat0", 1000_u32, "joe", true);
            logind.mock(MANAGER, "AddSession", &session).await.ok()
        })
        .await;
        logind
    }

    /// What the app must find in its environment.
    pub(crate) fn environment(&self) -> [(&'static str, &str); 2] {
        [
            ("DBUS_SYSTEM_BUS_ADDRESS", &self.address),
            ("XDG_SESSION_ID", "s1"),
        ]
    }

    /// Asks the desktop to lock (`Lock`) or unlock (`Unlock`).
    pub(crate) async fn ask_to(&self, signal: &str) {
        let none: Vec<Value<'_>> = Vec::new();
        let signal = ("org.freedesktop.login1.Session", signal, "", none);
        let sent = self.mock(SESSION, "EmitSignal", &signal).await;
        sent.expect("the mock sends it");
    }

    /// Says that the desktop is locked, or is not.
    pub(crate) async fn hint(&self, locked: bool) {
        let properties = std::collections::HashMap::from([("LockedHint", Value::from(locked))]);
        let change = ("org.freedesktop.login1.Session", properties);
        let sent = self.mock(SESSION, "UpdateProperties", &change).await;
        sent.expect("the mock sends it");
    }

    /// Announces sleep, or the wake-up after it.
    pub(crate) async fn prepare_for_sleep(&self, start: bool) {
        let arguments = vec![Value::from(start)];
        let signal = (
            "org.freedesktop.login1.Manager",
            "PrepareForSleep",
            "b",
            arguments,
        );
        let sent = self.mock(MANAGER, "EmitSignal", &signal).await;
        sent.expect("the mock sends it");
    }

    async fn mock<B>(&self, path: &str, method: &str, body: &B) -> zbus::Result<()>
    where
        B: serde::Serialize + zbus::zvariant::DynamicType,
    {
        let path = OwnedObjectPath::try_from(path)?;
        let interface = Some("org.freedesktop.DBus.Mock");
        let call = self
            .bus
            .call_method(Some(SERVICE), path, interface, method, body);
        call.await.map(drop)
    }
}
