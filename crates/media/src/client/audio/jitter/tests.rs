use super::*;
use proptest::prelude::*;

const FRAME: i64 = 20 * MS;

/// Packets `(sequence, rtp, arrival)`, played every 20 ms; the payload is the number.
fn play(packets: &[(u64, i64, i64)], until: i64) -> (Vec<Next>, JitterBuffer) {
    let mut buffer = JitterBuffer::default();
    let mut arrivals = packets.to_vec();
    arrivals.sort_by_key(|packet| packet.2);
    let mut arrivals = arrivals.into_iter().peekable();
    let mut played = Vec::new();
    let mut now = 0;
    while now < until {
        while let Some((sequence, rtp, came)) = arrivals.next_if(|packet| packet.2 <= now) {
            buffer.push(sequence, rtp, FRAME as usize, sequence.to_le_bytes().to_vec(), came);
        }
        loop {
            let next = buffer.pull(now);
            // What is left out takes no time.
            let takes_time = !matches!(next, Next::Skip(_));
            played.push(next);
            if takes_time {
                break;
            }
        }
        now += FRAME;
    }
    (played, buffer)
}

fn numbers(played: &[Next]) -> Vec<u64> {
    let number = |data: &[u8]| u64::from_le_bytes(data.try_into().unwrap());
    played
        .iter()
        .filter_map(|next| match next {
            Next::Packet(data) => Some(number(data)),
            _ => None,
        })
        .collect()
}

fn regular(count: u64, delay: impl Fn(u64) -> i64) -> Vec<(u64, i64, i64)> {
    (0..count).map(|n| (n, n as i64 * FRAME, 1000 + n as i64 * FRAME + delay(n))).collect()
}

#[test]
fn regular_packets_are_all_played_after_the_shortest_delay() {
    let (played, buffer) = play(&regular(100, |_| 0), 106 * FRAME);
    assert_eq!(numbers(&played), (0..100).collect::<Vec<_>>());
    let silent = played.iter().take_while(|next| **next == Next::Silence).count();
    assert!((2..=5).contains(&silent), "{silent} frames until it begins");
    assert_eq!(buffer.target(), SHORTEST);
}

#[test]
fn packets_that_come_in_another_order_are_played_in_theirs() {
    let (played, _) = play(&regular(60, |n| if n % 3 == 0 { 25 * MS } else { 0 }), 70 * FRAME);
    assert_eq!(numbers(&played), (0..60).collect::<Vec<_>>());
}

#[test]
fn duplicates_are_played_once() {
    let mut packets = regular(50, |_| 0);
    packets.extend(regular(50, |_| 15 * MS));
    let (played, _) = play(&packets, 60 * FRAME);
    assert_eq!(numbers(&played), (0..50).collect::<Vec<_>>());
}

#[test]
fn a_lost_packet_is_recovered_from_the_next_and_two_are_made_up_for_first() {
    let mut packets = regular(50, |_| 0);
    packets.retain(|(n, ..)| ![20, 30, 31].contains(n));
    let (played, _) = play(&packets, 52 * FRAME);
    let at = |wanted: u64| {
        let data = wanted.to_le_bytes().to_vec();
        played.iter().position(|next| *next == Next::Packet(data.clone())).unwrap()
    };
    let recover = |n: u64| Next::Recover { following: n.to_le_bytes().to_vec(), samples: 960 };
    assert_eq!(played[at(19) + 1..at(21)], [recover(21)]);
    assert_eq!(played[at(29) + 1..at(32)], [Next::Conceal(960), recover(32)]);
}

#[test]
fn after_a_pause_of_the_sender_it_begins_again_without_making_anything_up() {
    let mut packets = regular(20, |_| 0);
    // The sequence goes on, the time has jumped by a second.
    packets.extend((20..40).map(|n| {
        let rtp = n as i64 * FRAME + 1000 * MS;
        (n, rtp, 1000 + rtp)
    }));
    let (played, buffer) = play(&packets, 100 * FRAME);
    assert_eq!(numbers(&played), (0..40).collect::<Vec<_>>());
    let made_up = played.iter().filter(|next| matches!(next, Next::Conceal(_))).count();
    assert!(made_up as i64 * FRAME <= LONGEST_CONCEALMENT * 2, "{made_up} frames made up");
    assert_eq!(buffer.late(), 0);
}

