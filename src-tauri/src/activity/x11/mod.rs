//! Whether the window can be seen, asked of the X window system itself: minimised,
//! on another workspace, behind the desktop, off every monitor, or covered by others.
//! Toolkit and page know little of that.
//!
//! Driven by events, on a thread of its own. An extension tells of covering only
//! where no compositor runs, so that it is computed here.

mod cover;
mod properties;
mod reader;
mod sight;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use x11rb::{
    connection::Connection,
    errors::{ConnectError, ConnectionError, ReplyError},
    protocol::{Event, xproto::Window},
};

use self::{reader::Reader, sight::Sight};
use super::{Activity, Observation};
use crate::app::model::{ActivityKind, ActivitySourceName, BlindSpot};

/// What follows one change within this time belongs to it: a window manager needs
/// several steps to minimise a window or to switch workspaces.
const SETTLE: Duration = Duration::from_millis(8);

/// The screen is looked at no more often than this, however fast windows move.
const GAP: Duration = Duration::from_millis(40);

/// Why the X server does not tell (any more).
#[derive(Debug, thiserror::Error)]
pub(super) enum X11Error {
    /// It cannot be reached.
    #[error("no X server: {0}")]
    Connect(#[from] ConnectError),
    /// The connection is lost.
    #[error("the X server is gone: {0}")]
    Connection(#[from] ConnectionError),
    /// It refused something that it must not refuse.
    #[error("the X server refused: {0}")]
    Reply(#[from] ReplyError),
    /// It has no screen.
    #[error("the X server has no screen")]
    NoScreen,
    /// Our window is closed.
    #[error("the window is closed")]
    WindowGone,
}

/// Follows what happens to `window` from now on. Returns at once; whether the X
/// server tells it shows in [`Activity::sources`].
pub(crate) fn follow(activity: &Arc<Activity>, window: u32) {
    let activity = activity.clone();
    let thread = std::thread::Builder::new().name("x11-sight".into());
    let spawned = thread.spawn(move || {
        let ended = watch(&activity, window);
        if let Err(error) = ended {
            tracing::info!(%error, "the window system tells no more whether the window is seen");
        }
        activity.observe(Observation::WindowSystem { seen: None });
        activity.uses(
            ActivityKind::Window,
            Some(ActivitySourceName::Page),
            &[BlindSpot::OtherWorkspace, BlindSpot::Covered],
        );
    });
    if let Err(error) = spawned {
        tracing::warn!(%error, "no thread to follow the window");
    }
}

fn watch(activity: &Activity, window: Window) -> Result<(), X11Error> {
    let mut reader = Reader::connect(window)?;
    let mut last = tell(activity, reader.sight()?, None);
    // Windows of Wayland programs are none of an X server's business.
    let blind_to: &[BlindSpot] = if reader.is_xwayland()? {
        &[BlindSpot::Covered]
    } else {
        &[]
    };
    activity.uses(
        ActivityKind::Window,
        Some(ActivitySourceName::X11),
        blind_to,
    );
    let mut looked = Instant::now();
    loop {
        let first = reader.connection.wait_for_event()?;
        let mut matters = note(&mut reader, &first);
        if matters {
            let since = looked.elapsed();
            std::thread::sleep(SETTLE.max(GAP.saturating_sub(since)));
        }
        while let Some(event) = reader.connection.poll_for_event()? {
            matters |= note(&mut reader, &event);
        }
        if matters {
            last = tell(activity, reader.sight()?, Some(last));
            looked = Instant::now();
        }
    }
}

fn tell(activity: &Activity, sight: Sight, before: Option<Sight>) -> Sight {
    if before != Some(sight) {
        tracing::debug!(?sight, "the window");
        activity.observe(Observation::WindowSystem {
            seen: Some(sight == Sight::Seen),
        });
    }
    sight
}

/// Whether an event may change what is seen.
fn note(reader: &mut Reader, event: &Event) -> bool {
    match event {
        Event::PropertyNotify(change) => reader.atoms.matters(change.atom),
        Event::ReparentNotify(_) => {
            reader.reframed();
            true
        }
        Event::DestroyNotify(gone) => {
            reader.destroyed(gone.window);
            true
        }
        Event::RandrScreenChangeNotify(_) => {
            reader.screen_changed();
            true
        }
        // A window that has just been made is not shown yet.
        Event::CreateNotify(_) => false,
        Event::MapNotify(_)
        | Event::UnmapNotify(_)
        | Event::ConfigureNotify(_)
        | Event::GravityNotify(_)
        | Event::CirculateNotify(_) => true,
        _ => false,
    }
}
