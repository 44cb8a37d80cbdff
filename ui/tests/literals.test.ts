// All words that a person reads or hears are in src/words: a component has none of its
// own, so that the catalogue can be translated as a whole.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'svelte/compiler';
import { describe, expect, it } from 'vitest';

const SOURCES = join(import.meta.dirname, '../src');
/** Attributes that are read or spoken. */
const SPOKEN = new Set(['title', 'placeholder', 'alt', 'label', 'aria-label', 'aria-description', 'hint']);

/** The product's name is the same in every language. */
const PRODUCT = 'kulti';

/** Words in the markup of a component. */
function strayWords(source: string): string[] {
  const found: string[] = [];
  const say = (text: string) => {
    if (/\p{L}/u.test(text) && text.trim() !== PRODUCT) found.push(text.trim());
  };
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit);
    if (!node || typeof node !== 'object') return;
    const { type, name, value, data } = node as Record<string, unknown>;
    if (type === 'StyleDirective') return;
    if (type === 'Text') return say(String(data));
    if (type === 'Attribute') {
      const parts = Array.isArray(value) ? value : [value];
      for (const part of parts as Record<string, unknown>[]) {
        if (part?.['type'] === 'Text') {
          if (SPOKEN.has(String(name))) say(String(part['data']));
        } else visit(part);
      }
      return;
    }
    for (const [key, child] of Object.entries(node)) {
      if (key !== 'metadata' && key !== 'parent') visit(child);
    }
  };
  visit(parse(source, { modern: true }).fragment);
  return found;
}

describe('components', () => {
  it('have no words of their own', () => {
    const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' });
    const components = files.filter((file) => file.endsWith('.svelte'));
    expect(components.length).toBeGreaterThan(50);
    const stray = components.flatMap((file) =>
      strayWords(readFileSync(join(SOURCES, file), 'utf8')).map((text) => `${file}: ${text}`),
    );
    expect(stray).toEqual([]);
  });

  it('would be found out', () => {
    expect(strayWords('<p>Hello {name}</p>')).toEqual(['Hello']);
    expect(strayWords('<button aria-label="Close">×</button>')).toEqual(['Close']);
    expect(strayWords('{#if a}<Switch label="On" />{/if}')).toEqual(['On']);
    expect(strayWords('<p class="card">{words.a} · 1</p><style>p { color: red }</style>')).toEqual([]);
  });
});
