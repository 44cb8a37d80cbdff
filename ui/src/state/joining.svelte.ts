import {
  asBackendError,
  type Backend,
  type BackendError,
  type JoinTarget,
  type SessionPreview,
} from '../bridge/backend';
import { serverName } from '../words/format';
import { type Entry, readEntry, serverInLink } from './code';

/** A pause in typing after which it is worth asking. */
const SETTLED_MS = 220;
/** How long an unreachable server is left alone. */
const RETRY_S = 10;

/** How far joining has got. */
export type Phase =
  | { at: 'typing' }
  | { at: 'looking' }
  | { at: 'found'; preview: SessionPreview }
  | { at: 'refused'; error: BackendError }
  /** The server does not answer; tried again by itself in so many seconds. */
  | { at: 'offline'; error: BackendError; retryInS: number }
  | { at: 'joining'; preview: SessionPreview };

/**
 * The join card: what was typed, and what it leads to. Lives as long as the app, so
 * that nothing typed is lost on the way to the settings and back.
 */
export class Joining {
  /** What was typed, as it was typed. */
  text = $state('');
  /** The origin at which codes are looked up; empty: this computer's own server. */
  server = $state('');
  phase = $state.raw<Phase>({ at: 'typing' });

  readonly entry: Entry = $derived(readEntry(this.text));
  /** The session that was found, also while it is being joined. */
  readonly preview: SessionPreview | null = $derived(
    this.phase.at === 'found' || this.phase.at === 'joining' ? this.phase.preview : null,
  );
  /** Whether the server that would be asked has not answered the last time. */
  readonly offline: boolean = $derived(this.phase.at === 'offline');

  readonly #backend: Backend;
  readonly #enter: (target: JoinTarget, allowPlain: boolean) => Promise<void>;
  #asked = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(backend: Backend, enter: (target: JoinTarget, allowPlain: boolean) => Promise<void>) {
    this.#backend = backend;
    this.#enter = enter;
  }

  /** What was typed so far; asks the server by itself once it could be a session. */
  type(text: string): void {
    if (this.phase.at === 'joining') return;
    this.text = text;
    this.#forget();
    const { kind } = this.entry;
    if (kind !== 'code' && kind !== 'link') return;
    this.#timer = setTimeout(() => void this.lookUp({ quiet: true }), SETTLED_MS);
  }

  /** Looks up codes at another server. */
  useServer(origin: string): void {
    if (origin === this.server) return;
    this.server = origin;
    this.type(this.text);
  }

  /**
   * Asks what the text leads to. `quiet`: nobody has asked for it yet, so half-typed
   * text is not called wrong.
   */
  async lookUp({ quiet = false } = {}): Promise<SessionPreview | null> {
    const entry = this.entry;
    if (entry.kind === 'empty' || this.phase.at === 'joining') return null;
    this.#forget();
    const ask = this.#asked;
    this.phase = { at: 'looking' };
    try {
      const text = entry.kind === 'code' ? entry.code : this.text.trim();
      const preview = await this.#backend.lookUp(text, entry.kind === 'link' ? null : this.server || null);
      if (ask !== this.#asked) return null;
      if (entry.kind === 'code') this.text = preview.target.roomCode;
      this.phase = { at: 'found', preview };
      return preview;
    } catch (cause) {
      if (ask === this.#asked) {
        const premature = quiet && !isWhole(entry);
        if (entry.kind === 'code' && !premature) this.text = entry.code;
        this.#refuse(asBackendError(cause), premature);
      }
      return null;
    }
  }

  /** Joins what was found. */
  async join(allowPlain = false): Promise<void> {
    const preview = this.preview;
    if (!preview || this.phase.at === 'joining') return;
    this.phase = { at: 'joining', preview };
    try {
      await this.#enter(preview.target, allowPlain);
      this.text = '';
      this.#forget();
    } catch (cause) {
      this.#refuse(asBackendError(cause), false);
    }
  }

  /** The name of the server that is asked, for sentences; empty for this computer's own. */
  get askedServer(): string {
    return serverName(this.entry.kind === 'link' ? (serverInLink(this.entry.link) ?? '') : this.server);
  }

  #refuse(error: BackendError, silently: boolean): void {
    if (error.code === 'serverUnreachable') {
      this.#retryIn(RETRY_S, error);
    } else if (silently) {
      this.phase = { at: 'typing' };
    } else {
      this.phase = { at: 'refused', error };
    }
  }

  #retryIn(seconds: number, error: BackendError): void {
    this.phase = { at: 'offline', error, retryInS: seconds };
    this.#timer = setTimeout(() => {
      if (seconds > 1) this.#retryIn(seconds - 1, error);
      else void this.lookUp();
    }, 1000);
  }

  /** Back to typing; answers that are under way no longer matter. */
  #forget(): void {
    clearTimeout(this.#timer);
    this.#asked += 1;
    this.phase = { at: 'typing' };
  }
}

/** Whether nothing can follow, so that "no such session" is true and not premature. */
function isWhole(entry: Entry): boolean {
  return entry.kind === 'link' || (entry.kind === 'code' && entry.whole);
}
