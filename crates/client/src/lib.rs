//! The Kulti client: a sans-IO session core and the drivers around it.

pub mod core;
