import type { Intent, StageView } from '../bridge/backend';
import { words } from '../words/en';
import type { ToastRequest } from './toasts.svelte';

/**
 * The toast that offers to take back `intent`, which changes `stage` as it is before it;
 * null for what cannot be taken back or takes nothing away.
 */
export function undoToast(
  intent: Intent,
  stage: StageView,
  act: (intent: Intent) => void,
): ToastRequest | null {
  const text = words.people.undo;
  const back = (undo: Intent, told: string, icon: ToastRequest['icon']): ToastRequest => ({
    icon,
    text: told,
    actions: [{ label: text.label, run: () => act(undo) }],
  });
  switch (intent.act) {
    case 'pinMessage': {
      const before = stage.pinned?.messageId;
      if (!before || before === intent.messageId) return null;
      return back(
        { act: 'pinMessage', messageId: before },
        intent.messageId === null ? text.unpinned : text.pinReplaced,
        intent.messageId === null ? 'pin-off' : 'pin',
      );
    }
    case 'spotlight': {
      const before = stage.spotlight?.peerId;
      if (!before || before === intent.peerId) return null;
      return back(
        { act: 'spotlight', peerId: before },
        intent.peerId === null ? text.spotlightEnded : text.spotlightMoved,
        'spotlight',
      );
    }
    default:
      return null;
  }
}
