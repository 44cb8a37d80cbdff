/** A part of a message: plain text, or something that is shown in another way. */
export type Piece =
  | { kind: 'text'; text: string }
  | { kind: 'code'; text: string }
  | { kind: 'mention'; text: string }
  | { kind: 'link'; text: string; url: string; host: string };

const SPECIAL = /https?:\/\/[^\s<>"`]+|`[^`\n]+`|@/giu;
const LETTER = /[\p{L}\p{N}]/u;

/** Cuts a message into its parts. `names` are those of people, the longest first. */
export function pieces(text: string, names: readonly string[]): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  const plainUntil = (end: number) => {
    if (end > from) found.push({ kind: 'text', text: text.slice(from, end) });
  };
  for (const match of text.matchAll(SPECIAL)) {
    if (match.index < from) continue;
    const piece = special(text, match.index, match[0], names);
    if (!piece) continue;
    plainUntil(match.index);
    found.push(piece);
    from = match.index + (piece.kind === 'code' ? piece.text.length + 2 : piece.text.length);
  }
  plainUntil(text.length);
  return found;
}

function special(text: string, at: number, matched: string, names: readonly string[]): Piece | null {
  if (matched === '@') return mention(text, at, names);
  if (matched.startsWith('`')) return { kind: 'code', text: matched.slice(1, -1) };
  return link(matched);
}

function mention(text: string, at: number, names: readonly string[]): Piece | null {
  if (at > 0 && LETTER.test(text[at - 1] ?? '')) return null;
  const behind = text.slice(at + 1);
  const name = names.find((one) => {
    const said = behind.slice(0, one.length);
    return said.toLocaleLowerCase() === one.toLocaleLowerCase() && !LETTER.test(behind[one.length] ?? '');
  });
  return name ? { kind: 'mention', text: text.slice(at, at + 1 + name.length) } : null;
}

/** Only what a browser should show, and nothing that makes one server look like another. */
function link(matched: string): Piece | null {
  const text = withoutEnd(matched);
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return null;
  }
  const isWeb = url.protocol === 'http:' || url.protocol === 'https:';
  if (!isWeb || url.username || url.password || text.length > 2_000) return null;
  // The host as the network knows it: letters that look like others show.
  return { kind: 'link', text, url: url.href, host: url.host };
}

/** What stands behind an address in a sentence is not part of it. */
function withoutEnd(address: string): string {
  let text = address;
  for (;;) {
    const last = text.at(-1) ?? '';
    const closes = { ')': '(', ']': '[', '}': '{' }[last];
    const unopened = closes !== undefined && count(text, closes) < count(text, last);
    if (!unopened && !/[.,;:!?'*_]/.test(last)) return text;
    text = text.slice(0, -1);
  }
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}
