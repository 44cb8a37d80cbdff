//! Desktops' screen savers on the session bus: most say there that they cover the
//! screen, some of them only there.

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures_util::StreamExt;
use zbus::{Connection, MatchRule, Message, MessageStream, fdo::DBusProxy, names::BusName};

use super::{Activity, Observation};

/// Each one's name on the bus, which is also its interface's, and where it is.
const SCREEN_SAVERS: [(&str, &str); 4] = [
    ("org.gnome.ScreenSaver", "/org/gnome/ScreenSaver"),
    (
        "org.freedesktop.ScreenSaver",
        "/org/freedesktop/ScreenSaver",
    ),
    ("org.cinnamon.ScreenSaver", "/org/cinnamon/ScreenSaver"),
    ("org.mate.ScreenSaver", "/org/mate/ScreenSaver"),
];

/// How long after the bus was lost it is looked for again.
const RETRY: Duration = Duration::from_secs(60);

/// Follows them for as long as the app runs.
pub(super) async fn follow(activity: Arc<Activity>) {
    loop {
        let listened = match Connection::session().await {
            Ok(bus) => listen(&activity, &bus).await,
            Err(error) => Err(error),
        };
        if let Err(error) = listened {
            tracing::debug!(%error, "no session bus");
        }
        activity.screen_saver(false);
        activity.observe(Observation::ScreenSaver(false));
        tokio::time::sleep(RETRY).await;
    }
}

/// Listens until the bus is gone.
async fn listen(activity: &Activity, bus: &Connection) -> zbus::Result<()> {
    let rule = MatchRule::builder()
        .msg_type(zbus::message::Type::Signal)
        .member("ActiveChanged")?
        .build();
    let mut signals = MessageStream::for_match_rule(rule, bus, None).await?;
    let mut active = HashSet::new();
    for (name, path) in SCREEN_SAVERS {
        if let Ok(is_active) = ask(bus, name, path).await {
            activity.screen_saver(true);
            if is_active {
                active.insert(name);
            }
        }
    }
    activity.observe(Observation::ScreenSaver(!active.is_empty()));
    while let Some(signal) = signals.next().await {
        let Some((name, is_active)) = changed(&signal?) else {
            continue;
        };
        activity.screen_saver(true);
        if is_active {
            active.insert(name);
        } else {
            active.remove(name);
        }
        activity.observe(Observation::ScreenSaver(!active.is_empty()));
    }
    Ok(())
}

/// Whether a screen saver is active; an error if it does not run. It is not started
/// for the question.
async fn ask(bus: &Connection, name: &'static str, path: &str) -> zbus::Result<bool> {
    let names = DBusProxy::new(bus).await?;
    if !names.name_has_owner(BusName::try_from(name)?).await? {
        return Err(zbus::Error::Unsupported);
    }
    let answer = bus.call_method(Some(name), path, Some(name), "GetActive", &());
    answer.await?.body().deserialize()
}

/// Which screen saver says that it is active now, or is not any more.
fn changed(signal: &Message) -> Option<(&'static str, bool)> {
    let header = signal.header();
    let interface = header.interface()?;
    let (name, _) = SCREEN_SAVERS
        .into_iter()
        .find(|(name, _)| *name == interface.as_str())?;
    Some((name, signal.body().deserialize().ok()?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use kulti_watch::Signal;

    use super::*;
    use crate::{activity::private_bus::PrivateBus, app::model::ActivitySourceName};

    fn signal(
        interface: &str,
        active: &(impl serde::Serialize + zbus::zvariant::DynamicType),
    ) -> Message {
        Message::signal("/", interface, "ActiveChanged")
            .unwrap()
            .build(active)
            .unwrap()
    }

    #[test]
    fn only_screen_savers_are_listened_to() {
        let gnome = signal("org.gnome.ScreenSaver", &true);
        assert_eq!(changed(&gnome), Some(("org.gnome.ScreenSaver", true)));
        let other = signal("org.example.Window", &true);
        assert_eq!(changed(&other), None);
        let odd = signal("org.gnome.ScreenSaver", &"yes");
        assert_eq!(changed(&odd), None);
    }

    /// Says what a desktop's screen saver says: at first that it is active.
    struct Saver;

    #[zbus::interface(name = "org.gnome.ScreenSaver")]
    impl Saver {
        fn get_active(&self) -> bool {
            true
        }
    }

    #[tokio::test]
    async fn a_screen_saver_locks_from_the_start_and_unlocks_by_its_signal() {
        let bus = PrivateBus::start();
        let (name, path) = SCREEN_SAVERS[0];
        let saver = bus.connect().serve_at(path, Saver).unwrap();
        let saver = saver.name(name).unwrap().build().await.unwrap();
        let activity = Arc::new(Activity::default());
        let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
        activity.begin(move |signal, _| told.send(signal).unwrap());
        let client = bus.connect().build().await.unwrap();
        let follower = activity.clone();
        let listening = tokio::spawn(async move { listen(&follower, &client).await });

        let mut until = async |wanted| while heard.recv().await.unwrap() != wanted {};
        until(Signal::Locked).await;
        assert_eq!(
            activity.sources()[2].source,
            Some(ActivitySourceName::OperatingSystem)
        );
        let changed = saver.emit_signal(None::<&str>, path, name, "ActiveChanged", &false);
        changed.await.unwrap();
        until(Signal::Unlocked).await;
        listening.abort();
    }
}
