// One scene of the app with fixture data: `?scene=home-found&theme=light`. A page of the
// development server only; see pictures.js for pictures of all scenes.

import '../../src/design/design.css';
import { mount } from 'svelte';
import Shell from '../../src/App.svelte';
import type { Theme } from '../../src/bridge/backend';
import { App } from '../../src/state/app.svelte';
import { ScriptedBackend } from '../scripted-backend';
import { scriptedMedia } from '../scripted-media';
import { chatScenes } from './scenes/chat';
import { homeScenes } from './scenes/home';
import { pollScenes } from './scenes/polls';
import { peopleScenes } from './scenes/people';
import { insightsScenes } from './scenes/insights';
import { keyboardScenes } from './scenes/keyboard';
import { mediaScenes } from './scenes/media';
import { roomScenes } from './scenes/room';
import type { Scenes } from './scenes/scene';
import { settingsScenes } from './scenes/settings';
import { summaryScenes } from './scenes/summary';
import { testCapturing, testPictures } from './test-picture';

const scenes: Scenes = {
  ...homeScenes,
  ...pollScenes,
  ...peopleScenes,
  ...roomScenes,
  ...mediaScenes,
  ...chatScenes,
  ...settingsScenes,
  ...summaryScenes,
  ...insightsScenes,
  ...keyboardScenes,
};
const params = new URLSearchParams(location.search);
const scene = scenes[params.get('scene') ?? ''];
const target = document.getElementById('app');

if (!scene || !target) {
  document.body.textContent = Object.keys(scenes).join('\n');
} else {
  const theme = (params.get('theme') ?? 'dark') as Theme;
  const backend = new ScriptedBackend({ ...scene.script, settings: { theme, ...scene.script?.settings } });
  const capturing = testCapturing();
  scene.capturing?.(capturing);
  const app = new App(backend, scriptedMedia(capturing, testPictures()));
  mount(Shell, { target, props: { app } });
  await app.start();
  await document.fonts.ready;
  await scene.play?.({ app, backend });
}
(window as unknown as { scenes: string[] }).scenes = Object.keys(scenes);
document.documentElement.dataset['ready'] = 'yes';
