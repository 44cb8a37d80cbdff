//! The programs under test, and programs that end with the test.

use std::{
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

/// A binary of this workspace. Cargo tells only those of the root package; the others
/// lie beside them (`./kulti test` builds them first).
pub(crate) fn binary(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_BIN_EXE_kulti-desktop")).with_file_name(name);
    assert!(
        path.exists(),
        "{} is missing: build the workspace first (`./kulti test` does)",
        path.display()
    );
    path
}

/// A file of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A port that nobody listens on right now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .expect("this machine has a free port")
        .port()
}

/// A program that is killed, with all that it started, when the test ends however it ends.
pub(crate) struct Program {
    child: Child,
}

impl Program {
    /// Starts `command` in a process group of its own.
    pub(crate) fn start(command: &mut Command) -> Self {
        use std::os::unix::process::CommandExt as _;
        let child = command
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        Self { child }
    }

    /// The running program.
    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// The process id of the one program that it has started.
    pub(crate) fn only_child(&self) -> String {
        let children = Command::new("pgrep")
            .args(["-P", &self.child.id().to_string()])
            .output()
            .expect("pgrep runs");
        String::from_utf8_lossy(&children.stdout)
            .lines()
            .next()
            .expect("it has started something")
            .to_owned()
    }

    /// Sends a signal by its name, like `TERM`, to the whole group.
    pub(crate) fn signal(&self, name: &str) {
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill")
            .args(["-s", name, "--", &group])
            .stderr(Stdio::null()) // a group that has ended is no news
            .status();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.signal("KILL");
        let _ = self.child.wait();
    }
}
