import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SessionPreview } from '../src/bridge/backend';
import { Joining } from '../src/state/joining.svelte';
import { preview, refusal, type Script, ScriptedBackend } from './scripted-backend';

function joining(script: Script = {}, enter: () => Promise<void> = async () => undefined) {
  const backend = new ScriptedBackend(script);
  const state = new Joining(backend, enter);
  state.server = 'https://kulti.dev';
  return { backend, state };
}

describe('joining', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('asks once, when typing has paused on a code, and writes the code out', async () => {
    const { backend, state } = joining();
    for (const text of ['vibe', 'vibe2', 'vibe2k4', 'vibe2k4f']) state.type(text);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(backend.called('lookUp')).toEqual([['VIBE-2K4F', 'https://kulti.dev']]);
    expect(state.preview).toEqual(preview);
    expect(state.text).toBe('VIBE-2K4F');
  });

  it('asks this computer’s own server with no origin', async () => {
    const { backend, state } = joining();
    state.server = '';
    state.type('vibe2k4f');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(backend.called('lookUp')).toEqual([['VIBE-2K4F', null]]);
  });

  it('lets a link bring its own server, and leaves it as it was pasted', async () => {
    const { backend, state } = joining();
    const link = ' kulti://join/VIBE-2K4F?server=https%3A%2F%2Fother.example ';
    state.type(link);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(backend.called('lookUp')).toEqual([[link.trim(), null]]);
    expect(state.text).toBe(link);
    expect(state.askedServer).toBe('other.example');
  });

  it('does not call half-typed text wrong', async () => {
    const { state } = joining({ lookUp: () => Promise.reject(refusal('noSuchSession')) });
    state.type('2k4f');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(state.phase.at).toBe('typing');
    expect(state.text).toBe('2k4f');
  });

  it('says that a whole code is unknown, keeps it, and forgets that when typing goes on', async () => {
    const { state } = joining({ lookUp: () => Promise.reject(refusal('noSuchSession')) });
    state.type('vibe9x4f');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(state.phase).toMatchObject({ at: 'refused', error: { code: 'noSuchSession' } });
    expect(state.text).toBe('VIBE-9X4F');
    state.type('VIBE-9X4');
    expect(state.phase.at).toBe('typing');
  });

  it('ignores the answer to what is no longer typed', async () => {
    const answers: ((found: SessionPreview) => void)[] = [];
    const { state } = joining({ lookUp: () => new Promise((resolve) => answers.push(resolve)) });
    state.type('vibe2k4f');
    await vi.advanceTimersByTimeAsync(300);
    state.type('vibe7m3c');
    await vi.advanceTimersByTimeAsync(300);
    const second = { ...preview, title: 'second', target: { ...preview.target, roomCode: 'VIBE-7M3C' } };
    answers[1]?.(second);
    answers[0]?.(preview);
    await vi.advanceTimersByTimeAsync(0);
    expect(state.preview?.title).toBe('second');
    expect(state.text).toBe('VIBE-7M3C');
  });

  it('tries a server that does not answer again by itself, counting down', async () => {
    let answers = false;
    const { backend, state } = joining({
      lookUp: async () => {
        if (answers) return preview;
        throw refusal('serverUnreachable');
      },
    });
    state.type('vibe2k4f');
    await vi.advanceTimersByTimeAsync(300);
    expect(state.phase).toMatchObject({ at: 'offline', retryInS: 10 });
    await vi.advanceTimersByTimeAsync(4_000);
    expect(state.phase).toMatchObject({ at: 'offline', retryInS: 6 });
    answers = true;
    await vi.advanceTimersByTimeAsync(6_000);
    expect(backend.called('lookUp')).toHaveLength(2);
    expect(state.preview).toEqual(preview);
  });

  it('asks the newly chosen server about what is typed', async () => {
    const { backend, state } = joining();
    state.type('vibe2k4f');
    await vi.advanceTimersByTimeAsync(300);
    state.useServer('https://other.example');
    await vi.advanceTimersByTimeAsync(300);
    expect(backend.called('lookUp').at(-1)).toEqual(['VIBE-2K4F', 'https://other.example']);
  });

  it('keeps what was typed when joining is refused, and clears it once in', async () => {
    let refuse = true;
    const { state } = joining({}, async () => {
      if (refuse) throw refusal('sessionOver');
    });
    state.type('vibe2k4f');
    await vi.advanceTimersByTimeAsync(300);
    await state.join();
    expect(state.phase).toMatchObject({ at: 'refused', error: { code: 'sessionOver' } });
    expect(state.text).toBe('VIBE-2K4F');
    refuse = false;
    await state.lookUp();
    await state.join();
    expect(state.text).toBe('');
  });

  it('does not join twice', async () => {
    let entered = 0;
    const { state } = joining({}, async () => void (entered += 1));
    state.type('vibe2k4f');
    await vi.advanceTimersByTimeAsync(300);
    await Promise.all([state.join(), state.join()]);
    expect(entered).toBe(1);
  });
});
