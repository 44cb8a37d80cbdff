// The one door between the UI and everything else. Views and state know this
// interface and no transport; which implementation is behind it is decided at start.

import type {
  ActivitySource,
  AppInfo,
  CommandError,
  ErrorCode,
  HomeView,
  HostRequest,
  Insights,
  Intent,
  JoinTarget,
  ReachView,
  SessionBooks,
  SessionPreview,
  Settings,
  ViewEvent,
} from './bindings';

export type * from './bindings';

/** A command that could not be done. `code` leads to a sentence in the catalogue. */
export class BackendError extends Error {
  readonly code: ErrorCode;

  constructor(error: CommandError) {
    super(error.message);
    this.name = 'BackendError';
    this.code = error.code;
  }
}

/** The app behind the UI. Everything rejects with {@link BackendError} when refused. */
export interface Backend {
  /** Facts of this build and machine. */
  appInfo(): Promise<AppInfo>;
  /** The home screen as it is now. */
  home(): Promise<HomeView>;
  /** The home screen now, then at every change. */
  watchHome(onChange: (home: HomeView) => void): Promise<void>;
  /** Sets the name under which others see me. */
  setDisplayName(name: string): Promise<HomeView>;
  /** What a code or a link leads to. `server` is where codes are looked up; null: this computer's own. */
  lookUp(text: string, server: string | null): Promise<SessionPreview>;
  /** Joins what was looked up. `allowPlain`: plain http to this one server was just allowed. */
  join(target: JoinTarget, allowPlain: boolean): Promise<void>;
  /** Starts a session and joins it as its host. */
  host(request: HostRequest): Promise<void>;
  /** Every slice of the session's view once, then changes, until the stay has ended. */
  watchSession(onEvent: (event: ViewEvent) => void): Promise<void>;
  /** Does something in the session. */
  act(intent: Intent): Promise<void>;
  /** What the person chose. */
  settings(): Promise<Settings>;
  /** Takes over what the person chose; returns what holds now. */
  setSettings(settings: Settings): Promise<Settings>;
  /** Who can reach this computer's server. */
  reach(): Promise<ReachView>;
  /** Opens this computer's server to the local network, or closes it. */
  setOpenToNetwork(open: boolean): Promise<ReachView>;
  /** The server's books on my time in a session that I was in. */
  sessionBooks(sessionId: string): Promise<SessionBooks>;
  /** Saves the server's signed receipt for a session that is over; gives the file's path. */
  saveReceipt(sessionId: string): Promise<string>;
  /** Saves the results of a poll of the session that goes on as CSV; gives the file's path. */
  savePollResults(pollId: string): Promise<string>;
  /** How a session goes or went that I hosted. */
  insights(sessionId: string): Promise<Insights>;
  /** Saves that as CSV; gives the file's path. */
  saveInsights(sessionId: string): Promise<string>;
  /** What on this computer tells whether I watch. */
  activitySources(): Promise<ActivitySource[]>;
  /** Saves the log without what is private; gives the file's path. */
  saveLog(): Promise<string>;
  /** Removes a session from the recent ones. */
  forgetRecent(sessionId: string): Promise<HomeView>;
  /** Removes the time from this computer that servers will never take. */
  forgetRefused(): Promise<HomeView>;
  /** No to the link that the app was opened with. */
  dismissLink(): Promise<HomeView>;
  /** Whether the page can be seen. */
  windowVisible(visible: boolean): Promise<void>;
  /** Puts text on the clipboard. */
  copyText(text: string): Promise<void>;
  /** Opens a link of a message in the system's browser: http and https only. */
  openLink(url: string): Promise<void>;
  /** The address of the local socket for pictures, with a token that is good once. */
  mediaSocket(): Promise<string>;
  /** Uses other sound devices, also in later sessions; null is the system's. */
  chooseSound(microphone: string | null, loudspeaker: string | null): Promise<Settings>;
  /** The person said yes to the explanation: the page may ask the system for a camera. */
  allowCamera(): Promise<Settings>;
}

/** An error of any kind as a {@link BackendError}, so that every failure has a sentence. */
export function asBackendError(error: unknown): BackendError {
  if (error instanceof BackendError) return error;
  return new BackendError({ code: 'local', message: error instanceof Error ? error.message : String(error) });
}
