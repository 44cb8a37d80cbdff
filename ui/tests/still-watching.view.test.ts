import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import Shell from '../src/App.svelte';
import type { WatchView } from '../src/bridge/backend';
import { App } from '../src/state/app.svelte';
import { ribbon, sessionView, watchView } from './gallery/scenes/summary';
import { ScriptedBackend } from './scripted-backend';

const watch = (stopsInMs: number | null): WatchView => ({
  ...watchView(ribbon([42])),
  counting: true,
  prompt: stopsInMs === null ? null : { stopsInMs },
});

async function room() {
  const backend = new ScriptedBackend({ home: { inSession: true } });
  const app = new App(backend);
  await app.start();
  backend.play({ slice: 'session', value: sessionView }, { slice: 'watch', value: watch(null) });
  render(Shell, { app });
  const ask = (stopsInMs: number | null) => backend.play({ slice: 'watch', value: watch(stopsInMs) });
  const acts = (act: string) =>
    backend.called('act').filter(([intent]) => (intent as { act: string }).act === act);
  return { app, backend, ask, acts };
}

const question = () => screen.queryByRole('alertdialog', { name: 'Still watching?' });
const button = () => screen.findByRole('button', { name: 'I’m here' });

/** jsdom lays nothing out: here everything is drawn, and nothing covers the question. */
let visible: DocumentVisibilityState = 'visible';
beforeEach(() => {
  visible = 'visible';
  vi.spyOn(document, 'visibilityState', 'get').mockImplementation(() => visible);
  vi.spyOn(HTMLElement.prototype, 'getBoundingClientRect').mockReturnValue(new DOMRect(100, 100, 400, 100));
  document.elementFromPoint = () => question();
});
afterEach(() => vi.restoreAllMocks());

describe('“Still watching?”', () => {
  it('comes and goes with the core', async () => {
    const { ask } = await room();
    expect(question()).toBeNull();
    ask(60_000);
    await waitFor(() => expect(question()).toBeTruthy());
    ask(null);
    await waitFor(() => expect(question()).toBeNull());
  });

  it('counts down by the core’s seconds, which are not read out', async () => {
    const { ask } = await room();
    ask(38_000);
    await screen.findByText('Without a sign of you, counting pauses in 38 s.');
    const spoken = screen.getByRole('alert').textContent;
    ask(37_000);
    await screen.findByText('Without a sign of you, counting pauses in 37 s.');
    expect(screen.getByRole('alert').textContent).toBe(spoken);
  });

  it('tells once that it was shown', async () => {
    const { ask, acts } = await room();
    for (const left of [60_000, 59_000, 58_000]) {
      ask(left);
      await waitFor(() => expect(acts('promptShown')).toHaveLength(1));
      for (let frame = 0; frame < 4; frame += 1) await new Promise(requestAnimationFrame);
    }
    expect(acts('promptShown')).toHaveLength(1);
  });

  it('tells it only when the page is seen', async () => {
    const { ask, acts } = await room();
    visible = 'hidden';
    ask(60_000);
    await waitFor(() => expect(question()).toBeTruthy());
    for (let frame = 0; frame < 4; frame += 1) await new Promise(requestAnimationFrame);
    expect(acts('promptShown')).toEqual([]);
    visible = 'visible';
    document.dispatchEvent(new Event('visibilitychange'));
    await waitFor(() => expect(acts('promptShown')).toHaveLength(1));
  });

  it('tells it for every question', async () => {
    const { ask, acts } = await room();
    ask(60_000);
    await waitFor(() => expect(acts('promptShown')).toHaveLength(1));
    ask(null);
    await waitFor(() => expect(question()).toBeNull());
    ask(60_000);
    await waitFor(() => expect(acts('promptShown')).toHaveLength(2));
  });

  it('has the focus on its one button, which answers once', async () => {
    const { ask, acts } = await room();
    ask(60_000);
    const answer = await button();
    await waitFor(() => expect(document.activeElement).toBe(answer));
    await fireEvent.click(answer);
    await fireEvent.click(answer);
    expect(acts('stillWatching')).toHaveLength(1);
  });

  it('leaves a field that is being typed in alone, and takes a key there for an answer', async () => {
    const { ask, acts } = await room();
    const field = screen.getByPlaceholderText('Message everyone');
    field.focus();
    ask(60_000);
    await button();
    expect(document.activeElement).toBe(field);
    await fireEvent.keyDown(field, { key: 'a', repeat: true });
    expect(acts('stillWatching')).toEqual([]);
    await fireEvent.keyDown(field, { key: 'a' });
    expect(acts('stillWatching')).toHaveLength(1);
    expect(document.activeElement).toBe(field);
  });

  it('gives the focus back', async () => {
    const { ask } = await room();
    const pill = screen.getByTestId('credits');
    pill.focus();
    ask(60_000);
    const answer = await button();
    await waitFor(() => expect(document.activeElement).toBe(answer));
    ask(null);
    await waitFor(() => expect(document.activeElement).toBe(pill));
  });

  it('can be answered over a dialog, which makes the rest of the page inert', async () => {
    const { ask } = await room();
    await fireEvent.click(screen.getByRole('button', { name: 'Leave' }));
    const dialog = await screen.findByRole('dialog', { name: 'Leave the session?' });
    ask(60_000);
    await waitFor(() => expect(dialog.contains(question())).toBe(true));
  });

  it('is there over the settings, too', async () => {
    const { app, ask } = await room();
    app.settingsOpen = true;
    ask(60_000);
    await waitFor(() => expect(question()).toBeTruthy());
  });

  it('is gone when the session has ended', async () => {
    const { backend, ask } = await room();
    ask(60_000);
    await button();
    backend.play({
      slice: 'ended',
      value: { reason: { kind: 'left' }, title: 'Parser', hostName: 'Mara', watch: watch(30_000) },
    });
    await waitFor(() => expect(question()).toBeNull());
  });
});

describe('a pause', () => {
  it.each([
    ['hidden', 'as soon as the window is on screen'],
    ['locked', 'when you unlock it'],
    ['asleep', 'when the computer wakes up'],
    ['nobodyThere', 'Press a key or move the mouse'],
  ] as const)('%s says what brings it back', async (reason, hint) => {
    const { backend } = await room();
    backend.play({
      slice: 'watch',
      value: { ...watchView(ribbon([42], [2, reason])), pausedBy: reason },
    });
    const row = await screen.findByText(new RegExp(hint));
    expect(row.closest('.notice')?.textContent).toContain('Paused:');
    expect(screen.getByTestId('credits').getAttribute('aria-label')).toContain('your 42 minutes are kept');
  });

  it('for nobody there can be ended by a button', async () => {
    const { backend, acts } = await room();
    backend.play({
      slice: 'watch',
      value: { ...watchView(ribbon([42], [2, 'nobodyThere'])), pausedBy: 'nobodyThere' },
    });
    await fireEvent.click(await button());
    expect(acts('stillWatching')).toHaveLength(1);
  });
});