#[test]
fn jitter_makes_it_wait_longer_and_calm_makes_it_wait_less_again() {
    let mut packets = regular(400, |n| (n * 7919 % 90) as i64 * MS);
    let (_, buffer) = play(&packets, 402 * FRAME);
    let under_jitter = buffer.target();
    assert!(under_jitter > 90 * MS && under_jitter <= LONGEST, "{} ms", under_jitter / MS);
    let delay = buffer.delay();
    assert!((delay - under_jitter).abs() <= TOLERANCE + FRAME, "{} ms", delay / MS);

    packets.extend((400..1600).map(|n| (n, n as i64 * FRAME, 1000 + n as i64 * FRAME)));
    let (played, buffer) = play(&packets, 1600 * FRAME);
    assert_eq!(buffer.target(), SHORTEST);
    assert!(buffer.delay() <= SHORTEST + TOLERANCE + FRAME, "{} ms", buffer.delay() / MS);
    assert!(played.iter().any(|next| matches!(next, Next::Skip(_))), "it caught up by skipping");
}

#[test]
fn a_sender_whose_clock_is_fast_or_slow_is_followed() {
    for drift in [-2, 2] {
        // 2 in 1000: 20 times what real clocks are off.
        let packets: Vec<_> =
            (0..5000).map(|n| (n, n as i64 * FRAME, 1000 + n as i64 * (FRAME + drift))).collect();
        let (_, buffer) = play(&packets, 5000 * (FRAME + drift));
        assert!(buffer.waiting() < 10, "{} packets wait", buffer.waiting());
        assert!(buffer.delay() < LONGEST, "{} ms", buffer.delay() / MS);
    }
}

proptest! {
    #[test]
    fn it_never_grows_and_never_plays_anything_twice_or_backwards(
        packets in prop::collection::vec((0u64..400, -200i64..400, 0i64..400), 0..400),
    ) {
        // Any sequence, with times that do not fit either, at any time of 8 s.
        let packets: Vec<_> = packets
            .into_iter()
            .map(|(n, off, late)| (n, n as i64 * FRAME + off, n as i64 * FRAME + late * MS))
            .collect();
        let (played, buffer) = play(&packets, 500 * FRAME);
        prop_assert!(buffer.waiting() <= MOST_PACKETS);
        prop_assert!((SHORTEST..=LONGEST).contains(&buffer.target()));
        prop_assert_eq!(played.last(), Some(&Next::Silence), "it ends when nothing comes");
    }

    #[test]
    fn loss_and_jitter_within_the_limits_cost_only_what_was_lost(
        lost in prop::collection::btree_set(1u64..299, 0..30),
        jitter in prop::collection::vec(0i64..15, 300),
    ) {
        let mut packets = regular(300, |n| jitter[n as usize] * MS);
        packets.retain(|(n, ..)| !lost.contains(n));
        let (played, buffer) = play(&packets, 310 * FRAME);
        let got = numbers(&played);
        let skipped = played.iter().filter(|next| matches!(next, Next::Skip(_))).count();
        prop_assert!(got.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", got);
        prop_assert_eq!(got.len() + skipped, packets.len());
        prop_assert_eq!(buffer.late(), 0);
    }

    #[test]
    fn any_times_are_survived(
        packets in prop::collection::vec((any::<u64>(), any::<i64>(), 0usize..10_000, any::<i32>()), 0..60),
    ) {
        let mut buffer = JitterBuffer::default();
        for (sequence, rtp, samples, now) in packets {
            let now = i64::from(now);
            buffer.push(sequence, rtp / 4, samples, vec![1], now);
            buffer.pull(now);
            prop_assert!(buffer.waiting() <= MOST_PACKETS);
        }
    }
}
