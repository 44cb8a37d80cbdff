import { fireEvent, render, screen } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import Shell from '../src/App.svelte';
import { App } from '../src/state/app.svelte';
import { person } from './gallery/scenes/room';
import { sessionView } from './gallery/scenes/summary';
import { message } from './messages';
import { ScriptedBackend } from './scripted-backend';

async function room() {
  const backend = new ScriptedBackend({ home: { inSession: true } });
  const app = new App(backend);
  await app.start();
  const people = [0, 1, 2].map(person);
  backend.play(
    { slice: 'session', value: { ...sessionView, me: { ...sessionView.me, userId: 'user-0' } } },
    { slice: 'people', value: { total: 3, people } },
    {
      slice: 'chat',
      value: {
        messages: [
          message('q', {
            userId: 'user-1',
            name: 'Mara Okafor',
            audience: { to: 'person', userId: 'user-0', name: 'Jonas' },
          }),
        ],
        earlier: false,
      },
    },
  );
  render(Shell, { app });
  const acts = () => backend.called('act').map(([intent]) => intent);
  const field = () => screen.getByRole<HTMLTextAreaElement>('textbox', { name: /^Message / });
  const type = (text: string) => fireEvent.input(field(), { target: { value: text } });
  return { app, backend, acts, field, type };
}

describe('the composer', () => {
  it('sends to everyone, and is empty then', async () => {
    const { acts, field, type } = await room();
    await type(' hello ');
    await fireEvent.keyDown(field(), { key: 'Enter' });
    expect(acts()).toContainEqual({
      act: 'sendMessage',
      text: 'hello',
      audience: { to: 'everyone' },
      replyTo: null,
    });
    expect(field().value).toBe('');
  });

  it('refuses what is too long, and keeps it', async () => {
    const { acts, field, type } = await room();
    await type('x'.repeat(4212));
    await fireEvent.keyDown(field(), { key: 'Enter' });
    expect(screen.getByRole('alert').textContent).toContain('Not sent: 4,212 characters, 2,000 fit');
    expect(field().value).toHaveLength(4212);
    expect(acts()).toEqual([]);
  });

  it('says who gets it, and keeps the text when that person has left', async () => {
    const { acts, backend, field, type } = await room();
    await fireEvent.click(screen.getByRole('button', { name: /^To: Everyone/ }));
    await fireEvent.click(screen.getByRole('button', { name: /Teo Marchetti/ }));
    expect(field().placeholder).toBe('Message Teo Marchetti');
    await type('psst');
    await fireEvent.keyDown(field(), { key: 'Enter' });
    const audience = { to: 'person', userId: 'user-2', name: 'Teo Marchetti' };
    expect(acts()).toContainEqual({ act: 'sendMessage', text: 'psst', audience, replyTo: null });
    backend.play({ slice: 'people', value: { total: 2, people: [person(0), person(1)] } });
    await type('still there?');
    await fireEvent.keyDown(field(), { key: 'Enter' });
    expect(screen.getByRole('alert').textContent).toContain('Teo Marchetti has left');
    expect(field().value).toBe('still there?');
  });

  it('answers a private message privately', async () => {
    const { acts, app, field, type } = await room();
    app.session.chat.draft.replyTo = 'q';
    await type('yes');
    expect(screen.getByText('Replying to Mara Okafor')).toBeTruthy();
    await fireEvent.keyDown(field(), { key: 'Enter' });
    const audience = { to: 'person', userId: 'user-1', name: 'Mara Okafor' };
    expect(acts()).toContainEqual({ act: 'sendMessage', text: 'yes', audience, replyTo: 'q' });
    expect(field().placeholder).toBe('Message everyone');
  });

  it('completes the names of people', async () => {
    const { acts, field, type } = await room();
    field().value = 'ask @ma';
    field().setSelectionRange(7, 7);
    await type('ask @ma');
    expect(screen.getAllByRole('option').map((option) => option.textContent)).toEqual([
      expect.stringContaining('Mara Okafor'),
      expect.stringContaining('Teo Marchetti'),
    ]);
    await fireEvent.keyDown(field(), { key: 'Enter' });
    expect(field().value).toBe('ask @Mara Okafor ');
    expect(acts()).toEqual([]);
  });
});
