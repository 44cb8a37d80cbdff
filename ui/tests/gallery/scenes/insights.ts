import type { Insights } from '../../../src/bridge/backend';
import { classOf24, classOver, nobody, small } from '../../insights-figures';
import { refusal } from '../../scripted-backend';
import { hostRoom } from './room';
import { type Scene, type Scenes, settled } from './scene';

type Answer = () => Promise<Insights>;

/** A host's room with these figures behind it. */
function hosting(insights: Answer, open: string): Scene {
  const room = hostRoom();
  return {
    script: { ...room.script, insights },
    play: async (stage) => {
      await room.play?.(stage);
      document.querySelector<HTMLElement>(open)?.click();
      await settled();
      // The chart comes with a module of its own.
      await new Promise((drawn) => setTimeout(drawn, 150));
      await settled();
    },
  };
}

const PANEL = '.tabs [id$=insights]';
const LARGE = '.dock [aria-label^=Insights]';
const refused: Answer = () => Promise.reject(refusal('refused'));
const unreachable: Answer = () => Promise.reject(refusal('serverUnreachable'));
const never: Answer = () => new Promise(() => undefined);

function after(insights: Answer): Scene {
  return {
    script: { insights },
    play: async ({ app }) => {
      app.insightsOf = 's1';
      await settled();
      await new Promise((drawn) => setTimeout(drawn, 150));
      await settled();
    },
  };
}

export const insightsScenes: Scenes = {
  'insights-panel': hosting(async () => classOf24, PANEL),
  'insights-panel-small': hosting(async () => small, PANEL),
  'insights-panel-failed': hosting(unreachable, PANEL),
  'insights-panel-asking': hosting(never, PANEL),
  'insights-large': hosting(async () => classOf24, LARGE),
  'insights-large-small': hosting(async () => small, LARGE),
  'insights-large-empty': hosting(async () => nobody, LARGE),
  'insights-large-asking': hosting(never, LARGE),
  'insights-after': after(async () => classOver),
  'insights-after-failed': after(unreachable),
  'insights-after-refused': after(refused),
};
