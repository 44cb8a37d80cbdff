//! The demo: a hosted session with lively bots, so that a newcomer sees the product
//! alive at once.

use std::{path::PathBuf, process::Stdio, sync::Arc};

use kulti_client::core::{Intent, PollDraft, PollIntent, QuestionDraft, view::ViewEvent};
use parking_lot::Mutex;
use tokio::process::{Child, Command};

use super::{
    App,
    model::{CommandError, ErrorCode, HostPlace, HostRequest},
};

/// How many take part beside the person.
const BOTS: u32 = 24;

/// The person's name, until they chose one.
const NAME: &str = "You";

/// The session's title.
const TITLE: &str = "Build a sync engine in Rust, from an empty folder";

/// The program that runs the bots. It ends with the app.
#[derive(Debug, Default)]
pub(crate) struct Bots(Mutex<Option<Child>>);

impl Bots {
    /// Ends them, if they run.
    pub(crate) fn stop(&self) {
        drop(self.0.lock().take()); // killed when dropped
    }

    fn start(&self, server: &str, code: &str) -> std::io::Result<()> {
        let child = Command::new(program()?)
            .args(["--server", server, "--code", code])
            .args(["--count", &BOTS.to_string(), "--lively"])
            // Held for as long as the child is: the bots leave when their input ends,
            // so none is left behind by an app that was killed.
            .arg("--interactive")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        *self.0.lock() = Some(child);
        Ok(())
    }
}

/// The poll that the bots answer one after the other.
fn poll() -> PollIntent {
    let options = [
        "Last write wins",
        "Merge field by field",
        "Ask the person",
        "A CRDT for everything",
    ];
    PollIntent::Save {
        draft: PollDraft {
            live_results: true,
            changeable: true,
            questions: vec![QuestionDraft {
                text: "Two devices change the same note offline. What should win?".into(),
                options: options.map(str::to_owned).to_vec(),
                ..QuestionDraft::default()
            }],
            ..PollDraft::default()
        },
        start: true,
        number: 0,
    }
}

/// `kulti-bot`, which lies beside this program.
fn program() -> std::io::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let name = format!("kulti-bot{}", std::env::consts::EXE_SUFFIX);
    let beside = own.with_file_name(name);
    if beside.is_file() {
        return Ok(beside);
    }
    Err(std::io::Error::new(
        std::io::ErrorKind::NotFound,
        format!("{} is missing; it is built with the app", beside.display()),
    ))
}

impl App {
    /// Hosts a session on this computer and fills it with bots.
    ///
    /// # Errors
    /// [`CommandError`]; without the bots' program the session is there, but empty.
    pub async fn start_demo(self: &Arc<Self>) -> Result<(), CommandError> {
        if self.home().display_name.is_empty() {
            self.set_display_name(NAME)?;
        }
        self.host(HostRequest {
            title: TITLE.into(),
            place: HostPlace::ThisComputer,
            listed: false,
        })
        .await?;
        let stay = self
            .stays
            .current()
            .ok_or_else(CommandError::not_in_session)?;
        let mut views = stay.subscribe();
        drop(stay);
        let code = loop {
            match views.next().await {
                // The role's rights come with the connection: then the poll can be started.
                Some(ViewEvent::Session(session)) if session.can.poll_write => {
                    break session.room_code;
                }
                Some(_) => {}
                None => return Err(CommandError::not_in_session()),
            }
        };
        // Part of starting the demo, as joining is: the person has asked for it just now.
        self.act(Intent::Poll { intent: poll() })?;
        let origin = self.own_origin().await?;
        self.bots
            .start(&origin, &code)
            .map_err(|error| CommandError {
                code: ErrorCode::Local,
                message: format!("the demo's bots cannot be started: {error}"),
            })
    }
}
