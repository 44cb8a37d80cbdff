// uPlot, loaded when a chart is first drawn: it is not part of the first screen.

import type uPlot from 'uplot';
import { usableLocale } from '../words/format';

/**
 * Makes sure that the system's language is one. uPlot formats numbers in it while it loads,
 * and would not load at all where it is "C", as on a system without a locale.
 */
export function ensureLanguage(of: { readonly language: string }): void {
  const usable = usableLocale(of.language);
  if (usable === of.language) return;
  Object.defineProperty(of, 'language', { value: usable, configurable: true });
}

/** The class that draws. */
export async function loadUPlot(): Promise<typeof uPlot> {
  ensureLanguage(navigator);
  return (await import('uplot')).default;
}
