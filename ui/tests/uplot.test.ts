import { expect, it } from 'vitest';
import { ensureLanguage } from '../src/design/uplot';

it.each([
  ['C', 'en'],
  ['de-DE', 'de-DE'],
])('charts load where the system calls its language %j', (language, expected) => {
  const system = Object.create({
    get language() {
      return language;
    },
  }) as { readonly language: string };
  ensureLanguage(system);
  expect(() => new Intl.NumberFormat(system.language)).not.toThrow();
  expect(system.language).toBe(expected);
});
