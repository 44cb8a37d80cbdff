//! Properties of windows, as the window manager and other programs set them.

use x11rb::{
    connection::RequestConnection,
    cookie::Cookie,
    errors::{ConnectionError, ReplyError},
    protocol::xproto::{Atom, AtomEnum, ConnectionExt as _, GetPropertyReply, Window},
    rust_connection::RustConnection,
};

use super::{cover::Rect, sight::Managed};

/// How many numbers of one property are read: window lists and regions are shorter.
const LONGEST: u32 = 4_096;

/// `WM_STATE`: not shown at all, and minimised.
const WITHDRAWN: u32 = 0;
const ICONIC: u32 = 3;

/// `_NET_WM_WINDOW_OPACITY` of a window that is not translucent.
const SOLID: u32 = u32::MAX;

x11rb::atom_manager! {
    /// The names that are asked for.
    pub(super) Atoms: AtomsCookie {
        WM_STATE,
        _GTK_FRAME_EXTENTS,
        _NET_CLIENT_LIST_STACKING,
        _NET_CURRENT_DESKTOP,
        _NET_SHOWING_DESKTOP,
        _NET_WM_DESKTOP,
        _NET_WM_OPAQUE_REGION,
        _NET_WM_STATE,
        _NET_WM_STATE_HIDDEN,
        _NET_WM_STATE_SHADED,
        _NET_WM_WINDOW_OPACITY,
        _NET_WM_WINDOW_TYPE,
        _NET_WM_WINDOW_TYPE_COMBO,
        _NET_WM_WINDOW_TYPE_DND,
        _NET_WM_WINDOW_TYPE_DROPDOWN_MENU,
        _NET_WM_WINDOW_TYPE_NOTIFICATION,
        _NET_WM_WINDOW_TYPE_POPUP_MENU,
        _NET_WM_WINDOW_TYPE_SPLASH,
        _NET_WM_WINDOW_TYPE_TOOLTIP,
    }
}

impl Atoms {
    /// Whether a change of this property can change what is seen.
    pub(super) fn matters(&self, property: Atom) -> bool {
        [
            self.WM_STATE,
            self._GTK_FRAME_EXTENTS,
            self._NET_CLIENT_LIST_STACKING,
            self._NET_CURRENT_DESKTOP,
            self._NET_SHOWING_DESKTOP,
            self._NET_WM_DESKTOP,
            self._NET_WM_OPAQUE_REGION,
            self._NET_WM_STATE,
            self._NET_WM_WINDOW_OPACITY,
            self._NET_WM_WINDOW_TYPE,
        ]
        .contains(&property)
    }
}

/// A property that has been asked for.
pub(super) struct Asked<'c>(Cookie<'c, RustConnection, GetPropertyReply>);

/// Asks for a property; many can be under way at once.
pub(super) fn ask(
    connection: &RustConnection,
    window: Window,
    property: Atom,
) -> Result<Asked<'_>, ConnectionError> {
    connection
        .get_property(false, window, property, AtomEnum::ANY, 0, LONGEST)
        .map(Asked)
}

impl Asked<'_> {
    /// Its numbers; none if the window has no such property, or is gone.
    pub(super) fn numbers(self) -> Result<Vec<u32>, ConnectionError> {
        let reply = present(self.0.reply())?;
        let numbers = reply.as_ref().and_then(GetPropertyReply::value32);
        Ok(numbers.map(Iterator::collect).unwrap_or_default())
    }

    /// Its first number.
    pub(super) fn number(self) -> Result<Option<u32>, ConnectionError> {
        Ok(self.numbers()?.first().copied())
    }
}

/// A reply about a window, or none: other programs' windows come and go as they like.
pub(super) fn present<T>(reply: Result<T, ReplyError>) -> Result<Option<T>, ConnectionError> {
    match reply {
        Ok(reply) => Ok(Some(reply)),
        Err(ReplyError::X11Error(_)) => Ok(None),
        Err(ReplyError::ConnectionError(error)) => Err(error),
    }
}

/// What the window manager says of a window, asked for.
pub(super) struct ManagedAsked<'c> {
    icccm: Asked<'c>,
    state: Asked<'c>,
    workspace: Asked<'c>,
}

