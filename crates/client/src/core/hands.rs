//! The queue of raised hands.

/// Peer ids in the order in which their hands went up.
#[derive(Debug, Default)]
pub(super) struct Hands {
    queue: Vec<String>,
}

impl Hands {
    /// Follows whether a hand is up. True if it has just gone up.
    pub(super) fn set(&mut self, peer_id: &str, raised: bool) -> bool {
        let place = self.queue.iter().position(|id| id == peer_id);
        match (place, raised) {
            (None, true) => {
                self.queue.push(peer_id.to_owned());
                true
            }
            (Some(place), false) => {
                self.queue.remove(place);
                false
            }
            _ => false,
        }
    }

    /// The place in the queue, from 1.
    pub(super) fn place(&self, peer_id: &str) -> Option<u32> {
        let place = self.queue.iter().position(|id| id == peer_id)?;
        u32::try_from(place + 1).ok()
    }

    /// Whose hands are up, in the order in which they went up.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.queue.iter().map(String::as_str)
    }

    /// How many hands are up.
    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_up_first_called() {
        let mut hands = Hands::default();
        assert!(hands.set("a", true));
        assert!(hands.set("b", true));
        assert!(!hands.set("a", true), "it is up already");
        assert_eq!((hands.place("a"), hands.place("b")), (Some(1), Some(2)));
        hands.set("a", false);
        assert_eq!((hands.place("a"), hands.place("b")), (None, Some(1)));
        hands.set("a", true);
        assert_eq!(hands.place("a"), Some(2), "raised again is at the end");
        assert_eq!(hands.len(), 2);
    }
}
