import { describe, expect, it } from 'vitest';
import { candidates, inserted, typedName } from '../src/room/chat/mentioning';
import { pieces } from '../src/room/chat/pieces';
import { person } from './gallery/scenes/room';

const names = ['Zoë Kraus-Maier', 'Zoë Kraus', '李小龍'];
const short = (text: string) => pieces(text, names).map(({ kind, text }) => `${kind}:${text}`);

describe('a message', () => {
  it('has links to the web and nowhere else', () => {
    expect(short('see https://a.example/x?y=1#z, ok')).toEqual([
      'text:see ',
      'link:https://a.example/x?y=1#z',
      'text:, ok',
    ]);
    for (const text of [
      'javascript:alert(1)',
      'file:///etc/passwd',
      'kulti://join/VIBE-2K4F',
      'https://',
      'https://user@evil.example/',
      'https://kulti.dev:pw@evil.example/',
    ]) {
      expect(short(text), text).toEqual([`text:${text}`]);
    }
  });

  it('knows where a link ends', () => {
    expect(short('(https://a.example/b)')).toEqual(['text:(', 'link:https://a.example/b', 'text:)']);
    expect(short('https://a.example/b_(c).')).toEqual(['link:https://a.example/b_(c)', 'text:.']);
    expect(short('https://a.example/"onclick="x')[0]).toBe('link:https://a.example/');
  });

  it('shows the real host of a link', () => {
    const [link] = pieces('https://kultі.dev/', names); // the i is Cyrillic
    expect(link).toMatchObject({ kind: 'link', host: 'xn--kult-o9d.dev' });
  });

  it('has names that are called, the longest first', () => {
    expect(short('@zoë kraus-maier hi')).toEqual(['mention:@zoë kraus-maier', 'text: hi']);
    expect(short('ask @Zoë Kraus!')).toEqual(['text:ask ', 'mention:@Zoë Kraus', 'text:!']);
    expect(short('@李小龍')).toEqual(['mention:@李小龍']);
    for (const text of ['@Zoë', 'a@Zoë Kraus', '@Zoë Krausse', '@', '@@']) {
      expect(short(text), text).toEqual([`text:${text}`]);
    }
  });

  it('has code, in which nothing is special', () => {
    expect(short('use `@Zoë Kraus` and `x`')).toEqual([
      'text:use ',
      'code:@Zoë Kraus',
      'text: and ',
      'code:x',
    ]);
    expect(short('a ` b')).toEqual(['text:a ` b']);
  });

  it('is whole whatever is in it', () => {
    for (const text of ['', '@`https://', 'https://a.b`c`@李小龍', '```', 'é@🦀 https://é.example/🦀']) {
      const plain = pieces(text, names).map((piece) =>
        piece.kind === 'code' ? `\`${piece.text}\`` : piece.text,
      );
      expect(plain.join('')).toBe(text);
    }
  });
});

describe('calling somebody', () => {
  it('begins with an @ that stands alone', () => {
    expect(typedName('hi @zo', 6)).toEqual({ at: 3, name: 'zo' });
    expect(typedName('@', 1)).toEqual({ at: 0, name: '' });
    expect(typedName('hi @zo there', 6)).toEqual({ at: 3, name: 'zo' });
    for (const text of ['mail@zo', 'hi', '@a\nb', '@@'])
      expect(typedName(text, text.length), text).toBeNull();
  });

  it('offers people by any word of their name, and never oneself', () => {
    const people = [person(0), person(1), person(2), { ...person(1), peerId: 'second device' }];
    const offered = (typed: string) => candidates(people, typed, 'user-0').map(({ name }) => name);
    expect(offered('')).toEqual(['Mara Okafor', 'Teo Marchetti']);
    expect(offered('okA')).toEqual(['Mara Okafor']);
    expect(offered('jonas')).toEqual([]);
    expect(offered(' ')).toEqual([]);
  });

  it('puts the whole name where it was begun', () => {
    const typed = { at: 3, name: 'zo' };
    expect(inserted('hi @zo there', typed, 6, 'Zoë Kraus')).toEqual({
      text: 'hi @Zoë Kraus there',
      caret: 14,
    });
    expect(inserted('hi @zo', typed, 6, 'Zoë Kraus')).toEqual({ text: 'hi @Zoë Kraus ', caret: 14 });
  });
});
