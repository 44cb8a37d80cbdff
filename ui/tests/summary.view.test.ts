import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import Shell from '../src/App.svelte';
import type { EndReason, WatchView } from '../src/bridge/backend';
import { App } from '../src/state/app.svelte';
import { booked, booksOf, ribbon, sessionView, watchView } from './gallery/scenes/summary';
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

const sums = () => within(screen.getByRole('list', { name: 'How long each was' }));
const usual = ribbon([19.4], [3, 'hidden'], [16.2], [2, 'connectionLost'], [19]);

describe('the summary', () => {
  it('estimates while the server is not answering, and says that the time is kept', async () => {
    await summary({ kind: 'sessionEnded' }, watchView(usual));
    expect(screen.getByRole('heading', { level: 1 }).textContent).toBe('+54credits');
    expect(screen.getByText('Estimated on this computer')).toBeTruthy();
    expect(screen.getByText('54 of your 59 minutes counted.')).toBeTruthy();
    expect(screen.getByText('54:36 · 1 credit a minute')).toBeTruthy();
    expect(sums().getByText('Window hidden').textContent).toContain('3 min');
    expect(await screen.findByText('kulti.dev is not answering.')).toBeTruthy();
    expect(screen.getByText(/The books follow as soon as the server answers/)).toBeTruthy();
    expect(screen.getByText('All of it has reached kulti.dev')).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Save receipt' })).toBeNull();
  });

  it('says that what has not arrived is kept and sent later', async () => {
    await summary({ kind: 'left' }, watchView(usual, 1, 0.9));
    expect(await screen.findByText(/kept here, and sent as soon as the server answers/)).toBeTruthy();
  });

  it('does not say that it is saved before the server has confirmed', async () => {
    await summary({ kind: 'left' }, watchView(usual, 1, 0.9), {
      sessionBooks: () => new Promise(() => undefined),
    });
    expect(screen.queryByText(/All of it has reached/)).toBeNull();
    expect(screen.getByText('Waiting for kulti.dev.')).toBeTruthy();
    expect(screen.getByText(/49 of 54 minutes have arrived/)).toBeTruthy();
    expect(screen.getByText('Asking kulti.dev for its books')).toBeTruthy();
  });

  it('shows every step of what was paid, and what was missed', async () => {
    const { backend } = await summary({ kind: 'sessionEnded' }, watchView(usual), {
      sessionBooks: async () => booksOf(usual),
    });
    expect(await screen.findByText('Paid')).toBeTruthy();
    expect(backend.called('sessionBooks')).toEqual([['s1']]);
    expect(screen.getByRole('heading', { level: 1 }).textContent).toBe('+98credits');
    const row = (name: string) => screen.getByText(name).closest('li')?.textContent?.replace(/\s+/g, ' ');
    expect(row('You wrote in the chat')).toMatch(/×1\.5.*81\.9/);
    expect(row('You keep coming back')).toMatch(/×1\.2.*98\.28/);
    expect(row('Help someone')).toContain('Not counted yet');
    // Nobody can have a first session again.
    expect(screen.queryByText('Your first session')).toBeNull();
    expect(screen.getByText('Balance now').parentElement?.textContent).toContain('1,346');
  });

  it('calls it an estimate until it is settled, and keeps the receipt for later', async () => {
    await summary({ kind: 'left' }, watchView(usual), {
      sessionBooks: async () => booksOf(usual, { settled: false }),
    });
    expect(await screen.findByText('Estimate, not paid yet')).toBeTruthy();
    expect(screen.queryByText('Paid')).toBeNull();
    expect(screen.getByText(/credits are paid when the session is over/)).toBeTruthy();
    expect(screen.getByRole('button', { name: 'Save receipt' })).toHaveProperty('disabled', true);
  });

  it('explains where the books and this computer differ', async () => {
    await summary({ kind: 'sessionEnded' }, watchView(usual), {
      sessionBooks: async () => booksOf(booked([19.4], [3, 'hidden'], [12.2], [4, 'notVouchedFor'], [21])),
    });
    expect(await screen.findByText('This computer counted 54 min, kulti.dev has 52 min.')).toBeTruthy();
    expect(screen.getByText(/For 4 min the server did not see you connected\./)).toBeTruthy();
    expect(sums().getByText('Not seen by the server').textContent).toContain('4 min');
  });

  it('celebrates milestones, and shows hosts their audience', async () => {
    await summary({ kind: 'sessionEnded' }, watchView(usual, 5), {
      sessionBooks: async () =>
        booksOf(usual, {
          role: 'host',
          steps: [{ rule: 'viewers', applied: true, subtotalHundredths: 5_000 }],
          milestones: [
            { kind: 'first_stream', credits: 200 },
            { kind: 'something_new', credits: 7 },
          ],
          audience: { people: 3, activeMs: 6_000_000, averageActiveMs: 2_000_000, medianActiveMs: 1_200_000 },
        }),
    });
    expect(await screen.findByText('The first session you hosted')).toBeTruthy();
    expect(screen.getByText('A milestone')).toBeTruthy();
    expect(screen.getByText('People watching').closest('li')?.textContent).toContain('+50');
    const audience = screen.getByRole('region', { name: 'Your audience' }).textContent;
    for (const figure of ['3', '33 min', '20 min', '100 min']) expect(audience).toContain(figure);
  });

  it('saves the receipt, says where, and says why not', async () => {
    let fails = true;
    const { backend } = await summary({ kind: 'sessionEnded' }, watchView(usual), {
      sessionBooks: async () => booksOf(usual),
      saveReceipt: async () => {
        if (fails) throw refusal('local');
        return '/home/jonas/receipt.json';
      },
    });
    await fireEvent.click(await screen.findByRole('button', { name: 'Save receipt' }));
    expect((await screen.findByRole('alert')).textContent).toContain('The file could not be written.');
    fails = false;
    await fireEvent.click(screen.getByRole('button', { name: 'Save receipt' }));
    expect(await screen.findByText('/home/jonas/receipt.json')).toBeTruthy();
    await fireEvent.click(screen.getByRole('button', { name: 'Copy the path of the receipt' }));
    expect(backend.called('copyText')).toEqual([['/home/jonas/receipt.json']]);
  });

  it('still knows where the receipt is after a look at the settings', async () => {
    const { app } = await summary({ kind: 'sessionEnded' }, watchView(usual), {
      sessionBooks: async () => booksOf(usual),
      saveReceipt: async () => '/home/jonas/receipt.json',
    });
    await fireEvent.click(await screen.findByRole('button', { name: 'Save receipt' }));
    expect(await screen.findByText('/home/jonas/receipt.json')).toBeTruthy();
    app.settingsOpen = true;
    await waitFor(() => expect(screen.queryByText('/home/jonas/receipt.json')).toBeNull());
    app.settingsOpen = false;
    expect(await screen.findByText('/home/jonas/receipt.json')).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Save receipt' })).toBeNull();
  });

  it('tells the stretches to the keyboard, one by one', async () => {
    await summary({ kind: 'sessionEnded' }, watchView(usual));
    const timeline = screen.getByRole('slider');
    expect(timeline.getAttribute('aria-valuetext')).toBe('54 of 59 minutes counted');
    await fireEvent.keyDown(timeline, { key: 'Home' });
    await fireEvent.keyDown(timeline, { key: 'ArrowRight' });
    expect(timeline.getAttribute('aria-valuetext')).toMatch(/: Window hidden, 3 min$/);
    await fireEvent.keyDown(timeline, { key: 'End' });
    expect(timeline.getAttribute('aria-valuetext')).toMatch(/: Counted, 19 min$/);
    expect(
      within(screen.getByRole('list', { name: 'Every stretch of this session' })).getAllByRole('listitem'),
    ).toHaveLength(5);
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
