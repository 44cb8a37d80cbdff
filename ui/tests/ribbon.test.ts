import { describe, expect, it } from 'vitest';
import type { RibbonSpan } from '../src/bridge/backend';
import { hueOf, initialsOf } from '../src/design/identity';
import { rememberedStretches, stayStretches } from '../src/design/ribbon';
import { axisMinutes, lengthsByReason } from '../src/state/stay';

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

  it('adds up what each reason cost, the longest first', () => {
    const lengths = lengthsByReason([
      span(0, 10),
      span(10, 12, 'hidden'),
      span(12, 20, 'locked'),
      span(20, 25, 'hidden'),
    ]);
    expect(Object.entries(lengths)).toEqual([
      ['locked', 8],
      ['hidden', 7],
    ]);
  });

  it.each([
    [minutes(0.5), []],
    [minutes(1), [0, 1]],
    [minutes(3.2), [0, 1, 2, 3]],
    [minutes(11.2), [0, 5, 11]],
    [minutes(59.6), [0, 15, 30, 45, 59]],
    [minutes(154.5), [0, 60, 120, 154]],
  ])('labels the axis of %d ms at %j', (elapsed, labels) => expect(axisMinutes(elapsed)).toEqual(labels));
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
