//! The sans-IO session core: no socket, no task, no clock.

mod intent;
pub mod io;
pub mod view;

pub use intent::Intent;
