import { describe, expect, it } from 'vitest';
import { readEntry, serverInLink } from '../src/state/code';
import { originOf } from '../src/state/origin';

describe('what a person types to join', () => {
  it.each(['VIBE-2K4F', 'vibe2k4f', ' vibe – 2k4f ', 'Vibe_2K4F', 'v i b e 2 k 4 f'])(
    'reads %j as a whole code',
    (text) => {
      expect(readEntry(text)).toEqual({ kind: 'code', code: 'VIBE-2K4F', whole: true });
    },
  );

  it('reads the second half alone, to which more could be typed', () => {
    expect(readEntry('2k4f')).toEqual({ kind: 'code', code: 'VIBE-2K4F', whole: false });
  });

  it.each(['v', 'VIB', 'vibe', 'vibe-', 'VIBE-2K4', '2k'])('does not ask about the unfinished %j', (text) => {
    expect(readEntry(text)).toEqual({ kind: 'unfinished' });
  });

  it.each(['', '   '])('knows that %j is nothing', (text) => {
    expect(readEntry(text)).toEqual({ kind: 'empty' });
  });

  it.each(['JAZZ-2K4F', 'VIBE-2K4F7', 'the one from yesterday', 'vibe-ä2k4', 'VIBE/2K4F'])(
    'takes %j for neither a code nor a link',
    (text) => {
      expect(readEntry(text)).toEqual({ kind: 'other' });
    },
  );

  it.each(['kulti://join/VIBE-2K4F', ' https://kulti.dev/s/1 ', 'KULTI://join/VIBE-2K4F'])(
    'leaves links as they are: %j',
    (text) => {
      expect(readEntry(text)).toEqual({ kind: 'link', link: text.trim() });
    },
  );
});

describe('the server that a link names', () => {
  it.each([
    ['kulti://join/VIBE-2K4F?server=https%3A%2F%2Fkulti.dev', 'https://kulti.dev'],
    ['kulti://join/VIBE-2K4F?pin=ab&server=https://10.0.0.5:8788#x', 'https://10.0.0.5:8788'],
    ['kulti://join/VIBE-2K4F', null],
    ['kulti://join/VIBE-2K4F?server=%E0%A4%A', '%E0%A4%A'],
  ])('is read from %j', (link, server) => {
    expect(serverInLink(link)).toBe(server);
  });
});

describe('a server’s address', () => {
  it.each([
    ['kulti.dev', 'https://kulti.dev'],
    [' https://kulti.dev/ ', 'https://kulti.dev'],
    ['localhost:8787', 'https://localhost:8787'],
    ['http://10.0.0.5:8787/path?x', 'http://10.0.0.5:8787'],
    ['', null],
    ['not an address', null],
    ['ftp://kulti.dev', null],
  ])('%j means %j', (typed, origin) => {
    expect(originOf(typed)).toBe(origin);
  });
});
