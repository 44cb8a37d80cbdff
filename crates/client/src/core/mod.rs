//! The sans-IO session core: no socket, no task, no clock.

mod intent;
pub mod io;
mod session;
pub mod view;

pub use intent::Intent;
pub use session::SessionCore;
