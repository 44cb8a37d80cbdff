//! How many connections there are: in all, of an address, of a user.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use thiserror::Error;

use super::ConnectionLimits;
use crate::metrics::METRICS;

/// Which limit a connection would break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum TooMany {
    #[error("the server has no room for more connections: try again later")]
    InAll,
    #[error("there are too many connections from your address")]
    OfAddress,
    #[error("you have too many connections to this room: close some")]
    OfUser,
}

/// A user in a room.
type UserInRoom = (String, String);

#[derive(Debug, Default)]
struct Counts {
    total: usize,
    of_address: HashMap<IpAddr, usize>,
    of_user: HashMap<UserInRoom, usize>,
}

/// Counts the connections that are open.
#[derive(Debug, Clone, Default)]
pub(super) struct Census {
    counts: Arc<Mutex<Counts>>,
}

/// One connection's place; dropping it gives it back.
#[derive(Debug)]
pub(super) struct Place {
    counts: Arc<Mutex<Counts>>,
    address: Option<IpAddr>,
    user: UserInRoom,
}

impl Census {
    /// Takes a place for a connection of `user` in `room`.
    pub(super) fn enter(
        &self,
        address: Option<IpAddr>,
        room: &str,
        user: &str,
        limits: &ConnectionLimits,
    ) -> Result<Place, TooMany> {
        let user = (room.to_owned(), user.to_owned());
        let mut counts = self.counts.lock();
        if counts.total >= limits.total {
            return Err(TooMany::InAll);
        }
        if counts
            .of_user
            .get(&user)
            .is_some_and(|count| *count >= limits.per_user)
        {
            return Err(TooMany::OfUser);
        }
        if let Some(address) = address {
            let of_address = counts.of_address.entry(address).or_default();
            if *of_address >= limits.per_address {
                return Err(TooMany::OfAddress);
            }
            *of_address += 1;
        }
        counts.total += 1;
        *counts.of_user.entry(user.clone()).or_default() += 1;
        METRICS.connections.add(1);
        drop(counts);
        Ok(Place {
            counts: self.counts.clone(),
            address,
            user,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.counts.lock();
        counts.total -= 1;
        if let Some(address) = &self.address {
            leave(&mut counts.of_address, address);
        }
        leave(&mut counts.of_user, &self.user);
        METRICS.connections.add(-1);
    }
}

fn leave<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn places_are_limited_and_given_back() {
        let census = Census::default();
        let limits = ConnectionLimits {
            total: 4,
            per_user: 2,
            per_address: 3,
            ..ConnectionLimits::default()
        };
        let here = Some(IpAddr::from([127, 0, 0, 1]));
        let there = Some(IpAddr::from([127, 0, 0, 2]));
        let enter = |address, user| census.enter(address, "r", user, &limits);
        let first = enter(here, "ann").unwrap();
        let _second = enter(here, "ann").unwrap();
        assert_eq!(enter(there, "ann").unwrap_err(), TooMany::OfUser);
        let _third = enter(here, "bob").unwrap();
        assert_eq!(enter(here, "eve").unwrap_err(), TooMany::OfAddress);
        let _fourth = enter(there, "eve").unwrap();
        assert_eq!(enter(there, "joe").unwrap_err(), TooMany::InAll);
        drop(first);
        drop(enter(here, "ann").unwrap());
        let counts = census.counts.lock();
        assert_eq!(counts.total, 3);
        assert_eq!(counts.of_address.values().sum::<usize>(), 3);
    }
}
