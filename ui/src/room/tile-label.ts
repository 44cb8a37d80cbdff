import type { TileView } from '../bridge/backend';
import { WEAK_QUALITY, type PersonMedia } from '../media/view';
import { words } from '../words/en';
import { ordinal } from '../words/format';

/** A tile in words: "Ann (you), host, active, speaking, hand raised, 1st". */
export function tileLabel(
  tile: TileView,
  { inTheSpotlight = false, media }: { inTheSpotlight?: boolean; media?: PersonMedia | undefined } = {},
): string {
  const { grid } = words.live;
  const parts = [
    tile.role === 'viewer' ? null : words.roleName(tile.role).toLowerCase(),
    grid.states[tile.presence],
    ...(media ? mediaLabel(tile, media) : []),
    tile.hand === null ? null : grid.hand(ordinal(tile.hand)),
    inTheSpotlight ? grid.inTheSpotlight : null,
  ].filter((part) => part !== null);
  return grid.tileLabel(tile.isLocal ? grid.youSuffix(tile.name) : tile.name, parts);
}

function mediaLabel(tile: TileView, { isSpeaking, microphoneOn, quality, isFrozen }: PersonMedia) {
  const text = words.media.tile;
  return [
    isSpeaking ? text.speaking : microphoneOn === false ? text.microphoneOff : null,
    quality === null || quality > WEAK_QUALITY
      ? null
      : quality < WEAK_QUALITY
        ? text.veryWeakLabel
        : text.weakLabel,
    isFrozen ? (tile.isLocal ? text.frozenYou : text.frozen(tile.name)) : null,
  ];
}
