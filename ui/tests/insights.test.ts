import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Insights } from '../src/bridge/backend';
import { axisTop } from '../src/design/chart';
import { bars, line, percent, sum } from '../src/insights/course';
import { InsightsWatch } from '../src/state/insights.svelte';
import { classOf24, classOver } from './insights-figures';
import { refusal, ScriptedBackend } from './scripted-backend';

describe('a course', () => {
  const series = { ...classOf24.series, startedAtMs: 1_000, stepMs: 100 };

  it('puts each average into the middle of its stretch, and leaves nothing out', () => {
    expect(line(series, [2, 4, 6], 1_250)).toEqual({
      times: [1_000, 1_050, 1_150, 1_225, 1_250],
      values: [2, 2, 4, 6, 6],
    });
    expect(line(series, [3], 1_000)).toEqual({ times: [1_000], values: [3] });
    expect(line(series, [], 1_000)).toEqual({ times: [], values: [] });
  });

  it('keeps its sum in fewer bars', () => {
    const values = Array.from({ length: 71 }, (_, at) => at % 3);
    const few = bars(values, 24);
    expect(few.length).toBe(24);
    expect(sum(few)).toBe(sum(values));
    expect(bars([1, 2], 24)).toEqual([1, 2]);
    expect(bars([], 24)).toEqual([]);
  });

  it('has an axis from 0 to a round, even number above the highest', () => {
    const tops = [0, 1, 2, 3, 5, 9, 10, 11, 21, 24, 61, 99, 100, 150, 4_321].map(axisTop);
    expect(tops).toEqual([2, 2, 2, 4, 6, 10, 10, 12, 24, 24, 80, 100, 100, 160, 5_000]);
  });

  it('is a share of whole percent', () => {
    expect([percent(18, 23), percent(0, 0), percent(5, 4)]).toEqual([78, null, 100]);
  });
});

describe('the figures of a session', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const watching = (insights: () => Promise<Insights>) => {
    const backend = new ScriptedBackend({ insights });
    const watch = new InsightsWatch(backend, 's1');
    return { backend, watch, asked: () => backend.called('insights').length };
  };

  it('are asked for every ten seconds while it goes on, and no more once nobody looks', async () => {
    const { watch, asked } = watching(async () => classOf24);
    await watch.ask();
    expect(watch.insights?.active).toBe(18);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(asked()).toBe(4);
    watch.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked()).toBe(4);
  });

  it('are final when it is over', async () => {
    const { watch, asked } = watching(async () => classOver);
    await watch.ask();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked()).toBe(1);
  });

  it('stay on the screen while the server does not answer, and come again', async () => {
    let broken = false;
    const { watch, asked } = watching(async () => {
      if (broken) throw refusal('serverUnreachable');
      return classOf24;
    });
    await watch.ask();
    broken = true;
    await vi.advanceTimersByTimeAsync(10_000);
    expect([watch.error?.code, watch.insights?.active]).toEqual(['serverUnreachable', 18]);
    broken = false;
    await vi.advanceTimersByTimeAsync(10_000);
    expect([watch.error, asked()]).toEqual([null, 3]);
    watch.close();
  });

  it('are not asked for again where they are refused', async () => {
    const { watch, asked } = watching(() => Promise.reject(refusal('refused')));
    await watch.ask();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked()).toBe(1);
  });
});
