const MINUTE = 60_000;
/** Lengths that a session is likely to have, so that the ribbon's scale rarely changes. */
const STEPS = [5, 15, 30, 45, 60, 90, 120, 180, 240].map((minutes) => minutes * MINUTE);

/** How long a ribbon is drawn for a stay of `elapsedMs`: the next likely length, with some room left. */
export function ribbonLength(elapsedMs: number): number {
  return STEPS.find((step) => elapsedMs < step * 0.97) ?? elapsedMs;
}
