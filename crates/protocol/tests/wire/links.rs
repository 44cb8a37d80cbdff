//! Join links and servers, as people and programs write them.

use kulti_protocol::{
    link::{JoinLink, LinkError, is_loopback, server_origin},
    room_code::{ALPHABET, RoomCode},
};
use proptest::prelude::*;

fn link() -> impl Strategy<Value = JoinLink> {
    let server = prop_oneof![
        Just("https://kulti.dev".to_owned()),
        (any::<[u8; 4]>(), 1..u16::MAX).prop_map(|(ip, port)| {
            let [a, b, c, d] = ip;
            server_origin(&format!("https://{a}.{b}.{c}.{d}:{port}")).unwrap()
        }),
    ];
    let random = any::<[u32; 4]>();
    let pin = proptest::option::of("[0-9a-f]{64}");
    (random, proptest::option::of((server, pin))).prop_map(|(random, place)| {
        let (server, pin) = place.unzip();
        JoinLink {
            code: RoomCode::from_random(random),
            server,
            pin: pin.flatten(),
        }
    })
}

proptest! {
    #[test]
    fn links_are_read_as_they_were_written(link in link()) {
        prop_assert_eq!(JoinLink::parse(&link.to_string()), Ok(link.clone()));
        let shouted = link.to_string().replace("VIBE", "vibe");
        prop_assert_eq!(JoinLink::parse(&format!("  {shouted}\n")), Ok(link));
    }

    #[test]
    fn made_codes_can_be_read_out_and_typed(random in any::<[u32; 4]>()) {
        let code = RoomCode::from_random(random);
        let (first, second) = code.as_str().split_once('-').unwrap();
        prop_assert!(first == "VIBE" && second.bytes().all(|byte| ALPHABET.contains(&byte)));
        prop_assert_eq!(second.to_lowercase().parse(), Ok(code));
    }
}

#[test]
fn only_the_first_of_two_servers_is_taken_and_it_must_be_good() {
    let two = "kulti://join/VIBE-2K4F?server=https://a.example&server=https://b.example";
    let server = JoinLink::parse(two).unwrap().server;
    assert_eq!(server.as_deref(), Some("https://a.example"));
    let bad_first = "kulti://join/VIBE-2K4F?server=javascript:alert(1)&server=https://b.example";
    assert_eq!(JoinLink::parse(bad_first), Err(LinkError::BadServer));
}

#[test]
fn an_origin_is_scheme_host_and_port_and_nothing_else() {
    for (text, origin) in [
        ("kulti.dev", Some("https://kulti.dev")),
        (" https://Kulti.dev:443/a/b?c#d ", Some("https://kulti.dev")),
        ("http://127.0.0.1:8787", Some("http://127.0.0.1:8787")),
        ("https://[::1]:8787/", Some("https://[::1]:8787")),
        (
            "https://bücher.example",
            Some("https://xn--bcher-kva.example"),
        ),
        ("ws://kulti.dev", None),
        ("file:///etc/passwd", None),
        ("https://user@kulti.dev", None),
        ("https://:pw@kulti.dev", None),
        ("https://", None),
        ("", None),
        ("https://kulti.dev:99999", None),
    ] {
        assert_eq!(server_origin(text).as_deref(), origin, "{text}");
    }
}

#[test]
fn loopback_is_this_machine_only() {
    for ours in [
        "http://localhost:8787",
        "http://127.0.0.1",
        "http://127.8.9.1:1",
        "http://[::1]:8787",
        "http://2130706433",
    ] {
        assert!(is_loopback(ours), "{ours}");
    }
    for not_ours in [
        "http://0.0.0.0",
        "http://192.168.1.20",
        "http://localhost.example",
        "http://127.0.0.1.example",
        "http://[2001:db8::1]",
        "data:localhost",
        "nonsense",
    ] {
        assert!(!is_loopback(not_ours), "{not_ours}");
    }
}
