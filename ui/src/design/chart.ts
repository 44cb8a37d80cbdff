/** Points of a line: times (ms since the epoch, ascending) and a value at each. */
export interface Course {
  times: number[];
  values: number[];
}

/** Where an axis that starts at 0 ends: a round, even number that is not less than `most`. */
export function axisTop(most: number): number {
  if (most <= 2) return 2;
  const magnitude = 10 ** Math.floor(Math.log10(most));
  const steps = [1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10].map((step) => step * magnitude);
  return steps.find((step) => step >= most && step % 2 === 0) ?? most;
}
