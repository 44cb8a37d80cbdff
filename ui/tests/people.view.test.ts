import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it, vi } from 'vitest';
import Shell from '../src/App.svelte';
import type { Intent, RoomView, ViewEvent } from '../src/bridge/backend';
import { App } from '../src/state/app.svelte';
import { peopleList } from './gallery/scenes/people-list';
import { ANNOUNCED, HOST, person, room as scene } from './gallery/scenes/room';
import { ScriptedBackend } from './scripted-backend';

vi.setConfig({ testTimeout: 30_000 });

const DOOR: RoomView = { locked: false, lockedBy: null, canLock: true, invitation: null, invited: [] };

async function room(events: ViewEvent[] = [], { host = true, count = 8 } = {}) {
  const backend = new ScriptedBackend({ home: { inSession: true } });
  const app = new App(backend);
  await app.start();
  render(Shell, { app });
  await scene({ count, events, ...(host ? { session: HOST } : {}) }).play?.({ app, backend });
  const acts = <Act extends Intent['act']>(act: Act) =>
    backend
      .called('act')
      .map(([intent]) => intent as Intent)
      .filter((intent): intent is Extract<Intent, { act: Act }> => intent.act === act);
  return { app, backend, acts };
}

// Looking things up by role takes seconds in jsdom; only what is about roles is.
const tab = (name: string) => screen.getByText(name, { selector: '[role=tab]' });
const rowsOf = (list: HTMLElement) => [...list.querySelectorAll('li')];
const button = (name: string) => screen.getByText(name, { selector: 'button' });

const openPeople = async () => {
  await fireEvent.click(tab('People'));
  return screen.findByTestId('people');
};

describe('the people panel', () => {
  it('asks the core for what is looked at, and stops when it is closed', async () => {
    const { acts } = await room();
    await openPeople();
    expect(acts('showPeople')).toHaveLength(1);
    expect(acts('showPeople')[0]).toMatchObject({ query: '', first: 0 });
    await fireEvent.click(tab('Chat'));
    await waitFor(() => expect(acts('showPeople').at(-1)?.count).toBe(0));
  });

  it('has the core search among everybody', async () => {
    const { backend, acts } = await room();
    await openPeople();
    await fireEvent.input(screen.getByLabelText('Find a person'), { target: { value: 'søren' } });
    await waitFor(() => expect(acts('showPeople').at(-1)).toMatchObject({ query: 'søren', first: 0 }));
    const everybody = Array.from({ length: 8 }, (_, n) => person(n));
    backend.play({ slice: 'peopleList', value: peopleList(everybody, { query: 'søren' }) });
    await screen.findByText('1 person found');
    expect(rowsOf(screen.getByTestId('people')).map((row) => row.dataset['peerRow'])).toEqual(['peer-6']);
  });

  it('draws some rows of two thousand, and knows how many there are', async () => {
    const { backend } = await room();
    const list = await openPeople();
    const everybody = Array.from({ length: 2_000 }, (_, n) => ({ ...person(n), hand: null }));
    backend.play({ slice: 'peopleList', value: peopleList(everybody) });
    await waitFor(() => expect(within(list).getByText('1,998')).toBeTruthy());
    const rows = rowsOf(list);
    expect(rows.length).toBeLessThan(60);
    expect(rows.at(-1)?.getAttribute('aria-setsize')).toBe('1998');
  });

  it('lowers one hand and all hands, for hosts', async () => {
    const { acts } = await room();
    await openPeople();
    const [first] = await screen.findAllByLabelText(/^Lower the hand of/);
    await fireEvent.click(first!);
    expect(acts('lowerHand')).toEqual([{ act: 'lowerHand', peerId: 'peer-7' }]);
    await fireEvent.click(screen.getByLabelText('Lower all hands'));
    expect(acts('lowerAllHands')).toHaveLength(1);
  });

  it('shows a learner nothing that the server would refuse', async () => {
    await room([{ slice: 'room', value: { ...DOOR, canLock: false } }], { host: false });
    await openPeople();
    expect(screen.queryByLabelText(/^Lower the hand of/)).toBeNull();
    expect(screen.queryByLabelText('Lower all hands')).toBeNull();
    expect(screen.queryByTestId('room-lock')).toBeNull();
  });

  it('removes with a reason', async () => {
    const { acts } = await room();
    await openPeople();
    const row = (await screen.findAllByLabelText('Actions for Teo Marchetti')).at(-1);
    await fireEvent.click(row!);
    await fireEvent.click(await screen.findByText('Remove from session'));
    await fireEvent.input(await screen.findByLabelText('Reason (they read it)'), {
      target: { value: '  Wrong session ' },
    });
    await fireEvent.click(button('Remove'));
    expect(acts('removePeer')).toEqual([{ act: 'removePeer', peerId: 'peer-2', reason: 'Wrong session' }]);
  });
});

