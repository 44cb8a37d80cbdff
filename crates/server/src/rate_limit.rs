//! Rate limits: a token bucket for each address or user. Time is passed in.

use std::{collections::HashMap, hash::Hash, net::IpAddr, net::Ipv6Addr};

use parking_lot::Mutex;

/// Buckets that are kept before full ones are swept out.
const SWEEP_AT: usize = 10_000;

/// Allows each key a burst, and so many acts a minute after it.
pub(crate) struct RateLimit<K> {
    burst: f64,
    per_ms: f64,
    buckets: Mutex<Buckets<K>>,
}

struct Buckets<K> {
    by_key: HashMap<K, Bucket>,
    sweep_at: usize,
}

#[derive(Clone, Copy)]
struct Bucket {
    left: f64,
    at_ms: u64,
}

/// Too many: how long to wait for the next one, in whole seconds, at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RetryAfter(pub(crate) u64);

impl<K: Eq + Hash> RateLimit<K> {
    pub(crate) fn new(burst: u32, per_minute: u32) -> Self {
        Self {
            burst: f64::from(burst.max(1)),
            per_ms: f64::from(per_minute) / 60_000.0,
            buckets: Mutex::new(Buckets {
                by_key: HashMap::new(),
                sweep_at: SWEEP_AT,
            }),
        }
    }

    /// Takes one from the key's bucket.
    pub(crate) fn take(&self, key: K, now_ms: u64) -> Result<(), RetryAfter> {
        let mut buckets = self.buckets.lock();
        self.sweep(&mut buckets, now_ms);
        let bucket = buckets.by_key.entry(key).or_insert(Bucket {
            left: self.burst,
            at_ms: now_ms,
        });
        *bucket = self.refilled(*bucket, now_ms);
        self.check(*bucket)?;
        bucket.left -= 1.0;
        Ok(())
    }

    /// Whether [`RateLimit::take`] would succeed; takes nothing.
    pub(crate) fn peek(&self, key: &K, now_ms: u64) -> Result<(), RetryAfter> {
        match self.buckets.lock().by_key.get(key) {
            Some(bucket) => self.check(self.refilled(*bucket, now_ms)),
            None => Ok(()),
        }
    }

    fn check(&self, bucket: Bucket) -> Result<(), RetryAfter> {
        if bucket.left >= 1.0 {
            return Ok(());
        }
        let missing = 1.0 - bucket.left;
        let seconds = if self.per_ms > 0.0 {
            (missing / self.per_ms / 1_000.0).ceil()
        } else {
            3_600.0
        };
        // A float this small converts exactly.
        Err(RetryAfter(seconds.clamp(1.0, 86_400.0) as u64))
    }

    fn refilled(&self, bucket: Bucket, now_ms: u64) -> Bucket {
        let elapsed = now_ms.saturating_sub(bucket.at_ms) as f64;
        Bucket {
            left: (bucket.left + elapsed * self.per_ms).min(self.burst),
            at_ms: now_ms.max(bucket.at_ms),
        }
    }

    /// Full buckets say nothing: they can go. What is left sets the next mark, so that
    /// sweeping stays cheap however many addresses attack.
    fn sweep(&self, buckets: &mut Buckets<K>, now_ms: u64) {
        if buckets.by_key.len() < buckets.sweep_at {
            return;
        }
        buckets
            .by_key
            .retain(|_, bucket| self.refilled(*bucket, now_ms).left < self.burst);
        buckets.sweep_at = SWEEP_AT.max(buckets.by_key.len() * 2);
    }
}

/// What counts as one address: an IPv6 network of 64 bits is one customer.
pub(crate) fn address_key(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => {
                let [a, b, c, d, ..] = v6.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        },
    }
}

/// The address that a connection counts for. None for this machine's own programs, and
/// for a proxy on it with everybody behind it.
pub(crate) fn counted_address(peer: IpAddr) -> Option<IpAddr> {
    let key = address_key(peer);
    (!peer.is_loopback() && !key.is_loopback()).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_a_steady_rate() {
        let limit = RateLimit::new(3, 60);
        for _ in 0..3 {
            assert_eq!(limit.take("a", 0), Ok(()));
        }
        assert_eq!(limit.take("a", 0), Err(RetryAfter(1)));
        assert_eq!(limit.take("b", 0), Ok(()), "others are not concerned");
        assert_eq!(limit.peek(&"a", 999), Err(RetryAfter(1)));
        assert_eq!(limit.take("a", 1_000), Ok(()), "one a second comes back");
        assert_eq!(limit.take("a", 1_000), Err(RetryAfter(1)));
    }

    #[test]
    fn a_clock_that_jumps_back_gives_nothing_away() {
        let limit = RateLimit::new(1, 60);
        assert_eq!(limit.take("a", 100_000), Ok(()));
        assert!(limit.take("a", 0).is_err());
        assert!(limit.take("a", 100_500).is_err());
        assert_eq!(limit.take("a", 101_000), Ok(()));
    }

    #[test]
    fn memory_does_not_grow_with_addresses_that_are_quiet_again() {
        let limit = RateLimit::new(1, 60_000);
        for n in 0..50_000u64 {
            let _ = limit.take(n, n);
        }
        assert!(limit.buckets.lock().by_key.len() <= SWEEP_AT);
    }

    #[test]
    fn one_ipv6_customer_is_one_address() {
        let a: IpAddr = "2001:db8:1:2:3:4:5:6"
            .parse()
            .unwrap_or(IpAddr::from([0; 4]));
        let b: IpAddr = "2001:db8:1:2:ffff::1"
            .parse()
            .unwrap_or(IpAddr::from([0; 4]));
        assert_eq!(address_key(a), address_key(b));
        let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap_or(IpAddr::from([0; 4]));
        assert_eq!(address_key(mapped), IpAddr::from([192, 0, 2, 1]));
        assert_eq!(counted_address(a), Some(address_key(b)));
    }

    #[test]
    fn this_machine_is_not_counted() {
        for local in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            let local: IpAddr = local.parse().unwrap_or(IpAddr::from([192, 0, 2, 1]));
            assert_eq!(counted_address(local), None, "{local}");
        }
    }
}
