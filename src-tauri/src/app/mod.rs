//! The app without its window: home, settings, joining, hosting. No Tauri in here,
//! so that the same app runs behind the desktop window and, for tests, behind a browser.

pub mod model;
