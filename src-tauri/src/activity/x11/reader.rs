//! Asks the X server what [`super::sight`] needs to know.
//!
//! Everything is asked anew each time: what is kept is only what the server tells
//! when it changes. Requests go out together, so that an answer takes a handful of
//! round trips, however many windows there are.

use std::collections::HashSet;

use x11rb::{
    connection::Connection,
    errors::ConnectionError,
    protocol::{
        randr::{self, ConnectionExt as _},
        shape::{self, ConnectionExt as _},
        xproto::{
            Atom, ChangeWindowAttributesAux, ConnectionExt as _, EventMask, GetGeometryReply,
            MapState, Window, WindowClass,
        },
    },
    rust_connection::RustConnection,
};

use super::{
    X11Error,
    cover::Rect,
    properties::{Atoms, LookAsked, ManagedAsked, ask, has_extension, is_owned, present},
    sight::{Desktop, OwnWindow, Sight, WindowAbove, sight},
};

/// Windows lie in one another no deeper than this.
const DEPTH: usize = 16;

/// Of a window with a stranger shape than this, nothing is taken to cover.
const PIECES: usize = 256;

/// As many windows are followed at once; then the oldest are forgotten.
const FOLLOWED: usize = 1_024;

/// A depth that has room for translucency.
const WITH_ALPHA: u8 = 32;

/// See the module.
pub(super) struct Reader {
    pub(super) connection: RustConnection,
    pub(super) atoms: Atoms,
    root: Window,
    own: Window,
    /// The child of the root window that our window lies in, or is.
    own_frame: Option<Window>,
    monitors: Option<Vec<Rect>>,
    compositor: Atom,
    /// What ids of windows have in common that belong to the server itself.
    server_ids: u32,
    has_shapes: bool,
    has_monitors: bool,
    /// Windows of others whose properties we hear of.
    followed: HashSet<Window>,
}

/// A window above ours, with all that was asked about it.
struct Candidate {
    frame: Window,
    client: Option<Window>,
    geometry: GetGeometryReply,
}

impl Reader {
    /// Connects, and begins to hear of everything that may change what is seen.
    pub(super) fn connect(own: Window) -> Result<Self, X11Error> {
        let (connection, screen) = x11rb::connect(None)?;
        let atoms = Atoms::new(&connection)?.reply()?;
        let name = format!("_NET_WM_CM_S{screen}");
        let compositor = connection.intern_atom(false, name.as_bytes())?.reply()?;
        let setup = connection.setup();
        let root = setup.roots.get(screen).ok_or(X11Error::NoScreen)?.root;
        let server_ids = !setup.resource_id_mask;
        let has_shapes = has_extension(&connection, shape::X11_EXTENSION_NAME)?;
        let has_monitors = has_extension(&connection, randr::X11_EXTENSION_NAME)? && {
            let version = present(connection.randr_query_version(1, 5)?.reply())?;
            version.is_some_and(|v| (v.major_version, v.minor_version) >= (1, 5))
        };
        let reader = Self {
            atoms,
            root,
            own,
            own_frame: None,
            monitors: None,
            compositor: compositor.atom,
            server_ids,
            has_shapes,
            has_monitors,
            followed: HashSet::new(),
            connection,
        };
        reader.listen()?;
        Ok(reader)
    }

    fn listen(&self) -> Result<(), X11Error> {
        let all = EventMask::SUBSTRUCTURE_NOTIFY | EventMask::PROPERTY_CHANGE;
        let of_own = EventMask::STRUCTURE_NOTIFY | EventMask::PROPERTY_CHANGE;
        for (window, mask) in [(self.root, all), (self.own, of_own)] {
            let aux = ChangeWindowAttributesAux::new().event_mask(mask);
            self.connection
                .change_window_attributes(window, &aux)?
                .check()?;
        }
        if self.has_monitors {
            let mask = randr::NotifyMask::SCREEN_CHANGE;
            self.connection.randr_select_input(self.root, mask)?;
        }
        Ok(())
    }

    /// Whether the server only passes on what a Wayland compositor shows.
    pub(super) fn is_xwayland(&self) -> Result<bool, X11Error> {
        Ok(has_extension(&self.connection, "XWAYLAND")?)
    }

    /// Our window was put into another frame.
    pub(super) fn reframed(&mut self) {
        self.own_frame = None;
    }

    /// The monitors are others now.
    pub(super) fn screen_changed(&mut self) {
        self.monitors = None;
    }

    /// A window is gone; its number may come again.
    pub(super) fn destroyed(&mut self, window: Window) {
        self.followed.remove(&window);
    }