describe('the door', () => {
  it('is locked with a switch, shown in the header, and opened there', async () => {
    const { backend, acts } = await room([{ slice: 'room', value: DOOR }]);
    await openPeople();
    await fireEvent.click(screen.getByLabelText('Lock the session'));
    expect(acts('lockRoom')).toEqual([{ act: 'lockRoom', locked: true }]);
    backend.play({ slice: 'room', value: { ...DOOR, locked: true, lockedBy: 'Mara Okafor' } });
    const chip = await screen.findByTestId('locked');
    expect(chip.getAttribute('aria-label')).toContain('Locked by Mara Okafor');
    await fireEvent.click(chip);
    expect(acts('lockRoom').at(-1)).toEqual({ act: 'lockRoom', locked: false });
  });
});

describe('an invitation', () => {
  it('asks, and sends yes or no', async () => {
    const { backend, acts } = await room([], { host: false });
    for (const accept of [false, true]) {
      const invitation = { name: 'Mara', role: 'presenter' };
      backend.play({ slice: 'room', value: { ...DOOR, canLock: false, invitation } });
      await screen.findByText('Mara invites you to present');
      const label = accept ? 'Accept' : 'Not now';
      // A key that was meant for another field answers nothing; a click does.
      await fireEvent.click(button(label), { detail: 0 });
      expect(acts('answerRoleInvite').length).toBeLessThan(accept ? 2 : 1);
      await fireEvent.click(button(label), { detail: 1 });
      backend.play({ slice: 'room', value: { ...DOOR, canLock: false } });
      await waitFor(() => expect(screen.queryByText('Mara invites you to present')).toBeNull());
    }
    expect(acts('answerRoleInvite').map(({ accept }) => accept)).toEqual([false, true]);
  });
});

describe('announcing', () => {
  it('says for how long, and shows who has read the last one', async () => {
    const { acts } = await room([
      {
        slice: 'stageLog',
        value: {
          announcements: [{ ...ANNOUNCED, current: true, acknowledged: 17 }],
          acknowledged: { announcementId: ANNOUNCED.id, count: 17, of: 23 },
          ignored: [],
        },
      },
    ]);
    await fireEvent.click(screen.getByLabelText('Announce, A'));
    expect(await screen.findByText('17 / 23')).toBeTruthy();
    await fireEvent.input(screen.getByLabelText('Announcement'), { target: { value: 'Break' } });
    await fireEvent.click(button('5 min'));
    await fireEvent.click(button('Send to 7'));
    expect(acts('announce')).toEqual([{ act: 'announce', text: 'Break', shownForMs: 300_000 }]);
  });
});

describe('what a host takes away', () => {
  it('can be put back from a toast', async () => {
    const { acts } = await room([
      {
        slice: 'stage',
        value: { spotlight: person(2), localPin: null, pinned: null, announcement: null },
      },
    ]);
    await fireEvent.click(within(await screen.findByTestId('stage')).getByText('Remove'));
    await fireEvent.click(await screen.findByText('Undo'));
    expect(acts('spotlight').map(({ peerId }) => peerId)).toEqual([null, 'peer-2']);
  });
});
