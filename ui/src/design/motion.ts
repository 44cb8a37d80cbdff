// Things move at most 8 px and fade; with reduced motion they are simply there.

import { cubicOut } from 'svelte/easing';
import type { TransitionConfig } from 'svelte/transition';

const stillness = typeof matchMedia === 'undefined' ? null : matchMedia('(prefers-reduced-motion: reduce)');

/** Whether the person asked for less motion. */
export function motionIsReduced(): boolean {
  return stillness?.matches ?? true;
}

/** A change in place: menus, toasts. */
export function arrive(_node: Element, options: { from?: number; duration?: number } = {}): TransitionConfig {
  const { from = 8, duration = 180 } = options;
  if (motionIsReduced()) return { duration: 0 };
  return {
    duration,
    easing: cubicOut,
    css: (there) => `opacity: ${there}; transform: translateY(${(1 - there) * from}px)`,
  };
}
