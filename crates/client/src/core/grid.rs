//! The order of tiles, in which people keep their places.
//!
//! Groups stand one behind the other: me, hosts, presenters, viewers. At first a
//! group is in the order of joining. After that a tile moves only if it must:
//!
//! ```text
//! a viewer leaves:   me H1 H2 V1 V2 V3 V4   →  me H1 H2 V1 V4 V3
//! a host comes:      me H1 H2 V1 V2 V3      →  me H1 H2 H3 V2 V3 V1
//! V2 becomes host:   me H1 H2 V1 V2 V3      →  me H1 H2 V2 V1 V3
//! ```
//!
//! The last of a group takes the hole of one who left; where a group shifts by one
//! place, one tile goes to its other end and the rest stay where they are. So one
//! change moves at most one tile of each group, however many people there are.

use std::collections::{HashMap, VecDeque};

/// How many tiles a page has.
pub(super) const PAGE_SIZE: usize = 9;
/// How many tiles the strip below a spotlight or local pin has.
pub(super) const STRIP_SIZE: usize = 4;

/// The groups, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    /// The local participant alone.
    Local,
    /// Hosts.
    Hosts,
    /// Presenters.
    Presenters,
    /// Everybody else.
    Viewers,
}

impl Group {
    const COUNT: usize = 4;

    fn index(self) -> usize {
        self as usize
    }
}

/// Who stands where. Ids are peer ids.
#[derive(Debug, Default)]
pub(super) struct Grid {
    groups: [VecDeque<String>; Group::COUNT],
    group_of: HashMap<String, Group>,
}

impl Grid {
    /// Adds somebody at the end of a group. Nothing happens if `id` is there already.
    pub(super) fn insert(&mut self, id: &str, group: Group) {
        if self.group_of.contains_key(id) {
            return;
        }
        self.group_of.insert(id.to_owned(), group);
        self.groups[group.index()].push_back(id.to_owned());
        for later in &mut self.groups[group.index() + 1..] {
            first_to_end(later);
        }
    }

    /// Takes somebody out.
    pub(super) fn remove(&mut self, id: &str) {
        let Some((group, place)) = self.find(id) else {
            return;
        };
        self.group_of.remove(id);
        self.groups[group].swap_remove_back(place);
        for later in &mut self.groups[group + 1..] {
            last_to_front(later);
        }
    }

    /// Moves somebody to another group.
    pub(super) fn change_group(&mut self, id: &str, group: Group) {
        let Some((from, place)) = self.find(id) else {
            return;
        };
        self.group_of.insert(id.to_owned(), group);
        let to = group.index();
        if to < from {
            // The old group starts one place later: its first fills the hole.
            self.groups[from].swap_remove_front(place);
            for between in &mut self.groups[to + 1..from] {
                first_to_end(between);
            }
            self.groups[to].push_back(id.to_owned());
        } else if to > from {
            // The new group starts one place earlier: that place is free for the one who comes.
            self.groups[from].swap_remove_back(place);
            for between in &mut self.groups[from + 1..to] {
                last_to_front(between);
            }
            self.groups[to].push_front(id.to_owned());
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.group_of.len()
    }

    /// Everybody in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().flatten().map(String::as_str)
    }

    /// The page nearest to `page`, and how many there are (at least one).
    pub(super) fn clamp(&self, page: usize, page_size: usize) -> (usize, usize) {
        let pages = self.len().div_ceil(page_size).max(1);
        (page.min(pages - 1), pages)
    }

    /// Those on a page.
    pub(super) fn page(&self, page: usize, page_size: usize) -> impl Iterator<Item = &str> {
        self.iter().skip(page * page_size).take(page_size)
    }

    fn find(&self, id: &str) -> Option<(usize, usize)> {
        let group = self.group_of.get(id)?.index();
        let place = self.groups[group].iter().position(|other| other == id)?;
        Some((group, place))
    }
}

fn first_to_end(group: &mut VecDeque<String>) {
    if let Some(first) = group.pop_front() {
        group.push_back(first);
    }
}

