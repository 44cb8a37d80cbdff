//! A message bus of a test's own.
#![allow(clippy::unwrap_used)]

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use zbus::connection::Builder;

/// Ends with the test.
pub(super) struct PrivateBus {
    address: String,
    daemon: Child,
}

impl PrivateBus {
    pub(super) fn start() -> Self {
        let mut daemon = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--print-address=1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut address = String::new();
        let output = daemon.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut address).unwrap();
        let address = address.trim().to_owned();
        Self { address, daemon }
    }

    pub(super) fn connect(&self) -> Builder<'_> {
        Builder::address(self.address.as_str()).unwrap()
    }

    pub(super) fn connect_blocking(&self) -> zbus::blocking::connection::Builder<'_> {
        zbus::blocking::connection::Builder::address(self.address.as_str()).unwrap()
    }
}

impl Drop for PrivateBus {
    fn drop(&mut self) {
        self.daemon.kill().unwrap();
        self.daemon.wait().unwrap();
    }
}
