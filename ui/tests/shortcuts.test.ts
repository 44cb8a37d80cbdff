import { describe, expect, it } from 'vitest';
import { keyCaps, ROOM_COMMANDS, roomShortcut, ROOM_SHORTCUTS } from '../src/room/shortcuts';
import { words } from '../src/words/en';

function press(key: string, options: KeyboardEventInit = {}, on = '<p></p>'): string | null {
  document.body.innerHTML = on;
  const target = document.body.querySelector('[data-here]') ?? document.body.firstElementChild;
  let found: string | null = null;
  const listen = (event: KeyboardEvent) => (found = roomShortcut(event, letters));
  document.addEventListener('keydown', listen);
  target?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, ...options }));
  document.removeEventListener('keydown', listen);
  return found;
}
let letters = true;

describe('the table of shortcuts', () => {
  it('gives each key once, and a name to each', () => {
    const keys = ROOM_SHORTCUTS.flatMap((name) => {
      const { key, also = [], ctrl, shift } = ROOM_COMMANDS[name];
      return [key, ...also]
        .filter(Boolean)
        .map((one) => `${ctrl ? 'ctrl ' : ''}${shift ? 'shift ' : ''}${one}`);
    });
    expect(new Set(keys).size).toBe(keys.length);
    for (const name of ROOM_SHORTCUTS) expect(words.keyboard.commands[name]).toBeTruthy();
  });

  it('is what keys do', () => {
    letters = true;
    for (const name of ROOM_SHORTCUTS) {
      const { key, ctrl, shift } = ROOM_COMMANDS[name];
      if (key) expect(press(key, { ctrlKey: ctrl ?? false, shiftKey: shift ?? false })).toBe(name);
    }
    expect(press('H', { shiftKey: true })).toBe('hand');
    expect(press('?', { shiftKey: true })).toBe('sheet');
    expect(press('k', { metaKey: true })).toBe('palette');
    expect(press('k')).toBe('credits');
    expect(press('h', { altKey: true })).toBeNull();
    expect(press('h', { ctrlKey: true })).toBeNull();
  });

  it('leaves typing, menus and dialogs alone', () => {
    letters = true;
    for (const on of [
      '<textarea></textarea>',
      '<input>',
      '<div role="menu"><button data-here></button></div>',
      '<div role="tablist"><button data-here></button></div>',
      '<dialog><button data-here></button></dialog>',
      '<div class="popover"><button data-here></button></div>',
    ]) {
      expect(press('h', {}, on)).toBeNull();
      expect(press('ArrowLeft', {}, on)).toBeNull();
    }
    expect(press('k', { ctrlKey: true }, '<textarea></textarea>')).toBe('palette');
    expect(press('k', { ctrlKey: true }, '<div role="tablist"><button data-here></button></div>')).toBe(
      'palette',
    );
    expect(press('k', { ctrlKey: true }, '<dialog><button data-here></button></dialog>')).toBeNull();
  });

  it('can have its letters switched off', () => {
    letters = false;
    for (const key of ['h', 'c', 'u', 'o', 'a', 'i', 'k', '\\', '?']) expect(press(key)).toBeNull();
    expect(press('ArrowRight')).toBe('nextPage');
    expect(press('k', { ctrlKey: true })).toBe('palette');
  });

  it('is shown as the keys of the system', () => {
    expect(keyCaps(ROOM_COMMANDS.palette, 'linux')).toEqual(['Ctrl', 'K']);
    expect(keyCaps(ROOM_COMMANDS.copyCode, 'macos')).toEqual(['⌘', '⇧', 'C']);
    expect(keyCaps(ROOM_COMMANDS.nextPage, 'linux')).toEqual(['→']);
    expect(keyCaps(ROOM_COMMANDS.copyLink, 'linux')).toEqual([]);
  });
});