fn last_to_front(group: &mut VecDeque<String>) {
    if let Some(last) = group.pop_back() {
        group.push_front(last);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Change {
        Insert(u8, Group),
        Remove(u8),
        Regroup(u8, Group),
    }

    fn group() -> impl Strategy<Value = Group> {
        prop_oneof![
            Just(Group::Hosts),
            Just(Group::Presenters),
            Just(Group::Viewers)
        ]
    }

    fn change() -> impl Strategy<Value = Change> {
        prop_oneof![
            3 => (0..40_u8, group()).prop_map(|(id, group)| Change::Insert(id, group)),
            2 => (0..40_u8).prop_map(Change::Remove),
            1 => (0..40_u8, group()).prop_map(|(id, group)| Change::Regroup(id, group)),
        ]
    }

    fn order(grid: &Grid) -> Vec<String> {
        grid.iter().map(str::to_owned).collect()
    }

    fn with(hosts: &[&str], viewers: &[&str]) -> Grid {
        let mut grid = Grid::default();
        grid.insert("me", Group::Local);
        for host in hosts {
            grid.insert(host, Group::Hosts);
        }
        for viewer in viewers {
            grid.insert(viewer, Group::Viewers);
        }
        grid
    }

    #[test]
    fn the_examples_of_the_description_hold() {
        let mut grid = with(&["H1", "H2"], &["V1", "V2", "V3", "V4"]);
        grid.remove("V2");
        assert_eq!(order(&grid), ["me", "H1", "H2", "V1", "V4", "V3"]);

        let mut grid = with(&["H1", "H2"], &["V1", "V2", "V3"]);
        grid.insert("H3", Group::Hosts);
        assert_eq!(order(&grid), ["me", "H1", "H2", "H3", "V2", "V3", "V1"]);

        let mut grid = with(&["H1", "H2"], &["V1", "V2", "V3"]);
        grid.change_group("V2", Group::Hosts);
        assert_eq!(order(&grid), ["me", "H1", "H2", "V2", "V1", "V3"]);
    }

    #[test]
    fn pages_are_clamped_and_never_none() {
        let mut grid = Grid::default();
        assert_eq!(grid.clamp(7, PAGE_SIZE), (0, 1));
        grid.insert("me", Group::Local);
        for n in 0..23 {
            grid.insert(&format!("v{n}"), Group::Viewers);
        }
        assert_eq!(grid.clamp(0, PAGE_SIZE), (0, 3));
        assert_eq!(grid.clamp(9, PAGE_SIZE), (2, 3));
        assert_eq!(grid.page(2, PAGE_SIZE).count(), 6);
        assert_eq!(grid.clamp(9, STRIP_SIZE), (5, 6));
    }

    proptest! {
        #[test]
        fn everybody_once_in_role_order_and_few_move(changes in prop::collection::vec(change(), 1..120)) {
            let mut grid = with(&[], &[]);
            let mut truth: HashMap<String, Group> = HashMap::from([("me".to_owned(), Group::Local)]);
            for change in changes {
                let before: HashMap<String, usize> =
                    order(&grid).into_iter().enumerate().map(|(place, id)| (id, place)).collect();
                let subject = match &change {
                    Change::Insert(id, group) => {
                        let id = format!("p{id}");
                        grid.insert(&id, *group);
                        truth.entry(id.clone()).or_insert(*group);
                        id
                    }
                    Change::Remove(id) => {
                        let id = format!("p{id}");
                        grid.remove(&id);
                        truth.remove(&id);
                        id
                    }
                    Change::Regroup(id, group) => {
                        let id = format!("p{id}");
                        grid.change_group(&id, *group);
                        truth.entry(id.clone()).and_modify(|old| *old = *group);
                        id
                    }
                };

                let after = order(&grid);
                prop_assert_eq!(after.len(), truth.len(), "everybody is there");
                let groups: Vec<Group> = after.iter().map(|id| truth[id]).collect();
                prop_assert!(groups.is_sorted(), "groups are in order: {:?}", groups);
                let places: HashMap<&String, usize> =
                    after.iter().enumerate().map(|(place, id)| (id, place)).collect();
                prop_assert_eq!(places.len(), after.len(), "nobody is there twice");

                let moved = before
                    .iter()
                    .filter(|(id, place)| **id != subject && places.get(id).is_some_and(|now| now != *place))
                    .count();
                prop_assert!(moved < Group::COUNT, "{} tiles moved at {:?}", moved, change);
            }
        }
    }
}
