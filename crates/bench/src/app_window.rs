//! The real desktop app in a real window, driven through WebKitWebDriver.

use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, bail};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::TcpStream, time::sleep};

use crate::process_tree::ProcessTree;

/// How long anything in the app may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// One start of the app.
pub(crate) struct AppWindow {
    client: Client,
    driver: Driver,
    /// Its folder, unless that is somebody else's.
    _data: Option<TempDir>,
}

/// Ends with all that it has started.
struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill")
            .args(["-s", "KILL", "--", &group])
            .status();
        let _ = self.0.wait();
    }
}

impl AppWindow {
    /// Starts the app with a folder of its own, and waits until its home screen is there.
    pub(crate) async fn open() -> anyhow::Result<Self> {
        let data = TempDir::new()?;
        let window = Self::open_in(data.path()).await?;
        Ok(Self {
            _data: Some(data),
            ..window
        })
    }

    /// The same with a folder that an earlier start may have used.
    pub(crate) async fn open_in(data: &Path) -> anyhow::Result<Self> {
        let app = std::env::current_exe()?.with_file_name("kulti-desktop");
        if !app.exists() {
            bail!(
                "{} is missing: build the app in the same profile first",
                app.display()
            );
        }
        if std::env::var_os("DISPLAY").is_none() {
            bail!("there is no display for the app: start this by `./kulti bench`");
        }
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let driver = start_driver(port, data)?;
        wait_for("WebKitWebDriver", || async {
            Ok(TcpStream::connect(("127.0.0.1", port)).await.is_ok())
        })
        .await?;
        let capabilities = json!({"webkitgtk:browserOptions": {"binary": app, "args": []}});
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().cloned().unwrap_or_default())
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .context("the app does not start")?;
        let window = Self {
            client,
            driver,
            _data: None,
        };
        window.element(".home").await?;
        Ok(window)
    }

    /// The app with all of its processes.
    pub(crate) fn processes(&self) -> anyhow::Result<ProcessTree> {
        ProcessTree::only_child_of(self.driver.0.id())
    }

    /// Joins a session under a name, and waits until `tiles` participants are shown.
    pub(crate) async fn join(&self, name: &str, link: &str, tiles: usize) -> anyhow::Result<()> {
        self.enter(name, link).await?;
        self.element("[data-testid=grid]").await?;
        wait_for("all tiles", || async {
            let shown = self
                .client
                .find_all(Locator::Css("[data-testid=grid] .tile"))
                .await?;
            Ok(shown.len() == tiles)
        })
        .await
    }

    /// Asks to join a session. Who is not known here is given this name.
    pub(crate) async fn enter(&self, name: &str, link: &str) -> anyhow::Result<()> {
        let field = ".card.name input";
        if !self.client.find_all(Locator::Css(field)).await?.is_empty() {
            self.fill(field, name).await?;
        }
        self.fill(".card.join input.code", link).await?;
        self.element(".card.join .found").await?;
        let button = ".card.join button[type=submit]";
        Ok(self.element(button).await?.click().await?)
    }

    /// Runs a script in the page.
    pub(crate) async fn script<T: DeserializeOwned>(
        &self,
        source: &str,
        arguments: Vec<Value>,
    ) -> anyhow::Result<T> {
        let value = self.client.execute(source, arguments).await?;
        serde_json::from_value(value.clone()).with_context(|| format!("the page answers {value}"))
    }

    async fn fill(&self, css: &str, text: &str) -> anyhow::Result<()> {
        let field = self.element(css).await?;
        field.clear().await?;
        Ok(field.send_keys(text).await?)
    }

    async fn element(&self, css: &str) -> anyhow::Result<fantoccini::elements::Element> {
        let wait = self.client.wait().at_most(PATIENCE);
        wait.for_element(Locator::Css(css))
            .await
            .with_context(|| format!("the app shows no {css}"))
    }
}

fn start_driver(port: u16, data: &Path) -> anyhow::Result<Driver> {
    use std::os::unix::process::CommandExt as _;
    let driver = Command::new("WebKitWebDriver")
        .args([format!("--port={port}"), "--host=127.0.0.1".to_owned()])
        .env("TAURI_WEBVIEW_AUTOMATION", "true")
        .env("KULTI_DATA_DIR", data)
        .env("KULTI_SINGLE_INSTANCE", "0")
        .env("XDG_DATA_HOME", data.join("xdg-data"))
        .env("XDG_CONFIG_HOME", data.join("xdg-config"))
        .env("XDG_CACHE_HOME", data.join("xdg-cache"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .context("starting WebKitWebDriver (package webkit2gtk-driver)")?;
    Ok(Driver(driver))
}

/// Asks every few milliseconds until it is so.
async fn wait_for<F: Future<Output = anyhow::Result<bool>>>(
    what: &str,
    is_so: impl Fn() -> F,
) -> anyhow::Result<()> {
    let waiting = async {
        while !is_so().await? {
            sleep(Duration::from_millis(20)).await;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(PATIENCE, waiting)
        .await
        .with_context(|| format!("waited in vain for {what}"))?
}
