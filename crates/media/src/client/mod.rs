//! What a participant sends and gets, with sound.
//!
//! The session starts an [`Engine`] and talks to it by [`interface::Command`] and
//! [`interface::Event`]; pictures go to an [`interface::VideoSink`].

pub mod audio;
mod bitrate;
mod channel;
mod core;
mod engine;
pub mod interface;
mod network;
mod publish;
mod requests;
mod subscribe;
mod sync;

pub use audio::thread::MakeDriver;
pub use engine::{Engine, EngineError};
