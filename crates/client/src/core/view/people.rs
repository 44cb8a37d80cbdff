//! Participants: the counts, the grid, the people panel.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::PersonMediaView;

/// How many are here, and how many of them watch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CountsView {
    /// Participants, me included.
    pub total: u32,
    /// Those that are active.
    pub active: u32,
    /// Raised hands.
    pub hands: u32,
}

/// One page of tiles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct GridView {
    /// Counts from 0; always less than `pages`.
    pub page: u32,
    /// At least 1.
    pub pages: u32,
    /// Participants over all pages.
    pub total: u32,
    /// 9 in the grid, 4 in the strip below a spotlight or local pin.
    pub page_size: u32,
    /// The tiles of this page, in order.
    pub tiles: Vec<TileView>,
}

/// One participant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TileView {
    /// The participant's peer id: the tile's key.
    pub peer_id: String,
    /// The participant's user id.
    pub user_id: String,
    /// Display name, never empty.
    pub name: String,
    /// One or two letters.
    pub initials: String,
    /// Hue of the person's colour in degrees, from the user id.
    pub hue: u16,
    /// Role name.
    pub role: String,
    /// Whether this is me.
    pub is_local: bool,
    /// What the others know of this person's watching.
    pub presence: Presence,
    /// Place in the queue of raised hands, from 1.
    pub hand: Option<u32>,
    /// What is published.
    pub media: PersonMediaView,
}

/// What is known of a person's watching.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Presence {
    /// Watching.
    Active,
    /// Here, but not watching.
    Away,
    /// Nothing is known: no watch key, or none for two minutes.
    Unknown,
}

/// Participants in grid order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PeopleView {
    /// How many there are in all.
    pub total: u32,
    /// The first of them.
    pub people: Vec<TileView>,
}

impl PeopleView {
    /// How many people are sent to the UI at most.
    pub const LIMIT: usize = 200;
}
