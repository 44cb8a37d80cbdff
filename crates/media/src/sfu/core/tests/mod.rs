//! The core with real WebRTC clients, in one process, over a network and a clock that are
//! made up.

mod client;
mod layers;
mod robustness;
mod sessions;
mod source;
mod speaking;
mod world;
