import { expect, it } from 'vitest';
import { usableLocale } from '../src/words/format';

it.each([
  ['C', 'en'],
  ['', 'en'],
  [undefined, 'en'],
  ['de-DE', 'de-DE'],
])('a system that calls its language %j gets numbers as in %j', (language, locale) => {
  expect(usableLocale(language)).toBe(locale);
});
