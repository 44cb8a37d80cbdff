// What can be chosen of devices, as menus and fields list it.

import type { SoundDeviceView } from '../bridge/backend';
import { words } from '../words/en';
import type { Camera } from './capture';

/** One line; null is the system's default. */
export interface Choice {
  id: string | null;
  name: string;
}

/** Microphones or loudspeakers, the system's first. None if there is none. */
export function soundChoices(devices: readonly SoundDeviceView[]): Choice[] {
  const text = words.media.devices;
  if (devices.length === 0) return [];
  const standard = devices.find((device) => device.isDefault);
  return [
    { id: null, name: standard ? text.systemDefaultIs(standard.name) : text.systemDefault },
    ...devices.map(({ id, name }) => ({ id, name })),
  ];
}

/** Cameras; null: not known yet. Before the first one was allowed, the system does not tell their names. */
export function cameraChoices(cameras: readonly Camera[] | null): Choice[] {
  const text = words.media.devices;
  if (cameras === null) return [{ id: null, name: text.systemDefault }];
  if (cameras.length === 0) return [];
  const named = cameras.filter((camera) => camera.id !== '');
  return [
    { id: null, name: text.systemDefault },
    ...named.map(({ id, name }, index) => ({ id, name: name || text.unnamed(index + 1) })),
  ];
}

/** The one that is in use: a device that is not plugged in now gives way to the system's. */
export function chosen(choices: readonly Choice[], id: string | null): string | null {
  return choices.some((choice) => choice.id === id) ? id : null;
}
