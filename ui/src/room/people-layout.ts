// Where the rows of the list of people stand, whether they are drawn or not: only those
// that can be seen are, however many people there are.

/** A part of the list, such as the raised hands. */
export interface Part<Key extends string> {
  key: Key;
  /** How many rows it has. */
  count: number;
}

/** A part with its place; lengths are in px from the top of the list. */
export interface PlacedPart<Key extends string> extends Part<Key> {
  top: number;
  height: number;
  /** Place of its first row in the whole list, from 0. */
  firstRow: number;
}

/** Heights in px. */
export interface Sizes {
  head: number;
  row: number;
  /** Between parts. */
  gap: number;
}

/** The parts that have rows, one below the other, and how high they are together. */
export function layOut<Key extends string>(
  parts: readonly Part<Key>[],
  { head, row, gap }: Sizes,
): { parts: PlacedPart<Key>[]; height: number } {
  const placed: PlacedPart<Key>[] = [];
  let top = 0;
  let firstRow = 0;
  for (const part of parts) {
    if (part.count > 0) {
      if (placed.length > 0) top += gap;
      const height = head + part.count * row;
      placed.push({ ...part, top, height, firstRow });
      top += height;
    }
    firstRow += part.count;
  }
  return { parts: placed, height: top };
}

/** The rows of a part between two heights of the list: from the first on, so many. */
export function rowsBetween(
  part: PlacedPart<string>,
  { head, row }: Sizes,
  from: number,
  to: number,
): { first: number; count: number } {
  const start = part.top + head;
  const first = Math.min(Math.max(Math.floor((from - start) / row), 0), part.count);
  const end = Math.min(Math.max(Math.ceil((to - start) / row), first), part.count);
  return { first, count: end - first };
}
