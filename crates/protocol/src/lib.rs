//! What goes over the wire: the 100ms ("HMS") signalling protocol, its auth
//! tokens, and the Kulti HTTP API, as serde types that client and server share.
//!
//! Field names are the vendor's. Unknown members are ignored everywhere; a member
//! that is absent and one that is `null` are the same, unless a type says otherwise.
//! Times on the wire are integers in milliseconds since the Unix epoch.

pub mod api;
pub mod canonical_json;
pub mod chat;
pub mod init;
mod lenient;
pub mod link;
pub mod receipt;
pub mod room_code;
pub mod signalling;
pub mod store_keys;
pub mod token;
pub mod viewers;
