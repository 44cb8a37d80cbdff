import { describe, expect, it } from 'vitest';
import { layOut, rowsBetween } from '../src/room/people-layout';

const sizes = { head: 30, row: 50, gap: 10 };

describe('the list of people', () => {
  it('leaves out parts without rows', () => {
    const { parts, height } = layOut(
      [
        { key: 'hands', count: 0 },
        { key: 'leads', count: 2 },
        { key: 'watching', count: 1_998 },
      ],
      sizes,
    );
    expect(parts.map(({ key, top, firstRow }) => [key, top, firstRow])).toEqual([
      ['leads', 0, 0],
      ['watching', 140, 2],
    ]);
    expect(height).toBe(140 + 30 + 1_998 * 50);
  });

  it('draws what can be seen and no more', () => {
    const { parts } = layOut([{ key: 'watching', count: 2_000 }], sizes);
    const [part] = parts;
    if (!part) throw new Error('no part');
    expect(rowsBetween(part, sizes, 0, 600)).toEqual({ first: 0, count: 12 });
    expect(rowsBetween(part, sizes, 50_030, 50_630)).toEqual({ first: 1_000, count: 12 });
    expect(rowsBetween(part, sizes, 99_930, 200_000)).toEqual({ first: 1_998, count: 2 });
    expect(rowsBetween(part, sizes, 500_000, 500_600).count).toBe(0);
    expect(rowsBetween(part, sizes, -900, -100).count).toBe(0);
  });
});
