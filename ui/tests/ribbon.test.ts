import { describe, expect, it } from 'vitest';
import type { RibbonSpan } from '../src/bridge/backend';
import { hueOf, initialsOf } from '../src/design/identity';
import { rememberedStretches, stayStretches } from '../src/design/ribbon';
import { confirmedUntil, innerMarks, lengthsByReason, pieces, type Stretch } from '../src/design/timeline';

const span = (startMs: number, endMs: number, reason: RibbonSpan['reason'] = null) => ({
  startMs,
  endMs,
  reason,
});
const minutes = (value: number) => value * 60_000;

describe('the ribbon', () => {
  it('keeps the lengths of a stay and says why a stretch did not count', () => {
    const stretches = stayStretches([span(0, 10), span(10, 15, 'hidden')], 20);
    expect(stretches).toEqual([
      { weight: 10, kind: 'counted', title: undefined },
      { weight: 5, kind: 'uncounted', title: 'window hidden' },
      { weight: 5, kind: 'rest' },
    ]);
  });

  it('fills the gaps of a remembered session, and weighs 1000 in all', () => {
    for (const watched of [
      [],
      [[0, 1000]],
      [
        [100, 400],
        [490, 900],
      ],
      [
        [0, 500],
        [400, 600],
      ],
    ] as [number, number][][]) {
      const stretches = rememberedStretches(watched);
      expect(stretches.every((stretch) => stretch.weight > 0)).toBe(true);
    }
    const stretches = rememberedStretches([
      [100, 400],
      [490, 900],
    ]);
    expect(stretches.map((stretch) => [stretch.kind, stretch.weight])).toEqual([
      ['uncounted', 100],
      ['counted', 300],
      ['uncounted', 90],
      ['counted', 410],
      ['uncounted', 100],
    ]);
  });

  it('adds up what each reason cost, the longest first, but no splinters', () => {
    const lengths = lengthsByReason([
      span(0, 10_000),
      span(10_000, 12_000, 'hidden'),
      span(12_000, 20_000, 'locked'),
      span(20_000, 25_000, 'hidden'),
      span(25_000, 25_200, 'asleep'),
    ]);
    expect(lengths).toEqual([
      ['locked', 8_000],
      ['hidden', 7_000],
    ]);
  });

  it.each([
    [minutes(0.5), []],
    [minutes(3.2), [1, 2]],
    [minutes(11.2), [5]],
    [minutes(59.6), [15, 30, 45]],
    [minutes(154.5), [60, 120]],
  ])('labels the axis of %d ms at %j between its ends', (elapsed, labels) =>
    expect(innerMarks(elapsed).map((mark) => mark.atMs / 60_000)).toEqual(labels),
  );
});

describe('the timeline', () => {
  const restless: Stretch[] = Array.from({ length: 500 }, (_, index) =>
    span(index * 1_000, (index + 1) * 1_000, index % 2 ? 'hidden' : null),
  );

  it('draws few pieces for many stretches, and loses none', () => {
    const drawn = pieces(restless, 500_000 / 100);
    expect(drawn.length).toBeLessThanOrEqual(100);
    expect(drawn[0]?.first).toBe(0);
    expect(drawn.at(-1)?.last).toBe(499);
    drawn.slice(1).forEach((piece, index) => expect(piece.startMs).toBe(drawn[index]?.endMs));
    expect(drawn.reduce((sum, piece) => sum + piece.countedMs, 0)).toBe(250_000);
  });

  it('leaves a stretch that is long enough a piece of its own, with its reason', () => {
    const drawn = pieces(
      [span(0, 100), span(100, 101, 'locked'), span(101, 200), span(200, 260, 'asleep')],
      10,
    );
    expect(drawn.map(({ startMs, endMs, countedMs, reason }) => [startMs, endMs, countedMs, reason])).toEqual(
      [
        [0, 100, 100, null],
        [100, 101, 0, 'locked'],
        [101, 200, 99, null],
        [200, 260, 0, 'asleep'],
      ],
    );
  });

  it('names no reason for a piece of several stretches', () => {
    const [piece] = pieces([span(0, 2, 'locked'), span(2, 4), span(4, 5, 'hidden')], 10);
    expect(piece).toEqual({ startMs: 0, endMs: 5, first: 0, last: 2, countedMs: 2, reason: null });
  });

  it('tells up to when the server has all that counted', () => {
    const stay = [span(0, 100), span(100, 150, 'hidden'), span(150, 200)];
    expect(confirmedUntil(stay, 0)).toBe(0);
    expect(confirmedUntil(stay, 60)).toBe(60);
    expect(confirmedUntil(stay, 100)).toBe(100);
    expect(confirmedUntil(stay, 120)).toBe(170);
    expect(confirmedUntil(stay, 999)).toBe(200);
    expect(confirmedUntil([], 5)).toBe(0);
  });
});

describe('a face for a name', () => {
  it.each([
    ['Mara Okafor', 'MO'],
    ['  jonas  ', 'J'],
    ['Nguyễn Thị Minh Khai', 'NK'],
    ['Zoë "Zee" Kraus', 'ZK'],
    ['李 雷', '李雷'],
    ['', '?'],
    ['…', '?'],
  ])('%j has the initials %j', (name, initials) => expect(initialsOf(name)).toBe(initials));

  it('always has the same colour', () => {
    expect(hueOf('Mara Okafor')).toBe(hueOf('Mara Okafor'));
    expect(hueOf('Mara Okafor')).not.toBe(hueOf('Teo Marchetti'));
    expect(hueOf('')).toBeLessThan(360);
  });
});
