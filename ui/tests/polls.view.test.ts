import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { tick } from 'svelte';
import { describe, expect, it, vi } from 'vitest';
import type { Intent, PollsView } from '../src/bridge/backend';
import Shell from '../src/App.svelte';
import { App } from '../src/state/app.svelte';
import { options, poll, pollsView, question } from './gallery/scenes/polls';
import { HOST, room } from './gallery/scenes/room';
import { ScriptedBackend } from './scripted-backend';

// A busy machine takes its time for a whole room.
vi.setConfig({ testTimeout: 30_000 });

async function polls(view: PollsView, host = false) {
  const backend = new ScriptedBackend({ home: { inSession: true } });
  const app = new App(backend);
  await app.start();
  render(Shell, { app });
  await room({ count: 3, ...(host ? { session: HOST } : {}) }).play?.({ app, backend });
  backend.play({ slice: 'polls', value: view });
  await tick();
  await fireEvent.click(screen.getByRole('tab', { name: /Polls/ }));
  const acts = () => backend.called('act').map(([intent]) => intent as Intent);
  const deeds = () => acts().flatMap((act) => (act.act === 'poll' ? [act.intent] : []));
  const show = async (next: PollsView) => {
    backend.play({ slice: 'polls', value: next });
    await tick();
  };
  return { app, backend, acts, deeds, show };
}

const PACE = ['too slow', 'right', 'too fast'];
const pace = poll('The pace?', [question('The pace?', options(PACE))]);

describe('a running poll', () => {
  it('takes a vote by one click and by a key, and says how far it has got', async () => {
    const { deeds, show } = await polls(pollsView([pace]));
    expect(screen.getByRole('tab', { name: /1 poll waits for your answer/ })).toBeTruthy();
    await fireEvent.click(screen.getByRole('button', { name: 'right' }));
    await fireEvent.keyDown(document.body, { key: '3' });
    await fireEvent.keyDown(document.body, { key: '4' });
    const vote = (option: number) => ({
      do: 'vote',
      pollId: pace.pollId,
      answers: [{ question: 1, options: [option], text: null }],
    });
    expect(deeds()).toEqual([vote(2), vote(3)]);

    const chosen = options(PACE).map((option) => ({ ...option, mine: option.number === 3 }));
    const voted = { ...pace, questions: [question('The pace?', chosen)] };
    await show(pollsView([{ ...voted, vote: { state: 'retrying' } }]));
    expect(screen.getByText('Not counted yet. Trying again.')).toBeTruthy();
    expect(screen.getByRole('button', { name: 'too fast' }).getAttribute('aria-pressed')).toBe('true');
    await show(pollsView([{ ...voted, vote: { state: 'counted' } }]));
    expect(screen.getByText(/Your vote is in/)).toBeTruthy();
  });

  it('shows no tally before one has answered, and both counts and shares after', async () => {
    const list = options(PACE, [1, 4, 2], [14, 57, 29]);
    const { show } = await polls(pollsView([poll('The pace?', [question('The pace?', list)])]));
    expect(screen.queryByText(/57%/)).toBeNull();
    const mine = list.map((option) => ({ ...option, mine: option.number === 1 }));
    await show(pollsView([poll('The pace?', [question('The pace?', mine)], { vote: { state: 'counted' } })]));
    expect(screen.getByRole('button', { name: /right 57% · 4/ })).toBeTruthy();
  });

  it('asks for a second click where an answer cannot be changed', async () => {
    const final = poll('2 + 2?', [question('2 + 2?', options(['3', '4']), { changeable: false })], {
      quiz: true,
    });
    const { deeds } = await polls(pollsView([final]));
    await fireEvent.click(screen.getByRole('button', { name: '3' }));
    await fireEvent.click(screen.getByRole('button', { name: '4' }));
    expect(deeds()).toEqual([]);
    await fireEvent.click(screen.getByRole('button', { name: 'Send answer' }));
    expect(deeds()).toEqual([
      { do: 'vote', pollId: final.pollId, answers: [{ question: 1, options: [2], text: null }] },
    ]);
  });

  it('leaves keys alone while one types', async () => {
    const { deeds } = await polls(pollsView([pace]));
    const field = document.createElement('input');
    document.body.append(field);
    await fireEvent.keyDown(field, { key: '1' });
    field.remove();
    expect(deeds()).toEqual([]);
  });
});

