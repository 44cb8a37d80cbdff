//! Who tells how many watch, where the server does not.

/// The host with the lowest peer id, else the lowest peer id. Everybody comes to the
/// same answer without a word. Takes peer ids and whether each is a host.
pub(super) fn elected_writer<'a>(
    participants: impl IntoIterator<Item = (&'a str, bool)>,
) -> Option<&'a str> {
    participants
        .into_iter()
        .min_by_key(|&(peer_id, is_host)| (!is_host, peer_id))
        .map(|(peer_id, _)| peer_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_elected_before_lower_ids() {
        let elected = elected_writer([("a", false), ("c", true), ("b", true)]);
        assert_eq!(elected, Some("b"));
        assert_eq!(elected_writer([("z", false), ("y", false)]), Some("y"));
        assert_eq!(elected_writer([]), None);
    }
}
