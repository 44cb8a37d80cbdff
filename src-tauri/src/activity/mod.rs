//! What the operating system tells about the person's watching, as
//! [`kulti_watch::Signal`]s. One file per source.

pub mod window;
