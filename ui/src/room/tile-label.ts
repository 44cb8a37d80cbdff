import type { TileView } from '../bridge/backend';
import { words } from '../words/en';
import { ordinal } from '../words/format';

/** A tile in words: "Ann (you), host, active, hand raised, 1st". */
export function tileLabel(tile: TileView, inTheSpotlight = false): string {
  const { grid } = words.live;
  const parts = [
    tile.role === 'viewer' ? null : words.roleName(tile.role).toLowerCase(),
    grid.states[tile.presence],
    tile.hand === null ? null : grid.hand(ordinal(tile.hand)),
    inTheSpotlight ? grid.inTheSpotlight : null,
  ].filter((part) => part !== null);
  return grid.tileLabel(tile.isLocal ? grid.youSuffix(tile.name) : tile.name, parts);
}
