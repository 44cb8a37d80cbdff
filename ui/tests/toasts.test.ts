import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Toasts } from '../src/state/toasts.svelte';

const texts = (toasts: Toasts) => toasts.list.map((toast) => toast.text);

describe('toasts', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('leave after five seconds, with something to do after ten', () => {
    const toasts = new Toasts();
    toasts.show({ icon: 'check', text: 'plain' });
    toasts.show({ icon: 'undo', text: 'with action', actions: [{ label: 'Undo', run: () => undefined }] });
    vi.advanceTimersByTime(5_000);
    expect(texts(toasts)).toEqual(['with action']);
    vi.advanceTimersByTime(5_000);
    expect(texts(toasts)).toEqual([]);
  });

  it('wait while they are pointed at', () => {
    const toasts = new Toasts();
    const id = toasts.show({ icon: 'check', text: 'plain' });
    toasts.hold(id);
    vi.advanceTimersByTime(60_000);
    expect(texts(toasts)).toEqual(['plain']);
    toasts.resume(id);
    vi.advanceTimersByTime(5_000);
    expect(texts(toasts)).toEqual([]);
  });

  it('are two at most; the older leaves first, a question last', () => {
    const toasts = new Toasts();
    toasts.show({ icon: 'presentation', text: 'question', lasting: true });
    toasts.show({ icon: 'check', text: 'one' });
    toasts.show({ icon: 'check', text: 'two' });
    expect(texts(toasts)).toEqual(['question', 'two']);
  });

  it('do not say the same twice at once', () => {
    const toasts = new Toasts();
    toasts.show({ icon: 'check', text: 'Copied' });
    toasts.show({ icon: 'check', text: 'Copied' });
    expect(texts(toasts)).toEqual(['Copied']);
  });
});
