//! Roles, what they may do, and who may write which key of the session store.
