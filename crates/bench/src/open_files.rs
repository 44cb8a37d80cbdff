//! How many files this process may have open: each connection is one.

/// Open files besides the connections.
const OTHERS: usize = 100;

/// Raises the limit to what the system lets this user have; servers inherit it.
pub(crate) fn raise_limit() {
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        println!("note: the limit of open files cannot be raised ({error})");
    }
}

/// As many of `wanted` connections as the limit allows.
pub(crate) fn connections(wanted: usize) -> usize {
    let limit = rlimit::getrlimit(rlimit::Resource::NOFILE).map_or(1_024, |(soft, _)| soft);
    let allowed = usize::try_from(limit).unwrap_or(usize::MAX);
    wanted.min(allowed.saturating_sub(OTHERS))
}
