//! The program `kulti-server`, which can be killed.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

/// The program itself, without the settings of whoever runs the tests.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kulti-server"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KULTI_")) {
        command.env_remove(name);
    }
    command
}

/// A running one.
pub struct Program {
    pub child: Child,
    pub origin: String,
}

impl Program {
    pub fn serve(data: &Path) -> Self {
        Self::start(
            command()
                .args(["--listen", "127.0.0.1:0", "--data"])
                .arg(data),
        )
    }

    pub fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let origin = line
            .trim()
            .strip_prefix("listening on ")
            .unwrap()
            .to_owned();
        Self { child, origin }
    }

    /// SIGKILL: nothing can be written any more.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Has ended already, unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
