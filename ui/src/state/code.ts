// What a person types or pastes to join. Whether it is a code is Rust's to say
// (`look_up` reads it again); here it is decided when it is worth asking.

const PREFIX = 'VIBE';
const SUFFIX_LENGTH = 4;

/** What a text looks like. */
export type Entry =
  | { kind: 'empty' }
  /** Could become a code; too early to ask. */
  | { kind: 'unfinished' }
  /** `whole`: with its first half, so that nothing can follow. */
  | { kind: 'code'; code: string; whole: boolean }
  | { kind: 'link'; link: string }
  | { kind: 'other' };

/** The server that a link names; null where it names none. */
export function serverInLink(link: string): string | null {
  const named = /[?&]server=([^&#]+)/.exec(link)?.[1];
  if (named === undefined) return null;
  try {
    return decodeURIComponent(named);
  } catch {
    return named;
  }
}

/**
 * Whether the server of a link, an origin or nothing, is one that the person never
 * used. Those on this computer are not, and those without encryption are asked about
 * anyway before anything is sent.
 */
export function isStrange(server: string, used: readonly string[]): boolean {
  return server !== '' && !/^http:\/\//i.test(server) && !used.includes(server);
}

/** Reads sloppy codes ("vibe2k4f", " VIBE – 2K4F ", "2k4f") and links. */
export function readEntry(text: string): Entry {
  const trimmed = text.trim();
  if (trimmed === '') return { kind: 'empty' };
  if (/^[a-z][a-z0-9+.-]*:/i.test(trimmed)) return { kind: 'link', link: trimmed };
  const letters = trimmed.toUpperCase().replace(/[\s\-–—_]/gu, '');
  if (!/^[A-Z0-9]*$/.test(letters)) return { kind: 'other' };
  if (PREFIX.startsWith(letters) || letters.length < SUFFIX_LENGTH) return { kind: 'unfinished' };
  if (letters.length === SUFFIX_LENGTH) return { kind: 'code', code: `${PREFIX}-${letters}`, whole: false };
  if (!letters.startsWith(PREFIX)) return { kind: 'other' };
  const suffix = letters.slice(PREFIX.length);
  if (suffix.length < SUFFIX_LENGTH) return { kind: 'unfinished' };
  return suffix.length === SUFFIX_LENGTH
    ? { kind: 'code', code: `${PREFIX}-${suffix}`, whole: true }
    : { kind: 'other' };
}
