import { describe, expect, it } from 'vitest';
import type { EndedView } from '../src/bridge/backend';
import { App } from '../src/state/app.svelte';
import { preview, refusal, type Script, ScriptedBackend } from './scripted-backend';

const ended: EndedView = {
  reason: { kind: 'left' },
  title: 'Parser',
  hostName: 'Mara',
  watch: {
    counting: false,
    pausedBy: null,
    activeMs: 0,
    elapsedMs: 0,
    credits: 0,
    nextCreditPermille: 0,
    nextCreditInMs: 0,
    creditsPerMinute: 1,
    ribbon: [],
    confirmedMs: 0,
    prompt: null,
  },
};

async function started(script: Script = {}) {
  const backend = new ScriptedBackend(script);
  const app = new App(backend);
  await app.start();
  return { app, backend };
}

describe('the app', () => {
  it('goes from home to the room, to the summary, and home', async () => {
    const { app, backend } = await started();
    expect(app.screen).toBe('home');
    await app.join(preview.target, false);
    expect(app.screen).toBe('room');
    backend.play({ slice: 'ended', value: ended });
    expect(app.screen).toBe('summary');
    app.closeSummary();
    expect(app.screen).toBe('home');
    await app.join(preview.target, false);
    expect(app.screen).toBe('room');
    expect(app.session.ended).toBeNull();
  });

  it('shows the room of a session that is already going on', async () => {
    const { app, backend } = await started({ home: { inSession: true } });
    expect(app.screen).toBe('room');
    expect(backend.called('watchSession')).toHaveLength(1);
  });

  it('follows a session that began elsewhere, once', async () => {
    const { app, backend } = await started();
    backend.changeHome({ inSession: true });
    backend.changeHome({ inSession: true });
    expect(app.screen).toBe('room');
    expect(backend.called('watchSession')).toHaveLength(1);
  });

  it('does not go back into a session that has just ended', async () => {
    const { app, backend } = await started({ home: { inSession: true } });
    backend.play({ slice: 'ended', value: ended });
    backend.changeHome({ inSession: true, recents: [] });
    expect(app.screen).toBe('summary');
  });

  it('stays home when joining is refused', async () => {
    const { app } = await started({ join: () => Promise.reject(refusal('sessionOver')) });
    await expect(app.join(preview.target, false)).rejects.toMatchObject({ code: 'sessionOver' });
    expect(app.screen).toBe('home');
  });

  it('leads back to where the settings were opened', async () => {
    const { app } = await started({ home: { inSession: true } });
    app.settingsOpen = true;
    expect(app.screen).toBe('settings');
    app.settingsOpen = false;
    expect(app.screen).toBe('room');
  });

  it('shows the chosen theme, and goes back when it could not be kept', async () => {
    const { app } = await started({
      settings: { theme: 'light' },
      setSettings: () => Promise.reject(refusal('local')),
    });
    expect(document.documentElement.dataset['theme']).toBe('light');
    const change = app.changeSettings({ theme: 'dark' });
    expect(document.documentElement.dataset['theme']).toBe('dark');
    await change;
    expect(document.documentElement.dataset['theme']).toBe('light');
    expect(app.toasts.list[0]?.text).toBe('Not saved. The log says more.');
  });

  it('remembers the theme for the first paint of the next start', async () => {
    await started({ settings: { theme: 'light' } });
    expect(localStorage.getItem('kulti.theme')).toBe('light');
  });

  it('takes over a typed name before the first join, and asks for a missing one', async () => {
    const { app, backend } = await started({ home: { displayName: '' } });
    expect(await app.settleName()).toBe(false);
    expect(app.nameError).toBe('missing');
    app.nameDraft = '  Jonas ';
    expect(await app.settleName()).toBe(true);
    expect(backend.called('setDisplayName')).toEqual([['Jonas']]);
    expect(app.home?.displayName).toBe('Jonas');
  });

  it('says so when nothing behind the page answers', async () => {
    const backend = new ScriptedBackend();
    backend.home = () => Promise.reject(new Error('the connection to the app is gone'));
    const app = new App(backend);
    await app.start();
    expect(app.startError?.message).toBe('the connection to the app is gone');
  });

  it('says so when the clipboard does not answer', async () => {
    const { app } = await started({ copyText: () => Promise.reject(refusal('local')) });
    await app.copy('VIBE-2K4F');
    expect(app.toasts.list[0]?.tone).toBe('bad');
  });
});
