//! The app's commands by name, with arguments and answers as JSON: what Tauri's
//! dispatcher does for the window, for the UI in a plain browser (`examples/browser_bridge.rs`).

use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::app::{
    App,
    model::{CommandError, ErrorCode, HomeView},
};

/// Every command; a test compares them with the window's.
pub const COMMANDS: &[&str] = &[
    "app_info",
    "home",
    "set_display_name",
    "look_up",
    "join",
    "host",
    "session",
    "act",
    "settings",
    "set_settings",
    "reach",
    "set_open_to_network",
    "session_books",
    "save_receipt",
    "save_poll_results",
    "insights",
    "save_insights",
    "activity_sources",
    "save_log",
    "forget_recent",
    "forget_refused",
    "dismiss_link",
    "window_visible",
    "media_socket",
    "choose_sound",
    "allow_camera",
    "copy_text",
    "open_link",
    "home_events",
];

/// Takes the events of a channel; false when nobody reads them any more.
pub type Sink = Arc<dyn Fn(u64, Value) -> bool + Send + Sync>;

/// Runs one command. Arguments are named as in TypeScript; a channel is a number,
/// and its events go to `sink` with that number.
///
/// # Errors
/// The command's own; [`ErrorCode::Local`] for a command or arguments that do not exist.
pub async fn run(
    app: &Arc<App>,
    command: &str,
    arguments: &Value,
    sink: &Sink,
) -> Result<Value, CommandError> {
    let read = Arguments(arguments);
    match command {
        "app_info" => answer(app.info()),
        "home" => answer(app.home()),
        "set_display_name" => answer(app.set_display_name(&read.get::<String>("name")?)?),
        "look_up" => {
            let server: Option<String> = read.get("server")?;
            let text: String = read.get("text")?;
            answer(app.look_up(&text, server.as_deref()).await?)
        }
        "join" => answer(
            app.join(read.get("target")?, read.get("allowPlain")?)
                .await?,
        ),
        "host" => answer(app.host(read.get("request")?).await?),
        "session" => {
            let mut views = app.session_view()?;
            let (channel, sink) = (read.get("channel")?, sink.clone());
            tokio::spawn(async move {
                while let Some(batch) = views.next().await {
                    if !batch.into_iter().all(|event| sink(channel, json!(event))) {
                        return;
                    }
                }
            });
            Ok(Value::Null)
        }
        "act" => answer(app.act(read.get("intent")?)?),
        "settings" => answer(app.settings()),
        "set_settings" => answer(app.set_settings(read.get("settings")?)),
        "reach" => answer(app.reach()),
        "set_open_to_network" => answer(app.set_open_to_network(read.get("open")?).await?),
        "session_books" => {
            let session_id: String = read.get("sessionId")?;
            answer(app.session_books(&session_id).await?)
        }
        "save_receipt" => {
            let session_id: String = read.get("sessionId")?;
            answer(app.save_receipt(&session_id).await?)
        }
        "save_poll_results" => {
            let poll_id: String = read.get("pollId")?;
            answer(app.save_poll_results(&poll_id).await?)
        }
        "insights" => {
            let session_id: String = read.get("sessionId")?;
            answer(app.insights(&session_id).await?)
        }
        "save_insights" => {
            let session_id: String = read.get("sessionId")?;
            answer(app.save_insights(&session_id).await?)
        }
        "activity_sources" => answer(app.activity_sources()),
        "save_log" => answer(app.save_log()?),
        "forget_recent" => answer(app.forget_recent(&read.get::<String>("sessionId")?)),
        "forget_refused" => answer(app.forget_refused()),
        "dismiss_link" => answer(app.dismiss_link()),
        "window_visible" => {
            app.window_visible(read.get("visible")?);
            Ok(Value::Null)
        }
        "media_socket" => answer(app.media_socket().await?),
        "choose_sound" => {
            let microphone: Option<String> = read.get("microphone")?;
            answer(app.choose_sound(microphone, read.get("loudspeaker")?))
        }
        "allow_camera" => answer(app.allow_camera()),
        "copy_text" => answer(app.copy_text(read.get("text")?)?),
        "open_link" => answer(app.open_link(&read.get::<String>("url")?)?),
        "home_events" => {
            let mut home = app.home_changes();
            let (channel, sink) = (read.get("channel")?, sink.clone());
            tokio::spawn(async move {
                loop {
                    let view: HomeView = home.borrow_and_update().clone();
                    if !sink(channel, json!(view)) || home.changed().await.is_err() {
                        return;
                    }
                }
            });
            Ok(Value::Null)
        }
        _ => Err(misuse(&format!("there is no command {command}"))),
    }
}

struct Arguments<'a>(&'a Value);

impl Arguments<'_> {
    fn get<T: DeserializeOwned>(&self, name: &str) -> Result<T, CommandError> {
        let value = self.0.get(name).cloned().unwrap_or(Value::Null);
        serde_json::from_value(value).map_err(|error| misuse(&format!("{name}: {error}")))
    }
}

fn answer(value: impl Serialize) -> Result<Value, CommandError> {
    serde_json::to_value(value).map_err(|error| misuse(&error.to_string()))
}

fn misuse(message: &str) -> CommandError {
    CommandError {
        code: ErrorCode::Local,
        message: message.into(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::app::AppConfig;

    #[tokio::test]
    async fn commands_answer_refuse_and_send_events() {
        let dir = tempfile::tempdir().unwrap();
        let app = App::open(AppConfig {
            data_dir: dir.path().to_owned(),
            log_dir: dir.path().join("logs"),
            downloads_dir: dir.path().join("Downloads"),
            demo: false,
        })
        .unwrap();
        let (seen, mut arrived) = tokio::sync::mpsc::unbounded_channel();
        let sink: Sink = Arc::new(move |channel, event| seen.send((channel, event)).is_ok());
        let call =
            async |command: &str, arguments: Value| run(&app, command, &arguments, &sink).await;

        call("home_events", json!({"channel": 7})).await.unwrap();
        let named = call("set_display_name", json!({"name": "Zoë"}))
            .await
            .unwrap();
        assert_eq!(named["displayName"], "Zoë");
        loop {
            let (channel, home) = arrived.recv().await.unwrap();
            assert_eq!(channel, 7);
            if home["displayName"] == "Zoë" {
                break;
            }
        }
        let refused = call("session", json!({"channel": 8})).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::NotInSession);
        let misused = call("act", json!({"intent": {"act": "fly"}}))
            .await
            .unwrap_err();
        assert_eq!(misused.code, ErrorCode::Local);
        let unknown = call("format_disk", json!({})).await.unwrap_err();
        assert_eq!(unknown.code, ErrorCode::Local);
    }

    /// Arguments have the names that TypeScript sends.
    #[test]
    fn arguments_are_named_as_in_typescript() {
        let mut asked = Vec::new();
        let (source, _) = include_str!("by_name.rs").split_once("cfg(test)").unwrap();
        for arm in source.split("        \"").skip(1) {
            let (command, body) = arm.split_once('"').unwrap();
            let names = body.split("read.get").skip(1);
            let mut names: Vec<&str> = names.map(|rest| rest.split('"').nth(1).unwrap()).collect();
            names.sort_unstable();
            if body.starts_with(" =>") {
                asked.push((command.to_owned(), names.join(",")));
            }
        }
        asked.sort();
        assert_eq!(asked, crate::bindings::tests::commands_with_arguments());
    }
}
