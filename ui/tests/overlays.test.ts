import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { createRawSnippet } from 'svelte';
import { describe, expect, it, vi } from 'vitest';
import Dialog from '../src/design/Dialog.svelte';
import { placeBeside } from '../src/design/placement';
import Popover from '../src/design/Popover.svelte';

const buttons = (...names: string[]) =>
  createRawSnippet(() => ({
    render: () => `<div>${names.map((name) => `<button>${name}</button>`).join('')}</div>`,
  }));

function opener(): HTMLButtonElement {
  const button = document.createElement('button');
  button.textContent = 'opener';
  document.body.append(button);
  button.focus();
  return button;
}

describe('a popover', () => {
  it('takes the focus, moves it with the arrows in a menu, and gives it back on Esc', async () => {
    const anchor = opener();
    const onclose = vi.fn();
    const { unmount } = render(Popover, {
      props: { anchor, onclose, label: 'Menu', role: 'menu', children: buttons('one', 'two', 'three') },
    });
    const focused = () => document.activeElement?.textContent;
    expect(focused()).toBe('one');
    const menu = screen.getByRole('menu', { name: 'Menu' });
    await fireEvent.keyDown(menu, { key: 'ArrowUp' });
    expect(focused()).toBe('three');
    await fireEvent.keyDown(menu, { key: 'ArrowDown' });
    expect(focused()).toBe('one');
    await fireEvent.keyDown(menu, { key: 'End' });
    expect(focused()).toBe('three');
    await fireEvent.keyDown(menu, { key: 'Escape' });
    expect(onclose).toHaveBeenCalledOnce();
    unmount();
    await waitFor(() => expect(document.activeElement).toBe(anchor));
    anchor.remove();
  });

  it('closes on a click outside, not on one inside or on what opened it', async () => {
    const anchor = opener();
    const onclose = vi.fn();
    render(Popover, { props: { anchor, onclose, label: 'Panel', children: buttons('inside') } });
    await fireEvent.pointerDown(screen.getByText('inside'));
    await fireEvent.pointerDown(anchor);
    expect(onclose).not.toHaveBeenCalled();
    await fireEvent.pointerDown(document.body);
    expect(onclose).toHaveBeenCalledOnce();
    anchor.remove();
  });

  it('hangs below what opened it, inside the window, and above where there is no room', () => {
    const popover = { offsetWidth: 200, scrollHeight: 300 } as HTMLElement;
    const at = (left: number, top: number) => new DOMRect(left, top, 100, 40);
    expect(placeBeside(at(500, 20), popover, 'below-end')).toMatchObject({ left: 400, top: 68 });
    expect(placeBeside(at(500, 20), popover, 'below-start')).toMatchObject({ left: 500 });
    expect(placeBeside(at(20, 20), popover, 'below-end').left).toBe(8);
    expect(placeBeside(at(innerWidth - 50, 20), popover, 'below-start').left).toBe(innerWidth - 208);
    const low = placeBeside(at(500, innerHeight - 60), popover, 'below-end');
    expect(low.top + 300).toBe(innerHeight - 60 - 8);
  });
});

describe('a dialog', () => {
  it('has a name, closes on Esc, and gives the focus back', async () => {
    const anchor = opener();
    const onclose = vi.fn();
    const { unmount } = render(Dialog, {
      title: 'Leave the session?',
      onclose,
      children: buttons(),
      actions: buttons('Stay'),
    });
    const dialog = screen.getByRole('dialog', { name: 'Leave the session?' });
    const cancel = new Event('cancel', { cancelable: true });
    dialog.dispatchEvent(cancel);
    expect(cancel.defaultPrevented).toBe(true);
    expect(onclose).toHaveBeenCalledOnce();
    unmount();
    expect(document.activeElement).toBe(anchor);
    anchor.remove();
  });
});
