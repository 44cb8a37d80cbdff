//! How long was this really watched: signals in, active intervals out. Sans-IO.

mod signal;

pub use signal::Signal;
