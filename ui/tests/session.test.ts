import { describe, expect, it } from 'vitest';
import type { Intent, ViewEvent } from '../src/bridge/backend';
import { Session } from '../src/state/session.svelte';
import { Toasts } from '../src/state/toasts.svelte';
import { message } from './messages';
import { refusal, ScriptedBackend } from './scripted-backend';

async function following(script = {}) {
  const backend = new ScriptedBackend(script);
  const toasts = new Toasts();
  const session = new Session(backend, toasts);
  await session.follow();
  return { backend, session, toasts };
}

describe('the session’s view', () => {
  it('knows nothing before it was told', async () => {
    const { session } = await following();
    expect(session.counts).toBeNull();
    expect(session.watch).toBeNull();
  });

  it('takes each slice as a whole', async () => {
    const { backend, session } = await following();
    backend.play(
      { slice: 'connection', value: { state: 'connected', roundTripMs: 24, restored: null } },
      { slice: 'counts', value: { total: 24, active: 18, hands: 2 } },
      { slice: 'counts', value: { total: 25, active: 18, hands: 0 } },
    );
    expect(session.connection).toEqual({ state: 'connected', roundTripMs: 24, restored: null });
    expect(session.counts).toEqual({ total: 25, active: 18, hands: 0 });
  });

  it('forgets the stay before', async () => {
    const { backend, session } = await following();
    backend.play({ slice: 'counts', value: { total: 24, active: 18, hands: 2 } });
    backend.play({ slice: 'chat', value: { messages: [message('a')], earlier: false } });
    await session.follow();
    expect(session.counts).toBeNull();
    expect(session.chat.messages).toEqual([]);
  });

  it('shows notices as toasts', async () => {
    const { backend, toasts } = await following();
    backend.play({ slice: 'notice', value: { kind: 'handRaised', name: 'Søren' } });
    expect(toasts.list.map((toast) => toast.text)).toEqual(['Søren raised a hand']);
  });

  it('says why an act was refused', async () => {
    const { session, toasts } = await following({ act: () => Promise.reject(refusal('notInSession')) });
    expect(await session.act({ act: 'leave' })).toBe(false);
    expect(toasts.list[0]?.text).toBe('You are not in a session. Join it again from the home screen.');
  });
});

describe('pages', () => {
  const grid = (page: number, pages = 4): ViewEvent => ({
    slice: 'grid',
    value: { page, pages, total: pages * 9, pageSize: 9, tiles: [] },
  });

  async function paging() {
    const asked: number[] = [];
    const act = (intent: Intent) => {
      if (intent.act === 'showPage') asked.push(intent.page);
      return Promise.resolve();
    };
    return { ...(await following({ act })), asked };
  }

  it('goes on from the page that was asked for, however quick the presses', async () => {
    const { backend, session, asked } = await paging();
    backend.play(grid(3));
    session.turnPage(-1);
    session.turnPage(-1);
    backend.play(grid(2));
    session.turnPage(-1);
    expect(asked).toEqual([2, 1, 0]);
    backend.play(grid(1), grid(0));
    expect(session.turnPage(-1)).toBe(false);
    session.turnPage(1);
    expect(asked).toEqual([2, 1, 0, 1]);
  });

  it('starts anew when the page that was asked for is gone', async () => {
    const { backend, session, asked } = await paging();
    backend.play(grid(2));
    session.turnPage(1);
    backend.play(grid(1, 2));
    session.turnPage(-1);
    expect(asked).toEqual([3, 0]);
  });
});
