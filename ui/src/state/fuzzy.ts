// Finding things by a few letters of their names.

/** How well something fits, and which of its letters were meant. */
export interface Match {
  /** Higher is better. */
  score: number;
  /** Stretches of the text, `[start, end)`, in order. */
  marked: [number, number][];
}

/** Letters without accents and in lower case, one for each UTF-16 unit of the text. */
function folded(text: string): string {
  return [...text]
    .map((letter) => {
      const plain = letter
        .normalize('NFD')
        .replace(/\p{Mn}/gu, '')
        .toLocaleLowerCase();
      // Marks must stay where they are in the text.
      return plain.length === letter.length ? plain : letter.toLocaleLowerCase().slice(0, letter.length);
    })
    .join('');
}

const startsWord = (text: string, at: number) => at === 0 || /[\s\-–,(“]/.test(text[at - 1] ?? '');

/**
 * Whether `query` is in `text`: as it stands, best at the start of a word, else letter
 * by letter, where letters at the start of words count most. Null if it is not.
 */
export function fuzzyMatch(query: string, text: string): Match | null {
  const wanted = folded(query.trim().replace(/\s+/g, ' '));
  const letters = folded(text);
  if (wanted === '') return { score: 0, marked: [] };
  let found = -1;
  for (let at = letters.indexOf(wanted); at !== -1; at = letters.indexOf(wanted, at + 1)) {
    if (found === -1 || startsWord(letters, at)) found = at;
    if (startsWord(letters, found)) break;
  }
  if (found !== -1) {
    const score = (startsWord(letters, found) ? 3000 : 2000) - found - letters.length / 100;
    return { score, marked: [[found, found + wanted.length]] };
  }
  const marked: [number, number][] = [];
  let score = 1000 - letters.length / 100;
  let at = 0;
  for (const letter of wanted.replaceAll(' ', '')) {
    const next = letters.indexOf(letter, at);
    if (next === -1) return null;
    const last = marked.at(-1);
    if (last && last[1] === next) last[1] += letter.length;
    else marked.push([next, next + letter.length]);
    score -= startsWord(letters, next) ? 0 : next - at + 1;
    at = next + letter.length;
  }
  // A few letters strewn over a long text mean nothing.
  return score > 990 ? { score, marked } : null;
}

/** A text in pieces, with those that were meant marked. */
export function pieces(text: string, marked: Match['marked']): { text: string; marked: boolean }[] {
  const cut: { text: string; marked: boolean }[] = [];
  let at = 0;
  for (const [start, end] of marked) {
    if (start > at) cut.push({ text: text.slice(at, start), marked: false });
    cut.push({ text: text.slice(start, end), marked: true });
    at = end;
  }
  if (at < text.length) cut.push({ text: text.slice(at), marked: false });
  return cut;
}
