import { describe, expect, it } from 'vitest';
import { fuzzyMatch, pieces } from '../src/state/fuzzy';

/** The text with what was meant in brackets; null if nothing was. */
function marked(query: string, text: string): string | null {
  const match = fuzzyMatch(query, text);
  if (!match) return null;
  return pieces(text, match.marked)
    .map((piece) => (piece.marked ? `[${piece.text}]` : piece.text))
    .join('');
}

/** Texts that fit, best first. */
function ranked(query: string, texts: string[]): string[] {
  return texts
    .map((text) => ({ text, match: fuzzyMatch(query, text) }))
    .filter(({ match }) => match !== null)
    .sort((a, b) => (b.match?.score ?? 0) - (a.match?.score ?? 0))
    .map(({ text }) => text);
}

describe('finding by a few letters', () => {
  it('marks what was meant', () => {
    expect(marked('ha', 'Lower your hand')).toBe('Lower your [ha]nd');
    expect(marked('ha', 'Aisha Rahman')).toBe('Ais[ha] Rahman');
    expect(marked('crc', 'Copy room code')).toBe('[C]opy [r]oom [c]ode');
    expect(marked('', 'Anything')).toBe('Anything');
    expect(marked('xyz', 'Copy room code')).toBeNull();
  });

  it('prefers the start of a word, and letters that stand together', () => {
    expect(ranked('ha', ['Aisha Rahman', 'Write in the chat', 'Raise your hand', 'Hana Kobayashi'])).toEqual([
      'Hana Kobayashi',
      'Raise your hand',
      'Aisha Rahman',
      'Write in the chat',
    ]);
  });

  it('takes accents and capitals lightly, and marks the right letters', () => {
    expect(marked('soren', 'Søren Bak')).toBeNull(); // ø is a letter of its own
    expect(marked('zoe', 'Zoë Kraus')).toBe('[Zoë] Kraus');
    expect(marked('NGUYEN', 'Nguyễn Thị Minh')).toBe('[Nguyễn] Thị Minh');
    expect(marked('李', '李小龍')).toBe('[李]小龍');
  });

  it('finds nothing in letters strewn over a long text', () => {
    expect(marked('az9', 'abcdefghijklmnopqrstuvwxyz0123456789')).toBeNull();
  });
});
