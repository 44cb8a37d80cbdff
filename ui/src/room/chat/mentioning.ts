import type { TileView } from '../../bridge/backend';

/** So many people are offered. */
const OFFERED = 6;

/** A name that is being typed after an `@`. */
export interface TypedName {
  /** Where the `@` is. */
  at: number;
  name: string;
}

/** The name before the caret, if one is being typed. */
export function typedName(text: string, caret: number): TypedName | null {
  const match = /(?:^|[^\p{L}\p{N}@])@([^@\n]{0,40})$/u.exec(text.slice(0, caret));
  const name = match?.[1];
  return name === undefined ? null : { at: caret - name.length - 1, name };
}

/** Those whose name, or a word of it, begins so; hosts first, then as they stand in the room. */
export function candidates(people: readonly TileView[], typed: string, me: string | undefined): TileView[] {
  const wanted = typed.toLocaleLowerCase();
  if (wanted.startsWith(' ')) return [];
  const seen = new Set([me]);
  return people
    .filter(({ userId, name }) => {
      const lower = name.toLocaleLowerCase();
      // A whole name that is followed by something has been typed.
      const begins = lower.startsWith(wanted) || lower.split(/\s+/).some((word) => word.startsWith(wanted));
      return begins && !seen.has(userId) && seen.add(userId);
    })
    .sort((a, b) => Number(b.role === 'host') - Number(a.role === 'host'))
    .slice(0, OFFERED);
}

/** The text with the whole name in it, and where the caret is then. */
export function inserted(
  text: string,
  typed: TypedName,
  caret: number,
  name: string,
): { text: string; caret: number } {
  const before = `${text.slice(0, typed.at)}@${name} `;
  return { text: before + text.slice(caret).trimStart(), caret: before.length };
}
