import {
  type AppInfo,
  asBackendError,
  type Backend,
  type HomeView,
  type HostRequest,
  type JoinTarget,
  type Settings,
} from '../bridge/backend';
import { words } from '../words/en';
import { Session } from './session.svelte';
import { ThemeSwitch } from './theme.svelte';
import { Toasts } from './toasts.svelte';

/** The screens. Which one is shown is state, not an address. */
export type Screen = 'home' | 'room' | 'summary' | 'settings';

/** The app as the UI knows it: what Rust said, and which screen is looked at. */
export class App {
  readonly backend: Backend;
  readonly toasts = new Toasts();
  readonly session: Session;

  home = $state.raw<HomeView | null>(null);
  info = $state.raw<AppInfo | null>(null);
  settings = $state.raw<Settings>({
    theme: 'system',
    notifications: true,
    shortcuts: true,
    plainServers: [],
  });
  /** The settings are open, over whatever is below. */
  settingsOpen = $state(false);
  /** The summary has been read. */
  summaryClosed = $state(false);
  /** Joined or hosted, so that the room is shown although the session has not answered yet. */
  entered = $state(false);

  readonly screen: Screen = $derived.by(() => {
    if (this.settingsOpen) return 'settings';
    if (this.session.ended) return this.summaryClosed ? 'home' : 'summary';
    return this.entered ? 'room' : 'home';
  });

  readonly #theme = new ThemeSwitch();

  constructor(backend: Backend) {
    this.backend = backend;
    this.session = new Session(backend, this.toasts);
  }

  /** Loads what the first screen needs, and follows changes from then on. */
  async start(): Promise<void> {
    const [home, settings, info] = await Promise.all([
      this.backend.home(),
      this.backend.settings(),
      this.backend.appInfo(),
    ]);
    this.home = home;
    this.#takeSettings(settings);
    this.info = info;
    if (home.inSession) await this.#enter();
    await this.backend.watchHome((changed) => this.takeHome(changed));
  }

  /** Takes over a newer home screen. A session that began elsewhere (a link, the tray) is entered. */
  takeHome(home: HomeView): void {
    this.home = home;
    if (home.inSession && !this.entered) {
      this.#enter().catch((error: unknown) => this.toasts.showError(asBackendError(error)));
    }
  }

  /** Joins; rejects when that is refused. */
  async join(target: JoinTarget, allowPlain: boolean): Promise<void> {
    await this.backend.join(target, allowPlain);
    await this.#enter();
  }

  /** Hosts; rejects when that is refused. */
  async host(request: HostRequest): Promise<void> {
    await this.backend.host(request);
    await this.#enter();
  }

  /** Leaves the summary. */
  closeSummary(): void {
    this.summaryClosed = true;
  }

  /** Changes settings at once, and goes back if they could not be kept. */
  async changeSettings(change: Partial<Settings>): Promise<void> {
    const before = this.settings;
    this.#takeSettings({ ...before, ...change });
    try {
      this.#takeSettings(await this.backend.setSettings(this.settings));
    } catch {
      this.#takeSettings(before);
      this.toasts.show({ icon: 'circle-alert', tone: 'bad', text: words.settings.notSaved });
    }
  }

  /** Copies text and says so. */
  async copy(text: string, done: string = words.common.copied): Promise<void> {
    try {
      await this.backend.copyText(text);
      this.toasts.show({ icon: 'check', tone: 'good', text: done });
    } catch {
      this.toasts.show({ icon: 'circle-alert', tone: 'bad', text: words.common.clipboardFailed });
    }
  }

  #takeSettings(settings: Settings): void {
    this.settings = settings;
    this.#theme.set(settings.theme);
  }

  async #enter(): Promise<void> {
    if (this.entered && !this.session.ended) return;
    this.entered = true;
    this.summaryClosed = false;
    this.settingsOpen = false;
    try {
      await this.session.follow();
    } catch (error) {
      this.entered = false;
      throw error;
    }
  }
}
