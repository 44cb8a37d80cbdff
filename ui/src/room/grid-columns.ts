/** Columns of a grid of `cells` tiles: 1, 2×1, 2×2, 3×2, 3×3. */
export function gridColumns(cells: number): number {
  if (cells <= 1) return 1;
  return cells <= 4 ? 2 : 3;
}
