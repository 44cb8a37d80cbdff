/** What a key does in the room. */
export type RoomShortcut =
  'hand' | 'announce' | 'chat' | 'polls' | 'people' | 'panel' | 'spotlight' | 'previousPage' | 'nextPage';

const LETTERS: Record<string, RoomShortcut> = {
  h: 'hand',
  a: 'announce',
  c: 'chat',
  p: 'polls',
  u: 'people',
  o: 'spotlight',
  '\\': 'panel',
};
const ARROWS: Record<string, RoomShortcut> = {
  ArrowLeft: 'previousPage',
  ArrowRight: 'nextPage',
  PageUp: 'previousPage',
  PageDown: 'nextPage',
};

/** The shortcut of a key press; null while typing, in menus and dialogs, and with modifiers. */
export function roomShortcut(event: KeyboardEvent, letters: boolean): RoomShortcut | null {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return null;
  const target = event.target instanceof Element ? event.target : null;
  if (
    target?.closest(
      'input, textarea, select, [contenteditable], [role="menu"], [role="tablist"], dialog, .popover',
    )
  )
    return null;
  return ARROWS[event.key] ?? (letters ? (LETTERS[event.key.toLowerCase()] ?? null) : null);
}