    /// Whether our window can be seen right now.
    pub(super) fn sight(&mut self) -> Result<Sight, X11Error> {
        if self.monitors.is_none() {
            self.monitors = Some(self.read_monitors()?);
        }
        if self.own_frame.is_none() {
            self.own_frame = self.find_frame()?;
        }
        let connection = &self.connection;
        let workspace = ask(connection, self.root, self.atoms._NET_CURRENT_DESKTOP)?;
        let desktop_shown = ask(connection, self.root, self.atoms._NET_SHOWING_DESKTOP)?;
        let managed = ManagedAsked::of(connection, &self.atoms, self.own)?;
        let extents = ask(connection, self.own, self.atoms._GTK_FRAME_EXTENTS)?;
        let attributes = connection.get_window_attributes(self.own)?;
        let geometry = connection.get_geometry(self.own)?;
        let corner = connection.translate_coordinates(self.own, self.root, 0, 0)?;

        let desktop = Desktop {
            workspace: workspace.number()?,
            desktop_shown: desktop_shown.number()? == Some(1),
            monitors: self.monitors.clone().unwrap_or_default(),
            composited: is_owned(connection, self.compositor)?,
        };
        let attributes = present(attributes.reply())?.ok_or(X11Error::WindowGone)?;
        let geometry = present(geometry.reply())?.ok_or(X11Error::WindowGone)?;
        let corner = present(corner.reply())?.ok_or(X11Error::WindowGone)?;
        let whole = Rect::at(
            corner.dst_x.into(),
            corner.dst_y.into(),
            geometry.width,
            geometry.height,
        );
        let own = OwnWindow {
            managed: managed.answer(&self.atoms)?,
            viewable: attributes.map_state == MapState::VIEWABLE,
            content: without_shadow(whole, &extents.numbers()?),
        };
        if let Some(reason) = own.out_of_sight(&desktop) {
            return Ok(reason);
        }
        let area = own.on_screen(&desktop);
        let candidates = self.above(&area)?;
        let above = self.look_at(&candidates)?;
        self.follow(&candidates)?;
        Ok(sight(&own, &desktop, &above))
    }

    fn read_monitors(&self) -> Result<Vec<Rect>, X11Error> {
        if self.has_monitors {
            let monitors = self.connection.randr_get_monitors(self.root, true)?;
            let monitors = present(monitors.reply())?.map_or_else(Vec::new, |m| m.monitors);
            if !monitors.is_empty() {
                let area =
                    |m: &randr::MonitorInfo| Rect::at(m.x.into(), m.y.into(), m.width, m.height);
                return Ok(monitors.iter().map(area).collect());
            }
        }
        let root = self.connection.get_geometry(self.root)?.reply()?;
        Ok(vec![Rect::at(0, 0, root.width, root.height)])
    }

    fn find_frame(&self) -> Result<Option<Window>, X11Error> {
        let mut window = self.own;
        for _ in 0..DEPTH {
            let tree = present(self.connection.query_tree(window)?.reply())?;
            let parent = tree.ok_or(X11Error::WindowGone)?.parent;
            if parent == self.root {
                return Ok(Some(window));
            }
            window = parent;
        }
        Ok(None)
    }

    /// The mapped windows above ours that take some of its area.
    fn above(&self, area: &[Rect]) -> Result<Vec<Candidate>, X11Error> {
        let connection = &self.connection;
        let tree = connection.query_tree(self.root)?.reply()?;
        let Some(frame) = self.own_frame else {
            return Ok(Vec::new());
        };
        let above = tree.children.iter().rev().take_while(|w| **w != frame);
        let mut asked = Vec::new();
        // The server's own windows are the compositor's canvas, which shows the others.
        for window in above.copied().filter(|w| w & self.server_ids != 0) {
            let attributes = connection.get_window_attributes(window)?;
            asked.push((window, attributes, connection.get_geometry(window)?));
        }
        let mut found = Vec::new();
        for (window, attributes, geometry) in asked {
            let (attributes, geometry) = (present(attributes.reply())?, present(geometry.reply())?);
            let (Some(attributes), Some(geometry)) = (attributes, geometry) else {
                continue;
            };
            let is_drawn = attributes.map_state == MapState::VIEWABLE
                && attributes.class == WindowClass::INPUT_OUTPUT;
            if is_drawn && area.iter().any(|part| part.meets(outline(&geometry))) {
                found.push(Candidate {
                    frame: window,
                    client: None,
                    geometry,
                });
            }
        }
        if !found.is_empty() {
            self.find_clients(&mut found)?;
        }
        Ok(found)
    }

