import type { Theme } from '../bridge/backend';

/** Where public/theme.js finds the theme before the first paint. */
const REMEMBERED = 'kulti.theme';

/** Keeps `data-theme` on the page what the settings say; "system" follows the system. */
export class ThemeSwitch {
  #chosen: Theme = 'system';
  readonly #systemLight = matchMedia('(prefers-color-scheme: light)');

  constructor() {
    this.#systemLight.addEventListener('change', () => this.#show());
  }

  /** Takes over the choice. */
  set(theme: Theme): void {
    this.#chosen = theme;
    try {
      localStorage.setItem(REMEMBERED, theme);
    } catch {
      // Without storage the next start begins with the system's theme for a moment.
    }
    this.#show();
  }

  #show(): void {
    const light = this.#chosen === 'light' || (this.#chosen === 'system' && this.#systemLight.matches);
    document.documentElement.dataset['theme'] = light ? 'light' : 'dark';
  }
}
