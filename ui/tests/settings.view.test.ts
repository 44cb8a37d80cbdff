import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import Shell from '../src/App.svelte';
import { App } from '../src/state/app.svelte';
import { refusal, type Script, ScriptedBackend } from './scripted-backend';

async function settings(script: Script = {}) {
  const backend = new ScriptedBackend(script);
  const app = new App(backend);
  await app.start();
  app.settingsOpen = true;
  render(Shell, { app });
  return { app, backend };
}

describe('settings', () => {
  it('take effect at once', async () => {
    const { backend } = await settings({ settings: { theme: 'dark' } });
    await fireEvent.click(screen.getByRole('switch', { name: 'Announcements from the host' }));
    await fireEvent.click(screen.getByRole('radio', { name: 'Light' }));
    expect(document.documentElement.dataset['theme']).toBe('light');
    await waitFor(() => expect(backend.settingsNow).toMatchObject({ theme: 'light', notifications: false }));
    expect(
      screen.getByRole('switch', { name: 'Announcements from the host' }).getAttribute('aria-checked'),
    ).toBe('false');
  });

  it('change the name when it is done being typed', async () => {
    const { backend } = await settings();
    const field = screen.getByRole('textbox', { name: /Your name/ });
    await fireEvent.input(field, { target: { value: 'Jonas L.' } });
    expect(backend.called('setDisplayName')).toEqual([]);
    await fireEvent.change(field);
    await screen.findByText('Saved');
    expect(backend.called('setDisplayName')).toEqual([['Jonas L.']]);
  });

  it('say why a name was not taken, and keep it', async () => {
    await settings({ setDisplayName: () => Promise.reject(refusal('badName')) });
    const field = screen.getByRole<HTMLInputElement>('textbox', { name: /Your name/ });
    await fireEvent.input(field, { target: { value: ' ' } });
    await fireEvent.change(field);
    expect((await screen.findByRole('alert')).textContent).toContain('This name does not fit.');
    expect(field.value).toBe(' ');
  });

  it('withdraw the permission for a server', async () => {
    const { backend } = await settings({
      settings: { plainServers: ['http://10.0.0.5:8787', 'http://build-box.lan'] },
    });
    await fireEvent.click(
      screen.getByRole('button', { name: 'Withdraw the permission for http://10.0.0.5:8787' }),
    );
    await waitFor(() => expect(backend.settingsNow.plainServers).toEqual(['http://build-box.lan']));
  });

  it('say where sign-ins are kept when there is no keyring', async () => {
    await settings({
      home: { secrets: { kind: 'file', path: '/data/secrets', why: 'No keyring answers.' } },
    });
    const about = within(screen.getByRole('region', { name: 'About' }));
    expect(about.getByText('/data/secrets')).toBeTruthy();
    expect(about.getByText('No keyring answers.')).toBeTruthy();
  });
});

describe('what Kulti can tell on this computer', () => {
  it('says for each thing what tells it, what that cannot tell, and what nothing tells', async () => {
    await settings({
      activitySources: async () => [
        { about: 'window', source: 'page', blindTo: ['otherWorkspace', 'covered'] },
        { about: 'input', source: null, blindTo: [] },
        { about: 'sleep', source: 'clocks', blindTo: ['inAdvance'] },
      ],
    });
    const row = async (title: string) => (await screen.findByText(title)).closest('.set')?.textContent;
    expect(await row('Whether the window is on screen')).toMatch(
      /other windows cover it: that counts.*In part/s,
    );
    expect(await row('Whether you are there')).toMatch(/Nothing here can tell.*Cannot tell/s);
    expect(await row('Whether the computer sleeps')).toMatch(/only afterwards.*Works/s);
  });

  it('can be asked again', async () => {
    let fails = true;
    await settings({
      activitySources: async () => {
        if (fails) throw refusal('local');
        return [{ about: 'lock', source: 'logind', blindTo: [] }];
      },
    });
    expect(await screen.findByText('It could not be found out.')).toBeTruthy();
    fails = false;
    await fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByText(/logind/)).toBeTruthy();
  });
});
