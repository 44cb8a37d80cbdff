//! systemd's logind on the system bus: the lock of the screen, and sleep, announced
//! before it begins.

use std::{sync::Arc, time::Duration};

use futures_util::{Stream, StreamExt, stream};
use zbus::{
    Connection,
    zvariant::{OwnedFd, OwnedObjectPath},
};

use super::{Activity, Observation};
use crate::app::model::{ActivityKind, ActivitySourceName};

/// For so long the machine is asked to stay awake when it is about to sleep: the
/// open interval reaches the disk and the last heartbeat leaves. logind gives five
/// seconds in all.
const LAST_WORDS: Duration = Duration::from_millis(1_500);

/// How long to wait before logind is looked for again, at first and at most.
const RETRY: Duration = Duration::from_secs(1);
const RETRY_AT_MOST: Duration = Duration::from_secs(60);

#[zbus::proxy(
    interface = "org.freedesktop.login1.Manager",
    default_service = "org.freedesktop.login1",
    default_path = "/org/freedesktop/login1",
    gen_blocking = false
)]
trait Manager {
    fn get_session(&self, id: &str) -> zbus::Result<OwnedObjectPath>;

    #[zbus(name = "GetSessionByPID")]
    fn get_session_by_pid(&self, pid: u32) -> zbus::Result<OwnedObjectPath>;

    fn inhibit(&self, what: &str, who: &str, why: &str, mode: &str) -> zbus::Result<OwnedFd>;

    #[zbus(signal)]
    fn prepare_for_sleep(&self, start: bool) -> zbus::Result<()>;

    #[zbus(property)]
    fn preparing_for_sleep(&self) -> zbus::Result<bool>;
}

#[zbus::proxy(
    interface = "org.freedesktop.login1.Session",
    default_service = "org.freedesktop.login1",
    gen_blocking = false
)]
trait Session {
    #[zbus(signal)]
    fn lock(&self) -> zbus::Result<()>;

    #[zbus(signal)]
    fn unlock(&self) -> zbus::Result<()>;

    #[zbus(property)]
    fn locked_hint(&self) -> zbus::Result<bool>;

    #[zbus(property)]
    fn id(&self) -> zbus::Result<String>;
}

/// What logind tells.
enum Told {
    Sleep(bool),
    Lock,
    Unlock,
    Hint(bool),
    /// logind has stopped, or has been started anew.
    OwnerChanged,
}

/// Follows logind for as long as the app runs, through its absence and restarts.
pub(super) async fn follow(activity: Arc<Activity>) {
    let mut wait = RETRY;
    let mut was_there = false;
    loop {
        match listen(&activity).await {
            Ok(()) => {
                was_there = true;
                wait = RETRY;
            }
            // It may only be starting again: what it said holds for a moment.
            Err(_) if was_there => {
                was_there = false;
                tokio::time::sleep(wait).await;
            }
            Err(error) => {
                tracing::debug!(%error, "logind");
                activity.observe(Observation::LogindLost);
                activity.uses(ActivityKind::Lock, None, &[]);
                activity.uses(ActivityKind::Sleep, None, &[]);
                tokio::time::sleep(wait).await;
                wait = wait.saturating_mul(2).min(RETRY_AT_MOST);
            }
        }
    }
}

/// Listens until logind or the bus is gone.
async fn listen(activity: &Activity) -> zbus::Result<()> {
    let bus = Connection::system().await?;
    let manager = ManagerProxy::new(&bus).await?;
    let owners = manager.inner().receive_owner_changed().await?;
    let sleeps = manager.receive_prepare_for_sleep().await?;
    let sleeping = manager.preparing_for_sleep().await?;
    let sleeps = sleeps.filter_map(async |s| s.args().ok().map(|args| Told::Sleep(args.start)));
    let owners = owners.map(|_| Told::OwnerChanged);
    let mut told = stream::select_all([sleeps.boxed(), owners.boxed()]);
    // Kept: it keeps its properties up to date.
    let session = session(&bus, &manager).await;
    let lock = match &session {
        Some(session) => of_session(session).await.map(Some),
        None => Ok(None),
    };
    let lock = lock.unwrap_or_else(|error| {
        tracing::info!(%error, "logind does not tell of the lock");
        None
    });
    let source = lock.as_ref().map(|_| ActivitySourceName::Logind);
    activity.uses(ActivityKind::Lock, source, &[]);
    if let Some(lock) = lock {
        told.push(lock.boxed());
    }
    activity.uses(ActivityKind::Sleep, Some(ActivitySourceName::Logind), &[]);
    activity.observe(Observation::Sleep(sleeping));

    let mut awake = stay_awake(&manager).await;
    while let Some(told) = told.next().await {
        match told {
            Told::Sleep(true) => {
                activity.observe(Observation::Sleep(true));
                let delay = awake.take();
                if *activity.in_stay().borrow() {
                    tokio::spawn(async move {
                        tokio::time::sleep(LAST_WORDS).await;
                        // Closing it lets the machine sleep.
                        drop(delay);
                    });
                }
            }
            Told::Sleep(false) => {
                activity.observe(Observation::Sleep(false));
                awake = stay_awake(&manager).await;
            }
            Told::Lock => activity.observe(Observation::LockRequested(true)),
            Told::Unlock => activity.observe(Observation::LockRequested(false)),
            Told::Hint(locked) => activity.observe(Observation::LockHint(locked)),
            Told::OwnerChanged => break,
        }
    }
    Ok(())
}

/// The delay that holds until it is dropped; none if logind does not give it.
async fn stay_awake(manager: &ManagerProxy<'_>) -> Option<OwnedFd> {
    let asked = manager.inhibit("sleep", "Kulti", "Saving your watch time", "delay");
    match asked.await {
        Ok(delay) => Some(delay),
        Err(error) => {
            tracing::info!(%error, "logind gives no time before sleep");
            None
        }
    }
}

/// This program's session: by its id, by the process, or the one that logind takes
/// for the caller's. A program that was not started within a session has none of the
/// first two.
async fn session(bus: &Connection, manager: &ManagerProxy<'_>) -> Option<SessionProxy<'static>> {
    if let Some(id) = std::env::var("XDG_SESSION_ID")
        .ok()
        .filter(|id| !id.is_empty())
        && let Ok(path) = manager.get_session(&id).await
    {
        return session_at(bus, path).await;
    }
    if let Ok(path) = manager.get_session_by_pid(std::process::id()).await {
        return session_at(bus, path).await;
    }
    let auto = OwnedObjectPath::try_from("/org/freedesktop/login1/session/auto").ok()?;
    session_at(bus, auto).await
}

/// The session, if it is there.
async fn session_at(bus: &Connection, path: OwnedObjectPath) -> Option<SessionProxy<'static>> {
    let session = SessionProxy::new(bus, path).await.ok()?;
    session.id().await.is_ok().then_some(session)
}

async fn of_session(
    session: &SessionProxy<'static>,
) -> zbus::Result<impl Stream<Item = Told> + use<>> {
    let locks = session.receive_lock().await?.map(|_| Told::Lock);
    let unlocks = session.receive_unlock().await?.map(|_| Told::Unlock);
    // The present value comes first.
    let hints = session.receive_locked_hint_changed().await;
    let hints = hints.filter_map(async |change| change.get().await.ok().map(Told::Hint));
    Ok(stream::select_all([
        locks.boxed(),
        unlocks.boxed(),
        hints.boxed(),
    ]))
}
