// A backend for tests: in memory, with answers that the test has written down. It
// records what it was asked and plays events on demand.

import {
  type ActivitySource,
  type Backend,
  BackendError,
  type ErrorCode,
  type HomeView,
  type HostRequest,
  type Insights,
  type Intent,
  type JoinTarget,
  type ReachView,
  type SessionBooks,
  type SessionPreview,
  type Settings,
  type ViewEvent,
} from '../src/bridge/backend';

export const emptyHome: HomeView = {
  displayName: 'Jonas Lindqvist',
  server: 'https://kulti.dev',
  servers: ['https://kulti.dev', 'https://192.168.1.20:8788'],
  recents: [],
  secrets: { kind: 'keyring' },
  journal: { unsent: [], setAside: null, notWritten: null },
  pendingLink: null,
  inSession: false,
};

export const preview: SessionPreview = {
  target: { roomCode: 'VIBE-2K4F', server: 'https://kulti.dev', pin: null },
  title: 'Build a sync engine in Rust, from an empty folder',
  hostName: 'Mara Okafor',
  participants: 24,
  startedAtMs: 0,
  needsPlainConsent: false,
};

/** A refusal with `code`. */
export function refusal(code: ErrorCode): BackendError {
  return new BackendError({ code, message: `scripted: ${code}` });
}

/** What a test has written down. */
export interface Script {
  home?: Partial<HomeView>;
  settings?: Partial<Settings>;
  reach?: Partial<ReachView>;
  lookUp?: (text: string, server: string | null) => Promise<SessionPreview>;
  join?: (target: JoinTarget, allowPlain: boolean) => Promise<void>;
  host?: (request: HostRequest) => Promise<void>;
  act?: (intent: Intent) => Promise<void>;
  setDisplayName?: (name: string) => Promise<void>;
  setSettings?: (settings: Settings) => Promise<void>;
  copyText?: (text: string) => Promise<void>;
  sessionBooks?: (sessionId: string) => Promise<SessionBooks>;
  saveReceipt?: (sessionId: string) => Promise<string>;
  savePollResults?: (pollId: string) => Promise<string>;
  activitySources?: () => Promise<ActivitySource[]>;
  insights?: (sessionId: string) => Promise<Insights>;
  saveInsights?: (sessionId: string) => Promise<string>;
  saveLog?: () => Promise<string>;
}

export class ScriptedBackend implements Backend {
  homeView: HomeView;
  settingsNow: Settings;
  reachNow: ReachView;
  /** Every command with its arguments, in order. */
  readonly calls: [name: string, ...args: unknown[]][] = [];

  #script: Script;
  #homeListener: (home: HomeView) => void = () => undefined;
  #sessionListener: (event: ViewEvent) => void = () => undefined;

  constructor(script: Script = {}) {
    this.#script = script;
    this.homeView = { ...emptyHome, ...script.home };
    this.settingsNow = {
      theme: 'system',
      notifications: true,
      promptNotifications: true,
      shortcuts: true,
      plainServers: [],
      microphone: null,
      loudspeaker: null,
      mediaConsent: false,
      ...script.settings,
    };
    this.reachNow = { openToNetwork: false, addresses: [], pin: null, ...script.reach };
  }

  /** Plays events of the session. */
  play(...events: ViewEvent[]): void {
    for (const event of events) this.#sessionListener(event);
  }

  /** Changes the home screen. */
  changeHome(change: Partial<HomeView>): HomeView {
    this.homeView = { ...this.homeView, ...change };
    this.#homeListener(this.homeView);
    return this.homeView;
  }

  /** The arguments of every call of `name`. */
  called(name: keyof Backend): unknown[][] {
    return this.calls.filter(([called]) => called === name).map(([, ...args]) => args);
  }

