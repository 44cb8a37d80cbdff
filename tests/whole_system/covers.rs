//! Other programs' windows, to lie over the app's.

use std::process::Command;

use x11rb::{
    COPY_DEPTH_FROM_PARENT,
    connection::Connection as _,
    protocol::xproto::{
        AtomEnum, ConnectionExt as _, CreateWindowAux, MapState, PropMode, Window, WindowClass,
    },
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

use crate::waiting::until;

/// A plain opaque window that no window manager looks after; gone when dropped.
pub(crate) struct Cover {
    connection: RustConnection,
    window: Window,
}

impl Cover {
    /// Opens it on top of everything, and waits until it is there.
    pub(crate) fn open(x: i16, y: i16, width: u16, height: u16) -> Self {
        let (connection, window) = create(x, y, width, height, true);
        connection.map_window(window).expect("sent");
        let attributes = connection.get_window_attributes(window).expect("sent");
        let attributes = attributes.reply().expect("it is there");
        assert_eq!(attributes.map_state, MapState::VIEWABLE);
        Self { connection, window }
    }

    /// Closes it, and waits until it is gone.
    pub(crate) fn close(self) {
        drop(self);
    }
}

impl Drop for Cover {
    fn drop(&mut self) {
        let _ = self.connection.destroy_window(self.window);
        let _ = self.connection.sync();
    }
}

/// A small window that the window manager looks after and that can have the focus.
pub(crate) struct OtherWindow {
    title: String,
    cover: Cover,
}

impl OtherWindow {
    pub(crate) fn open(title: &str) -> Self {
        let (connection, window) = create(40, 40, 300, 200, false);
        let property = connection.change_property8(
            PropMode::REPLACE,
            window,
            AtomEnum::WM_NAME,
            AtomEnum::STRING,
            title.as_bytes(),
        );
        property.expect("sent");
        connection.map_window(window).expect("sent");
        connection.sync().expect("the display answers");
        Self {
            title: title.to_owned(),
            cover: Cover { connection, window },
        }
    }

    /// Gives it the focus, and waits until it has it.
    pub(crate) async fn activate(&self) {
        until("the other window has the focus", || async {
            let status = Command::new("wmctrl").args(["-a", &self.title]).status();
            let active = Command::new("xdotool").arg("getactivewindow").output();
            let active = active.map(|o| String::from_utf8_lossy(&o.stdout).trim().to_owned());
            let is_active = active.is_ok_and(|a| a == self.cover.window.to_string());
            (is_active && status.is_ok_and(|status| status.success())).then_some(())
        })
        .await;
    }
}

/// Whether something of the window with this number lies on the screen, apart from what
/// is above it. Window managers let windows slide to their place from outside.
pub(crate) fn is_on_screen(window: &str) -> bool {
    let (connection, screen) = x11rb::connect(None).expect("the display");
    let screen = &connection.setup().roots[screen];
    let window: Window = window.parse().expect("a number");
    let attributes = connection.get_window_attributes(window).expect("sent");
    let attributes = attributes.reply().expect("it is there");
    let place = connection.translate_coordinates(window, screen.root, 0, 0);
    let place = place.expect("sent").reply().expect("it is there");
    let size = connection.get_geometry(window).expect("sent");
    let size = size.reply().expect("it is there");
    let within = |at: i16, length: u16, room: u16| {
        i32::from(at) < i32::from(room) && i32::from(at) + i32::from(length) > 0
    };
    attributes.map_state == MapState::VIEWABLE
        && within(place.dst_x, size.width, screen.width_in_pixels)
        && within(place.dst_y, size.height, screen.height_in_pixels)
}

fn create(x: i16, y: i16, width: u16, height: u16, unmanaged: bool) -> (RustConnection, Window) {
    let (connection, screen) = x11rb::connect(None).expect("the display");
    let root = connection.setup().roots[screen].root;
    let window = connection.generate_id().expect("a number");
    let aux = CreateWindowAux::new()
        .override_redirect(u32::from(unmanaged))
        .background_pixel(0x0033_6699);
    connection
        .create_window(
            COPY_DEPTH_FROM_PARENT,
            window,
            root,
            x,
            y,
            width,
            height,
            0,
            WindowClass::INPUT_OUTPUT,
            0,
            &aux,
        )
        .expect("sent");
    (connection, window)
}
