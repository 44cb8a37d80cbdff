//! Random acts, losses and restarts; in the end everybody agrees.

use kulti_watch::Signal;
use proptest::prelude::*;

use super::{fixtures::role_of, world::World};
use crate::core::{
    Intent,
    io::Input,
    view::{ConnectionView, Delivery},
};

const PEOPLE: [&str; 5] = ["host-1", "host-2", "presenter-1", "viewer-1", "viewer-2"];

#[derive(Debug, Clone)]
enum Event {
    Act(usize, Intent),
    Cut(usize),
    Offline(usize),
    Back(usize),
    Silent(usize),
    Forget(usize),
    Restart,
    Hide(usize, bool),
    Pass(u64),
}

fn intent() -> impl Strategy<Value = Intent> {
    let person = (0..PEOPLE.len()).prop_map(|n| PEOPLE[n].to_owned());
    prop_oneof![
        "[a-c]{1,3}".prop_map(Intent::say),
        prop::option::of("[a-c]{1,3}").prop_map(|text| Intent::Announce {
            text,
            shown_for_ms: None
        }),
        prop::option::of(person.clone()).prop_map(|peer_id| Intent::Spotlight { peer_id }),
        prop::option::of(person.clone()).prop_map(|peer_id| Intent::PinForMe { peer_id }),
        any::<bool>().prop_map(|raised| Intent::SetHand { raised }),
        (0..4_u32).prop_map(|page| Intent::ShowPage { page }),
        prop::option::of("m[1-4]").prop_map(|message_id| Intent::PinMessage { message_id }),
        person.prop_map(|peer_id| Intent::LowerHand { peer_id }),
        Just(Intent::RetryNow),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let who = 0..PEOPLE.len();
    prop_oneof![
        8 => (who.clone(), intent()).prop_map(|(who, act)| Event::Act(who, act)),
        2 => who.clone().prop_map(Event::Cut),
        1 => who.clone().prop_map(Event::Offline),
        2 => who.clone().prop_map(Event::Back),
        1 => who.clone().prop_map(Event::Silent),
        1 => who.clone().prop_map(Event::Forget),
        1 => Just(Event::Restart),
        1 => (who, any::<bool>()).prop_map(|(who, hidden)| Event::Hide(who, hidden)),
        4 => (1..20_000_u64).prop_map(Event::Pass),
    ]
}

fn happen(world: &mut World, event: Event) {
    match event {
        Event::Act(who, act) => world.act(PEOPLE[who], act),
        Event::Cut(who) => world.cut(PEOPLE[who]),
        Event::Offline(who) => world.offline(PEOPLE[who]),
        Event::Back(who) => {
            world.back(PEOPLE[who]);
            world.client(PEOPLE[who]).silent = false;
        }
        Event::Silent(who) => world.client(PEOPLE[who]).silent = true,
        Event::Forget(who) => {
            world.room.forget(PEOPLE[who]);
            world.cut(PEOPLE[who]);
        }
        Event::Restart => {
            world.room.restart();
            for who in PEOPLE {
                world.cut(who);
            }
        }
        Event::Hide(who, hidden) => {
            let signal = if hidden {
                Signal::WindowHidden
            } else {
                Signal::WindowVisible
            };
            world.input(PEOPLE[who], Input::Watch(signal));
        }
        Event::Pass(ms) => world.run(ms),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn everybody_agrees_when_all_is_quiet(
        ours in any::<bool>(),
        events in prop::collection::vec(event(), 1..60),
    ) {
        let mut world = if ours { World::new() } else { World::cloud() };
        world.join(&PEOPLE);
        for event in events {
            happen(&mut world, event);
        }
        for who in PEOPLE {
            world.back(who);
            world.client(who).silent = false;
        }
        world.run(150_000);

        let host = world.shown("host-1").clone();
        let stage = host.stage.unwrap();
        for who in PEOPLE {
            let client = &world.clients[who];
            prop_assert_eq!(&client.ended, &None);
            let shown = &client.shown;
            let connected = matches!(shown.connection, Some(ConnectionView::Connected { .. }));
            prop_assert!(connected, "{} is {:?}", who, shown.connection);

            // Nobody is missing, doubled or misplaced.
            let people = shown.people.clone().unwrap().people;
            let mut ids: Vec<&str> = people.iter().map(|tile| tile.peer_id.as_str()).collect();
            let ranks: Vec<u8> = people
                .iter()
                .map(|tile| match (tile.is_local, role_of(&tile.peer_id)) {
                    (true, _) => 0,
                    (_, "host") => 1,
                    (_, "presenter") => 2,
                    _ => 3,
                })
                .collect();
            prop_assert!(ranks.is_sorted(), "{:?}", ids);
            ids.sort_unstable();
            prop_assert_eq!(&ids[..], &PEOPLE[..]);

            // One stage for all, whoever dismissed or pinned what for themselves.
            let mine = shown.stage.clone().unwrap();
            prop_assert_eq!(mine.spotlight.map(|tile| tile.peer_id), stage.spotlight.clone().map(|tile| tile.peer_id));
            prop_assert_eq!(mine.announcement, stage.announcement.clone());
            prop_assert_eq!(mine.pinned.map(|pin| pin.message_id), stage.pinned.clone().map(|pin| pin.message_id));

            // Nothing hangs.
            let hanging = shown.chat.messages.iter().any(|message| message.delivery == Delivery::Sending);
            prop_assert!(!hanging, "a message hangs at {}", who);

            // No announcement was told twice.
            let mut told: Vec<&str> = client.announced.iter().filter(|told| !told.id.starts_with("text.")).map(|told| told.id.as_str()).collect();
            let count = told.len();
            told.sort_unstable();
            told.dedup();
            prop_assert_eq!(told.len(), count);

            // What the events made is what a late subscriber sees.
            let fresh = client.snapshot();
            prop_assert_eq!(&fresh.session, &shown.session);
            prop_assert_eq!(&fresh.counts, &shown.counts);
            prop_assert_eq!(&fresh.grid, &shown.grid);
            prop_assert_eq!(&fresh.stage, &shown.stage);
            prop_assert_eq!(&fresh.people, &shown.people);
            let ids = |shown: &super::world::Shown| -> Vec<String> {
                shown.chat.messages.iter().map(|message| message.id.clone()).collect()
            };
            prop_assert_eq!(ids(&fresh), ids(shown));
        }
        // Hands are up for all or for none.
        for of in PEOPLE {
            let up: Vec<bool> = PEOPLE
                .iter()
                .map(|at| {
                    let people = world.shown(at).people.clone().unwrap().people;
                    people.iter().any(|tile| tile.peer_id == of && tile.hand.is_some())
                })
                .collect();
            prop_assert!(up.iter().all(|one| *one == up[0]), "hand of {}: {:?}", of, up);
        }
    }
}
