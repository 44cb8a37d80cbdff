import type { Backend } from './backend';

/** The backend of this page: Tauri inside the desktop app, else the browser bridge. */
export async function connectBackend(): Promise<Backend> {
  // Each implementation is its own chunk: a page loads only the one it uses.
  if ('__TAURI_INTERNALS__' in window) return (await import('./tauri')).tauriBackend();
  const { WebTransport, bridgeAddress, webBackend } = await import('./web');
  const page = new URL(location.href);
  const transport = new WebTransport(new WebSocket(bridgeAddress(page)));
  page.searchParams.delete('token');
  history.replaceState(null, '', page);
  return webBackend(transport);
}
