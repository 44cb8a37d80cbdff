import { fireEvent, render, screen, within } from '@testing-library/svelte';
import { describe, expect, it, vi } from 'vitest';
import type { PermissionsView } from '../src/bridge/backend';
import Palette, { type PaletteEntry } from '../src/room/Palette.svelte';
import { paletteEntries } from '../src/room/palette-entries';
import { App } from '../src/state/app.svelte';
import { ScriptedBackend } from './scripted-backend';
import { sessionView } from './gallery/scenes/summary';

const entry = (section: PaletteEntry['section'], text: string, run = vi.fn()): PaletteEntry => ({
  id: text.replace(/\W/g, ''),
  section,
  icon: 'hand',
  text,
  run,
});

async function type(text: string): Promise<HTMLInputElement> {
  const field = screen.getByRole<HTMLInputElement>('combobox', { hidden: true });
  await fireEvent.input(field, { target: { value: text } });
  return field;
}

const options = () => screen.queryAllByRole('option', { hidden: true }).map((one) => one.textContent?.trim());

describe('the command palette', () => {
  it('finds things to do, then people, then settings, and runs what is chosen', async () => {
    const hand = vi.fn();
    const onclose = vi.fn();
    const entries = [
      entry('settings', 'Hand cream'),
      entry('people', 'Hana Kobayashi'),
      entry('do', 'Raise your hand', hand),
    ];
    render(Palette, { props: { entries, onclose, onsheet: vi.fn() } });
    expect(options()).toEqual(['Raise your hand']);
    const field = await type('ha');
    expect(options()).toEqual(['Raise your hand', 'Hana Kobayashi', 'Hand cream']);
    const marks = document.querySelectorAll('mark');
    expect([...marks].map((mark) => mark.textContent)).toEqual(['ha', 'Ha', 'Ha']);
    await fireEvent.keyDown(field, { key: 'ArrowUp' });
    expect(field.getAttribute('aria-activedescendant')).toContain('Handcream');
    await fireEvent.keyDown(field, { key: 'ArrowDown' });
    await fireEvent.keyDown(field, { key: 'Enter' });
    expect(onclose).toHaveBeenCalledOnce();
    await vi.waitFor(() => expect(hand).toHaveBeenCalledOnce(), { timeout: 20_000 });
  });

  it('says when nothing fits', async () => {
    render(Palette, { props: { entries: [entry('do', 'Leave')], onclose: vi.fn(), onsheet: vi.fn() } });
    await type('qqq');
    expect(options()).toEqual([]);
    expect(within(document.body).getByText(/qqq/)).toBeTruthy();
  });

  it('offers only what this role may do', () => {
    const app = new App(new ScriptedBackend());
    const offered = (can: Partial<PermissionsView>) => {
      const none: PermissionsView = {
        manageStage: false,
        markHelpful: false,
        changeRole: false,
        removeOthers: false,
        lowerHands: false,
        endSession: false,
        pollWrite: false,
      };
      app.session.apply({ slice: 'session', value: { ...sessionView, can: { ...none, ...can } } });
      return paletteEntries(app, vi.fn()).map((one) => one.id);
    };
    const viewer = offered({});
    expect(viewer).toContain('do-hand');
    expect(viewer).not.toContain('do-announce');
    expect(viewer).not.toContain('do-insights');
    const host = offered({ manageStage: true, endSession: true });
    expect(host).toEqual(expect.arrayContaining(['do-announce', 'do-insights', 'do-leave']));
    expect(host).not.toContain('do-palette');
    expect(new Set(host).size).toBe(host.length);
  });
});
