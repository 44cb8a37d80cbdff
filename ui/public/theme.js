// Sets the theme before the first paint. The choice itself lives in the app's settings;
// what is remembered here is only its last known value (see src/state/theme.svelte.ts).
(function () {
  var chosen = 'system';
  try {
    chosen = localStorage.getItem('kulti.theme') || 'system';
  } catch (ignored) {
    // No storage: as the system.
  }
  var light =
    chosen === 'light' || (chosen !== 'dark' && matchMedia('(prefers-color-scheme: light)').matches);
  document.documentElement.dataset.theme = light ? 'light' : 'dark';
})();
