//! A sound server for one test: PulseAudio with a null sink and nothing else.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// Ends when dropped.
pub(crate) struct SoundServer {
    process: Child,
    folder: PathBuf,
}

impl SoundServer {
    pub(crate) fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("kulti-sound-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let socket = folder.join("socket");
        let protocol = format!(
            "--load=module-native-protocol-unix auth-anonymous=1 socket={}",
            socket.display()
        );
        let mut process = Command::new("pulseaudio")
            .args(["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"])
            .args(["--disable-shm=yes", "--load=module-null-sink sink_name=null0"])
            .args([&protocol, "--log-target=stderr", "--log-level=info"])
            .env("HOME", &folder)
            .env("XDG_RUNTIME_DIR", &folder)
            .env("XDG_CONFIG_HOME", &folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("pulseaudio is needed: ./kulti setup --test installs it");
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let ready = lines.by_ref().map_while(Result::ok).any(|line| line.contains("startup complete"));
        assert!(ready, "pulseaudio did not start");
        // Somebody must go on reading, or the server blocks when it has more to say.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Self { process, folder }
    }

    /// Runs an ignored test of this program with the server as its own.
    pub(crate) fn run_test(&self, name: &str) {
        let outcome = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--ignored", "--nocapture"])
            .env("PULSE_SERVER", format!("unix:{}", self.folder.join("socket").display()))
            .env("XDG_RUNTIME_DIR", &self.folder)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&outcome.stdout).into_owned()
            + &String::from_utf8_lossy(&outcome.stderr);
        assert!(outcome.status.success(), "{said}");
        assert!(said.contains("1 passed"), "{said}");
    }
}

impl Drop for SoundServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
