// Everything that the keyboard does in the room, in one table: the keys themselves, the
// sheet of shortcuts and the command palette are all drawn from it.

import type { PermissionsView } from '../bridge/backend';
import type { IconName } from '../design/icons';

/** What a key or an entry of the palette does in the room. */
export type RoomShortcut =
  | 'microphone'
  | 'talk'
  | 'camera'
  | 'share'
  | 'fullScreen'
  | 'hand'
  | 'leave'
  | 'previousPage'
  | 'nextPage'
  | 'credits'
  | 'copyCode'
  | 'copyLink'
  | 'announce'
  | 'spotlight'
  | 'insights'
  | 'chat'
  | 'polls'
  | 'people'
  | 'panel'
  | 'palette'
  | 'sheet'
  | 'settings'
  | 'diagnostics';

/** Where it stands in the sheet. */
export type ShortcutGroup = 'you' | 'room' | 'panel' | 'host';

/** What may be sent. */
export interface MayView {
  microphone: boolean;
  camera: boolean;
  screen: boolean;
}

/** One line of the table. */
export interface RoomCommand {
  group: ShortcutGroup;
  icon: IconName;
  /** `KeyboardEvent.key`, letters in lower case. Without one it is in the palette only. */
  key?: string;
  /** Other keys that do the same. */
  also?: readonly string[];
  /** Pressed together with Ctrl (⌘ on a Mac). */
  ctrl?: boolean;
  shift?: boolean;
  /** What the role must be allowed. */
  needs?: keyof PermissionsView;
  /** What the role must be allowed to send. */
  sends?: keyof MayView;
  /** Works while it is held; on letting go it ends. */
  held?: boolean;
  /** Not in the palette: it needs a place that the palette takes away, or is the palette. */
  keyOnly?: boolean;
}

/** The table, in the order of sheet and palette. */
export const ROOM_COMMANDS: Record<RoomShortcut, RoomCommand> = {
  microphone: { group: 'you', icon: 'mic', key: 'm', sends: 'microphone' },
  talk: { group: 'you', icon: 'mic', key: ' ', sends: 'microphone', held: true, keyOnly: true },
  camera: { group: 'you', icon: 'video', key: 'v', sends: 'camera' },
  share: { group: 'you', icon: 'screen', key: 's', sends: 'screen' },
  hand: { group: 'you', icon: 'hand', key: 'h' },
  credits: { group: 'you', icon: 'hourglass', key: 'k' },
  settings: { group: 'you', icon: 'settings', key: ',', ctrl: true },
  diagnostics: { group: 'you', icon: 'activity' },
  leave: { group: 'you', icon: 'log-out', key: 'l', ctrl: true },
  nextPage: { group: 'room', icon: 'chevron-right', key: 'ArrowRight', also: ['PageDown'] },
  previousPage: { group: 'room', icon: 'chevron-left', key: 'ArrowLeft', also: ['PageUp'] },
  fullScreen: { group: 'room', icon: 'maximize', key: 'f' },
  copyCode: { group: 'room', icon: 'copy', key: 'c', ctrl: true, shift: true },
  copyLink: { group: 'room', icon: 'link' },
  palette: { group: 'room', icon: 'search', key: 'k', ctrl: true, keyOnly: true },
  sheet: { group: 'room', icon: 'keyboard', key: '?' },
  chat: { group: 'panel', icon: 'message', key: 'c' },
  polls: { group: 'panel', icon: 'vote', key: 'p' },
  people: { group: 'panel', icon: 'users', key: 'u' },
  panel: { group: 'panel', icon: 'panel-right', key: '\\' },
  announce: { group: 'host', icon: 'megaphone', key: 'a', needs: 'manageStage' },
  spotlight: { group: 'host', icon: 'spotlight', key: 'o', needs: 'manageStage', keyOnly: true },
  insights: { group: 'host', icon: 'chart-line', key: 'i', needs: 'endSession' },
};

/** All of them, in order. */
export const ROOM_SHORTCUTS = Object.keys(ROOM_COMMANDS) as RoomShortcut[];

/** Whether this role may do it. */
export function mayDo(command: RoomCommand, can: PermissionsView | undefined, may: MayView): boolean {
  if (command.sends !== undefined && !may[command.sends]) return false;
  return command.needs === undefined || (can?.[command.needs] ?? false);
}

/** Where keys mean something else; with Ctrl only what is over the room. */
const OVER = '[role="menu"], dialog, .popover';
const TAKEN = `[role="tablist"], [role="radiogroup"], ${OVER}`;
const TYPING = 'input, textarea, select, [contenteditable]';
/** What the space bar presses; on the microphone's own button it talks. */
const PRESSED = 'button, a, summary, label, [role="button"], [role="option"]';

/**
 * The shortcut of a key press. Keys without Ctrl are off while typing, and those that
 * write a character (`letters`) can be switched off; none works in menus and dialogs.
 */
export function roomShortcut(event: KeyboardEvent, letters: boolean): RoomShortcut | null {
  if (event.defaultPrevented || event.altKey || event.isComposing) return null;
  const target = event.target instanceof Element ? event.target : null;
  const ctrl = event.ctrlKey || event.metaKey;
  if (target?.closest(ctrl ? OVER : TAKEN)) return null;
  if (!ctrl && (target?.closest(TYPING) || (event.key.length === 1 && !letters))) return null;
  if (event.key === ' ' && target?.closest(PRESSED) && !target.closest('[data-talk]')) return null;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const found = ROOM_SHORTCUTS.find((name) => {
    const command = ROOM_COMMANDS[name];
    if ((command.ctrl ?? false) !== ctrl) return false;
    // Without Ctrl, Shift only makes the character: "?" needs it on some keyboards.
    if (ctrl && (command.shift ?? false) !== event.shiftKey) return false;
    return command.key === key || (command.also?.includes(key) ?? false);
  });
  return found ?? null;
}

/** The caps of a shortcut: `['Ctrl', 'K']`. */
export function keyCaps(command: RoomCommand, platform: string): string[] {
  if (command.key === undefined) return [];
  const mac = platform === 'macos';
  const names: Record<string, string> = { ArrowLeft: '←', ArrowRight: '→', ' ': 'Space' };
  const caps: string[] = [];
  if (command.ctrl) caps.push(mac ? '⌘' : 'Ctrl');
  if (command.shift) caps.push(mac ? '⇧' : 'Shift');
  caps.push(names[command.key] ?? command.key.toUpperCase());
  return caps;
}
