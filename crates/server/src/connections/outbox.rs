//! What waits to be written to one receiver.
//!
//! Store values are state, not a log: while a value waits, a newer one of the same
//! key takes its place at the end of the queue, so a slow receiver gets the newest of
//! each key and never an old one after it.

use std::collections::{HashMap, VecDeque};
use std::io::IoSlice;
use std::sync::Arc;

use bytes::Bytes;

use crate::room::{Class, Frame};

/// So many frames are handed to one write at most.
pub(super) const GATHERED: usize = 64;
/// An emptied queue keeps room for so many frames.
const SPARE: usize = 8;

#[derive(Debug)]
struct Waiting {
    /// Empty where a newer value has taken its place.
    bytes: Bytes,
    key: Option<Arc<str>>,
    /// Whether a frame starts with this; else it goes on.
    starts: bool,
}

/// Frames in the order in which they must leave.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    queue: VecDeque<Waiting>,
    /// Bytes of the first frame that have left.
    written: usize,
    /// Bytes that wait.
    bytes: usize,
    /// Number of the first frame, counted over the connection's life.
    first: u64,
    /// The frame that waits with a key's value.
    by_key: HashMap<Arc<str>, u64>,
}

impl Outbox {
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Bytes that wait.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds a frame at the end. True if an older value of its key was dropped for it.
    pub(super) fn push(&mut self, frame: &Frame, class: &Class) -> bool {
        let key = match class {
            Class::Value(key) => Some(key.clone()),
            Class::Ordinary | Class::Presence => None,
        };
        let replaced = key.as_ref().is_some_and(|key| self.drop_older(key));
        for (n, part) in frame.parts().iter().enumerate() {
            self.push_bytes(part.clone(), key.clone(), n == 0);
        }
        replaced
    }

    /// Adds whole frames that are not to be replaced.
    pub(super) fn push_whole(&mut self, bytes: Bytes) {
        self.push_bytes(bytes, None, true);
    }

    fn push_bytes(&mut self, bytes: Bytes, key: Option<Arc<str>>, starts: bool) {
        self.bytes += bytes.len();
        if let (Some(key), false) = (&key, self.queue.is_empty()) {
            // The first frame is found without the map: an outbox that never holds
            // more than one needs none.
            let number = self.first + self.queue.len() as u64;
            self.by_key.insert(key.clone(), number);
        }
        self.queue.push_back(Waiting { bytes, key, starts });
    }

    fn drop_older(&mut self, key: &Arc<str>) -> bool {
        // Of a frame that has half left, the other half must follow.
        let front = self.queue.front().filter(|_| self.written == 0);
        let index = match front {
            Some(front) if front.key.as_ref() == Some(key) => Some(0),
            _ => self
                .by_key
                .remove(key)
                .and_then(|number| usize::try_from(number.checked_sub(self.first)?).ok()),
        };
        let Some(index) = index.filter(|index| *index > 0 || self.written == 0) else {
            return false;
        };
        let Some(older) = self.queue.get_mut(index) else {
            return false;
        };
        self.bytes -= older.bytes.len();
        older.bytes = Bytes::new();
        older.key = None;
        self.skip_dropped();
        true
    }

    /// The frames that come first, for one gathering write. Returns how many.
    pub(super) fn gather<'a>(&'a self, slices: &mut [IoSlice<'a>; GATHERED]) -> usize {
        let mut count = 0;
        let mut skip = self.written;
        for waiting in &self.queue {
            if count == GATHERED {
                break;
            }
            if !waiting.bytes.is_empty() {
                slices[count] = IoSlice::new(&waiting.bytes[skip..]);
                count += 1;
            }
            skip = 0;
        }
        count
    }

    /// Takes up to `limit` of the bytes that come first: from now on they count as
    /// written, so no newer value can take the place of what is on its way.
    pub(super) fn take_front(&mut self, limit: usize, into: &mut Vec<u8>) {
        let mut skip = self.written;
        let mut taken = 0;
        for waiting in &self.queue {
            let rest = &waiting.bytes[skip..];
            let count = rest.len().min(limit - taken);
            into.extend_from_slice(&rest[..count]);
            taken += count;
            if taken == limit {
                break;
            }
            skip = 0;
        }
        self.advance(taken);
    }

    /// `count` bytes have left.
    pub(super) fn advance(&mut self, mut count: usize) {
        self.bytes = self.bytes.saturating_sub(count);
        while let Some(front) = self.queue.front() {
            let rest = front.bytes.len() - self.written;
            if count < rest {
                self.written += count;
                break;
            }
            count -= rest;
            self.written = 0;
            self.pop_front();
        }
        self.skip_dropped();
    }

    fn pop_front(&mut self) {
        if let Some(front) = self.queue.pop_front() {
            if let Some(key) = &front.key
                && self.by_key.get(key) == Some(&self.first)
            {
                self.by_key.remove(key);
            }
            self.first += 1;
        }
        if self.queue.is_empty() && self.queue.capacity() > SPARE {
            self.queue.shrink_to(SPARE);
            self.by_key = HashMap::new();
        }
    }

    /// Dropped frames at the front are none to wait for.
    fn skip_dropped(&mut self) {
        while self.written == 0
            && self
                .queue
                .front()
                .is_some_and(|front| front.bytes.is_empty())
        {
            self.pop_front();
        }
    }

