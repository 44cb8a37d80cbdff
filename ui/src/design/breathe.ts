// The LIVE dot's slow breath. By a timer and not as an endless CSS animation: that one makes
// the engine prepare a frame 60 times a second for as long as the room is open, two thirds of
// what an idle room costs.

import { motionIsReduced } from './motion';

/** How bright the dot is, step by step. */
const BREATH = [1, 0.85, 0.6, 0.4, 0.6, 0.85];
/** Between two steps, ms. */
const STEP_MS = 400;

/** Svelte attachment: the element's `--breath` goes up and down; it stands still with reduced motion. */
export function breathe(element: HTMLElement): () => void {
  let step = 0;
  const timer = setInterval(() => {
    if (document.hidden || motionIsReduced()) return;
    step = (step + 1) % BREATH.length;
    element.style.setProperty('--breath', String(BREATH[step]));
  }, STEP_MS);
  return () => clearInterval(timer);
}
