//! The real app in a real window, driven through WebKitWebDriver.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
};

use fantoccini::{
    Client, ClientBuilder, Locator,
    actions::{InputSource as _, KeyAction, KeyActions},
    elements::Element,
};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::{
    programs::{Program, free_port},
    waiting::{PATIENCE, until},
};

/// From the left edge of one window to that of the next: each has room of its own on
/// the test's screen, since whoever is covered entirely earns nothing.
const PLACE_PX: usize = 1_300;

/// Keys without a character, by their WebDriver codes.
pub(crate) const TAB: &str = "\u{e004}";
pub(crate) const ENTER: &str = "\u{e007}";
pub(crate) const ESCAPE: &str = "\u{e00c}";
const CONTROL: char = '\u{e009}';
/// No screen has so many places for the focus.
const MOST_TABS: usize = 60;

/// How many windows are open.
static OPEN: AtomicUsize = AtomicUsize::new(0);

/// One start of the app, with folders of its own.
pub(crate) struct AppWindow {
    name: String,
    client: Client,
    _driver: Program,
    /// The app's process id.
    app: String,
    data: TempDir,
}

impl AppWindow {
    /// Starts the app and waits until its home screen can be used. `name` is the
    /// person's; it is typed as a new user would.
    pub(crate) async fn open(name: &str) -> Self {
        Self::open_with(name, &[]).await
    }

    /// The same with more in its environment.
    pub(crate) async fn open_with(name: &str, environment: &[(&str, &str)]) -> Self {
        let window = Self::open_untouched(name, environment).await;
        if window.count(".card.name input").await > 0 {
            window.fill(".card.name input", name).await;
        }
        window
    }

    /// Starts the app and waits for its home screen; nothing is typed or clicked.
    pub(crate) async fn open_untouched(name: &str, environment: &[(&str, &str)]) -> Self {
        let data = TempDir::new().expect("a folder");
        let port = free_port();
        assert!(
            std::env::var_os("DISPLAY").is_some(),
            "there is no display: run these tests through `./kulti test`"
        );
        let mut command = Command::new("WebKitWebDriver");
        command
            .args([format!("--port={port}"), "--host=127.0.0.1".to_owned()])
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env("KULTI_DATA_DIR", data.path())
            .env("KULTI_SINGLE_INSTANCE", "0")
            .env("XDG_DATA_HOME", data.path().join("xdg-data"))
            .env("XDG_CONFIG_HOME", data.path().join("xdg-config"))
            .env("XDG_CACHE_HOME", data.path().join("xdg-cache"))
            .envs(environment.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let driver = Program::start(&mut command);
        until("WebKitWebDriver answers", || async {
            TcpStream::connect(("127.0.0.1", port)).await.ok()
        })
        .await;
        let capabilities = json!({
            "webkitgtk:browserOptions": {"binary": env!("CARGO_BIN_EXE_kulti-desktop"), "args": []},
            "timeouts": {"script": 60_000},
        });
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().expect("an object").clone())
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .unwrap_or_else(|error| panic!("{name}'s app does not start: {error}"));
        let place = OPEN.fetch_add(1, Ordering::Relaxed) % 2;
        let window = Self {
            name: name.to_owned(),
            client,
            app: driver.only_child(),
            _driver: driver,
            data,
        };
        window.element(".home").await;
        window.take_place(place);
        window
    }

    /// Moves the window to its place beside others.
    fn take_place(&self, place: usize) {
        let position = format!("0,{},0,-1,-1", place * PLACE_PX);
        let moved = Command::new("wmctrl")
            .args(["-i", "-r", &self.x11_id(), "-e", &position])
            .status();
        assert!(moved.is_ok_and(|status| status.success()), "wmctrl runs");
    }

    /// Starts a session on this computer's own server.
    pub(crate) async fn host_here(&self, title: &str) {
        self.fill(".card.host input", title).await;
        self.click(".card.host button[type=submit]").await;
        self.element("[data-testid=grid]").await;
    }

    /// Starts a session on a server.
    pub(crate) async fn host_on(&self, server: &str, title: &str) {
        self.fill(".card.host input", title).await;
        self.script(
            "[...document.querySelectorAll('.card.host [role=radio]')].at(-1).click()",
            vec![],
        )
        .await;
        self.fill(".card.host input[inputmode=url]", server).await;
        self.click(".card.host button[type=submit]").await;
        self.element("[data-testid=grid]").await;
    }

    /// Has codes looked up at a server.
    pub(crate) async fn choose_server(&self, server: &str) {
        self.click(".page-head .server").await;
        self.fill(".chooser input", server).await;
        self.click(".chooser button[type=submit]").await;
        self.sees(".page-head .server", server).await;
    }

    /// Types a code or a link, waits until it is found, and joins.
    pub(crate) async fn join(&self, code_or_link: &str) {
        self.fill(".card.join input.code", code_or_link).await;
        self.element(".card.join .found").await;
        self.click(".card.join button[type=submit]").await;
        self.element("[data-testid=grid]").await;
    }

