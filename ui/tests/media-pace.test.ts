import { describe, expect, it } from 'vitest';
import { Cadence } from '../src/media/cadence';
import { ASK_AGAIN_MS, Continuity } from '../src/media/continuity';
import { Credits, Pace, SoundClock, toPaint } from '../src/media/pace';
import { encodeSize, paintSize, standsAtOwnSize } from '../src/media/sizes';
import { sameShown, shownTiles } from '../src/media/shown';

describe('continuity', () => {
  it('begins with a keyframe and asks once for it', () => {
    const slot = new Continuity();
    expect(slot.take(5, false, 0)).toBe('ask');
    expect(slot.take(6, false, 10)).toBe('skip');
    expect(slot.take(7, true, 20)).toBe('decode');
    expect(slot.take(8, false, 30)).toBe('decode');
  });

  it('never feeds a delta after a gap', () => {
    const slot = new Continuity();
    slot.take(1, true, 0);
    expect(slot.take(3, false, 10)).toBe('ask');
    // It follows the one before, but that was left out.
    expect(slot.take(4, false, 20)).toBe('skip');
    expect(slot.take(9, true, 30)).toBe('decode');
  });

  it('asks again when no keyframe comes', () => {
    const slot = new Continuity();
    expect(slot.take(1, false, 0)).toBe('ask');
    expect(slot.take(2, false, ASK_AGAIN_MS - 1)).toBe('skip');
    expect(slot.take(3, false, ASK_AGAIN_MS)).toBe('ask');
  });

  it('goes on over the end of the count', () => {
    const slot = new Continuity();
    slot.take(0xffff_ffff, true, 0);
    expect(slot.take(0, false, 10)).toBe('decode');
  });
});

describe('what is painted', () => {
  it('is the newest, or the newest that is not early', () => {
    expect(toPaint([10, 20, 30], null)).toBe(2);
    expect(toPaint([1_000_000, 1_050_000, 1_100_000], 1_000_000)).toBe(1);
    expect(toPaint([1_100_000], 1_000_000)).toBe(-1);
    expect(toPaint([], 0)).toBe(-1);
  });

  it('follows the clock of sound, whose messages come late now and then', () => {
    const clock = new SoundClock();
    expect(clock.nowUs(0)).toBeNull();
    clock.hear(5_000_000, 1_000);
    expect(clock.nowUs(1_500)).toBe(5_500_000);
    // 80 ms late: that says nothing about the clock.
    clock.hear(5_920_000, 2_000);
    expect(Math.abs((clock.nowUs(2_000) ?? 0) - 6_000_000)).toBeLessThan(1_000);
    // Another device, another clock.
    clock.hear(100, 3_000);
    expect(clock.nowUs(3_000)).toBe(100);
    expect(clock.nowUs(60_000)).toBeNull();
  });
});

describe('the pace', () => {
  /** Ticks for so many seconds, each after `gap` ms, with so many pictures and replaced ones. */
  function run(pace: Pace, from: number, seconds: number, gap: number, painted = 1, replaced = 0): number {
    let now = from;
    while (now < from + seconds * 1000) {
      now += gap;
      for (let one = 0; one < replaced; one += 1) pace.replaced();
      pace.tick(now, painted);
    }
    return now;
  }

  it('stays while everything is painted', () => {
    const pace = new Pace();
    run(pace, 0, 20, 33);
    expect(pace.slow).toBe(false);
  });

  it('slows down under pressure, and tries again when that is over', () => {
    const pace = new Pace();
    let now = run(pace, 0, 3, 60, 9, 9);
    expect(pace.slow).toBe(true);
    // Every other picture is left out on purpose now.
    now = run(pace, now, 5, 67, 9, 9);
    expect(pace.slow).toBe(true);
    for (let second = 0; second < 5 && pace.slow; second += 1) now = run(pace, now, 1, 67, 9, 9);
    expect(pace.slow).toBe(false);
    run(pace, now, 10, 33, 9);
    expect(pace.slow).toBe(false);
  });

  it('takes a slow source for no pressure', () => {
    const pace = new Pace();
    run(pace, 0, 20, 200);
    expect(pace.slow).toBe(false);
  });

  it('gives at most five credits a second', () => {
    const credits = new Credits();
    let given = 0;
    for (let now = 0; now < 1_000; now += 20) given += Number(credits.due(now));
    expect(given).toBe(5);
  });
});

describe('the cadence', () => {
  it('keeps its count whoever drives it', () => {
    const cadence = new Cadence(30);
    let taken = 0;
    for (let now = 0; now < 10_000; now += 5) taken += Number(cadence.due(now));
    expect(Math.abs(taken - 300)).toBeLessThanOrEqual(1);
  });

  it('does not make up for a pause', () => {
    const cadence = new Cadence(10);
    cadence.due(0);
    expect(cadence.due(5_000)).toBe(true);
    expect(cadence.due(5_010)).toBe(false);
  });
});

describe('sizes', () => {
  it('paint no more pixels than are shown, and none that did not come', () => {
    const frame = { width: 640, height: 360 };
    expect(paintSize(frame, { width: 320, height: 180 }, 'cover')).toEqual({ width: 320, height: 180 });
    expect(paintSize(frame, { width: 300, height: 360 }, 'cover')).toEqual(frame);
    expect(paintSize(frame, { width: 2000, height: 2000 }, 'contain')).toEqual(frame);
    expect(paintSize(frame, { width: 320, height: 320 }, 'contain')).toEqual({ width: 320, height: 180 });
  });

  it('encode the shape that was captured, in even pixels, never enlarged', () => {
    const wanted = { width: 640, height: 360 };
    expect(encodeSize({ width: 1280, height: 720 }, wanted)).toEqual(wanted);
    expect(encodeSize({ width: 1280, height: 960 }, wanted)).toEqual({ width: 480, height: 360 });
    expect(encodeSize({ width: 321, height: 241 }, wanted)).toEqual({ width: 322, height: 242 });
  });

  it('leave a screen its own pixels where it nearly fills its place', () => {
    const screen = { width: 1280, height: 720 };
    expect(standsAtOwnSize(screen, { width: 1400, height: 800 })).toBe(true);
    expect(standsAtOwnSize(screen, { width: 1000, height: 600 })).toBe(false);
    expect(standsAtOwnSize(screen, { width: 2560, height: 1440 })).toBe(false);
  });
});

describe('what is shown', () => {
  const tile = (trackId: string, width: number, isInSight = true) => ({
    trackId,
    isInSight,
    size: { width, height: width / 2 },
  });

  it('is what can be seen, in device pixels, each track once', () => {
    const tiles = [tile('b', 100), tile('a', 40), tile('a', 80), tile('c', 100, false), tile('d', 0)];
    expect(shownTiles(tiles, 2, false)).toEqual([
      { trackId: 'a', width: 160, height: 80 },
      { trackId: 'b', width: 200, height: 100 },
    ]);
  });

  it('is nothing while the window is hidden', () => {
    expect(shownTiles([tile('a', 100)], 1, true)).toEqual([]);
  });

  it('is told when it changes', () => {
    const shown = shownTiles([tile('a', 100)], 1, false);
    expect(sameShown(shown, shownTiles([tile('a', 100)], 1, false))).toBe(true);
    expect(sameShown(shown, shownTiles([tile('a', 102)], 1, false))).toBe(false);
  });
});
