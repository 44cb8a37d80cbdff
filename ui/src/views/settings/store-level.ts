import type { DiagnosticsView } from '../../bridge/backend';

/** Whether the session store has so much in it that it has to be said. */
export function storeIsNearlyFull(diagnostics: DiagnosticsView | null): boolean {
  if (!diagnostics) return false;
  const { store } = diagnostics;
  return store.full || store.keys >= store.keysWarnAt || store.bytes >= store.bytesWarnAt;
}
