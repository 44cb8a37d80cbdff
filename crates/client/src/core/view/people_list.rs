//! The list of people: as much of it as is looked at.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::people::TileView;

/// The window of the list that was asked for with [`crate::core::Intent::ShowPeople`].
///
/// The list has three parts, one behind the other: raised hands in the order in which
/// they went up, hosts and presenters, everybody else. Whose hand is up stands twice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PeopleListView {
    /// What is searched for, as it was asked; empty shows everybody.
    pub query: String,
    /// How many people are here in all.
    pub total: u32,
    /// Of those that are found: with a raised hand.
    pub hands: u32,
    /// Of those that are found: hosts and presenters.
    pub leads: u32,
    /// Of those that are found: all others.
    pub watching: u32,
    /// How many of the others are active; none where not everybody's state is known here.
    pub watching_active: Option<u32>,
    /// People whom the server has not named, so that they cannot be found here.
    pub unnamed: u32,
    /// Place of the first row in the whole list, from 0.
    pub first: u32,
    /// The rows from there on.
    pub rows: Vec<TileView>,
}

impl PeopleListView {
    /// How many rows are sent at most.
    pub const ROWS: usize = 120;
}
