// From the server's stretches of time to what a chart draws.

import type { Series } from '../bridge/backend';
import type { Course } from '../design/chart';

/**
 * The averages of stretches as a line: each stands in the middle of its stretch, the
 * first one also at the start and the last one at the end, so that nothing is left out.
 */
export function line(series: Series, values: readonly number[], untilMs: number): Course {
  const { startedAtMs: start, stepMs: step } = series;
  const end = Math.max(untilMs, start);
  const course: Course = { times: [], values: [] };
  const put = (time: number, value: number) => {
    if (time <= (course.times.at(-1) ?? -Infinity)) return;
    course.times.push(time);
    course.values.push(value);
  };
  values.forEach((value, index) => {
    const from = start + index * step;
    const to = Math.min(from + step, end);
    if (index === 0) put(from, value);
    put((from + to) / 2, value);
    if (index === values.length - 1) put(to, value);
  });
  return course;
}

/** Sums of stretches as at most `bars` bars, each of the same number of stretches. */
export function bars(values: readonly number[], most: number): number[] {
  const each = Math.max(1, Math.ceil(values.length / most));
  const sums: number[] = [];
  values.forEach((value, index) => {
    const bar = Math.floor(index / each);
    sums[bar] = (sums[bar] ?? 0) + value;
  });
  return sums;
}

/** The sum. */
export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** A share as whole percent; 0 of 0 is none. */
export function percent(part: number, whole: number): number | null {
  return whole > 0 ? Math.round((100 * Math.min(part, whole)) / whole) : null;
}
