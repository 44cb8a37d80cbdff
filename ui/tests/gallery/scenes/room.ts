import type { Scenes } from './scene';
import { ribbon, sessionView, watchView } from './summary';

export const roomScenes: Scenes = {
  'room-empty': {
    script: { home: { inSession: true } },
    play: ({ backend }) =>
      backend.play(
        { slice: 'session', value: sessionView },
        { slice: 'watch', value: watchView(ribbon([3])) },
      ),
  },
};