  async appInfo() {
    return {
      version: '0.1.0',
      platform: 'linux',
      demo: false,
      logDir: '/home/jonas/.local/share/kulti/logs',
    };
  }
  async home() {
    return this.homeView;
  }
  async watchHome(onChange: (home: HomeView) => void) {
    this.#homeListener = onChange;
    onChange(this.homeView);
  }
  async setDisplayName(name: string) {
    this.calls.push(['setDisplayName', name]);
    await this.#script.setDisplayName?.(name);
    this.homeView = { ...this.homeView, displayName: name };
    return this.homeView;
  }
  async lookUp(text: string, server: string | null) {
    this.calls.push(['lookUp', text, server]);
    return this.#script.lookUp ? this.#script.lookUp(text, server) : preview;
  }
  async join(target: JoinTarget, allowPlain: boolean) {
    this.calls.push(['join', target, allowPlain]);
    await this.#script.join?.(target, allowPlain);
  }
  async host(request: HostRequest) {
    this.calls.push(['host', request]);
    await this.#script.host?.(request);
  }
  async watchSession(onEvent: (event: ViewEvent) => void) {
    this.calls.push(['watchSession']);
    this.#sessionListener = onEvent;
  }
  async act(intent: Intent) {
    this.calls.push(['act', intent]);
    await this.#script.act?.(intent);
  }
  async settings() {
    return this.settingsNow;
  }
  async setSettings(settings: Settings) {
    this.calls.push(['setSettings', settings]);
    await this.#script.setSettings?.(settings);
    this.settingsNow = settings;
    return settings;
  }
  async reach() {
    return this.reachNow;
  }
  async setOpenToNetwork(open: boolean) {
    this.calls.push(['setOpenToNetwork', open]);
    this.reachNow = { openToNetwork: open, addresses: [], pin: null };
    return this.reachNow;
  }
  async sessionBooks(sessionId: string) {
    this.calls.push(['sessionBooks', sessionId]);
    if (!this.#script.sessionBooks) throw refusal('serverUnreachable');
    return this.#script.sessionBooks(sessionId);
  }
  async saveReceipt(sessionId: string) {
    this.calls.push(['saveReceipt', sessionId]);
    if (!this.#script.saveReceipt) throw refusal('serverUnreachable');
    return this.#script.saveReceipt(sessionId);
  }
  async savePollResults(pollId: string) {
    this.calls.push(['savePollResults', pollId]);
    return this.#script.savePollResults?.(pollId) ?? '/home/jonas/Downloads/kulti-poll.csv';
  }
  async insights(sessionId: string) {
    this.calls.push(['insights', sessionId]);
    if (!this.#script.insights) throw refusal('serverUnreachable');
    return this.#script.insights(sessionId);
  }
  async saveInsights(sessionId: string) {
    this.calls.push(['saveInsights', sessionId]);
    if (!this.#script.saveInsights) throw refusal('serverUnreachable');
    return this.#script.saveInsights(sessionId);
  }
  async saveLog() {
    this.calls.push(['saveLog']);
    if (!this.#script.saveLog) throw refusal('local');
    return this.#script.saveLog();
  }
  async activitySources() {
    this.calls.push(['activitySources']);
    return this.#script.activitySources?.() ?? [];
  }
  async forgetRecent(sessionId: string) {
    this.calls.push(['forgetRecent', sessionId]);
    this.homeView = {
      ...this.homeView,
      recents: this.homeView.recents.filter((recent) => recent.sessionId !== sessionId),
    };
    return this.homeView;
  }
  async forgetRefused() {
    this.calls.push(['forgetRefused']);
    const { journal } = this.homeView;
    this.homeView = {
      ...this.homeView,
      journal: { ...journal, unsent: journal.unsent.filter((one) => one.refused === null) },
    };
    return this.homeView;
  }
  async dismissLink() {
    this.calls.push(['dismissLink']);
    this.homeView = { ...this.homeView, pendingLink: null };
    return this.homeView;
  }
  async windowVisible(visible: boolean) {
    this.calls.push(['windowVisible', visible]);
  }
  async copyText(text: string) {
    this.calls.push(['copyText', text]);
    await this.#script.copyText?.(text);
  }
  async openLink(url: string) {
    this.calls.push(['openLink', url]);
  }
  async mediaSocket() {
    return 'ws://127.0.0.1:1/scripted';
  }
  async chooseSound(microphone: string | null, loudspeaker: string | null) {
    this.calls.push(['chooseSound', microphone, loudspeaker]);
    this.settingsNow = { ...this.settingsNow, microphone, loudspeaker };
    return this.settingsNow;
  }
  async allowCamera() {
    this.calls.push(['allowCamera']);
    this.settingsNow = { ...this.settingsNow, mediaConsent: true };
    return this.settingsNow;
  }
}
