//! The list of people: searched and cut to what is looked at here, so that a screen
//! handles a page of it however many people there are.

use super::SessionCore;
use crate::core::{
    grid::Group,
    io::Output,
    people_window::Asked,
    view::{PeopleListView, PeopleView, Presence, ViewEvent},
};

/// Those who are found, by part of the list; peer ids.
struct Found<'a> {
    hands: Vec<&'a str>,
    leads: Vec<&'a str>,
    watching: Vec<&'a str>,
}

impl<'a> Found<'a> {
    /// The rows that are looked at.
    fn window(&self, asked: &Asked) -> impl Iterator<Item = &'a str> {
        let all = self.hands.iter().chain(&self.leads).chain(&self.watching);
        let rows: Vec<&str> = all.skip(asked.first).take(asked.count).copied().collect();
        rows.into_iter()
    }
}

impl SessionCore {
    pub(super) fn show_people(&mut self, query: &str, first: u32, count: u32) {
        self.people_window.look(query, first, count);
        self.store.listen_soon(self.now.boot_ms);
    }

    fn found(&self, asked: &Asked) -> Found<'_> {
        let is_found = |id: &&str| {
            let person = self.roster.get(id);
            person.is_some_and(|person| asked.finds(&person.name))
        };
        let (leads, watching) = self.grid.iter().filter(is_found).partition(|id| {
            let person = self.roster.get(id);
            person.is_some_and(|person| self.roles.group(&person.role) < Group::Viewers)
        });
        Found {
            hands: self.hands.iter().filter(is_found).collect(),
            leads,
            watching,
        }
    }

    /// Peer ids of the people whose rows are looked at.
    pub(super) fn people_in_window(&self) -> Vec<&str> {
        let asked = self.people_window.asked();
        asked.map_or_else(Vec::new, |asked| self.found(asked).window(asked).collect())
    }

    /// None while nobody looks.
    pub(super) fn people_list_view(&self) -> Option<PeopleListView> {
        let asked = self.people_window.asked()?;
        let found = self.found(asked);
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let total = self.counts().total;
        let is_active = |id: &&&str| {
            let person = self.roster.get(id);
            person.is_some_and(|person| {
                let local = person.peer_id == self.config.peer_id;
                self.presence_of(person, local) == Presence::Active
            })
        };
        // Of more people than this the states are not followed.
        let all_known = self.roster.len() <= PeopleView::LIMIT;
        Some(PeopleListView {
            query: asked.query.clone(),
            total,
            hands: number(found.hands.len()),
            leads: number(found.leads.len()),
            watching: number(found.watching.len()),
            watching_active: all_known
                .then(|| number(found.watching.iter().filter(is_active).count())),
            unnamed: total.saturating_sub(number(self.roster.len())),
            first: number(asked.first),
            rows: found.window(asked).filter_map(|id| self.tile(id)).collect(),
        })
    }

    /// Sends the list if it has changed. True if so.
    pub(super) fn refresh_people_list(&mut self) -> bool {
        let Some(view) = self.people_list_view() else {
            return false;
        };
        let Some(view) = self.people_window.send(view) else {
            return false;
        };
        self.outputs
            .push_back(Output::View(ViewEvent::PeopleList(view)));
        true
    }
}
