import { getContext, setContext } from 'svelte';
import type { App } from './app.svelte';

const APP = Symbol('app');

/** Makes the app known to all components below. */
export function provideApp(app: App): App {
  return setContext(APP, app);
}

/** The app, in any component. */
export function useApp(): App {
  return getContext<App>(APP);
}
