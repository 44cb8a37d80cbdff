//! Which pictures are wanted, and how large.

use kulti_media::client::interface::Layer;

use super::tracks::{Kind, Tracks};
use crate::core::io::ShownTile;

/// How many tiles are believed to be visible.
const TILES: usize = 64;
/// Tiles of up to so many device pixels are well served by 180 lines.
const LOW_LINES: u32 = 240;
/// And those of up to so many by 360.
const MEDIUM_LINES: u32 = 480;
/// With so many cameras at once drawing them all is what costs: small pictures do.
const CROWD: usize = 5;
/// With so many the largest are not needed.
const SEVERAL: usize = 2;

/// What can be seen now.
#[derive(Debug, Default)]
pub(in crate::core) struct Sight {
    tiles: Vec<ShownTile>,
    /// What the engine was told.
    told: Option<Vec<(String, Layer)>>,
}

impl Sight {
    /// These can be seen, and nothing else.
    pub(in crate::core) fn shown(&mut self, mut tiles: Vec<ShownTile>) {
        tiles.truncate(TILES);
        self.tiles = tiles;
    }

    /// The engine begins anew and knows nothing.
    pub(in crate::core) fn forget(&mut self) {
        self.told = None;
    }

    /// What the engine is to be told, if that is news.
    pub(in crate::core) fn wanted(&mut self, tracks: &Tracks) -> Option<Vec<(String, Layer)>> {
        let mut wanted: Vec<(String, Layer, Kind)> = Vec::new();
        for tile in &self.tiles {
            let Some((_, track)) = tracks.get(&tile.track_id) else {
                continue;
            };
            let layer = match track.kind {
                _ if track.muted => continue,
                Kind::Screen => Layer::High,
                Kind::Camera => by_height(tile.height),
                Kind::Microphone | Kind::Other => continue,
            };
            // A track may stand in two places: the larger one counts.
            match wanted.iter_mut().find(|(id, ..)| *id == tile.track_id) {
                Some((_, known, _)) => *known = layer.max(*known),
                None => wanted.push((tile.track_id.clone(), layer, track.kind)),
            }
        }
        let is_camera = |(_, _, kind): &&(String, Layer, Kind)| *kind == Kind::Camera;
        let most = match wanted.iter().filter(is_camera).count() {
            CROWD.. => Layer::Low,
            SEVERAL.. => Layer::Medium,
            _ => Layer::High,
        };
        let mut wanted: Vec<(String, Layer)> = wanted
            .into_iter()
            .map(|(id, layer, kind)| match kind {
                Kind::Camera => (id, layer.min(most)),
                _ => (id, layer),
            })
            .collect();
        wanted.sort();
        if self.told.as_ref() == Some(&wanted) {
            return None;
        }
        self.told = Some(wanted.clone());
        Some(wanted)
    }
}

fn by_height(lines: u32) -> Layer {
    if lines == 0 {
        Layer::None
    } else if lines <= LOW_LINES {
        Layer::Low
    } else if lines <= MEDIUM_LINES {
        Layer::Medium
    } else {
        Layer::High
    }
}
