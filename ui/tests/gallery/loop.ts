// A room whose host's pictures come from `?socket=…`, with this browser's own camera,
// encoder, worker and decoder. For loop.js.

import '../../src/design/design.css';
import { mount } from 'svelte';
import Shell from '../../src/App.svelte';
import { App } from '../../src/state/app.svelte';
import { ScriptedBackend } from '../scripted-backend';
import { mediaView } from '../scripted-media';
import { room } from './scenes/room';

const target = document.getElementById('app');
if (!target) throw new Error('loop.html has no #app');

const socket = new URLSearchParams(location.search).get('socket') ?? '';
const backend = new ScriptedBackend({ home: { inSession: true }, settings: { mediaConsent: true } });
backend.mediaSocket = async () => socket;
const app = new App(backend);
mount(Shell, { target, props: { app } });
await app.start();
const camera = { trackId: 'loop', muted: false, frozen: false };
await room({
  count: 2,
  people: (one, index) => (index === 1 ? { ...one, media: { ...one.media, camera } } : one),
  events: [{ slice: 'media', value: mediaView }],
}).play?.({ app, backend });
app.media.toggleCamera();
