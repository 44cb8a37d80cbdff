//! The operating system's packages. On Debian and its relatives what is missing
//! is installed through apt, with consent; elsewhere it is named.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::consent::Consent;
use crate::process::{first_line, last_lines, run};
use crate::progress::{Meter, note, step, up_to_date};

/// One thing that must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Requirement {
    /// Debian's package.
    package: &'static str,
    /// How to see whether it is there on a system without dpkg.
    probe: Probe,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Probe {
    /// A program on the PATH.
    Program(&'static str),
    /// A library with headers, by its pkg-config name.
    Library(&'static str),
    /// Nothing to look at: taken to be there.
    Trust,
}

const fn program(package: &'static str, program: &'static str) -> Requirement {
    Requirement {
        package,
        probe: Probe::Program(program),
    }
}

/// What compiling needs.
pub(crate) const BUILD: &[Requirement] = &[
    program("gcc", "cc"),
    Requirement {
        package: "libc6-dev",
        probe: Probe::Trust,
    },
    program("pkg-config", "pkg-config"),
    // The audio codec is compiled with these two.
    program("cmake", "cmake"),
    program("make", "make"),
    Requirement {
        package: "libasound2-dev",
        probe: Probe::Library("alsa"),
    },
    Requirement {
        package: "libwebkit2gtk-4.1-dev",
        probe: Probe::Library("webkit2gtk-4.1"),
    },
];

/// What the running app needs beside the libraries that it is linked with.
pub(crate) const RUN: &[Requirement] = &[
    // Loaded at run time, for the tray icon.
    Requirement {
        package: "libayatana-appindicator3-1",
        probe: Probe::Trust,
    },
    // The authorities that servers' certificates are checked against.
    Requirement {
        package: "ca-certificates",
        probe: Probe::Trust,
    },
];

/// What a display that nobody sees needs: a screen, a window manager, a bus.
pub(crate) const VIRTUAL_DISPLAY: &[Requirement] = &[
    program("xvfb", "Xvfb"),
    program("openbox", "openbox"),
    program("dbus", "dbus-daemon"),
];

/// What the whole-system tests need beside a virtual display: WebDriver for the
/// app's own window, a browser with its driver for the official SDK's page, a
/// notification daemon to look into, a person's hands, and a lid to close.
pub(crate) const TEST: &[Requirement] = &[
    program("webkit2gtk-driver", "WebKitWebDriver"),
    program("chromium", "chromium"),
    program("chromium-driver", "chromedriver"),
    program("dunst", "dunst"),
    // Closing windows, raising them and reading the clipboard, as a person would.
    program("xdotool", "xdotool"),
    program("wmctrl", "wmctrl"),
    program("xclip", "xclip"),
    program("procps", "pgrep"),
    // A sound server without a sound card.
    program("pulseaudio", "pulseaudio"),
    // A stand-in for logind, on a bus of its own.
    Requirement {
        package: "python3-dbusmock",
        probe: Probe::Trust,
    },
    // A wall clock that can be set for one program.
    Requirement {
        package: "libfaketime",
        probe: Probe::Trust,
    },
];

/// What the benchmarks drive the app with.
pub(crate) const BENCH: &[Requirement] = &[program("webkit2gtk-driver", "WebKitWebDriver")];

/// What fetching Node.js from the Python package index needs.
pub(crate) const PYTHON: &[Requirement] = &[Requirement {
    package: "python3-venv",
    probe: Probe::Program("python3"),
}];

/// Makes sure that everything in `groups` is there.
///
/// # Errors
/// When something is missing and cannot be installed, or may not be.
pub(crate) fn provide(groups: &[&[Requirement]], consent: Consent) -> Result<()> {
    if !cfg!(target_os = "linux") {
        // Windows and macOS bring their webview along.
        return Ok(());
    }
    let wanted: Vec<Requirement> = groups.concat();
    if program_path("dpkg-query").is_none() || program_path("apt-get").is_none() {
        return name_missing(&wanted);
    }
    let missing = not_installed(&wanted)?;
    if missing.is_empty() {
        up_to_date("System packages");
        return Ok(());
    }
    let list = missing.join(" ");
    let by_hand = format!("sudo apt-get install --no-install-recommends {list}");
    println!("Missing system packages: {list}");
    if !consent.allows("Install them now with apt-get?")? {
        bail!(
            "system packages are missing. Run this again with --yes, or install them yourself:\n  {by_hand}"
        );
    }
    step("Installing system packages", || install(&missing))
        .with_context(|| format!("could not install the system packages; by hand:\n  {by_hand}"))
}

/// Whether a program is on the PATH, and where.
pub(crate) fn program_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
}

fn not_installed(wanted: &[Requirement]) -> Result<Vec<&'static str>> {
    // dpkg-query fails when it knows nothing of one of the names, and still
    // prints the others.
    let output = Command::new("dpkg-query")
        .args(["--show", "--showformat=${Package} ${db:Status-Status}\n"])
        .args(wanted.iter().map(|requirement| requirement.package))
        .stderr(Stdio::null())
        .output()
        .context("cannot start 'dpkg-query'")?;
    let installed = String::from_utf8_lossy(&output.stdout);
    Ok(missing_from(&installed, wanted))
}

