//! The Kulti client: a sans-IO session core and the drivers around it.
//!
//! [`core`] decides, [`drivers`] do: sockets, HTTP, clocks and tasks are all in
//! the latter. A program joins or hosts through [`drivers::join`].

pub mod core;
pub mod drivers;
