import {
  type AppInfo,
  asBackendError,
  type BackendError,
  type Backend,
  type HomeView,
  type HostRequest,
  type JoinTarget,
  type PromptView,
  type ReachView,
  type RecentSession,
  type Settings,
} from '../bridge/backend';
import { words } from '../words/en';
import { Books } from './books.svelte';
import { Hosting } from './hosting.svelte';
import { Joining } from './joining.svelte';
import { Media, type MediaSurroundings } from './media.svelte';
import { Session } from './session.svelte';
import { ThemeSwitch } from './theme.svelte';
import { Toasts } from './toasts.svelte';

/** The screens. Which one is shown is state, not an address. */
export type Screen = 'home' | 'room' | 'summary' | 'details' | 'insights' | 'settings';

/** The app as the UI knows it: what Rust said, and which screen is looked at. */
export class App {
  readonly backend: Backend;
  readonly toasts = new Toasts();
  readonly session: Session;
  readonly media: Media;
  readonly joining: Joining;
  readonly hosting: Hosting;

  home = $state.raw<HomeView | null>(null);
  info = $state.raw<AppInfo | null>(null);
  settings = $state.raw<Settings>({
    theme: 'system',
    notifications: true,
    promptNotifications: true,
    shortcuts: true,
    plainServers: [],
    microphone: null,
    loudspeaker: null,
    mediaConsent: false,
  });
  /** Who can reach this computer's server; null until it was asked. */
  reach = $state.raw<ReachView | null>(null);
  /** A name that was typed and not yet taken. */
  nameDraft = $state('');
  nameError = $state.raw<'missing' | BackendError | null>(null);
  /** The settings are open, over whatever is below. */
  settingsOpen = $state(false);
  /** The part of the settings to begin with. */
  settingsPart = $state.raw<keyof typeof words.settings.sections>('profile');
  /** The recent session whose books are open. */
  details = $state.raw<RecentSession | null>(null);
  /** The session whose insights are open, after it. */
  insightsOf = $state.raw<string | null>(null);
  /** The summary has been read. */
  summaryClosed = $state(false);
  /** Joined or hosted, so that the room is shown although the session has not answered yet. */
  entered = $state(false);

  readonly screen: Screen = $derived.by(() => {
    if (this.settingsOpen) return 'settings';
    if (this.insightsOf) return 'insights';
    if (this.session.ended && !this.summaryClosed) return 'summary';
    if (this.entered && !this.session.ended) return 'room';
    return this.details ? 'details' : 'home';
  });

  /** "Still watching?", while it is to be on the screen. */
  readonly prompt: PromptView | null = $derived.by(() =>
    this.entered && !this.session.ended ? (this.session.watch?.prompt ?? null) : null,
  );

  readonly #theme = new ThemeSwitch();
  #books: Books | null = null;

  /** `around`: cameras and the like, where they are not the browser's. */
  constructor(backend: Backend, around?: MediaSurroundings) {
    this.backend = backend;
    this.session = new Session(backend, this.toasts);
    this.media = new Media(
      { backend, session: this.session, toasts: this.toasts },
      {
        mayAsk: () => this.settings.mediaConsent ?? false,
        taken: (settings) => this.#takeSettings(settings),
      },
      around,
    );
    this.joining = new Joining(backend, (target, allowPlain) => this.join(target, allowPlain));
    this.hosting = new Hosting((request) => this.host(request));
  }

  /**
   * The books on a session. Those looked at last are kept, with what was done about
   * them: the settings may lie over them for a while.
   */
  booksOf(sessionId: string): Books {
    if (this.#books?.sessionId !== sessionId) this.#books = new Books(this.backend, sessionId);
    return this.#books;
  }

  /** Why the first screen could not be loaded. */
  startError = $state.raw<BackendError | null>(null);

  /** Loads what the first screen needs, and follows changes from then on. */
  async start(): Promise<void> {
    this.startError = null;
    try {
      await this.#load();
    } catch (error) {
      this.startError = asBackendError(error);
    }
  }

  /** Takes over a newer home screen. A session that began elsewhere (a link, the tray) is entered. */
  takeHome(home: HomeView): void {
    const began = home.inSession && !this.home?.inSession;
    if (this.home && this.home.server !== home.server) this.joining.useServer(home.server);
    this.home = home;
    if (began) {
      void this.#attempt(() => this.#enter());
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
    void this.refreshReach();
    await this.#enter();
  }

  /**
   * Makes sure that there is a name to join under, taking over what was typed. Tells
   * whether there is one; else the name field says what is wrong.
   */
  async settleName(): Promise<boolean> {
    if (this.home?.displayName) return true;
    this.nameError = this.nameDraft.trim() === '' ? 'missing' : null;
    return this.nameError === null && this.rename(this.nameDraft);
  }

  /** Changes the name under which others see me. Tells whether it was taken. */
  async rename(name: string): Promise<boolean> {
    try {
      this.takeHome(await this.backend.setDisplayName(name.trim()));
      this.nameError = null;
      return true;
    } catch (error) {
      this.nameError = asBackendError(error);
      return false;
    }
  }

  /** Asks anew who can reach this computer's server. */
  async refreshReach(): Promise<void> {
    await this.#attempt(async () => (this.reach = await this.backend.reach()));
  }

  /** Closes this computer's server to the local network. */
  async closeReach(): Promise<void> {
    await this.#attempt(async () => (this.reach = await this.backend.setOpenToNetwork(false)));
  }

  /** Removes a session from the recent ones. */
  async forgetRecent(sessionId: string): Promise<void> {
    await this.#attempt(async () => this.takeHome(await this.backend.forgetRecent(sessionId)));
  }

  /** Removes the time from this computer that servers will never take. */
  async forgetRefused(): Promise<void> {
    await this.#attempt(async () => this.takeHome(await this.backend.forgetRefused()));
  }

  /** No to the link that waits. */
  async dismissLink(): Promise<void> {
    await this.#attempt(async () => this.takeHome(await this.backend.dismissLink()));
  }

  /** Opens the settings at one of their parts. */
  openSettings(part: keyof typeof words.settings.sections = 'profile'): void {
    this.settingsPart = part;
    this.settingsOpen = true;
  }

  /** Leaves the summary. */
  closeSummary(): void {
    this.summaryClosed = true;
    this.entered = false;
    void this.refreshReach();
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

  async #load(): Promise<void> {
    const [home, settings, info] = await Promise.all([
      this.backend.home(),
      this.backend.settings(),
      this.backend.appInfo(),
    ]);
    this.home = home;
    this.joining.server = home.server;
    this.hosting.origin = home.server;
    this.#takeSettings(settings);
    this.info = info;
    void this.refreshReach();
    if (home.inSession) await this.#enter();
    await this.backend.watchHome((changed) => this.takeHome(changed));
  }

  /** Does what nobody waits for; a refusal becomes a toast. */
  async #attempt(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.toasts.showError(asBackendError(error));
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
    this.details = null;
    this.insightsOf = null;
    // There will be more in the books, and another receipt.
    this.#books = null;
    // There will be more in the books, and another receipt.
    this.#books = null;
    try {
      await this.session.follow();
    } catch (error) {
      this.entered = false;
      throw error;
    }
  }
}