fn missing_from(installed: &str, wanted: &[Requirement]) -> Vec<&'static str> {
    wanted
        .iter()
        .map(|requirement| requirement.package)
        .filter(|package| {
            !installed
                .lines()
                .any(|line| line.strip_suffix(" installed") == Some(package))
        })
        .collect()
}

fn install(packages: &[&str]) -> Result<()> {
    note("apt-get update");
    run(as_root()?.args(["apt-get", "-qq", "update"]))?;
    note("apt-get install");
    let mut command = as_root()?;
    command
        // apt tells its progress line by line on the descriptor that it is given
        // for that. It must be one of its own: apt closes it for the packages'
        // scripts, and those that print then fail.
        .args(["sh", "-c", "exec \"$@\" 3>&1 2>&1", "sh"])
        .args(["apt-get", "-o", "APT::Status-Fd=3", "-o", "Dpkg::Use-Pty=0"])
        .args(["-q", "-y", "--no-install-recommends", "install"])
        .args(packages);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start 'apt-get'")?;
    let mut meter = Meter::new();
    let mut log = String::new();
    let output = child.stdout.take().context("apt-get has no output")?;
    for line in BufReader::new(output).split(b'\n') {
        let line = line.context("reading what apt-get says")?;
        let line = String::from_utf8_lossy(&line);
        if let Some(state) = apt_state(&line) {
            meter.show(&state);
        } else {
            log.push_str(&line);
            log.push('\n');
        }
    }
    meter.finish();
    let status = child.wait()?;
    if !status.success() {
        bail!("{}\napt-get failed ({status})", last_lines(&log));
    }
    Ok(())
}

/// `pmstatus:PACKAGE:PERCENT:DESCRIPTION` while installing, `dlstatus:…` while
/// downloading.
fn apt_state(line: &str) -> Option<String> {
    let (kind, rest) = line.split_once(':')?;
    let doing = match kind {
        "dlstatus" => "downloading",
        "pmstatus" => "installing",
        _ => return None,
    };
    let percent = rest.split(':').nth(1)?.parse::<f64>().ok()?;
    Some(format!("{doing}: {percent:.0} %"))
}

/// The start of a command that runs as root. With sudo its password prompt goes
/// to the terminal.
fn as_root() -> Result<Command> {
    const QUESTIONS_OFF: &str = "DEBIAN_FRONTEND=noninteractive";
    let mut command;
    if first_line(Command::new("id").arg("-u")).as_deref() == Some("0") {
        command = Command::new("env");
    } else {
        if program_path("sudo").is_none() {
            bail!("this needs root, and there is no sudo");
        }
        command = Command::new("sudo");
        command.arg("env");
    }
    command.arg(QUESTIONS_OFF);
    Ok(command)
}

fn name_missing(wanted: &[Requirement]) -> Result<()> {
    let missing: Vec<String> = wanted
        .iter()
        .filter(|requirement| !is_there(requirement.probe))
        .map(|requirement| match requirement.probe {
            Probe::Program(name) => format!("{name} (a program)"),
            Probe::Library(name) => format!("{name} (a library, with its headers)"),
            Probe::Trust => requirement.package.to_owned(),
        })
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    bail!(
        "this system has no apt-get. With its own package manager, please install:\n  {}",
        missing.join("\n  ")
    );
}

fn is_there(probe: Probe) -> bool {
    match probe {
        Probe::Program(name) => program_path(name).is_some(),
        Probe::Library(name) => Command::new("pkg-config")
            .args(["--exists", name])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success()),
        Probe::Trust => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_removed_or_unknown_package_is_missing() {
        let wanted = [
            program("gcc", "cc"),
            program("xvfb", "Xvfb"),
            program("dbus", "dbus-daemon"),
        ];
        let installed = "gcc installed\nxvfb config-files\n";
        assert_eq!(missing_from(installed, &wanted), ["xvfb", "dbus"]);
    }

    #[test]
    fn apt_tells_how_far_it_is() {
        assert_eq!(
            apt_state("dlstatus:3:41.93:Retrieving file 3 of 9").as_deref(),
            Some("downloading: 42 %")
        );
        assert_eq!(
            apt_state("pmstatus:libc6-dev:7.5:Unpacking libc6-dev (amd64)").as_deref(),
            Some("installing: 8 %")
        );
        assert_eq!(apt_state("Setting up gcc (4:12.2.0-3) ..."), None);
    }
}
