import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import Shell from '../src/App.svelte';
import type { EndReason, WatchView } from '../src/bridge/backend';
import { App } from '../src/state/app.svelte';
import { ribbon, sessionView, watchView } from './gallery/scenes/summary';
import { preview, refusal, type Script, ScriptedBackend } from './scripted-backend';

async function summary(reason: EndReason, watch: WatchView, script: Script = {}) {
  const backend = new ScriptedBackend({ ...script, home: { inSession: true } });
  const app = new App(backend);
  await app.start();
  backend.play(
    { slice: 'session', value: sessionView },
    { slice: 'ended', value: { reason, title: sessionView.title, hostName: sessionView.hostName, watch } },
  );
  render(Shell, { app });
  return { app, backend };
}

const usual = ribbon([19.4], [3, 'hidden'], [16.2], [2, 'connectionLost'], [19]);

describe('the summary', () => {
  it('estimates, and can be followed line by line', async () => {
    await summary({ kind: 'sessionEnded' }, watchView(usual));
    expect(screen.getByRole('heading', { level: 1 }).textContent).toBe('+54credits');
    expect(screen.getAllByText('estimated').length).toBeGreaterThan(0);
    expect(screen.getByText('54 of your 59 minutes counted.')).toBeTruthy();
    expect(screen.getByText('54:36')).toBeTruthy();
    expect(screen.getByRole('img', { name: '54 of 59 minutes counted' })).toBeTruthy();
    expect(screen.getByText('Window hidden').textContent).toContain('3 min');
    expect(screen.getByText('All of it has reached kulti.dev')).toBeTruthy();
  });

  it('does not say that it is saved before the server has confirmed', async () => {
    await summary({ kind: 'left' }, watchView(usual, 1, 0.9));
    expect(screen.queryByText(/All of it has reached/)).toBeNull();
    expect(screen.getByText('Waiting for kulti.dev.')).toBeTruthy();
    expect(screen.getByText(/49 of 54 minutes have arrived/)).toBeTruthy();
  });

  it('offers to come back after leaving, and says why that fails', async () => {
    const { app, backend } = await summary({ kind: 'left' }, watchView(usual), {
      lookUp: () => Promise.reject(refusal('sessionOver')),
    });
    await fireEvent.click(screen.getByRole('button', { name: 'Join again' }));
    expect((await screen.findByRole('alert')).textContent).toContain('This session is over.');
    expect(backend.called('lookUp')).toEqual([[sessionView.shareLink, null]]);
    expect(app.screen).toBe('summary');
  });

  it('leads back into the session', async () => {
    const { app, backend } = await summary({ kind: 'left' }, watchView(usual));
    await fireEvent.click(screen.getByRole('button', { name: 'Join again' }));
    await waitFor(() => expect(app.screen).toBe('room'));
    expect(backend.called('join')).toEqual([[preview.target, false]]);
  });

  it('does not offer to come back after a removal, and gives its reason', async () => {
    await summary({ kind: 'removed', by: 'Mara Okafor', reason: 'No music, please.' }, watchView(usual));
    expect(screen.getByText('Mara Okafor removed you from the session')).toBeTruthy();
    expect(screen.getByText('The reason given: No music, please.')).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Join again' })).toBeNull();
  });

  it('makes no sum of a stay under a minute', async () => {
    await summary({ kind: 'failed', code: 401, message: 'the token has expired' }, watchView(ribbon([0.3])));
    expect(screen.getByRole('heading', { level: 1 }).textContent).toBe('The session could not go on');
    expect(screen.getByText('The server said: the token has expired (401)')).toBeTruthy();
    expect(screen.queryByText('How it adds up')).toBeNull();
  });

  it('closes with Done, which has the focus', async () => {
    const { app } = await summary({ kind: 'sessionEnded' }, watchView(usual));
    const done = screen.getByRole('button', { name: 'Done' });
    await waitFor(() => expect(document.activeElement).toBe(done));
    await fireEvent.click(done);
    await waitFor(() => expect(app.screen).toBe('home'));
  });
});
