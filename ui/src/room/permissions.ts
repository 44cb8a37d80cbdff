import type { PermissionsView, TileView } from '../bridge/backend';

/** Whether the menu of `tile` has anything in it: everybody can pin for themselves. */
export function actionsExist(tile: TileView, can: PermissionsView | undefined): boolean {
  return can !== undefined && tile.peerId !== '';
}