impl<'c> ManagedAsked<'c> {
    pub(super) fn of(
        connection: &'c RustConnection,
        atoms: &Atoms,
        window: Window,
    ) -> Result<Self, ConnectionError> {
        Ok(Self {
            icccm: ask(connection, window, atoms.WM_STATE)?,
            state: ask(connection, window, atoms._NET_WM_STATE)?,
            workspace: ask(connection, window, atoms._NET_WM_DESKTOP)?,
        })
    }

    pub(super) fn answer(self, atoms: &Atoms) -> Result<Managed, ConnectionError> {
        let icccm = self.icccm.number()?;
        let state = self.state.numbers()?;
        let away = [atoms._NET_WM_STATE_HIDDEN, atoms._NET_WM_STATE_SHADED];
        Ok(Managed {
            put_away: matches!(icccm, Some(WITHDRAWN | ICONIC))
                || state.iter().any(|one| away.contains(one)),
            workspace: self.workspace.number()?,
        })
    }
}

/// How a window looks, asked for.
pub(super) struct LookAsked<'c> {
    types: Asked<'c>,
    opacity: Asked<'c>,
    opaque: Asked<'c>,
}

/// How a window looks.
pub(super) struct Look {
    pub(super) fleeting: bool,
    pub(super) faded: bool,
    /// What it declares to be opaque, from its own corner.
    pub(super) opaque: Vec<Rect>,
}

impl<'c> LookAsked<'c> {
    pub(super) fn of(
        connection: &'c RustConnection,
        atoms: &Atoms,
        window: Window,
    ) -> Result<Self, ConnectionError> {
        Ok(Self {
            types: ask(connection, window, atoms._NET_WM_WINDOW_TYPE)?,
            opacity: ask(connection, window, atoms._NET_WM_WINDOW_OPACITY)?,
            opaque: ask(connection, window, atoms._NET_WM_OPAQUE_REGION)?,
        })
    }

    pub(super) fn answer(self, atoms: &Atoms) -> Result<Look, ConnectionError> {
        let fleeting = [
            atoms._NET_WM_WINDOW_TYPE_COMBO,
            atoms._NET_WM_WINDOW_TYPE_DND,
            atoms._NET_WM_WINDOW_TYPE_DROPDOWN_MENU,
            atoms._NET_WM_WINDOW_TYPE_NOTIFICATION,
            atoms._NET_WM_WINDOW_TYPE_POPUP_MENU,
            atoms._NET_WM_WINDOW_TYPE_SPLASH,
            atoms._NET_WM_WINDOW_TYPE_TOOLTIP,
        ];
        let types = self.types.numbers()?;
        Ok(Look {
            fleeting: types.iter().any(|one| fleeting.contains(one)),
            faded: self
                .opacity
                .number()?
                .is_some_and(|opacity| opacity < SOLID),
            opaque: rectangles(&self.opaque.numbers()?),
        })
    }
}

/// x, y, width and height, again and again. What is no rectangle is left out.
fn rectangles(numbers: &[u32]) -> Vec<Rect> {
    let small = |number: u32| i32::try_from(number).ok();
    numbers
        .as_chunks::<4>()
        .0
        .iter()
        .filter_map(|&[left, top, width, height]| {
            let (left, top) = (left.cast_signed(), top.cast_signed());
            Some(Rect {
                left,
                top,
                right: left.checked_add(small(width)?)?,
                bottom: top.checked_add(small(height)?)?,
            })
        })
        .collect()
}

/// Whether someone owns a selection: how compositors say that they are there.
pub(super) fn is_owned(
    connection: &RustConnection,
    selection: Atom,
) -> Result<bool, ConnectionError> {
    let reply = present(connection.get_selection_owner(selection)?.reply())?;
    Ok(reply.is_some_and(|reply| reply.owner != x11rb::NONE))
}

/// Whether the server has an extension.
pub(super) fn has_extension(
    connection: &RustConnection,
    name: &'static str,
) -> Result<bool, ConnectionError> {
    Ok(connection.extension_information(name)?.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_of_strangers_are_read_with_care() {
        let odd = [0, 0, 10, 10, 5, 5, u32::MAX, 1, u32::MAX, 0, 20, 20, 7];
        assert_eq!(
            rectangles(&odd),
            [Rect::at(0, 0, 10, 10), Rect::at(-1, 0, 20, 20)]
        );
    }
}
