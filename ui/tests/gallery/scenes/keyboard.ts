import { hostRoom, learnerRoom } from './room';
import { type Scene, type Scenes, settled } from './scene';

/** A room in which keys are pressed. */
function pressing(room: Scene, keys: KeyboardEventInit[], typed?: string): Scene {
  return {
    ...room,
    play: async (stage) => {
      await room.play?.(stage);
      for (const key of keys) {
        document.body.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, ...key }));
        await settled();
      }
      const field = document.querySelector<HTMLInputElement>('[role=combobox]');
      if (field && typed !== undefined) {
        field.value = typed;
        field.dispatchEvent(new InputEvent('input', { bubbles: true }));
        await settled();
      }
    },
  };
}

const PALETTE = [{ key: 'k', ctrlKey: true }];
const SHEET = [{ key: '?' }];

export const keyboardScenes: Scenes = {
  palette: pressing(learnerRoom(), PALETTE),
  'palette-found': pressing(learnerRoom(), PALETTE, 'ha'),
  'palette-host': pressing(hostRoom(), PALETTE, 'an'),
  'palette-nothing': pressing(learnerRoom(), PALETTE, 'zzz'),
  'shortcuts-learner': pressing(learnerRoom(), SHEET),
  'shortcuts-host': pressing(hostRoom(), SHEET),
};