describe('a host', () => {
  it('writes a poll, and keeps what was written when it was refused', async () => {
    const { deeds, show, app } = await polls(pollsView([]), true);
    await fireEvent.click(screen.getByRole('button', { name: 'New poll or quiz' }));
    await fireEvent.input(screen.getByRole('textbox', { name: 'Question' }), { target: { value: 'Lunch?' } });
    const option = (at: number) => screen.getByRole('textbox', { name: `Option ${at}` });
    await fireEvent.input(option(1), { target: { value: 'Yes' } });
    await fireEvent.input(option(2), { target: { value: 'No' } });
    await fireEvent.keyDown(option(2), { key: 'Enter' });
    await waitFor(() => expect(document.activeElement).toBe(option(3)));
    await fireEvent.input(option(3), { target: { value: 'Later' } });
    await fireEvent.click(screen.getByRole('button', { name: 'Move option 3 up' }));
    await fireEvent.click(screen.getByRole('switch', { name: 'Anonymous' }));
    await fireEvent.click(screen.getByRole('button', { name: 'Start now' }));

    const [saved] = deeds();
    if (saved?.do !== 'save') throw new Error('nothing was saved');
    expect(saved.start).toBe(true);
    expect(saved.draft).toMatchObject({ pollId: null, quiz: false, anonymous: true, changeable: true });
    expect(saved.draft.questions).toEqual([
      { text: 'Lunch?', multiple: false, options: ['Yes', 'Later', 'No'], right: [] },
    ]);

    const savingNumber = saved.number;
    await show(pollsView([], { saving: { state: 'failed', message: 'No room.' }, savingNumber }));
    expect((await screen.findByRole('alert')).textContent).toContain('No room.');
    expect(screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Question' }).value).toBe('Lunch?');

    await fireEvent.click(screen.getByRole('button', { name: 'Keep as draft' }));
    const again = deeds()[1];
    if (again?.do !== 'save') throw new Error('nothing was saved');
    await show(pollsView([], { saving: { state: 'saved', pollId: 'p' }, savingNumber: again.number }));
    await waitFor(() => expect(app.session.pollWriting.open).toBe(false));
  });

  it('closes a running poll and sees who has not answered, by name', async () => {
    const mine = { ...pace, mayVote: false, voters: 2, of: 3 };
    const { deeds, show } = await polls(pollsView([mine]), true);
    expect(screen.getByText('2 of 3 have voted')).toBeTruthy();
    await fireEvent.click(screen.getByRole('button', { name: 'Who has not' }));
    const waitingFor = [{ userId: 'u', name: 'Zoë Kraus', initials: 'ZK', hue: 3 }];
    const inspected = { pollId: pace.pollId, known: true, waiting: 1, waitingFor };
    await show(pollsView([mine], { inspected }));
    const list = screen.getByRole('list', { name: '1 person here has not answered' });
    expect(within(list).getByText('Zoë Kraus')).toBeTruthy();
    await fireEvent.click(screen.getByRole('button', { name: 'Close the poll' }));
    expect(deeds()).toEqual([
      { do: 'inspect', pollId: pace.pollId },
      { do: 'stop', pollId: pace.pollId },
    ]);
  });

  it('names nobody in an anonymous poll', async () => {
    await polls(pollsView([{ ...pace, anonymous: true, mayVote: false, voters: 2 }]), true);
    expect(screen.queryByRole('button', { name: 'Who has not' })).toBeNull();
  });

  it('starts and changes drafts, saves results and uses a poll again', async () => {
    const draft = { ...pace, pollId: 'draft', stage: 'draft' as const };
    const over = poll('Over?', [question('Over?', options(['Yes', 'No'], [3, 1], [75, 25]))], {
      stage: 'closed',
    });
    const { deeds, backend } = await polls(pollsView([draft, over]), true);
    await fireEvent.click(screen.getByRole('button', { name: 'Start: The pace?' }));
    expect(deeds()).toEqual([{ do: 'start', pollId: 'draft' }]);
    await fireEvent.click(screen.getByRole('button', { name: 'Save results' }));
    expect(backend.called('savePollResults')).toEqual([[over.pollId]]);
    await screen.findByText('Results saved: /home/jonas/Downloads/kulti-poll.csv');
    await fireEvent.click(screen.getByRole('button', { name: 'Use again' }));
    expect(screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Question' }).value).toBe('Over?');
    await fireEvent.click(screen.getByRole('button', { name: 'Cancel' }));
    await fireEvent.click(screen.getByRole('button', { name: 'Change: The pace?' }));
    await fireEvent.click(screen.getByRole('button', { name: 'Keep as draft' }));
    const saved = deeds().at(-1);
    expect(saved?.do === 'save' && saved.draft.pollId).toBe('draft');
  });
});

describe('a learner', () => {
  it('is told what will be here, and is offered nothing that a host does', async () => {
    await polls(pollsView([]));
    expect(screen.getByText('When the host asks something, it appears here.')).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'New poll or quiz' })).toBeNull();
  });

  it('finds the way from the toast to the poll', async () => {
    const { backend } = await polls(pollsView([pace]));
    await fireEvent.click(screen.getByRole('tab', { name: /Chat/ }));
    backend.play({
      slice: 'notice',
      value: { kind: 'pollStarted', pollId: 'p', author: 'Mara', title: 'The pace?', quiz: false },
    });
    await fireEvent.click(await screen.findByRole('button', { name: 'Answer' }));
    expect(screen.getByRole('tab', { name: /Polls/ }).getAttribute('aria-selected')).toBe('true');
  });
});