    /// The first element that matches, once there is one.
    pub(crate) async fn element(&self, css: &str) -> Element {
        let found = self
            .client
            .wait()
            .at_most(PATIENCE)
            .for_element(Locator::Css(css))
            .await;
        match found {
            Ok(element) => element,
            Err(error) => {
                let picture = self.screenshot("missing-element").await;
                let text = self.body().await;
                panic!(
                    "{} sees no {css} ({error}); see {}; the page says:\n{text}",
                    self.name,
                    picture.display()
                );
            }
        }
    }

    /// How many elements match right now.
    pub(crate) async fn count(&self, css: &str) -> usize {
        self.client
            .find_all(Locator::Css(css))
            .await
            .expect("the page answers")
            .len()
    }

    /// Clicks what matches.
    pub(crate) async fn click(&self, css: &str) {
        self.element(css)
            .await
            .click()
            .await
            .unwrap_or_else(|error| {
                panic!("{} cannot click {css}: {error}", self.name);
            });
    }

    /// Waits until what matches does not move: on a busy machine a click would go where it
    /// was a moment ago.
    pub(crate) async fn comes_to_rest(&self, css: &str) {
        const RESTS: &str = "const found = document.querySelector(arguments[0]);
            return found !== null && document.getAnimations()
              .every((one) => one.playState !== 'running' || !one.effect.target.contains(found))";
        until(&format!("{css} of {} comes to rest", self.name), || async {
            let rests = self.script(RESTS, vec![css.into()]).await;
            (rests == true).then_some(())
        })
        .await;
    }

    /// Replaces a field's text.
    pub(crate) async fn fill(&self, css: &str, text: &str) {
        let field = self.element(css).await;
        field.clear().await.expect("it can be cleared");
        field.send_keys(text).await.expect("it can be typed into");
    }

    /// Presses keys one after the other as a keyboard does: whatever has the focus gets
    /// them.
    pub(crate) async fn keys(&self, keys: &str) {
        let actions = keys.chars().fold(keyboard(), |actions, value| {
            let actions = actions.then(KeyAction::Down { value });
            actions.then(KeyAction::Up { value })
        });
        self.perform(actions).await;
    }

    /// Presses a key while Control is held.
    pub(crate) async fn control(&self, value: char) {
        let held = KeyAction::Down { value: CONTROL };
        let actions = keyboard().then(held).then(KeyAction::Down { value });
        let actions = actions.then(KeyAction::Up { value });
        self.perform(actions.then(KeyAction::Up { value: CONTROL }))
            .await;
    }

    async fn perform(&self, actions: KeyActions) {
        self.client
            .perform_actions(actions)
            .await
            .unwrap_or_else(|error| panic!("{}'s keyboard: {error}", self.name));
    }

    /// Presses Tab until the focus is on what matches.
    pub(crate) async fn tab_to(&self, css: &str) {
        let mut passed = Vec::new();
        while passed.len() < MOST_TABS {
            let script = "const e = document.activeElement;
                return [e.matches(arguments[0]), e.getAttribute('aria-label') ?? e.innerText ?? e.tagName]";
            let focus = self.script(script, vec![json!(css)]).await;
            if focus[0] == true {
                return;
            }
            passed.push(focus[1].clone());
            self.keys(TAB).await;
        }
        let picture = self.screenshot("lost-focus").await;
        panic!(
            "{} never comes to {css} by Tab, but to {passed:?}; see {}",
            self.name,
            picture.display()
        );
    }

    /// Presses keys where the focus is.
    pub(crate) async fn press(&self, keys: &str) {
        let focused = self
            .client
            .active_element()
            .await
            .expect("something has the focus");
        focused.send_keys(keys).await.expect("keys can be pressed");
    }

