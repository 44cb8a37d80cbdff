//! What a participant sends and gets, with sound.
//!
//! The session starts an [`Engine`] and talks to it by [`interface::Command`] and
//! [`interface::Event`]; pictures go to an [`interface::VideoSink`]. Without the feature
//! `client` there are only those words, for whoever decides what is said.

#[cfg(feature = "client")]
pub mod audio;
#[cfg(feature = "client")]
mod bitrate;
#[cfg(feature = "client")]
mod channel;
#[cfg(feature = "client")]
mod core;
#[cfg(feature = "client")]
mod engine;
pub mod interface;
#[cfg(feature = "client")]
mod network;
#[cfg(feature = "client")]
mod publish;
#[cfg(feature = "client")]
mod requests;
#[cfg(feature = "client")]
mod subscribe;
#[cfg(feature = "client")]
mod sync;

#[cfg(feature = "client")]
pub use audio::thread::MakeDriver;
#[cfg(feature = "client")]
pub use engine::{Engine, EngineError};
