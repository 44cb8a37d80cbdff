//! A desktop of its own that nobody sees: screen, window manager and message bus,
//! and folders in which nothing is the person's.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::{Context, Result, bail};

/// Runs a program until standard input closes. This process holds the other end,
/// so the program ends with it, however it ends. The signals that a terminal
/// sends to all of its programs are left to this process. The first argument is a
/// folder to remove afterwards, or empty.
const LIFELINE: &str = r#"folder=$1
shift
"$@" & program=$!
trap '' INT HUP TERM
read -r _
kill "$program" 2>/dev/null
wait "$program" 2>/dev/null
[ -z "$folder" ] || rm -rf -- "$folder""#;

/// Room for two windows of the app beside each other.
const SCREEN: &str = "2600x900x24";

/// Where programs keep data and settings.
const OWN_FOLDERS: [&str; 2] = ["XDG_DATA_HOME", "XDG_CONFIG_HOME"];

/// Ends with its owner.
pub(crate) struct VirtualDisplay {
    /// The X display, like ":91".
    pub(crate) name: String,
    environment: Vec<(&'static str, String)>,
    folder: PathBuf,
    /// In the order of starting.
    programs: Vec<Program>,
}

struct Program {
    lifeline: Option<ChildStdin>,
    child: Child,
}

impl VirtualDisplay {
    /// Starts Xvfb on a free display number, and what belongs to a desktop.
    ///
    /// # Errors
    /// When one of the programs does not start.
    pub(crate) fn start() -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("kulti-desktop-{}", std::process::id()));
        // Left by a process that had this number before and was killed.
        let _ = fs::remove_dir_all(&folder);
        make_private(&folder)?;
        let mut display = Self {
            name: String::new(),
            environment: Vec::new(),
            folder,
            programs: Vec::new(),
        };
        for variable in OWN_FOLDERS.into_iter().chain(["XDG_RUNTIME_DIR"]) {
            let folder = display.folder.join(variable);
            make_private(&folder)?;
            display.set(variable, folder.display().to_string());
        }

        // Told to write the number of the display that it has found.
        let mut screen = Command::new("Xvfb");
        screen.args(["-displayfd", "1", "-screen", "0", SCREEN]);
        screen.args(["-nolisten", "tcp", "-noreset"]);
        // The first one started is the last to end: nobody needs the folder then.
        let folder = display.folder.clone();
        display.name = format!(":{}", display.start_program(&screen, Some(&folder))?);
        display.set("DISPLAY", display.name.clone());

        let mut bus = Command::new("dbus-daemon");
        bus.args(["--session", "--nofork", "--print-address=1"]);
        let address = display.start_program(&bus, None)?;
        display.set("DBUS_SESSION_BUS_ADDRESS", address);

        // The start-up hook tells when it manages windows.
        let mut manager = Command::new("openbox");
        manager.args(["--startup", "echo ready"]);
        display.start_program(&manager, None)?;
        Ok(display)
    }

    /// Makes a command run on this desktop, with the person's own data and settings.
    pub(crate) fn show(&self, command: &mut Command) {
        self.adopt(command, |variable| !OWN_FOLDERS.contains(&variable));
    }

    /// Makes a command run on this desktop, and nothing of it touch the person's
    /// desktop, keyring or settings.
    pub(crate) fn isolate(&self, command: &mut Command) {
        self.adopt(command, |_| true);
    }

    fn adopt(&self, command: &mut Command, wanted: impl Fn(&str) -> bool) {
        command.env_remove("WAYLAND_DISPLAY");
        command.env("XDG_SESSION_TYPE", "x11");
        let environment = self.environment.iter();
        let wanted = environment.filter(|(variable, _)| wanted(variable));
        command.envs(wanted.map(|(variable, value)| (variable, value)));
    }

    fn set(&mut self, variable: &'static str, value: String) {
        self.environment.push((variable, value));
    }

    /// Starts a program and waits for its first line, which says that it is ready.
    fn start_program(&mut self, program: &Command, last: Option<&Path>) -> Result<String> {
        let name = program.get_program().to_string_lossy().into_owned();
        let mut guard = Command::new("sh");
        guard.args(["-c", LIFELINE, "sh"]);
        guard.arg(last.unwrap_or(Path::new("")));
        guard.arg(program.get_program()).args(program.get_args());
        self.isolate(&mut guard);
        let log = fs::File::create(self.folder.join(format!("{name}.log")))?;
        let mut child = guard
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start '{name}'"))?;
        let lifeline = child.stdin.take();
        let output = child.stdout.take();
        self.programs.push(Program { lifeline, child });
        let mut line = String::new();
        if let Some(output) = output {
            BufReader::new(output).read_line(&mut line)?;
        }
        let line = line.trim().to_owned();
        if line.is_empty() {
            let log = fs::read_to_string(self.folder.join(format!("{name}.log")));
            bail!(
                "'{name}' does not start: {}",
                log.unwrap_or_default().trim()
            );
        }
        Ok(line)
    }
}

impl Drop for VirtualDisplay {
    fn drop(&mut self) {
        // The last one started ends first: the others need the screen and the bus.
        while let Some(mut program) = self.programs.pop() {
            drop(program.lifeline.take());
            // Nothing more can be done about one that is gone already.
            let _ = program.child.wait();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[cfg(unix)]
fn make_private(folder: &PathBuf) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new()
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("making {}", folder.display()))
}

#[cfg(not(unix))]
fn make_private(folder: &PathBuf) -> Result<()> {
    fs::create_dir(folder).with_context(|| format!("making {}", folder.display()))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn the_desktop_answers_while_it_is_held_and_is_gone_afterwards() {
        let display = VirtualDisplay::start().unwrap();
        let socket = format!("/tmp/.X11-unix/X{}", display.name.trim_start_matches(':'));
        let folder = display.folder.clone();
        UnixStream::connect(&socket).unwrap();
        let mut bus = Command::new("dbus-send");
        bus.args(["--session", "--print-reply", "--dest=org.freedesktop.DBus"]);
        bus.args(["/", "org.freedesktop.DBus.GetId"]);
        display.isolate(&mut bus);
        assert!(bus.output().unwrap().status.success(), "the bus answers");

        drop(display);
        assert!(!Path::new(&socket).exists(), "the screen is gone");
        assert!(!bus.output().unwrap().status.success(), "the bus is gone");
        assert!(!folder.exists(), "its folders are gone");
    }
}
