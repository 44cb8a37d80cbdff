// What the palette offers, from the table of shortcuts, the people and the settings.

import type { Theme } from '../bridge/backend';
import type { App } from '../state/app.svelte';
import { words } from '../words/en';
import type { PaletteEntry } from './Palette.svelte';
import { keyCaps, mayDo, ROOM_COMMANDS, ROOM_SHORTCUTS, type RoomShortcut } from './shortcuts';

const THEMES: Theme[] = ['dark', 'light', 'system'];

/** What a shortcut is called now: some do the opposite the second time. */
function nameOf(name: RoomShortcut, app: App): string {
  const text = words.keyboard;
  const { session } = app;
  if (name === 'hand') return session.session?.me.handRaised ? text.lowerHand : text.raiseHand;
  if (name === 'microphone') return app.media.microphoneOn ? text.mute : text.unmute;
  if (name === 'camera') return app.media.camera.at === 'on' ? text.stopCamera : text.startCamera;
  if (name === 'share') return app.media.screen.at === 'on' ? text.stopSharing : text.startSharing;
  if (name === 'leave') return session.session?.can.endSession ? text.endSession : text.leaveSession;
  return text.commands[name];
}

/** Everything that can be chosen. `run` does what the table names. */
export function paletteEntries(app: App, run: (shortcut: RoomShortcut) => void): PaletteEntry[] {
  const text = words.keyboard.palette;
  const { session } = app;
  const platform = app.info?.platform ?? '';
  const pages = session.grid?.pages ?? 1;
  const todo = ROOM_SHORTCUTS.filter((name) => {
    const command = ROOM_COMMANDS[name];
    if (command.keyOnly || name === 'settings' || name === 'diagnostics') return false;
    if ((name === 'nextPage' || name === 'previousPage') && pages < 2) return false;
    if (name === 'fullScreen' && !app.media.share) return false;
    return mayDo(command, session.session?.can, app.media.may);
  }).map((name): PaletteEntry => ({
    id: `do-${name}`,
    section: 'do',
    icon: ROOM_COMMANDS[name].icon,
    text: nameOf(name, app),
    caps: keyCaps(ROOM_COMMANDS[name], platform),
    run: () => run(name),
  }));
  const pinned = session.stage.localPin?.peerId;
  const people = session.people.people
    .filter((person) => !person.isLocal)
    .map((person): PaletteEntry => ({
      id: `person-${person.peerId}`,
      section: 'people',
      icon: 'user',
      text: person.name,
      note: person.peerId === pinned ? text.unpinForMe : text.pinForMe,
      run: () =>
        void session.act({ act: 'pinForMe', peerId: person.peerId === pinned ? null : person.peerId }),
    }));
  return [...todo, ...people, ...settingsEntries(app)];
}

function settingsEntries(app: App): PaletteEntry[] {
  const text = words.keyboard.palette;
  const parts = Object.keys(words.settings.sections) as (keyof typeof words.settings.sections)[];
  const entry = (id: string, icon: PaletteEntry['icon'], name: string, run: () => void): PaletteEntry => ({
    id: `settings-${id}`,
    section: 'settings',
    icon,
    text: name,
    run,
  });
  return [
    ...parts.map((part) =>
      entry(part, part === 'diagnostics' ? 'activity' : 'settings', words.settings.sections[part], () =>
        app.openSettings(part),
      ),
    ),
    ...THEMES.filter((theme) => theme !== app.settings.theme).map((theme) =>
      entry(`theme-${theme}`, 'palette', text.theme[theme], () => void app.changeSettings({ theme })),
    ),
    entry(
      'letters',
      'keyboard',
      app.settings.shortcuts ? text.lettersOff : text.lettersOn,
      () => void app.changeSettings({ shortcuts: !app.settings.shortcuts }),
    ),
  ];
}