    /// Finds what lies in the frames of the window manager.
    fn find_clients(&self, candidates: &mut [Candidate]) -> Result<(), X11Error> {
        let clients = ask(
            &self.connection,
            self.root,
            self.atoms._NET_CLIENT_LIST_STACKING,
        )?;
        let clients: HashSet<Window> = clients.numbers()?.into_iter().collect();
        for candidate in candidates {
            // Frames have one or two levels.
            let mut level = vec![candidate.frame];
            for _ in 0..3 {
                candidate.client = level.iter().copied().find(|w| clients.contains(w));
                if candidate.client.is_some() || level.is_empty() {
                    break;
                }
                let mut asked = Vec::new();
                for window in level.drain(..).take(PIECES) {
                    asked.push(self.connection.query_tree(window)?);
                }
                for tree in asked {
                    level.extend(present(tree.reply())?.into_iter().flat_map(|t| t.children));
                }
            }
        }
        Ok(())
    }

    fn look_at(&self, candidates: &[Candidate]) -> Result<Vec<WindowAbove>, ConnectionError> {
        let connection = &self.connection;
        let mut asked = Vec::new();
        for candidate in candidates {
            let client = candidate.client.unwrap_or(candidate.frame);
            let managed = candidate
                .client
                .map(|client| ManagedAsked::of(connection, &self.atoms, client))
                .transpose()?;
            let look = LookAsked::of(connection, &self.atoms, client)?;
            let opacity = ask(
                connection,
                candidate.frame,
                self.atoms._NET_WM_WINDOW_OPACITY,
            )?;
            let corner = connection.translate_coordinates(client, self.root, 0, 0)?;
            let shape = if self.has_shapes {
                Some(connection.shape_get_rectangles(candidate.frame, shape::SK::BOUNDING)?)
            } else {
                None
            };
            asked.push((candidate, managed, look, opacity, corner, shape));
        }
        let mut above = Vec::new();
        for (candidate, managed, look, opacity, corner, shape) in asked {
            let managed = managed.map(|m| m.answer(&self.atoms)).transpose()?;
            let look = look.answer(&self.atoms)?;
            let frame_faded = opacity.number()?.is_some_and(|opacity| opacity < u32::MAX);
            let corner = present(corner.reply())?;
            let geometry = &candidate.geometry;
            let area = match shape {
                None => vec![outline(geometry)],
                Some(shape) => {
                    let border = i32::from(geometry.border_width);
                    let left = i32::from(geometry.x) + border;
                    let top = i32::from(geometry.y) + border;
                    let pieces = present(shape.reply())?.map_or_else(Vec::new, |s| s.rectangles);
                    let few = pieces.iter().filter(|_| pieces.len() <= PIECES);
                    few.map(|r| Rect::at(r.x.into(), r.y.into(), r.width, r.height))
                        .map(|r| r.moved(left, top))
                        .collect()
                }
            };
            let opaque = corner.filter(|_| !look.opaque.is_empty()).map(|corner| {
                let declared = look.opaque.iter().take(PIECES);
                declared
                    .map(|r| r.moved(corner.dst_x.into(), corner.dst_y.into()))
                    .flat_map(|r| area.iter().map(move |piece| piece.intersect(r)))
                    .filter(|part| !part.is_empty())
                    .collect()
            });
            above.push(WindowAbove {
                managed,
                opaque,
                has_alpha: geometry.depth == WITH_ALPHA,
                faded: look.faded || frame_faded,
                fleeting: look.fleeting,
                area,
            });
        }
        Ok(above)
    }

    /// Hears from now on when these windows change how they look.
    fn follow(&mut self, candidates: &[Candidate]) -> Result<(), ConnectionError> {
        if self.followed.len() > FOLLOWED {
            self.followed.clear();
        }
        let aux = ChangeWindowAttributesAux::new().event_mask(EventMask::PROPERTY_CHANGE);
        for candidate in candidates {
            let windows = [Some(candidate.frame), candidate.client];
            for window in windows.into_iter().flatten() {
                if self.followed.insert(window) {
                    let asked = self.connection.change_window_attributes(window, &aux)?;
                    asked.ignore_error();
                }
            }
        }
        self.connection.flush()
    }
}

/// Where a child of the root window is, its border included.
fn outline(geometry: &GetGeometryReply) -> Rect {
    let both = geometry.border_width.saturating_mul(2);
    Rect::at(
        geometry.x.into(),
        geometry.y.into(),
        geometry.width.saturating_add(both),
        geometry.height.saturating_add(both),
    )
}

/// GTK draws shadows into windows that it frames itself: left, right, top, bottom.
fn without_shadow(whole: Rect, extents: &[u32]) -> Rect {
    let [left, right, top, bottom] = *extents else {
        return whole;
    };
    let width = |extent: u32| i32::try_from(extent).unwrap_or(0);
    Rect {
        left: whole.left.saturating_add(width(left)),
        top: whole.top.saturating_add(width(top)),
        right: whole.right.saturating_sub(width(right)),
        bottom: whole.bottom.saturating_sub(width(bottom)),
    }
}