    /// Text of the first match right now.
    pub(crate) async fn text_now(&self, css: &str) -> Option<String> {
        let text = self
            .script(
                "const e = document.querySelector(arguments[0]); return e && e.innerText",
                vec![json!(css)],
            )
            .await;
        text.as_str()
            .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// Waits until the first match has `text` in it.
    pub(crate) async fn sees(&self, css: &str, text: &str) {
        let last = std::sync::Mutex::new(None);
        let seen = tokio::time::timeout(PATIENCE, async {
            loop {
                let now = self.text_now(css).await;
                if now.as_deref().is_some_and(|now| now.contains(text)) {
                    return;
                }
                *last.lock().unwrap() = now;
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        })
        .await;
        if seen.is_err() {
            let picture = self.screenshot("unseen-text").await;
            panic!(
                "{} never saw {text:?} in {css}, but {:?}; see {}",
                self.name,
                last.lock().unwrap(),
                picture.display()
            );
        }
    }

    /// Waits until nothing matches any more.
    pub(crate) async fn sees_no_more(&self, css: &str) {
        until(&format!("{} sees no {css}", self.name), || async {
            (self.count(css).await == 0).then_some(())
        })
        .await;
    }

    /// The names on the tiles, in order.
    pub(crate) async fn tiles(&self) -> Vec<String> {
        let names = self
            .script(
                "return [...document.querySelectorAll('[data-testid=grid] .tile')]
                    .map((t) => t.getAttribute('aria-label'))",
                vec![],
            )
            .await;
        serde_json::from_value(names).expect("texts")
    }

    /// Runs a script in the page.
    pub(crate) async fn script(&self, source: &str, arguments: Vec<Value>) -> Value {
        self.client
            .execute(source, arguments)
            .await
            .unwrap_or_else(|error| panic!("{}'s page refuses a script: {error}", self.name))
    }

    /// The room code in the header.
    pub(crate) async fn room_code(&self) -> String {
        self.element(".code-chip").await;
        self.text_now(".code-chip")
            .await
            .expect("a code")
            .trim()
            .to_owned()
    }

    /// The whole credits in the counter.
    pub(crate) async fn credits(&self) -> u32 {
        let text = self.text_now("[data-testid=credits] .figure").await;
        text.and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    /// The middle of the first match, in the window's pixels.
    pub(crate) async fn centre_of(&self, css: &str) -> (String, String) {
        self.element(css).await;
        let centre = self
            .script(
                "const box = document.querySelector(arguments[0]).getBoundingClientRect();
                 return [box.x + box.width / 2, box.y + box.height / 2].map(Math.round)",
                vec![json!(css)],
            )
            .await;
        (centre[0].to_string(), centre[1].to_string())
    }

    /// The person's account at the server on this port, as the app keeps it where there
    /// is no keyring.
    pub(crate) fn account_at(&self, port: &str) -> String {
        let files = std::fs::read_dir(self.data.path().join("secrets")).expect("it has accounts");
        let file = files
            .flatten()
            .map(|file| file.path())
            .find(|path| path.to_string_lossy().contains(&format!("_{port}-")))
            .expect("an account at this server");
        std::fs::read_to_string(file).expect("it can be read")
    }

    /// Saves what the window shows beside the test's other output.
    pub(crate) async fn screenshot(&self, name: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
        let path = folder.join(format!("{name}-{}.png", self.name.to_lowercase()));
        if let Ok(picture) = self.client.screenshot().await {
            let _ = std::fs::create_dir_all(&folder);
            let _ = std::fs::write(&path, picture);
        }
        path
    }

    /// Minimises the window, and waits until its page knows.
    pub(crate) async fn minimize(&self) {
        self.client
            .minimize_window()
            .await
            .expect("the window can be minimised");
        until(&format!("{}'s window is hidden", self.name), || async {
            let hidden = self
                .script("return document.hidden && !document.hasFocus()", vec![])
                .await;
            (hidden == true).then_some(())
        })
        .await;
    }

    /// The window's number at the X server.
    pub(crate) fn x11_id(&self) -> String {
        let windows = Command::new("xdotool")
            .args([
                "search",
                "--onlyvisible",
                "--pid",
                &self.app,
                "--name",
                "Kulti",
            ])
            .output()
            .expect("xdotool runs");
        let windows = String::from_utf8_lossy(&windows.stdout).into_owned();
        let first = windows.lines().next().expect("the app has a window");
        first.to_owned()
    }

    /// Closes the window as its close button does. Through WebDriver alone the app would
    /// be killed, without a word to the others.
    pub(crate) async fn close(self) {
        let windows = until(&format!("{} has a window to close", self.name), || async {
            let found = Command::new("xdotool")
                .args(["search", "--onlyvisible", "--pid", &self.app])
                .output()
                .expect("xdotool runs");
            let found = String::from_utf8_lossy(&found.stdout).into_owned();
            (!found.is_empty()).then_some(found)
        })
        .await;
        for window in windows.lines() {
            let _ = Command::new("wmctrl").args(["-i", "-c", window]).status();
        }
        self.ends().await;
    }

    /// Waits until the app has ended, whose window somebody has closed.
    pub(crate) async fn ends(self) {
        until(&format!("{}'s app has ended", self.name), || async {
            has_ended(&self.app).then_some(())
        })
        .await;
    }

    async fn body(&self) -> String {
        self.text_now("body").await.unwrap_or_default()
    }
}

fn keyboard() -> KeyActions {
    KeyActions::new("keyboard".to_owned())
}

impl Drop for AppWindow {
    fn drop(&mut self) {
        OPEN.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Whether a process has ended. One that its parent, the driver, has not asked after yet
/// is a zombie: that is the driver's affair.
fn has_ended(process: &str) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(process).join("stat"));
    stat.map_or(true, |stat| {
        stat.rsplit(") ")
            .next()
            .is_some_and(|rest| rest.starts_with('Z'))
    })
}