    /// Forgets all frames of which nothing has left.
    pub(super) fn drop_unwritten(&mut self) {
        let begun = |(n, waiting): (usize, &Waiting)| !waiting.starts || n == 0 && self.written > 0;
        let keep = self
            .queue
            .iter()
            .enumerate()
            .take_while(|part| begun(*part))
            .count();
        self.queue.truncate(keep);
        self.by_key.clear();
        let bytes: usize = self.queue.iter().map(|waiting| waiting.bytes.len()).sum();
        self.bytes = bytes - self.written;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn frame(key: u8, value: u32) -> Frame {
        Frame::notification("v", &(key, value))
    }

    fn class(key: u8) -> Class {
        if key == 0 {
            Class::Ordinary
        } else {
            Class::Value(Arc::from(format!("k{key}")))
        }
    }

    fn drain(outbox: &mut Outbox, at_most: usize, into: &mut Vec<u8>) {
        let mut slices = [IoSlice::new(&[]); GATHERED];
        let count = outbox.gather(&mut slices);
        let all: Vec<u8> = slices[..count]
            .iter()
            .flat_map(|slice| slice.to_vec())
            .collect();
        let taken = at_most.min(all.len());
        into.extend_from_slice(&all[..taken]);
        outbox.advance(taken);
    }

    fn take(outbox: &mut Outbox, at_most: usize, into: &mut Vec<u8>) {
        outbox.take_front(at_most, into);
    }

    /// Splits written bytes at their headers (all test frames are short).
    fn messages(mut bytes: &[u8]) -> Vec<(u8, u32)> {
        let mut messages = Vec::new();
        while bytes.len() >= 2 {
            let len = 2 + usize::from(bytes[1]);
            let json: serde_json::Value = serde_json::from_slice(&bytes[2..len]).unwrap();
            messages.push(serde_json::from_value(json["params"].clone()).unwrap());
            bytes = &bytes[len..];
        }
        assert!(bytes.is_empty(), "a frame was cut");
        messages
    }

    proptest! {
        /// Whatever is written when: frames are whole, ordinary ones all arrive in
        /// order, and the last value of each key is the newest, in increasing order.
        #[test]
        fn the_newest_value_of_each_key_arrives_and_every_other_frame(
            steps in prop::collection::vec((0u8..4, 0usize..60), 1..200),
            takes in any::<bool>(),
        ) {
            let drain = if takes { take } else { drain };
            let mut outbox = Outbox::default();
            let mut wire = Vec::new();
            let mut newest = HashMap::new();
            let mut ordinary = Vec::new();
            for (value, (key, written)) in steps.into_iter().enumerate() {
                let value = u32::try_from(value).unwrap();
                outbox.push(&frame(key, value), &class(key));
                newest.insert(key, value);
                if key == 0 {
                    ordinary.push(value);
                }
                drain(&mut outbox, written, &mut wire);
            }
            while !outbox.is_empty() {
                prop_assert!(outbox.bytes() > 0);
                drain(&mut outbox, 1_000, &mut wire);
            }
            prop_assert_eq!(outbox.bytes(), 0);
            let arrived = messages(&wire);
            for key in 0..4u8 {
                let values: Vec<u32> =
                    arrived.iter().filter(|(k, _)| *k == key).map(|(_, v)| *v).collect();
                prop_assert!(values.is_sorted(), "an older value came after a newer one");
                prop_assert_eq!(values.last(), newest.get(&key));
                if key == 0 {
                    prop_assert_eq!(&values, &ordinary);
                }
            }
        }
    }

    #[test]
    fn a_receiver_that_takes_nothing_has_one_value_of_each_key_waiting() {
        let mut outbox = Outbox::default();
        for value in 0..10_000 {
            outbox.push(&frame(1, value), &class(1));
            outbox.push(&frame(2, value), &class(2));
        }
        assert!(outbox.bytes() < 200, "{} bytes wait", outbox.bytes());
        drain(&mut outbox, 5, &mut Vec::new());
        for value in 0..10_000 {
            outbox.push(&frame(1, value), &class(1));
            outbox.push(&frame(2, value), &class(2));
        }
        assert!(outbox.bytes() < 200, "{} bytes wait", outbox.bytes());
    }

    #[test]
    fn a_frame_in_parts_is_finished_wherever_its_writing_was_broken_off() {
        let whole = frame(0, 7);
        let wire = whole.parts().concat();
        for written in 0..wire.len() {
            let mut outbox = Outbox::default();
            let parts: Vec<Bytes> = wire[2..].chunks(5).map(Bytes::copy_from_slice).collect();
            outbox.push(&Frame::of_parts(parts), &class(0));
            outbox.push(&frame(0, 8), &class(0));
            let mut left = Vec::new();
            drain(&mut outbox, written, &mut left);
            outbox.drop_unwritten();
            assert_eq!(
                outbox.bytes(),
                if written == 0 {
                    0
                } else {
                    wire.len() - written
                }
            );
            drain(&mut outbox, 1_000, &mut left);
            assert_eq!(
                left,
                if written == 0 {
                    Vec::new()
                } else {
                    wire.clone()
                }
            );
            assert!(outbox.is_empty());
        }
    }

    #[test]
    fn what_is_half_written_is_finished() {
        let mut outbox = Outbox::default();
        let mut wire = Vec::new();
        outbox.push(&frame(1, 1), &class(1));
        outbox.push(&frame(0, 2), &class(0));
        drain(&mut outbox, 3, &mut wire);
        outbox.push(&frame(1, 3), &class(1));
        outbox.drop_unwritten();
        drain(&mut outbox, 1_000, &mut wire);
        assert_eq!(messages(&wire), [(1, 1)]);
        assert!(outbox.is_empty());
    }
}
