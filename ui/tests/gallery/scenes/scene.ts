import type { App } from '../../../src/state/app.svelte';
import type { ScriptedCapturing } from '../../scripted-media';
import type { Script, ScriptedBackend } from '../../scripted-backend';

/** One state of the app. */
export interface Scene {
  script?: Script;
  /** Changes the cameras that there are, before the app starts. */
  capturing?: (capturing: ScriptedCapturing) => void;
  /** Brings the app into the state, once it has started. */
  play?: (stage: { app: App; backend: ScriptedBackend }) => Promise<void> | void;
}

export type Scenes = Record<string, Scene>;

/** Resolves after the next frames, when effects have run. */
export async function settled(): Promise<void> {
  for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
}

/** Clicks the first element that `selector` finds. */
export async function click(selector: string): Promise<void> {
  const element = document.querySelector<HTMLElement>(selector);
  if (!element) throw new Error(`the scene has no ${selector}`);
  element.click();
  await settled();
}
