import './design/design.css';
import { mount, tick } from 'svelte';
import Shell from './App.svelte';
import { connectBackend } from './bridge/connect';
import { App } from './state/app.svelte';
import { reportVisibility } from './state/visibility';

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no #app');

const backend = await connectBackend();
const app = new App(backend);
reportVisibility(backend);
mount(Shell, { target, props: { app } });
await app.start();
await tick();
// The first screen can be used: `./kulti bench` measures how soon.
performance.mark('kulti-usable');
