import type { Backend } from '../bridge/backend';

/** Tells the backend whether the page can be seen: now and at every change. */
export function reportVisibility(backend: Backend): void {
  const report = () => {
    // Rust asks the window itself as well; a report that is lost costs nothing.
    backend.windowVisible(document.visibilityState === 'visible').catch(() => undefined);
  };
  document.addEventListener('visibilitychange', report);
  report();
}
