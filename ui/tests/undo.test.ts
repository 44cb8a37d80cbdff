import { describe, expect, it } from 'vitest';
import type { Intent, StageView } from '../src/bridge/backend';
import { undoToast } from '../src/state/undo';
import { person } from './gallery/scenes/room';

const stage: StageView = {
  spotlight: person(3),
  localPin: null,
  pinned: { messageId: 'm1', author: 'Mara', text: 'Read this' },
  announcement: null,
};
const empty: StageView = { spotlight: null, localPin: null, pinned: null, announcement: null };

function undone(intent: Intent, on: StageView): Intent | null {
  let back: Intent | null = null;
  const toast = undoToast(intent, on, (undo) => (back = undo));
  toast?.actions?.[0]?.run();
  return back;
}

describe('undo', () => {
  it('puts a pin back that was taken away or replaced', () => {
    const pinned = { act: 'pinMessage', messageId: 'm1' };
    expect(undone({ act: 'pinMessage', messageId: null }, stage)).toEqual(pinned);
    expect(undone({ act: 'pinMessage', messageId: 'm2' }, stage)).toEqual(pinned);
  });

  it('puts a spotlight back', () => {
    const spotlit = { act: 'spotlight', peerId: 'peer-3' };
    expect(undone({ act: 'spotlight', peerId: null }, stage)).toEqual(spotlit);
    expect(undone({ act: 'spotlight', peerId: 'peer-4' }, stage)).toEqual(spotlit);
  });

  it('is not offered where nothing was taken away', () => {
    expect(undone({ act: 'pinMessage', messageId: 'm1' }, empty)).toBeNull();
    expect(undone({ act: 'pinMessage', messageId: 'm1' }, stage)).toBeNull();
    expect(undone({ act: 'spotlight', peerId: null }, empty)).toBeNull();
    expect(undone({ act: 'setHand', raised: true }, stage)).toBeNull();
  });
});
