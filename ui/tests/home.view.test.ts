import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import Shell from '../src/App.svelte';
import type { HomeView, RecentSession } from '../src/bridge/backend';
import { App } from '../src/state/app.svelte';
import { recents } from './gallery/scenes/home';
import { booked, booksOf } from './gallery/scenes/summary';
import { preview, refusal, type Script, ScriptedBackend } from './scripted-backend';

async function home(script: Script = {}) {
  const backend = new ScriptedBackend(script);
  const app = new App(backend);
  await app.start();
  render(Shell, { app });
  return { app, backend };
}

const codeField = () => screen.getByRole<HTMLInputElement>('textbox', { name: 'Room code or link' });
const type = (field: HTMLElement, value: string) => fireEvent.input(field, { target: { value } });
const submit = (field: HTMLElement) => fireEvent.submit((field as HTMLInputElement).form as HTMLFormElement);

describe('joining by code', () => {
  it('begins with the code', async () => {
    await home();
    expect(document.activeElement).toBe(codeField());
    expect(screen.getByRole('button', { name: 'Join' })).toHaveProperty('disabled', true);
  });

  it('shows what a sloppy code leads to, and joins it', async () => {
    const { app, backend } = await home();
    await type(codeField(), 'vibe2k4f');
    await screen.findByText(preview.title);
    expect(screen.getByText(/Mara Okafor · 24 here/)).toBeTruthy();
    await fireEvent.click(screen.getByRole('button', { name: 'Join' }));
    await waitFor(() => expect(app.screen).toBe('room'));
    expect(backend.called('join')).toEqual([[preview.target, false]]);
  });

  it('joins at once on Enter, since a code was typed on purpose', async () => {
    const { app } = await home();
    await type(codeField(), 'vibe2k4f');
    await submit(codeField());
    await waitFor(() => expect(app.screen).toBe('room'));
  });

  it('shows a link before it joins', async () => {
    const { app, backend } = await home();
    await type(codeField(), 'kulti://join/VIBE-2K4F?server=https%3A%2F%2Fkulti.dev');
    await submit(codeField());
    await screen.findByText(preview.title);
    expect(backend.called('join')).toEqual([]);
    await submit(codeField());
    await waitFor(() => expect(app.screen).toBe('room'));
  });

  it('says what is wrong beside the field, and keeps the text', async () => {
    await home({ lookUp: () => Promise.reject(refusal('noSuchSession')) });
    await type(codeField(), 'vibe9x4f');
    const alert = await screen.findByRole('alert');
    expect(alert.textContent).toContain('No live session has the code VIBE-9X4F.');
    expect(codeField().value).toBe('VIBE-9X4F');
    expect(codeField().getAttribute('aria-invalid')).toBe('true');
    expect(screen.getByRole('button', { name: 'Try again' })).toBeTruthy();
  });

  it('says that the server does not answer', async () => {
    await home({ lookUp: () => Promise.reject(refusal('serverUnreachable')) });
    await type(codeField(), 'vibe2k4f');
    await screen.findByText(/kulti.dev is not answering. Trying again in 10 s/);
    expect(screen.getByText('kulti.dev is not answering')).toBeTruthy();
  });

  it('keeps the text on the way to the settings and back', async () => {
    const { app } = await home();
    await type(codeField(), 'vibe2k');
    await fireEvent.click(screen.getByRole('button', { name: 'Settings' }));
    await screen.findByRole('heading', { name: 'Settings' });
    await fireEvent.keyDown(document, { key: 'Escape' });
    await waitFor(() => expect(app.screen).toBe('home'));
    expect(codeField().value).toBe('vibe2k');
  });

  it('allows plain http only after a yes for that server', async () => {
    const plain = {
      ...preview,
      needsPlainConsent: true,
      target: { ...preview.target, server: 'http://10.0.0.5:8787' },
    };
    const { backend } = await home({ lookUp: async () => plain });
    await type(codeField(), 'vibe2k4f');
    await screen.findByText(preview.title);
    await fireEvent.click(screen.getByRole('button', { name: 'Join' }));
    const dialog = await screen.findByRole('alertdialog', { name: 'http://10.0.0.5:8787 has no encryption' });
    await fireEvent.click(within(dialog).getByRole('button', { name: 'Not now' }));
    expect(backend.called('join')).toEqual([]);
    await fireEvent.click(screen.getByRole('button', { name: 'Join' }));
    await fireEvent.click(await screen.findByRole('button', { name: 'Allow and join' }));
    await waitFor(() => expect(backend.called('join')).toEqual([[plain.target, true]]));
  });

  it('looks codes up at another server once that was chosen', async () => {
    const { backend } = await home();
    await fireEvent.click(screen.getByRole('button', { name: /Codes are looked up at/ }));
    const chooser = await screen.findByRole('dialog', { name: 'Codes are looked up at' });
    await type(within(chooser).getByRole('textbox', { name: 'Another server' }), 'not an address');
    await submit(within(chooser).getByRole('textbox', { name: 'Another server' }));
    expect(within(chooser).getByRole('alert').textContent).toContain('This is not an address.');
    await type(within(chooser).getByRole('textbox', { name: 'Another server' }), 'other.example');
    await submit(within(chooser).getByRole('textbox', { name: 'Another server' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    await type(codeField(), 'vibe2k4f');
    await waitFor(() => expect(backend.called('lookUp')).toEqual([['VIBE-2K4F', 'https://other.example']]));
  });
});

describe('the first run', () => {
  const nameField = () => screen.getByRole('textbox', { name: /Your name/ });

  it('begins with the name, which is taken over when joining', async () => {
    const { app, backend } = await home({ home: { displayName: '' } });
    expect(document.activeElement).toBe(nameField());
    await type(codeField(), 'vibe2k4f');
    await submit(codeField());
    expect(await screen.findByText('Say who you are first: others see this name.')).toBeTruthy();
    expect(document.activeElement).toBe(nameField());
    expect(codeField().value).toBe('vibe2k4f');
    await type(nameField(), 'Jonas');
    await submit(codeField());
    await waitFor(() => expect(app.screen).toBe('room'));
    expect(backend.calls.filter(([name]) => name !== 'lookUp').slice(0, 2)).toEqual([
      ['setDisplayName', 'Jonas'],
      ['join', preview.target, false],
    ]);
  });
});

describe('hosting', () => {
  const hostCard = () => screen.getByRole('region', { name: 'Host a session' });

  it('says what is missing, where it is missing', async () => {
    const { backend } = await home({ home: { server: '' } });
    const card = within(hostCard());
    await fireEvent.click(card.getByRole('button', { name: 'Start hosting' }));
    await submit(card.getByRole('textbox', { name: 'Title' }));
    await card.findByText('Give your session a title first.');
    await waitFor(() => expect(document.activeElement).toBe(card.getByRole('textbox', { name: 'Title' })));
    await type(card.getByRole('textbox', { name: 'Title' }), '  Parser  ');
    await fireEvent.click(card.getByRole('radio', { name: 'A server' }));
    await submit(card.getByRole('textbox', { name: 'Title' }));
    await card.findByText('Which server? Addresses look like https://kulti.dev.');
    await type(card.getByRole('textbox', { name: 'Server' }), 'kulti.dev');
    await submit(card.getByRole('textbox', { name: 'Title' }));
    await waitFor(() =>
      expect(backend.called('host')).toEqual([
        [{ title: 'Parser', place: { kind: 'server', origin: 'https://kulti.dev' }, listed: false }],
      ]),
    );
  });

  it('lists a session publicly on a server only, and only when that is switched on', async () => {
    const { app, backend } = await home();
    const card = within(hostCard());
    expect(card.queryByRole('switch', { name: 'List it publicly' })).toBeNull();
    await fireEvent.click(card.getByRole('radio', { name: 'A server' }));
    const listed = card.getByRole('switch', { name: 'List it publicly' });
    expect(listed.getAttribute('aria-checked')).toBe('false');
    await fireEvent.click(listed);
    expect(listed.getAttribute('aria-checked')).toBe('true');
    for (const place of ['thisComputer', 'server'] as const) {
      app.hosting.place = place;
      app.hosting.title = 'Parser';
      await app.hosting.start();
    }
    expect(backend.called('host')).toEqual([
      [{ title: 'Parser', place: { kind: 'thisComputer' }, listed: false }],
      [{ title: 'Parser', place: { kind: 'server', origin: 'https://kulti.dev' }, listed: true }],
    ]);
  });

  it('chooses the place with the arrow keys', async () => {
    await home();
    const group = within(hostCard()).getByRole('radiogroup', { name: 'Where it runs' });
    await fireEvent.keyDown(group, { key: 'ArrowRight' });
    const chosen = within(group).getByRole('radio', { checked: true });
    expect(chosen.textContent).toContain('My network');
    expect(document.activeElement).toBe(chosen);
    await fireEvent.keyDown(group, { key: 'ArrowLeft' });
    await fireEvent.keyDown(group, { key: 'ArrowLeft' });
    expect(within(group).getByRole('radio', { checked: true }).textContent).toContain('A server');
  });

  it('shows who can reach this computer, and closes it', async () => {
    const { backend } = await home({
      reach: { openToNetwork: true, addresses: ['https://192.168.1.20:8788'], pin: 'abcd1234' },
    });
    await fireEvent.click(await screen.findByRole('button', { name: 'Open to your network' }));
    const panel = within(await screen.findByRole('dialog', { name: 'Who can reach this computer' }));
    expect(panel.getByText('ABCD 1234')).toBeTruthy();
    await fireEvent.click(panel.getByRole('button', { name: 'Copy https://192.168.1.20:8788' }));
    expect(backend.called('copyText')).toEqual([['https://192.168.1.20:8788']]);
    await fireEvent.click(panel.getByRole('button', { name: 'Close it' }));
    await waitFor(() => expect(backend.called('setOpenToNetwork')).toEqual([[false]]));
    await waitFor(() => expect(screen.queryByRole('button', { name: 'Open to your network' })).toBeNull());
  });
});

describe('recent sessions', () => {
  const recent = {
    sessionId: 's1',
    title: 'Lock-free queues',
    roomCode: 'VIBE-7M3C',
    hostName: 'Teo Marchetti',
    role: 'viewer',
    link: 'kulti://join/VIBE-7M3C',
    joinedAtMs: 0,
    activeMs: 42 * 60_000,
    elapsedMs: 47 * 60_000,
    credits: 42,
    ribbon: [[0, 500]] as [number, number][],
  };

  it('lead to the session without joining it, with its ribbon in words', async () => {
    const { backend } = await home({ home: { recents: [recent] } });
    expect(screen.getByRole('img', { name: '42 of 47 minutes counted' })).toBeTruthy();
    await fireEvent.click(screen.getByRole('button', { name: /Lock-free queues Teo Marchetti/ }));
    expect(codeField().value).toBe(recent.link);
    await waitFor(() => expect(backend.called('lookUp')).toEqual([[recent.link, null]]));
    expect(backend.called('join')).toEqual([]);
  });

  it('can be removed', async () => {
    await home({ home: { recents: [recent] } });
    await fireEvent.click(screen.getByRole('button', { name: 'Remove Lock-free queues from this list' }));
    expect(await screen.findByText('No sessions yet')).toBeTruthy();
  });
});

describe('a link that the app was opened with', () => {
  const link = 'kulti://join/VIBE-2K4F?server=https%3A%2F%2Fkulti.dev';

  it('is shown, and joined only after a yes', async () => {
    const { app, backend } = await home({ home: { pendingLink: link } });
    const dialog = within(await screen.findByRole('dialog', { name: 'Join from a link?' }));
    expect(await dialog.findByText(preview.title)).toBeTruthy();
    expect(dialog.getByText('kulti.dev')).toBeTruthy();
    expect(backend.called('join')).toEqual([]);
    await fireEvent.click(dialog.getByRole('button', { name: 'Join' }));
    await waitFor(() => expect(app.screen).toBe('room'));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  });

  it('is forgotten after a no', async () => {
    const { backend } = await home({ home: { pendingLink: link } });
    await fireEvent.click(await screen.findByRole('button', { name: 'Not now' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    expect(backend.called('dismissLink')).toHaveLength(1);
  });

  it('that arrives later is asked about as well', async () => {
    const { backend } = await home();
    backend.changeHome({ pendingLink: link });
    expect(await screen.findByRole('dialog', { name: 'Join from a link?' })).toBeTruthy();
  });

  it('to a server never used is looked up only after a yes', async () => {
    const { backend } = await home({ home: { pendingLink: link, servers: [] } });
    const dialog = within(await screen.findByRole('dialog', { name: 'Join from a link?' }));
    expect(dialog.getByText('This link leads to kulti.dev, where you have not been before.')).toBeTruthy();
    expect(backend.called('lookUp')).toEqual([]);
    await fireEvent.click(dialog.getByRole('button', { name: 'Look it up' }));
    expect(await dialog.findByText(preview.title)).toBeTruthy();
    expect(backend.called('lookUp')).toEqual([[link, null]]);
    expect(backend.called('join')).toEqual([]);
  });

  it('names the server whose certificate is wrong', async () => {
    await home({ home: { pendingLink: link }, lookUp: () => Promise.reject(refusal('wrongCertificate')) });
    const alert = await screen.findByRole('alert');
    expect(alert.textContent).toContain('kulti.dev shows another certificate');
  });
});

describe('watch time that waits on this computer', () => {
  const journal = (change: Partial<HomeView['journal']>): HomeView['journal'] => ({
    unsent: [],
    setAside: null,
    notWritten: null,
    ...change,
  });
  const unsent = (title: string, minutes: number, server = 'https://kulti.dev') => ({
    sessionId: title,
    title,
    server,
    activeMs: minutes * 60_000,
    refused: null as string | null,
  });

  it('is not mentioned when there is none', async () => {
    await home();
    expect(screen.queryByText(/wait for/)).toBeNull();
  });

  it('says how much of which session waits for which server', async () => {
    const { backend } = await home({ home: { journal: journal({ unsent: [unsent('Rust lecture', 12)] }) } });
    expect(screen.getByText('12 min from “Rust lecture” wait for kulti.dev.')).toBeTruthy();
    backend.changeHome({ journal: journal({}) });
    await waitFor(() => expect(screen.queryByText(/wait for/)).toBeNull());
  });

  it('adds up several sessions, and lists them', async () => {
    await home({ home: { journal: journal({ unsent: [unsent('Rust lecture', 12), unsent('', 3, '')] }) } });
    const note = screen.getByText('15 min from 2 sessions wait for their servers.').closest('.notice');
    await fireEvent.click(within(note as HTMLElement).getByRole('button', { name: 'Details' }));
    const list = await screen.findByRole('dialog');
    expect(list.textContent).toContain('A session without a title');
    expect(list.textContent).toContain('this computer’s server');
  });

  it('says what a server did not take, and why, apart from what waits', async () => {
    const refused = { ...unsent('Rust lecture', 12), refused: 'the session is unknown' };
    await home({ home: { journal: journal({ unsent: [refused, unsent('Parsers', 3)] }) } });
    expect(screen.getByText('3 min from “Parsers” wait for kulti.dev.')).toBeTruthy();
    const note = screen
      .getByText('12 min from “Rust lecture” were not taken by kulti.dev.')
      .closest('.notice');
    await fireEvent.click(within(note as HTMLElement).getByRole('button', { name: 'Details' }));
    expect((await screen.findByRole('dialog')).textContent).toContain('the session is unknown');
    await fireEvent.click(screen.getByRole('button', { name: 'Delete from this computer' }));
    await waitFor(() => expect(screen.queryByText(/were not taken by kulti.dev/)).toBeNull());
    expect(screen.getByText('3 min from “Parsers” wait for kulti.dev.')).toBeTruthy();
  });

  it('says where a damaged record lies, and why nothing is written', async () => {
    await home({
      home: { journal: journal({ setAside: '/data/journal-damaged.db', notWritten: 'disk full' }) },
    });
    const details = (text: string) =>
      within(screen.getByText(text).closest('.notice') as HTMLElement).getByRole('button', {
        name: 'Details',
      });
    await fireEvent.click(details('The record of your watch time was damaged.'));
    expect(await screen.findByText('/data/journal-damaged.db')).toBeTruthy();
    await fireEvent.click(details('Your watch time cannot be written to disk.'));
    expect(await screen.findByText('disk full')).toBeTruthy();
  });
});

describe('the details of a recent session', () => {
  it('are the books of its server, and lead back home', async () => {
    const recent = recents[0] as RecentSession;
    const { app, backend } = await home({
      home: { recents: [recent] },
      sessionBooks: async () => booksOf(booked([53], [5, 'hidden'])),
    });
    await fireEvent.click(screen.getByRole('button', { name: `Details of ${recent.title}` }));
    expect(await screen.findByText('Paid')).toBeTruthy();
    expect(backend.called('sessionBooks')).toEqual([[recent.sessionId]]);
    await fireEvent.click(screen.getByRole('button', { name: 'Back' }));
    await waitFor(() => expect(app.screen).toBe('home'));
  });
});
